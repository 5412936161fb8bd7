"""The pages of a guardian: a child's line and its limits, PIN and reading, the codes and the devices."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client

from accounts import devices, legal_texts, members
from accounts.models import Device, DeviceTicket, Guardianship, LegalText, Member, Scenario
from portal.kit import clock
from tests.accounts.people import PIN, child_of, client_of, found, fresh, tablet_of
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

IPAD = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"


def stored(child: Member) -> Guardianship:
    return Guardianship.objects.get(member=child)


@pytest.fixture
def line(owner: Member) -> Member:
    """A child of ten today, as pages see it."""
    return child_of(owner, now=clock.now())


@pytest.fixture
def guardian(owner: Member) -> Client:
    """The owner's browser, shortly after signing in."""
    return fresh(client_of(owner))


@pytest.fixture
def neighbor(db: None) -> Member:
    return found("neighbor@example.com", kind="household", name="Zhao")


class TestOpeningPage:
    GIVEN = {"nickname": "Mei", "month": 5, "pin": PIN, "consented": "on"}

    def given(self, **more: Any) -> dict[str, Any]:
        return {**self.GIVEN, "year": clock.now().year - 9} | more

    def test_shows_what_is_agreed_to(self, guardian: Client) -> None:
        page = guardian.get("/people/children/")
        text = legal_texts.in_force(LegalText.Kind.GUARDIAN, language="en", now=clock.now())
        assert text
        assert page.context["consent"] == legal_texts.as_html(text)
        assert not Guardianship.objects.exists()

    def test_opens_the_line(self, guardian: Client) -> None:
        answer = guardian.post("/people/children/", self.given())
        child = Member.objects.get(role="child")
        assert answer["Location"] == f"/people/{child.pk}/child/"
        assert stored(child).born_in == date(clock.now().year - 9, 5, 1)

    @pytest.mark.parametrize("wrong", [{"consented": ""}, {"nickname": ""}, {"month": 13}, {"year": 1990}, {"pin": ""}])
    def test_asks_again_for_what_is_missing(self, guardian: Client, wrong: dict[str, Any]) -> None:
        assert guardian.post("/people/children/", self.given(**wrong)).status_code == 422
        assert not Guardianship.objects.exists()

    def test_says_what_is_wrong_with_a_pin(self, guardian: Client) -> None:
        answer = guardian.post("/people/children/", self.given(pin="1111"))
        assert answer.status_code == 422
        assert "Choose 4 to 6 digits" in answer.content.decode()

    def test_wants_a_fresh_sign_in(self, owner: Member) -> None:
        assert client_of(owner).post("/people/children/", self.given())["Location"].startswith("/accounts/")
        assert not Guardianship.objects.exists()

    def test_is_for_owners_of_households(self, adult: Member, stranger: Member, client: Client) -> None:
        assert fresh(client_of(adult)).post("/people/children/", self.given()).status_code == 403
        assert fresh(client_of(stranger)).post("/people/children/", self.given()).status_code == 409
        assert client.post("/people/children/", self.given())["Location"].startswith("/accounts/login/")
        assert not Guardianship.objects.exists()


class TestChildPage:
    def test_sets_the_limits(self, guardian: Client, line: Member) -> None:
        homework = Scenario.objects.offered_to(line.account_id)[0]
        given = {"daily_minutes": 30, "quiet_from": "21:00", "quiet_to": "07:00", "scenarios": [homework.pk]}
        assert guardian.post(f"/people/{line.pk}/child/", given).status_code == 302
        now = stored(line)
        assert (now.daily_minutes, now.quiet_from, now.scenario_ids) == (30, time(21), [homework.pk])
        assert not now.is_tutored

    def test_takes_nothing_ticked_for_everything(self, guardian: Client, line: Member) -> None:
        guardian.post(f"/people/{line.pk}/child/", {"is_tutored": "on"})
        now = stored(line)
        assert (now.daily_minutes, now.quiet_from, now.scenario_ids, now.is_tutored) == (None, None, None, True)

    @pytest.mark.parametrize(
        "wrong", [{"daily_minutes": 1441}, {"daily_minutes": -5}, {"quiet_from": "25:00"}, {"scenarios": [0]}]
    )
    def test_asks_again_where_a_field_is_wrong(self, guardian: Client, line: Member, wrong: dict[str, Any]) -> None:
        assert guardian.post(f"/people/{line.pk}/child/", wrong).status_code == 422
        assert stored(line).daily_minutes == 60

    def test_gives_another_pin(self, guardian: Client, line: Member) -> None:
        assert guardian.post(f"/people/{line.pk}/child/pin/", {"pin": "4444"}).status_code == 422
        assert guardian.post(f"/people/{line.pk}/child/pin/").status_code == 422
        assert guardian.post(f"/people/{line.pk}/child/pin/", {"pin": "8024"}).status_code == 302
        assert check_password("8024", stored(line).pin_digest)

    def test_switches_reading_on_and_off(self, guardian: Client, line: Member) -> None:
        path = f"/people/{line.pk}/child/"
        assert "Switch reading on" in guardian.get(path).content.decode()
        guardian.post(f"{path}reading/")
        assert "The child sees this on every page of the chat" in guardian.get(path).content.decode()
        guardian.post(f"{path}privacy/")
        assert stored(line).read_since is None

    def test_promises_no_reading_from_fourteen_on(self, guardian: Client, owner: Member) -> None:
        teen = child_of(owner, age=14, now=clock.now())
        Guardianship.objects.filter(member=teen).update(read_since=clock.now())
        page = guardian.get(f"/people/{teen.pk}/child/").content.decode()
        assert "From 14 on you see minutes, subjects and credits, not words." in page
        assert "You can read" not in page
        assert "Switch reading" not in page
        assert guardian.post(f"/people/{teen.pk}/child/reading/").status_code == 409

    def test_wants_a_fresh_sign_in_for_each_change(self, owner: Member, line: Member) -> None:
        stale = client_of(owner)
        assert stale.get(f"/people/{line.pk}/child/").status_code == 200
        for path in ("", "pin/", "reading/", "privacy/", "codes/"):
            answer = stale.post(f"/people/{line.pk}/child/{path}", {"pin": "8024"})
            assert answer["Location"].startswith("/accounts/"), path
        assert check_password(PIN, stored(line).pin_digest)

    def test_is_not_there_for_others(self, adult: Member, stranger: Member, line: Member, client: Client) -> None:
        for viewer in (adult, stranger):
            browser = fresh(client_of(viewer))
            assert browser.get(f"/people/{line.pk}/child/").status_code == 404
            for path in ("", "pin/", "reading/", "privacy/", "codes/"):
                assert browser.post(f"/people/{line.pk}/child/{path}", {"pin": "8024"}).status_code == 404, path
        assert client.get(f"/people/{line.pk}/child/")["Location"].startswith("/accounts/login/")
        assert check_password(PIN, stored(line).pin_digest)

    def test_is_gone_with_the_line_and_never_was_of_a_grown_up(
        self, guardian: Client, owner: Member, adult: Member, line: Member
    ) -> None:
        members.remove(line, by=owner.user, reason="", now=clock.now())
        for member in (line, adult, owner):
            assert guardian.get(f"/people/{member.pk}/child/").status_code == 404


class TestTheCode:
    def test_shows_the_code_until_it_is_used(self, owner: Member, line: Member) -> None:
        guardian = fresh(client_of(owner))
        page = guardian.post(f"/people/{line.pk}/child/codes/")["Location"]
        ticket = DeviceTicket.objects.get()
        assert page == f"/people/{line.pk}/child/codes/{ticket.pk}/"
        shown = guardian.get(page)
        assert shown.context["link"].endswith(devices.path_of(ticket))
        assert "no-store" in shown["Cache-Control"]
        Client(headers={"User-Agent": IPAD}).post(devices.path_of(ticket))
        fragment = guardian.get(page, headers={"HX-Request": "true"}).content.decode()
        assert "iPad, Safari is ready." in fragment
        assert "<html" not in fragment
        assert "hx-get" not in fragment

    def test_offers_a_new_one_when_it_is_too_old(self, owner: Member, line: Member) -> None:
        guardian = fresh(client_of(owner))
        page = guardian.post(f"/people/{line.pk}/child/codes/")["Location"]
        books.move_clock(devices.TICKET_LIVES)
        shown = guardian.get(page)
        assert shown.context["link"] == ""
        assert "Show a new code" in shown.content.decode()

    def test_shows_no_code_to_others_and_none_of_another_child(
        self, owner: Member, adult: Member, neighbor: Member, line: Member
    ) -> None:
        ticket = devices.make_ticket(line, by=owner, now=clock.now())
        other = child_of(owner, name="Ming", now=clock.now())
        for viewer in (adult, neighbor):
            assert client_of(viewer).get(f"/people/{line.pk}/child/codes/{ticket.pk}/").status_code == 404
        assert client_of(owner).get(f"/people/{other.pk}/child/codes/{ticket.pk}/").status_code == 404


class TestDevicesPage:
    def test_lists_those_of_the_household_for_its_owners(
        self, owner: Member, adult: Member, neighbor: Member, line: Member
    ) -> None:
        tablet_of(line, by=owner, now=clock.now())
        assert list(client_of(owner).get("/people/devices/").context["devices"]) == [Device.objects.get()]
        assert list(client_of(neighbor).get("/people/devices/").context["devices"]) == []
        assert client_of(adult).get("/people/devices/").status_code == 403

    def test_tells_when_a_device_was_seen(self, owner: Member, line: Member) -> None:
        tablet = tablet_of(line, by=owner, now=clock.now())
        first = Device.objects.get().seen_at
        tablet.get("/usage/")
        assert Device.objects.get().seen_at == first
        later = books.move_clock(devices.SEEN_EVERY + timedelta(seconds=1))
        tablet.get("/usage/")
        assert Device.objects.get().seen_at >= later
