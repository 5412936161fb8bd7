"""What is wrong with a page for who cannot see it, on a small phone, and in the other language."""

from collections import Counter

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = {"serious", "critical"}
SHORTLY = {"resultTypes": ["violations"], "iframes": False}
"""What is told of a page; no page of the portal has another one inside it."""
ENGLISH = """() => {
    const sentence = /[A-Za-z][a-z]+(?: [A-Za-z]+){2,}/, said = [];
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) {
        const around = words.currentNode.parentElement;
        if (!around.closest("code, pre, script, style, [lang=en], [name=time_zone]")) said.push(words.currentNode.data);
    }
    for (const name of ["aria-label", "title", "placeholder", "alt"])
        for (const each of document.querySelectorAll(`[${name}]`)) said.push(each.getAttribute(name));
    return said.map(text => text.match(sentence)?.[0]).filter(Boolean);
}"""
"""Three words of English in a row, in text or in a name for screen readers; cities of time zones keep theirs."""


def of(page: Page) -> list[str]:
    """This will name what keeps people out: serious findings of axe, an id that stands there twice."""
    ids = Counter(page.eval_on_selector_all("[id]", "all => all.map(each => each.id)"))
    twice = [f"the id {name} stands there {times} times" for name, times in ids.items() if times > 1]
    return twice + [
        f"{wrong['id']} {[node['target'] for node in wrong['nodes']][:3]}"
        for wrong in Axe().run(page, options=SHORTLY).response["violations"]
        if wrong["impact"] in SERIOUS
    ]


def of_width(page: Page) -> list[str]:
    """This will say so when a page is wider than its window, or a part of it than the sheet it stands on."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    sheets = "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText.slice(0, 40))"
    wider = [f"wider than its sheet: {text!r}" for text in page.eval_on_selector_all("main .sheet", sheets)]
    return wider + ([f"scrolls sideways by {wide} pixels"] if wide > 0 else [])


def of_language(page: Page) -> list[str]:
    """This will name the English sentences on a page that should have none."""
    return [f"not translated: {text!r}" for text in page.evaluate(ENGLISH)]
