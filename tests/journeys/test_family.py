"""A family moves in: a child's line and its tablet, an invited adult, limits met, more asked for and given."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest

from accounts import tickets
from tests.journeys.conftest import PHONE, WIDE, in_every_size
from tests.journeys.visitor import ANSWERS, Visitor
from tests.stand import Stand

pytestmark = pytest.mark.journey

TABLET = "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1"
PIN = "2580"
SHORT = "[[script words=4 gap_ms=1]] Why is the sky blue?"


@in_every_size
def test_a_family_moves_in(visit: Callable[..., Visitor], stand: Stand, language: str, size: dict[str, int]) -> None:
    owner, tablet, partner = visit(size), visit(WIDE, user_agent=TABLET), visit(size)
    for someone in (owner, tablet, partner):
        someone.read_in(language)
    _sign_in(owner, stand)
    name = f"Mei {uuid4().hex[:5]}"
    child = _open_line(owner, name)
    _let_ask_at_any_hour(owner, child)
    _sign_tablet_in(owner, tablet, child)
    _answer_to_the_child(tablet)

    _keep_quiet_all_day(owner, child)
    _ask_for_more(tablet)
    _approve_on_the_phone(owner, name)
    _answer_to_the_child(tablet)

    _come_back_by_pin(tablet, child)
    _end_the_device(owner, tablet)
    _invite(owner, partner)
    for someone in (owner, tablet, partner):
        someone.check_no_complaint()


def _sign_in(owner: Visitor, stand: Stand) -> None:
    person = stand.demo["people"][0]
    owner.go("/accounts/login/?next=/people/")
    owner.page.fill("[name=login]", person["email"])
    owner.page.fill("[name=password]", person["password"])
    owner.send()
    owner.arrive("/people/")


def _open_line(owner: Visitor, name: str) -> str:
    owner.page.locator("a[href='/people/children/']").click()
    owner.page.fill("[name=nickname]", name)
    owner.page.select_option("[name=month]", "5")
    owner.page.select_option("[name=year]", "2016")
    owner.page.fill("[name=pin]", PIN)
    assert not owner.page.locator("[name=consented]").is_checked()
    owner.page.check("[name=consented]")
    owner.send()
    owner.page.wait_for_url(re.compile(r"/people/\d+/child/"))
    return owner.page.url.removeprefix(owner.stand.base_url)


def _let_ask_at_any_hour(owner: Visitor, child: str) -> None:
    _set_quiet(owner, child, "", "")


def _keep_quiet_all_day(owner: Visitor, child: str) -> None:
    _set_quiet(owner, child, "00:00", "23:59")


def _set_quiet(owner: Visitor, child: str, begins: str, ends: str) -> None:
    owner.go(child)
    owner.page.fill("[name=quiet_from]", begins)
    owner.page.fill("[name=quiet_to]", ends)
    owner.send()
    owner.page.wait_for_selector("main [role=status] .notice")


def _sign_tablet_in(owner: Visitor, tablet: Visitor, child: str) -> None:
    """The camera of the tablet reads the code; here its address is worked out from the page's own."""
    owner.page.locator("form[action$='/codes/'] button").click()
    owner.page.wait_for_selector(".code-square svg")
    found = re.search(r"/codes/(\d+)/", owner.page.url)
    assert found
    path = f"/who/{found[1]}/{tickets.secret_of('device', int(found[1]))}/"
    tablet.go(path)
    tablet.send()
    tablet.arrive("/chat/")
    owner.page.wait_for_selector("#state:has-text('iPad')")
    assert tablet.page.request.get(tablet.stand.base_url + path).status == 410
    assert tablet.page.request.get(tablet.stand.base_url + "/people/").status == 404


def _answer_to_the_child(tablet: Visitor) -> None:
    tablet.go("/chat/")
    tablet.choose("fast")
    tablet.ask(SHORT)
    tablet.await_end()
    assert "word4" in tablet.page.locator(ANSWERS).last.inner_text()


def _ask_for_more(tablet: Visitor) -> None:
    tablet.go("/chat/")
    tablet.choose("fast")
    tablet.page.fill("#question", SHORT)
    tablet.send("#compose")
    tablet.page.locator("#compose .ask a").click()
    tablet.page.wait_for_selector("#compose .ask[role=status]")


def _approve_on_the_phone(owner: Visitor, name: str) -> None:
    owner.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    owner.go("/")
    owner.page.locator("a.bell").click()
    owner.arrive("/news/")
    owner.page.locator(f".news a:has-text('{name}')").first.click()
    owner.page.locator("button[form='approval']").click()
    owner.page.wait_for_selector("main [role=status] .notice")


def _come_back_by_pin(tablet: Visitor, child: str) -> None:
    tablet.page.locator("form[action='/who/leaving/'] button").first.click()
    tablet.arrive("/who/")
    for pin, way in (("1357", "/who/"), (PIN, "/chat/")):
        tablet.page.locator("[name=pin]").first.fill(pin)
        tablet.page.locator(".tiles form button").first.click()
        tablet.arrive(way)
    assert child


def _end_the_device(owner: Visitor, tablet: Visitor) -> None:
    owner.go("/people/devices/")
    owner.page.locator("form[action$='/ending/'] button").first.click()
    owner.page.wait_for_selector("main [role=status] .notice")
    tablet.go("/usage/")
    tablet.arrive("/accounts/login/")


def _invite(owner: Visitor, partner: Visitor) -> None:
    address = f"{uuid4().hex[:8]}@example.com"
    owner.go("/people/invitations/")
    owner.page.fill("[name=contact]", address)
    owner.page.fill("[name=name]", "Bo")
    owner.send()
    owner.page.wait_for_url(re.compile(r"/people/invitations/\d+/"))
    link = _link_sent_to(partner, address)
    partner.page.goto(link)
    partner.send()
    partner.arrive("/accounts/signup/")
    partner.page.fill("[name=contact]", address)
    partner.page.check("[name=agreed]")
    partner.send()
    partner.page.wait_for_selector("[name=code]")
    partner.page.fill("[name=code]", partner.code_sent_to(address))
    partner.send()
    partner.arrive("/join/")
    partner.send()
    partner.arrive("/chat/")
    owner.go("/people/")
    assert owner.page.locator(f"td:has-text('{address}')").count() == 1


def _link_sent_to(partner: Visitor, address: str) -> str:
    """The mail comes within seconds; the page of the demo's messages is looked at until it is there."""
    for _ in range(100):
        partner.go(f"/demo/messages/?recipient={address}")
        if found := re.search(r"http://127[^\s\"<]+/join/\d+/[0-9a-f]+/", partner.page.content()):
            return found[0]
        partner.page.wait_for_timeout(100)
    raise AssertionError(address)
