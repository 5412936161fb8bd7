"""Choosing with open eyes: a cheap model with tools that is strong in Chinese, its data, a text, the homework tutor."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys import barriers
from tests.journeys.conftest import PHONE, in_every_look
from tests.journeys.visitor import Visitor
from tests.stand import Stand

pytestmark = pytest.mark.journey
TEXT = {
    "en": "The moon falls, too. It only flies past the earth fast enough to miss it again and again.",
    "zh-hans": "月亮也在下落，只是它从旁边飞得足够快，每一次都恰好错过地球，这就是轨道。",
}
WORDS = {"en": ("AI-generated", "Homework tutor"), "zh-hans": ("人工智能生成", "作业辅导")}


@in_every_look
def test_a_parent_chooses_with_open_eyes(
    visit: Callable[..., Visitor], stand: Stand, language: str, size: dict[str, int], scheme: str
) -> None:
    someone = visit(size, color_scheme=scheme)
    someone.read_in(language)
    chosen = _find(someone, is_small=size == PHONE)
    _compare(someone, chosen)
    _read_the_data_card(someone)
    _paste(someone, TEXT[language])
    _start_the_tutor(someone, stand, language=language)
    someone.check_no_complaint()


def _find(someone: Visitor, *, is_small: bool) -> list[str]:
    """The cheapest three with tools and strong in Chinese, whether they are connected here or not."""
    page = someone.page
    someone.go("/models/")
    _check(page)
    if is_small:
        page.locator("#facets > summary").click()
    for name in ("[name=all]", "[name=ability][value=tools]", "[name=ability][value=chinese]"):
        with page.expect_response(lambda answer: "/models/?" in answer.url):
            page.locator(f"#facets {name}").check()
    with page.expect_response(lambda answer: "sort=price" in answer.url):
        page.locator("#id_sort").select_option("price")
    page.wait_for_url(lambda url: all(part in url for part in ("all=on", "tools", "chinese", "sort=price")))
    page.wait_for_selector("#found:not(.htmx-swapping, .htmx-settling)")
    boxes = page.locator(".models input[name=model]")
    assert boxes.count() >= 10
    _check(page)
    chosen = [str(boxes.nth(number).get_attribute("value")) for number in range(3)]
    for number in range(3):
        boxes.nth(number).check()
    return chosen


def _compare(someone: Visitor, chosen: list[str]) -> None:
    page = someone.page
    page.locator("#compare button.primary").click()
    someone.arrive("/models/compare/")
    links = page.eval_on_selector_all("table.compare a[href^='/models/']", "all => all.map(each => each.pathname)")
    assert {f"/models/{slug}/" for slug in chosen} <= set(links)
    assert page.locator("table.compare tr.differs").count() > 0
    _check(page)


def _read_the_data_card(someone: Visitor) -> None:
    """One that can be called here says all of it; one that cannot says that it is not known yet."""
    page = someone.page
    page.locator("table.compare a[href^='/models/']").first.click()
    someone.arrive("/models/")
    _check(page)
    someone.go("/models/smollm2-135m/")
    answered = page.locator(".answers details")
    assert answered.count() == 7
    for number in range(7):
        if answered.nth(number).get_attribute("open") is None:
            answered.nth(number).locator("summary").click()
        assert len(answered.nth(number).locator("p").inner_text()) > 10
    _check(page)


def _paste(someone: Visitor, text: str) -> None:
    page = someone.page
    someone.go("/cost/")
    with page.expect_response(lambda answer: answer.url.endswith("/cost/") and answer.request.method == "POST"):
        page.fill("#id_text", text)
    page.wait_for_selector("#costs table")
    assert page.locator("#costs .pieces").count() >= 1
    assert page.locator("#costs table tbody tr").count() >= 3
    _check(page)


def _start_the_tutor(someone: Visitor, stand: Stand, *, language: str) -> None:
    mark, name = WORDS[language]
    page, person = someone.page, stand.demo["people"][0]
    someone.go("/assistants/")
    _check(page)
    page.locator("a[href='/assistants/homework-tutor/']").first.click()
    someone.arrive("/assistants/homework-tutor/")
    _check(page)
    page.locator("a.button.primary").first.click()
    someone.arrive("/accounts/login/")
    page.fill("[name=login]", person["email"])
    page.fill("[name=password]", person["password"])
    someone.send()
    someone.arrive("/chat/?assistant=homework-tutor")
    answer = someone.ask("3x + 5 = 20 ?")
    someone.await_letters(0)
    answer.locator("[data-part=stop] button").click()  # the small model may go on for a minute
    someone.await_end()
    assert mark in answer.inner_text()
    answer.locator("a[href^='/usage/calls/']").click()
    someone.arrive("/usage/calls/")
    assert name in page.locator("main").inner_text()


def _check(page: Page) -> None:
    assert barriers.of(page) == []
    assert barriers.of_width(page) == []
