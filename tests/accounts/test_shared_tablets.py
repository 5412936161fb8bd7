"""A tablet that several children share: tiles and PINs, other households, and children who are gone."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client

from accounts import children, devices, members
from accounts.models import AuditEvent, Device, Guardianship, Member, Notification
from portal.kit import clock
from tests.accounts.people import PIN, child_of, client_of, found, tablet_of
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

COOKIE = "device"


@pytest.fixture
def mei(owner: Member) -> Member:
    return child_of(owner, now=clock.now())


@pytest.fixture
def ming(owner: Member) -> Member:
    return child_of(owner, name="Ming", pin="8024", now=clock.now())


@pytest.fixture
def neighbor(db: None) -> Member:
    return found("neighbor@example.com", kind="household", name="Zhao")


def who_is(client: Client) -> str | None:
    """The id of whoever is signed in, as the session keeps it."""
    return client.session.get(SESSION_KEY)


def is_in(client: Client, child: Member) -> bool:
    return who_is(client) == str(child.user_id) and client.get("/usage/").status_code == 200


def enter(tablet: Client, child: Member, pin: str) -> Any:
    return tablet.post("/who/", {"member_id": child.pk, "pin": pin})


class TestASharedTablet:
    @pytest.fixture
    def tablet(self, owner: Member, mei: Member, ming: Member) -> Client:
        """Both children were signed in on it, Ming last."""
        tablet = tablet_of(mei, by=owner, now=clock.now())
        cookie = tablet.cookies[COOKIE].value
        tablet_of(ming, by=owner, now=clock.now(), tablet=tablet)
        assert tablet.cookies[COOKIE].value == cookie
        return tablet

    def test_is_one_device_with_two_tiles(self, tablet: Client, mei: Member, ming: Member) -> None:
        assert set(Device.objects.get().members.all()) == {mei, ming}
        page = tablet.get("/who/")
        assert page.context["profiles"] == [mei, ming]
        assert "no-store" in page["Cache-Control"]

    def test_lets_each_in_by_their_own_pin(self, tablet: Client, mei: Member, ming: Member) -> None:
        for child, pin, others in ((mei, PIN, "8024"), (ming, "8024", PIN)):
            tablet.post("/who/leaving/")
            wrong = enter(tablet, child, others)
            assert (wrong.status_code, who_is(tablet)) == (403, None)
            assert "This is not the right PIN." in wrong.content.decode()
            assert enter(tablet, child, pin)["Location"] == "/chat/"
            assert is_in(tablet, child)

    def test_locks_after_five_wrong_tries_and_tells_the_guardian_once(
        self, tablet: Client, owner: Member, mei: Member, ming: Member
    ) -> None:
        assert [enter(tablet, mei, "9999").status_code for _ in range(5)] == [403] * 5
        told = Notification.objects.get()
        assert (told.member, told.kind, told.path) == (owner, "pin_locked", f"/people/{mei.pk}/child/")
        assert [enter(tablet, mei, pin).status_code for pin in ("9999", PIN)] == [429, 429]
        assert who_is(tablet) == str(ming.user_id)
        assert Notification.objects.count() == AuditEvent.objects.filter(verb="child.pin_locked").count() == 1
        assert "A new PIN unlocks it" in client_of(owner).get(f"/people/{mei.pk}/child/").content.decode()
        assert enter(tablet, ming, "8024").status_code == 302

    def test_is_unlocked_by_time(self, tablet: Client, mei: Member) -> None:
        for _ in range(6):
            enter(tablet, mei, "9999")
        books.move_clock(devices.LOCKED_FOR - timedelta(minutes=1))
        assert enter(tablet, mei, PIN).status_code == 429
        books.move_clock(timedelta(minutes=1))
        assert enter(tablet, mei, PIN).status_code == 302
        assert Guardianship.objects.get(member=mei).pin_failures == 0

    def test_is_unlocked_by_a_new_pin(self, tablet: Client, owner: Member, mei: Member) -> None:
        for _ in range(5):
            enter(tablet, mei, "9999")
        children.set_pin(mei, pin="7035", by=owner, now=clock.now())
        assert [enter(tablet, mei, pin).status_code for pin in (PIN, "7035")] == [403, 302]

    def test_forgets_wrong_tries_after_a_right_one(self, tablet: Client, mei: Member) -> None:
        for _ in range(2):
            assert [enter(tablet, mei, pin).status_code for pin in ("9999", "9999", PIN)] == [403, 403, 302]
        assert not Notification.objects.exists()

    def test_opens_for_nobody_who_is_not_on_it(
        self, tablet: Client, owner: Member, neighbor: Member, ming: Member
    ) -> None:
        sister = child_of(owner, name="Lan", now=clock.now())
        theirs = child_of(neighbor, name="Hua", now=clock.now())
        for member in (sister, theirs, owner, neighbor):
            assert enter(tablet, member, PIN).status_code == 403
        for wrong in ({"member_id": 10**30, "pin": PIN}, {"member_id": 0, "pin": PIN}):
            assert tablet.post("/who/", wrong).status_code == 403
        assert is_in(tablet, ming)

    def test_shows_its_tiles_again_where_something_is_missing(self, tablet: Client, ming: Member) -> None:
        for given in ({}, {"member_id": ming.pk}, {"member_id": "x", "pin": PIN}, {"member_id": ming.pk, "pin": "\0"}):
            assert tablet.post("/who/", given).status_code == 200

    def test_loses_the_tile_of_a_child_who_is_gone(self, tablet: Client, owner: Member, mei: Member) -> None:
        members.remove(mei, by=owner.user, reason="", now=clock.now())
        assert [child.name for child in tablet.get("/who/").context["profiles"]] == ["Ming"]
        assert enter(tablet, mei, PIN).status_code == 403
        assert Device.objects.get().ended_at is None

    def test_is_unknown_without_its_cookie(self, tablet: Client, mei: Member) -> None:
        for cookie in ("", "x", "a" * 43):
            stranger = Client()
            stranger.cookies[COOKIE] = cookie
            assert stranger.get("/who/")["Location"] == "/accounts/login/"
            assert enter(stranger, mei, PIN)["Location"] == "/accounts/login/"
            assert who_is(stranger) is None


class TestAnotherHousehold:
    def test_gets_a_device_of_its_own_on_the_same_tablet(self, owner: Member, neighbor: Member, mei: Member) -> None:
        tablet = tablet_of(mei, by=owner, now=clock.now())
        ours = tablet.cookies[COOKIE].value
        hua = child_of(neighbor, name="Hua", now=clock.now())
        tablet_of(hua, by=neighbor, now=clock.now(), tablet=tablet)
        assert tablet.cookies[COOKIE].value != ours
        assert tablet.get("/who/").context["profiles"] == [hua]
        assert enter(tablet, mei, PIN).status_code == 403
        assert {device.account: list(device.members.all()) for device in Device.objects.all()} == {
            owner.account: [mei],
            neighbor.account: [hua],
        }


class TestARemovedChild:
    def test_is_out_at_the_next_click(self, owner: Member, mei: Member, ming: Member) -> None:
        tablet = tablet_of(ming, by=owner, now=clock.now())
        tablet_of(mei, by=owner, now=clock.now(), tablet=tablet)
        members.remove(mei, by=owner.user, reason="", now=clock.now())
        assert tablet.get("/usage/").status_code == 302
        assert tablet.get("/who/").context["profiles"] == [ming]
