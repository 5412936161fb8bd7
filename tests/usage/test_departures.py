"""Leaving: keys, quotas, invitations, devices and running answers end with a membership; figures stay."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import api_keys, callers, children, devices, invitations, ownership
from accounts.invitations import Place
from accounts.models import AuditEvent, Device, Invitation, Member, Notification
from plans.models import Hold, Quota
from portal.kit import clock
from tests.accounts.people import Firm, client_of, found, fresh, join, staffed
from tests.plans.ledger import books
from usage import departures, gateway, relay
from usage.models import Call
from usage.valkey import Valkey

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: None) -> Member:
    return found("owner@example.com", kind="household", name="Li")


@pytest.fixture
def adult(owner: Member) -> Member:
    return join(owner, role="adult", name="partner")


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("wang@example.com", kind="business", name="Wang & Co"))


def remove(member: Member, by: Member) -> None:
    departures.remove(member, by=by.user, reason="moved out", now=clock.now())


def path_of(member: Member) -> str:
    return f"/people/{member.pk}/removal/"


def leave(client: Client, member: Member) -> int:
    return fresh(client).post(path_of(member), {"reason": "moved out", "confirmed": "yes"}).status_code


class TestRemove:
    def test_stops_keys_and_withdraws_invitations(self, owner: Member, adult: Member) -> None:
        _key, secret = api_keys.issue(adult, api_keys.Wish(label="x"), by=adult.user, now=clock.now())
        made = invitations.invite(owner, Place(way="screen"), now=clock.now())
        Invitation.objects.filter(pk=made.pk).update(state="asked", asked_by=adult.user, asked_at=clock.now())
        remove(adult, owner)
        with pytest.raises(callers.UnknownKey):
            callers.from_bearer(f"Bearer {secret}", "")
        assert Invitation.objects.get().state == "withdrawn"
        assert AuditEvent.objects.get(verb="member.remove").reason == "moved out"

    def test_ends_their_quotas_and_those_of_their_keys_alone(self, owner: Member, adult: Member) -> None:
        theirs = books.key_of(adult)
        ending = [
            books.quota(adult, 5, kind="member", node_id=adult.pk),
            books.quota(adult, 5, kind="member", node_id=adult.pk, window="month"),
            books.quota(adult, 5, kind="key", node_id=theirs.pk),
        ]
        staying = [
            books.quota(owner, 5),
            books.quota(owner, 5, kind="member", node_id=owner.pk),
            books.quota(owner, 5, kind="key", node_id=books.key_of(owner).pk),
        ]
        remove(adult, owner)
        in_force = set(Quota.objects.in_force())
        assert in_force == set(staying)
        assert all(quota.ended_at for quota in Quota.objects.filter(pk__in=[each.pk for each in ending]))
        assert AuditEvent.objects.filter(verb="quota.end", actor=owner.user).count() == 3

    def test_leaves_everything_as_it_is_where_it_is_refused(self, owner: Member) -> None:
        books.quota(owner, 5, kind="member", node_id=owner.pk)
        with pytest.raises(ownership.LastOwner):
            remove(owner, owner)
        assert Quota.objects.in_force().count() == 1
        assert not AuditEvent.objects.filter(verb="quota.end").exists()

    def test_tells_the_owners_who_did_not_do_it(self, owner: Member, adult: Member) -> None:
        remove(adult, adult)
        assert Notification.objects.get().member == owner


class TestAChild:
    @pytest.fixture
    def tablet(self, owner: Member) -> Client:
        """A tablet on which a child of the household signed in by the code that the guardian showed."""
        now = clock.now()
        born_in = date(now.year - 10, 1, 1)
        mei = children.open(owner, nickname="Mei", born_in=born_in, pin="2580", language="en", now=now)
        client = Client()
        assert client.post(devices.path_of(devices.make_ticket(mei, by=owner, now=now))).status_code == 302
        assert SESSION_KEY in client.session
        return client

    def test_is_signed_out_of_the_tablet_at_the_next_click(self, owner: Member, tablet: Client) -> None:
        mei = Member.objects.get(role="child")
        assert tablet.get("/usage/").status_code == 200
        assert leave(client_of(owner), mei) == 302
        assert Device.objects.get().ended_by == owner.user
        assert tablet.get("/usage/")["Location"].startswith(("/who/", "/accounts/login/"))
        assert tablet.get("/who/")["Location"] == "/accounts/login/"

    def test_never_leaves_by_itself(self, owner: Member, tablet: Client) -> None:
        mei = Member.objects.get(role="child")
        for path in (path_of(mei), f"/people/{mei.pk}/child/", f"/people/{mei.pk}/", "/people/resignation/"):
            assert fresh(tablet).get(path).status_code == 404
            assert fresh(tablet).post(path, {"reason": "", "confirmed": "yes"}).status_code == 404
        assert Member.objects.active().filter(pk=mei.pk).exists()


class TestThePage:
    def test_says_what_ends_and_ends_nothing(self, owner: Member, adult: Member) -> None:
        api_keys.issue(adult, api_keys.Wish(label="x"), by=adult.user, now=clock.now())
        page = client_of(owner).get(path_of(adult))
        assert (page.context["keys"], page.context["conversations"], page.context["is_me"]) == (1, 0, False)
        assert "Let partner go?" in page.content.decode()
        assert Member.objects.active().filter(pk=adult.pk).exists()

    def test_lets_a_grown_up_leave_and_act_for_the_next_account(self, owner: Member, adult: Member) -> None:
        other = found("x@example.com", kind="household", name="Other")
        Member.objects.create(account=other.account, user=adult.user, role="adult", name="x", joined_at=clock.now())
        client = fresh(client_of(adult))
        client.post("/people/acting/", {"member": adult.pk})
        assert client.get(path_of(adult)).context["is_me"]
        answer = client.post(path_of(adult), {"reason": "", "confirmed": "yes"})
        assert answer["Location"] == "/"
        assert client.get("/people/").context["account"]() == other.account

    def test_keeps_the_last_owner(self, owner: Member) -> None:
        assert leave(client_of(owner), owner) == 409
        assert Member.objects.owners().get() == owner

    def test_lets_one_of_two_owners_go(self, owner: Member) -> None:
        second = join(owner, role="owner", name="second")
        assert leave(client_of(owner), second) == 302
        assert leave(client_of(second), owner) == 403  # who has left has no account

    def test_is_open_to_each_for_whom_they_may_let_go(self, firm: Firm, owner: Member) -> None:
        everybody = [firm.owner, firm.bill_payer, firm.auditor, firm.head, firm.clerk, owner]
        may = {
            firm.owner: {firm.owner, firm.bill_payer, firm.auditor, firm.head, firm.clerk},
            firm.bill_payer: {firm.bill_payer},
            firm.auditor: {firm.auditor},
            firm.head: {firm.head, firm.clerk},
            firm.clerk: {firm.clerk},
            owner: {owner},
        }
        for viewer in everybody:
            client = fresh(client_of(viewer))
            for member in everybody:
                expected = 200 if member in may[viewer] else 404
                assert client.get(path_of(member)).status_code == expected, (viewer, member)
                if expected == 404:
                    assert leave(client, member) == 404
        assert Member.objects.active().count() == len(everybody)

    def test_lets_a_head_let_go_of_those_led_and_not_of_other_heads(self, firm: Firm) -> None:
        second = join(firm.owner, role="head", name="second", department=firm.team)
        outside = join(firm.owner, role="adult", name="outside", department=firm.shop)
        client = client_of(firm.head)
        assert [leave(client, member) for member in (second, outside, firm.clerk)] == [404, 404, 302]

    def test_holds_back_without_a_fresh_sign_in(self, owner: Member, adult: Member) -> None:
        answer = client_of(owner).post(path_of(adult), {"reason": "", "confirmed": "yes"})
        assert answer["Location"].startswith("/accounts/reauthenticate/code/?next=%2Fpeople%2F")
        assert Member.objects.active().filter(pk=adult.pk).exists()

    def test_sends_visitors_to_sign_in(self, client: Client, adult: Member) -> None:
        assert client.post(path_of(adult))["Location"].startswith("/accounts/login/")


@pytest.mark.django_db(transaction=True)
class TestCallsUnderWay:
    def test_are_stopped_and_those_of_others_go_on(self, transactional_db: None) -> None:
        owner = found("owner@example.com", kind="household", name="Li")
        adult = join(owner, role="adult", name="partner")
        lot = books.grant(owner, 10_000)
        queued, running, other = (self.opened(member) for member in (adult, adult, owner))
        for call_id in (running, other):
            assert books.claim(call_id)
        asked = at_reception(lambda: remove(adult, owner), running, other)
        assert asked == [True, False]
        assert not Hold.objects.filter(pk=queued).exists()
        assert Call.objects.values_list("charged_microcredits", "how").get(pk=queued) == (0, "cancelled")
        assert set(Hold.objects.values_list("pk", flat=True)) == {running, other}
        assert books.reserve(books.ask(adult, 1))[0][0] != "ok"
        assert books.counters(lot)[:2] == (9_800, 200)

    def test_keep_nobody_in_the_account_while_valkey_is_away(self, transactional_db: None, settings: Settings) -> None:
        owner = found("owner@example.com", kind="household", name="Li")
        adult = join(owner, role="adult", name="partner")
        books.grant(owner, 10_000)
        self.opened(adult)
        settings.VALKEY_URL = "redis://127.0.0.1:9/0"
        assert at_reception(lambda: remove(adult, owner)) == []
        assert not Member.objects.active().filter(pk=adult.pk).exists()

    def opened(self, member: Member) -> UUID:
        asked = books.ask(member, 100)
        assert books.reserve(asked)[0][0] == "ok"
        return asked.call_id


@async_to_sync
async def at_reception(verb: Callable[[], object], *call_ids: UUID) -> list[bool]:
    """This will do `verb` as a page of a web process does, and tell which calls were asked to stop."""
    await gateway.open()
    valkey = Valkey(settings.VALKEY_URL)
    try:
        await sync_to_async(verb)()
        if call_ids:
            await valkey.connect()
        return [await relay.is_asked_to_stop(valkey, call_id) for call_id in call_ids]
    finally:
        valkey.close()
        await gateway.close()
