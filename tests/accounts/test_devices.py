"""Devices of children: signed in by a code that is good once for two minutes, in a new session, until they end."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import devices, members, tickets
from accounts.models import AuditEvent, Device, DeviceTicket, Member
from portal.kit import clock
from tests.accounts.people import PIN, child_of, client_of, found, fresh, tablet_of
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

COOKIE = "device"
ENDED = "This code is no longer valid."
IPAD = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0"


@pytest.fixture
def mei(owner: Member) -> Member:
    return child_of(owner, now=clock.now())


@pytest.fixture
def ming(owner: Member) -> Member:
    return child_of(owner, name="Ming", pin="8024", now=clock.now())


@pytest.fixture
def neighbor(db: None) -> Member:
    return found("neighbor@example.com", kind="household", name="Zhao")


def ticket_of(child: Member, by: Member) -> DeviceTicket:
    return devices.make_ticket(child, by=by, now=clock.now())


def path_of(child: Member, by: Member) -> str:
    return devices.path_of(ticket_of(child, by))


def who_is(client: Client) -> str | None:
    """The id of whoever is signed in, as the session keeps it."""
    return client.session.get(SESSION_KEY)


def is_in(client: Client, child: Member) -> bool:
    return who_is(client) == str(child.user_id) and client.get("/usage/").status_code == 200


def enter(tablet: Client, child: Member, pin: str) -> Any:
    return tablet.post("/who/", {"member_id": child.pk, "pin": pin})


def with_cookie_alone(tablet: Client) -> Client:
    """Another session on the same device."""
    other = Client()
    other.cookies[COOKIE] = tablet.cookies[COOKIE].value
    return other


class TestMakeTicket:
    def test_is_for_owners(self, adult: Member, mei: Member) -> None:
        for by in (adult, mei):
            with pytest.raises(members.OwnersOnly):
                ticket_of(mei, by)

    def test_kills_the_older_one_of_the_same_child(self, owner: Member, mei: Member, ming: Member) -> None:
        older, others, newer = path_of(mei, owner), path_of(ming, owner), path_of(mei, owner)
        assert [Client().post(path).status_code for path in (older, newer, others)] == [410, 302, 302]
        assert AuditEvent.objects.filter(verb="device.make_ticket", actor=owner.user).count() == 3


class TestTheCode:
    def test_asks_first_and_changes_nothing(self, owner: Member, mei: Member) -> None:
        path, tablet = path_of(mei, owner), Client()
        for _ in range(2):
            page = tablet.get(path)
            assert "Hello Mei!" in page.content.decode()
            assert "no-store" in page["Cache-Control"]
        assert tablet.head(path).status_code == 200
        assert [tablet.put(path).status_code, tablet.delete(path).status_code] == [405, 405]
        assert who_is(tablet) is None
        assert COOKIE not in tablet.cookies
        assert not Device.objects.exists()
        assert DeviceTicket.objects.get().used_at is None

    def test_signs_the_child_in_and_remembers_the_device(self, owner: Member, mei: Member) -> None:
        tablet = Client(headers={"User-Agent": IPAD})
        assert tablet.post(path_of(mei, owner))["Location"] == "/chat/"
        assert is_in(tablet, mei)
        device = Device.objects.get()
        assert (device.account, device.name, device.added_by) == (owner.account, "iPad, Safari", owner.user)
        assert list(device.members.all()) == [mei]
        assert DeviceTicket.objects.get().device == device
        assert AuditEvent.objects.get(verb="device.sign_in").subject == "Mei: iPad, Safari"

    def test_leaves_a_cookie_that_no_script_reads_and_no_table_holds(self, owner: Member, mei: Member) -> None:
        cookie = tablet_of(mei, by=owner, now=clock.now()).cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert cookie["max-age"] == 400 * 24 * 3600
        assert cookie.value.encode() not in bytes(Device.objects.get().digest)

    @pytest.mark.parametrize(
        ("agent", "name"),
        [
            (WINDOWS, "Windows, Edg"),
            (WECHAT, "Android, MicroMessenger"),
            ("", "Unknown device"),
            ("x" * 500, "Unknown device"),
        ],
    )
    def test_names_the_device_as_its_browser_does(self, owner: Member, mei: Member, agent: str, name: str) -> None:
        Client(headers={"User-Agent": agent}).post(path_of(mei, owner))
        assert Device.objects.get().name == name

    def test_is_good_once(self, owner: Member, mei: Member) -> None:
        path, first, second = path_of(mei, owner), Client(), Client()
        assert first.post(path).status_code == 302
        for client in (first, second):
            assert [client.post(path).status_code, client.get(path).status_code] == [410, 410]
        assert who_is(second) is None
        assert Device.objects.count() == 1

    @pytest.mark.parametrize(("age", "status"), [(119, 302), (120, 410), (3600, 410)])
    def test_is_good_for_two_minutes(self, owner: Member, mei: Member, age: int, status: int) -> None:
        path = path_of(mei, owner)
        books.move_clock(timedelta(seconds=age))
        assert Client().post(path).status_code == status

    def test_sounds_alike_whatever_is_wrong_with_it(self, owner: Member, mei: Member, ming: Member) -> None:
        ticket, other = ticket_of(mei, owner), ticket_of(ming, owner)
        right = tickets.secret_of("device", ticket.pk)
        guesses = {
            (other.pk, right),
            (ticket.pk, tickets.secret_of("invitation", ticket.pk)),
            (ticket.pk, right[:-1]),
            (ticket.pk, right.upper()),
            (ticket.pk, "x"),
            (ticket.pk, "中文"),
            (ticket.pk + 1000, tickets.secret_of("device", ticket.pk + 1000)),
            (10**30, right),
        }
        for ticket_id, secret in guesses:
            tablet = Client()
            for answer in (tablet.get(f"/who/{ticket_id}/{secret}/"), tablet.post(f"/who/{ticket_id}/{secret}/")):
                assert answer.status_code == 410, secret
                assert answer.context["sentence"].startswith(ENDED)
            assert who_is(tablet) is None
        assert not Device.objects.exists()

    def test_is_not_for_a_child_who_is_gone(self, owner: Member, mei: Member) -> None:
        path = path_of(mei, owner)
        members.remove(mei, by=owner.user, reason="", now=clock.now())
        assert Client().post(path).status_code == 410

    def test_is_taken_from_its_own_page_alone(self, owner: Member, mei: Member) -> None:
        tablet = Client(enforce_csrf_checks=True)
        assert tablet.post(path_of(mei, owner)).status_code == 403
        assert DeviceTicket.objects.get().used_at is None


class TestTheSession:
    def test_is_none_that_somebody_laid_out_before(self, owner: Member, mei: Member) -> None:
        tablet = Client()
        session = tablet.session
        session["planted"] = "yes"
        session.save()
        planted = str(session.session_key)
        tablet.cookies["sessionid"] = planted
        tablet_of(mei, by=owner, now=clock.now(), tablet=tablet)
        assert tablet.cookies["sessionid"].value != planted
        assert "planted" not in tablet.session
        assert not Session.objects.filter(pk=planted).exists()

    def test_is_not_called_what_somebody_wished(self, owner: Member, mei: Member) -> None:
        tablet = Client()
        tablet.cookies["sessionid"] = "a" * 32
        tablet_of(mei, by=owner, now=clock.now(), tablet=tablet)
        assert tablet.cookies["sessionid"].value != "a" * 32

    @pytest.mark.parametrize("way", ["code", "pin"])
    def test_keeps_nothing_of_whoever_sat_there(self, owner: Member, mei: Member, way: str) -> None:
        tablet = tablet_of(mei, by=owner, now=clock.now())
        tablet.force_login(owner.user)
        before = tablet.session.session_key
        if way == "code":
            path = path_of(mei, owner)
            assert "is signed out" in tablet.get(path).content.decode()
            tablet.post(path)
        else:
            enter(tablet, mei, PIN)
        assert is_in(tablet, mei)
        assert tablet.session.session_key != before
        assert not Session.objects.filter(pk=before).exists()
        assert tablet.get("/people/").status_code == 404

    def test_ends_where_the_child_goes(self, owner: Member, mei: Member) -> None:
        tablet = tablet_of(mei, by=owner, now=clock.now())
        before = tablet.session.session_key
        assert tablet.get("/who/leaving/").status_code == 405
        assert tablet.post("/who/leaving/")["Location"] == "/who/"
        assert who_is(tablet) is None
        assert not Session.objects.filter(pk=before).exists()
        assert tablet.get("/who/").context["profiles"] == [mei]


class TestEnd:
    def end(self, by: Member) -> int:
        return fresh(client_of(by)).post(f"/people/devices/{Device.objects.earliest('pk').pk}/ending/").status_code

    def test_signs_out_at_the_next_click_and_for_good(self, owner: Member, mei: Member) -> None:
        tablet = tablet_of(mei, by=owner, now=clock.now())
        copy = with_cookie_alone(tablet)
        assert self.end(owner) == 302
        assert tablet.get("/chat/")["Location"] == "/who/"
        assert who_is(tablet) is None
        for client in (tablet, copy):
            assert client.get("/who/")["Location"] == "/accounts/login/"
            assert enter(client, mei, PIN)["Location"] == "/accounts/login/"
            assert who_is(client) is None
        ended = Device.objects.get()
        assert (ended.ended_by, AuditEvent.objects.filter(verb="device.end").count()) == (owner.user, 1)

    def test_lets_the_device_come_back_by_a_new_code_as_another(self, owner: Member, mei: Member) -> None:
        tablet = tablet_of(mei, by=owner, now=clock.now())
        self.end(owner)
        tablet_of(mei, by=owner, now=clock.now(), tablet=tablet)
        assert is_in(tablet, mei)
        assert Device.objects.in_use().count() == Device.objects.exclude(ended_at=None).count() == 1

    def test_is_for_the_owners_of_the_household(
        self, owner: Member, adult: Member, neighbor: Member, mei: Member, client: Client
    ) -> None:
        tablet = tablet_of(mei, by=owner, now=clock.now())
        assert [self.end(by) for by in (adult, neighbor)] == [403, 404]
        path = f"/people/devices/{Device.objects.get().pk}/ending/"
        assert client.post(path)["Location"].startswith("/accounts/login/")
        assert client_of(owner).post(path)["Location"].startswith("/accounts/")
        assert fresh(client_of(owner)).get(path).status_code == 405
        devices.end(Device.objects.get(), by=neighbor, now=clock.now())
        assert is_in(tablet, mei)
        assert not AuditEvent.objects.filter(verb="device.end").exists()

    def test_is_said_once(self, owner: Member, mei: Member) -> None:
        tablet_of(mei, by=owner, now=clock.now())
        assert [self.end(owner), self.end(owner)] == [302, 404]
