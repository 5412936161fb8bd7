"""Choosing among models: filters keep the focus and the way back, ticks outlive the list, and forms alone do too."""

from collections.abc import Callable

import pytest

from tests.journeys import barriers
from tests.journeys.conftest import PHONE, WIDE
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.journey
FOCUSED = "document.activeElement.id || document.activeElement.value"


def ids(someone: Visitor) -> list[str]:
    """The models on the page, in their order."""
    boxes = "all => all.map(each => each.value)"
    return list(someone.page.eval_on_selector_all(".models input[name=model]", boxes))


def settle(someone: Visitor, path: str) -> None:
    """This will wait until the address is `path` and what it asks for is shown."""
    someone.page.wait_for_url(someone.stand.base_url + path)
    someone.page.wait_for_selector("#found:not(.htmx-swapping, .htmx-settling)")


def test_filters_swap_the_list_and_keep_the_focus(visit: Callable[..., Visitor]) -> None:
    someone = visit(WIDE)
    someone.go("/models/")
    page = someone.page
    before = ids(someone)
    assert "demo-fast" in before
    page.focus("#id_all")
    page.keyboard.press("Space")
    settle(someone, "/models/?all=on")
    assert page.evaluate(FOCUSED) == "id_all"
    assert set(before) < set(ids(someone))
    page.locator("#id_q").press_sequentially("gpt-4o")
    settle(someone, "/models/?q=gpt-4o&all=on")
    assert page.evaluate(FOCUSED) == "id_q"
    assert set(ids(someone)) == {"gpt-4o", "gpt-4o-mini"}
    assert page.locator("#tally").inner_text() == "2 models"
    page.go_back()
    settle(someone, "/models/?all=on")
    page.wait_for_function("() => document.querySelectorAll('.models input[name=model]').length > 2")
    assert page.input_value("#id_q") == ""
    someone.go("/models/?all=on&vendor=openai")
    page.get_by_role("link", name="Take away: OpenAI").click()
    settle(someone, "/models/?all=on")
    someone.check_no_complaint()


def test_ticks_outlive_the_list_and_stop_at_four(visit: Callable[..., Visitor]) -> None:
    someone = visit(PHONE)
    someone.go("/models/?all=on")
    page = someone.page
    tray = page.locator("#compare")
    tray.wait_for(state="hidden")
    for name in ("Demo Fast", "Demo Deep"):
        page.get_by_role("checkbox", name=f"Compare {name}", exact=True).check()
    page.fill("#id_q", "gpt-4o")
    settle(someone, "/models/?q=gpt-4o&all=on")
    assert "Compare 2" in " ".join(tray.inner_text().split())
    for box in page.locator(".models input[name=model]").all():
        box.check()
    assert "as many as fit" in tray.inner_text()
    page.fill("#id_q", "claude")
    settle(someone, "/models/?q=claude&all=on")
    assert page.locator(".models input[name=model]").first.is_disabled()
    tray.get_by_role("button", name="Take away: Demo Deep").click()
    assert page.locator(".models input[name=model]").first.is_enabled()
    assert page.evaluate("document.activeElement.closest('#compare') !== null")
    tray.locator("button.primary").click()
    someone.arrive("/models/compare/")
    assert page.locator("table.compare thead th").all_inner_texts() == ["Demo Fast", "GPT-4o", "GPT-4o mini"]
    assert barriers.of(page) == []
    assert barriers.of_width(page) == []
    someone.check_no_complaint()


def test_forms_alone_find_and_compare(visit: Callable[..., Visitor]) -> None:
    someone = visit(WIDE, java_script_enabled=False)
    someone.go("/models/")
    someone.page.check("#id_all")
    someone.page.check("[name=modality][value=images]")
    someone.page.locator("#facets noscript button").click()
    assert ids(someone)
    assert "demo-fast" not in ids(someone)
    for slug in ids(someone)[:2]:
        someone.page.check(f".models input[value='{slug}']")
    someone.page.locator("#compare button.primary").click()
    someone.arrive("/models/compare/")
    assert someone.page.locator("table.compare thead th").count() == 2
