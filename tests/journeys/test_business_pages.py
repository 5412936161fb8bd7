"""Every page of a business with something of everything: for eyes, ears and keyboards, in both languages."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.journeys import barriers
from tests.journeys.conftest import WIDE, in_every_look
from tests.journeys.visitor import Visitor
from tests.plans.files import file_of, row
from tests.stand import Stand

pytestmark = pytest.mark.journey

PASSWORD = "a long pass phrase"
PAGES = """
    /usage/?by=department /usage/?by=department&department={department_id} /usage/?by=project /usage/?by=scenario
    /usage/?by=person /usage/refusals/ /usage/calls/{call_id}/ /people/{adult}/removal/ /people/invitations/
    /people/invitations/{invitation_id}/ /people/invitations/{shown_id}/ /people/file/ /people/acting/
    /people/departments/{department_id}/ /people/projects/{project_id}/ /people/scenarios/ /loans/
    /people/scenarios/{scenario_id}/ /quotas/member/{adult}/ /quotas/key/{key_id}/ /quotas/account/{account_id}/
    /pauses/department/{department_id}/ /board/?fill=equal /extras/ /keys/{key_id}/ /keys/{spent_key_id}/rotation/
    /keys/{key_id}/revocation/ /keys/start/ /billing/ /billing/orders/{order_id}/ /billing/methods/
    /billing/orders/{order_id}/refund/ /plans/business/ /checkout/pack-small/ /privacy/{owner}/ /news/ /more/
    /chat/
"""
"""What the owner opens in one of the looks, in turns."""
MAIN_PAGES = """
    /people/ /people/{adult}/ /people/domains/ /people/departments/ /people/projects/
    /quotas/department/{department_id}/ /board/ /extras/{extra_id}/ /keys/
"""
"""What the owner opens in both."""
OF_OTHERS = {
    ("en", "bill_payer"): "/people/ /board/ /billing/",
    ("zh-hans", "head"): "/people/ /people/departments/{department_id}/ /quotas/department/{department_id}/ /loans/",
    ("zh-hans", "adult"): "/usage/ /usage/refusals/ /people/ /quotas/member/{adult}/ /keys/ /extras/{extra_id}/",
    ("en", "auditor"): "/usage/ /board/ /people/departments/ /people/file/ /keys/ /loans/",
}
WRONG_FILE = file_of(row("member", name="某人", contact="a@example.com", role="adult", department="没有的部门"))
SOUND_FILE = file_of(row("department", name="仓储部", monthly_credits=1000, set_aside="yes"))
FOCUSED = """() => {
    const here = document.activeElement, look = getComputedStyle(here), place = here.getBoundingClientRect();
    here.setAttribute("data-reached", "");
    const isSeen = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2 && place.bottom > 0;
    return here === document.body || isSeen ? "" : here.outerHTML.slice(0, 120);
}"""
UNREACHED = """() => {
    const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const left = [...document.querySelectorAll(`main :is(${all}):not([data-reached])`)];
    return left.filter(each => each.checkVisibility()).map(each => each.outerHTML.slice(0, 120));
}"""
MOST_STOPS = 150


@pytest.fixture(scope="module")
def known(stand: Stand) -> dict[str, Any]:
    """The ids of what the business has; its keys have called, and one was refused."""
    name = uuid4().hex[:6]
    code = f"from tests.journeys import premises; premises.show({name!r}, {PASSWORD!r})"
    made: dict[str, Any] = json.loads(stand.manage("shell", "--no-imports", "-c", code).splitlines()[-1])
    body = {"model": "fast", "messages": [{"role": "user", "content": "[[script words=3 gap_ms=1]]"}]}
    answers = [
        httpx.post(f"{stand.api_base}/chat/completions", json=body, headers={"x-api-key": secret}, timeout=30)
        for secret in made["secrets"]
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    return {**made, "name": name, "call_id": answers[0].headers["x-request-id"]}


@pytest.fixture
def enter(visit: Callable[..., Visitor], known: dict[str, Any]) -> Callable[..., Visitor]:
    """Signs somebody of the business in, by role."""

    def sign_in(role: str, size: dict[str, int], *, language: str = "en", scheme: str = "light") -> Visitor:
        someone = visit(size, color_scheme=scheme)
        someone.go("/accounts/login/?next=/more/")
        someone.page.fill("[name=login]", f"{role}-{known['name']}@example.com")
        someone.page.fill("[name=password]", PASSWORD)
        someone.send()
        someone.arrive("/more/")
        someone.read_in(language)
        return someone

    return sign_in


@in_every_look
def test_the_owners_pages_keep_nobody_out(
    enter: Callable[..., Visitor], known: dict[str, Any], language: str, size: dict[str, int], scheme: str
) -> None:
    owner = enter("owner", size, language=language, scheme=scheme)
    turn = PAGES.split()[0 if language == "en" else 1 :: 2]
    found = _opened(owner, [*turn, *MAIN_PAGES.split()], known)
    for act in (_rehearse_mistakes, _rehearse, _preview, _mistype, _issue):
        act(owner)
        found += _wrong(owner, act.__name__)
    assert not found
    owner.check_no_complaint()


@in_every_look
def test_nobody_elses_pages_do(
    enter: Callable[..., Visitor], known: dict[str, Any], language: str, size: dict[str, int], scheme: str
) -> None:
    found = []
    for (spoken, role), pages in OF_OTHERS.items():
        if spoken == language:
            someone = enter(role, size, language=language, scheme=scheme)
            found += [f"{role}: {wrong}" for wrong in _opened(someone, pages.split(), known)]
            someone.check_no_complaint()
    assert not found


def test_the_board_is_filled_in_by_keyboard_alone(enter: Callable[..., Visitor], known: dict[str, Any]) -> None:
    owner = enter("owner", WIDE)
    owner.go("/board/")
    _walk(owner)
    owner.go("/board/")
    _skip_to_content(owner)
    field = f"aside-department-{known['department_id']}"
    _tab_to(owner, field)
    owner.page.keyboard.type("7")
    owner.page.wait_for_selector(f"#replay-department-{known['department_id']}:not(:empty)")
    owner.page.keyboard.press("Enter")
    owner.page.wait_for_selector("tr.changed")
    owner.go("/board/")
    assert owner.page.input_value(f"[name={field}]") == "8000000"
    owner.check_no_complaint()


def test_a_quota_is_set_by_keyboard_alone(enter: Callable[..., Visitor], known: dict[str, Any]) -> None:
    owner = enter("owner", WIDE)
    path = f"/quotas/project/{known['project_id']}/"
    owner.go(path)
    _walk(owner)
    owner.go(path)
    _skip_to_content(owner)
    _tab_to(owner, "window")
    owner.page.keyboard.type("week")
    _tab_to(owner, "amount")
    owner.page.keyboard.type("4321")
    owner.page.keyboard.press("Enter")
    owner.page.wait_for_selector("main [role=status] .notice")
    assert "4,321" in owner.page.locator("main section", has_text="Week").first.inner_text()
    owner.check_no_complaint()


def test_a_question_before_a_removal_holds_the_focus_and_gives_it_back(enter: Callable[..., Visitor]) -> None:
    owner = enter("owner", WIDE)
    owner.go("/chat/")
    owner.choose("fast")
    owner.ask("[[script words=2 gap_ms=1]]")
    owner.await_end()
    owner.page.focus(".remove button")
    owner.page.keyboard.press("Enter")
    owner.page.wait_for_selector("dialog[open]")
    for _stop in range(6):
        owner.page.keyboard.press("Tab")
        assert owner.page.evaluate("document.activeElement.matches('body, dialog *')")
    owner.page.keyboard.press("Escape")
    owner.page.wait_for_selector("dialog", state="hidden")
    assert owner.page.evaluate("document.activeElement.matches('.remove button')")


def _opened(someone: Visitor, pages: Iterable[str], known: dict[str, Any]) -> list[str]:
    found = []
    for page in pages:
        path = page.format(**known)
        answer = someone.page.goto(someone.stand.base_url + path)
        assert answer is not None
        assert answer.status == 200, path
        found += _wrong(someone, path)
    return found


def _wrong(someone: Visitor, where: str) -> list[str]:
    page = someone.page
    page.wait_for_function("() => !document.querySelector('.hole[hx-trigger=load]')")
    found = barriers.of(page) + barriers.of_width(page)
    if page.locator("html[lang=zh-Hans]").count():
        found += barriers.of_language(page)
    return [f"{where}: {wrong}" for wrong in found]


def _rehearse_mistakes(owner: Visitor) -> None:
    _send(owner, WRONG_FILE)
    owner.page.wait_for_selector("main [role=alert]")


def _rehearse(owner: Visitor) -> None:
    _send(owner, SOUND_FILE)
    owner.page.wait_for_selector("form[action$='/execution/']")


def _send(owner: Visitor, text: str) -> None:
    owner.go("/people/file/")
    given = {"name": "firm.csv", "mimeType": "text/csv", "buffer": text.encode()}
    owner.page.set_input_files("[name=file]", given)  # type: ignore[arg-type] # a file of this shape is one
    owner.send()


def _preview(owner: Visitor) -> None:
    owner.go("/board/")
    owner.page.locator("input[name^=aside-department-]").first.fill("1")
    owner.page.wait_for_selector("[id^=replay-department-]:not(:empty)")
    owner.page.locator("form.sheet button:not(.primary)").click()
    owner.page.wait_for_selector("tr.changed")


def _mistype(owner: Visitor) -> None:
    owner.go("/board/")
    owner.page.locator("input[name^=ceiling-]").first.fill("many")
    owner.page.locator("form.sheet button:not(.primary)").click()
    owner.page.wait_for_selector(".board [role=alert]")


def _issue(owner: Visitor) -> None:
    owner.go("/keys/")
    owner.page.fill("[name=label]", "收银台")
    owner.page.locator("form[action='/keys/'] button.primary").click()
    owner.page.wait_for_selector("#secret")


def _walk(someone: Visitor) -> None:
    """Every stop of the Tab key can be seen, and all that can be used is a stop."""
    unseen = []
    for _stop in range(MOST_STOPS):
        someone.page.keyboard.press("Tab")
        unseen.append(someone.page.evaluate(FOCUSED))
        if someone.page.evaluate("!!document.activeElement.closest('.tabs, .foot')"):
            break
    assert not [each for each in unseen if each]
    assert not someone.page.evaluate(UNREACHED)


def _skip_to_content(someone: Visitor) -> None:
    someone.page.keyboard.press("Tab")
    skip = someone.page.locator(".skip:focus")
    box = skip.bounding_box()
    assert box
    assert box["y"] >= 0
    someone.page.keyboard.press("Enter")
    someone.page.wait_for_function("() => document.activeElement.id === 'main'")


def _tab_to(someone: Visitor, name: str) -> None:
    for _stop in range(MOST_STOPS):
        someone.page.keyboard.press("Tab")
        if someone.page.evaluate("document.activeElement.name") == name:
            return
    pytest.fail(f"the Tab key never comes to {name}")
