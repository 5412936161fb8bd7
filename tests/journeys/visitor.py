"""A person at a browser: what they do on the pages, and every complaint that the browser wrote down meanwhile."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page

from tests.stand import Stand

PATIENCE_MILLISECONDS = 20_000
NUMBER = re.compile(r"−?[\d,]+(?:\.\d+)?")
EXPECTED = re.compile(r"status of 4\d\d|Response Status Error Code 4\d\d|htmx:(sendAbort|afterRequest),")
"""Refusals, and requests given up because the person went on; a failed one says sendError besides."""
ANSWERS = "article.answer"
TAGS = {"en": "en", "zh-hans": "zh-Hans"}


class Visitor:
    """One person with one browser context."""

    def __init__(self, context: BrowserContext, stand: Stand) -> None:
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.context, self.stand = context, stand
        self.complaints: list[str] = []
        context.on("page", self._listen)
        self.page = context.new_page()

    def go(self, path: str) -> None:
        """This will open a page of the portal."""
        self.page.goto(self.stand.base_url + path)

    def send(self, form: str = "main form") -> None:
        """This will press the primary button of a form."""
        self.page.locator(form).locator("button.primary, button[type=submit]").first.click()

    def arrive(self, path: str) -> None:
        """This will wait until the address begins with `path`."""
        self.page.wait_for_url(lambda url: url.removeprefix(self.stand.base_url).startswith(path))

    def read_in(self, language: str) -> None:
        """This will switch the language where another one is shown: en or zh-hans."""
        self.go("/more/")
        switch = self.page.locator(f"main button[name=language][value={language}]")
        if switch.count():
            switch.click()
        self.page.wait_for_selector(f"html[lang={TAGS[language]}]")

    def code_sent_to(self, phone: str) -> str:
        """This will read the code from the demo's page of messages, in a tab of its own."""
        tab = self.context.new_page()
        tab.goto(f"{self.stand.base_url}/demo/messages/?recipient={phone.replace('+', '%2B')}")
        found = re.search(r"\b\d{6}\b", tab.locator("#sent .message").first.inner_text())
        tab.close()
        assert found
        return found[0]

    def choose(self, model: str) -> None:
        """This will open the picker and choose a model."""
        self.page.locator("details.picker > summary").click()
        self.page.locator(f"details.picker input[value={model}]").click()

    def ask(self, question: str) -> Locator:
        """This will send a question and return its answer, which is on its way.

        Enter works once the page's modules have come; the button always does, so the first question goes by it.
        """
        asked = self.page.locator(ANSWERS).count()
        self.page.fill("#question", question)
        if asked:
            self.page.press("#question", "Enter")
        else:
            self.send("#compose")
        answer = self.page.locator(ANSWERS).nth(asked)
        answer.wait_for()
        return answer

    def await_letters(self, more_than: int) -> int:
        """This will wait until the last answer, still on its way, has more letters; and return how many."""
        grown: Callable[[int], Any] = lambda letters: self.page.wait_for_function(  # noqa: E731 - told once
            """most => {
                const answer = [...document.querySelectorAll("article.answer")].at(-1);
                if (!answer?.classList.contains("waiting")) return -1;
                const letters = answer.querySelector("[data-part=text]").innerText.length;
                return letters > most ? letters : 0;
            }""",
            arg=letters,
        ).json_value()
        letters = int(grown(more_than))
        assert letters > more_than, "the answer ended before it was seen to grow"
        return letters

    def await_end(self) -> None:
        """This will wait until no answer is on its way."""
        self.page.wait_for_function("() => !document.querySelector('article.answer.waiting')")

    def figures(self, selector: str) -> list[Decimal]:
        """This will read the figures on the page, one of each element."""
        return [number_in(text) for text in self.page.locator(selector).all_text_contents()]

    def check_no_complaint(self) -> None:
        """This will fail when the browser complained: a violation of the CSP, an error, a page that broke."""
        assert not self.complaints, "\n".join(self.complaints)

    def _listen(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED.search(message.text):
            self.complaints.append(f"{message.location.get('url')}: {message.text}")


def number_in(text: str) -> Decimal:
    """This will return the last figure of a text: 1,562.3."""
    return Decimal(NUMBER.findall(text)[-1].replace(",", "").replace("−", "-"))
