"""Keys in use: their end with all that runs, their first call, when they called last, and those that nobody uses."""

import threading
import time
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import api_keys, callers
from accounts.api_keys import Wish
from accounts.models import ApiKey, AuditEvent, Member, Notification, User
from models_catalog.pricing import Usage
from plans import ledger
from plans.ledger import holds
from plans.models import Hold
from plans.nodes import Node
from tests.accounts.people import client_of, fresh
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from tests.usage.test_departures import at_reception
from usage import key_use, pausing
from usage.calls.endings import Charge, Ending
from usage.models import Call, How, Refused

pytestmark = pytest.mark.django_db
PATIENCE_SECONDS = 10
HELD_UP = "SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
"""Who waits for the connection that asks."""


def issue(member: Member, now: datetime, *, by: Member | None = None) -> tuple[ApiKey, str]:
    return api_keys.issue(member, Wish(label="editor"), by=(by or member).user, now=now)


def open_call(key: ApiKey) -> UUID:
    asked = books.ask(key.member, 1_000, api_key_id=key.pk)
    assert books.reserve(asked)[0][0] == "ok"
    return asked.call_id


def running_call(key: ApiKey) -> UUID:
    call_id = open_call(key)
    assert books.claim(call_id)
    return call_id


def called(key: ApiKey) -> Call:
    """A call of the key that has ended."""
    offer = cast.offer_of("fast")
    asked = books.ask(key.member, 1_000, api_key_id=key.pk, chat_model_id=offer.chat_model_id, price_id=offer.price_id)
    assert books.reserve(asked)[0][0] == "ok"
    ending = Ending(asked.call_id, Charge(Usage(), 0, How.USAGE, cost=0), finish_reason="stop")
    cast.settle(ending)
    return Call.objects.get(pk=asked.call_id)


class TestRevoke:
    def test_lets_no_call_begin_afterwards(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.owner, now)
        assert key_use.revoke(key, by=home.owner.user, reason="lost", now=now) == 0
        assert books.reserve(books.ask(home.owner, 1_000, api_key_id=key.pk))[0][0] == "revoked"
        assert AuditEvent.objects.get(verb="api_key.revoke").reason == "lost"
        with pytest.raises(api_keys.AlreadyRevoked):
            key_use.revoke(key, by=home.owner.user, reason="", now=now)


@pytest.mark.django_db(transaction=True)
class TestCallsUnderWay:
    """Written for good, since they are stopped over other connections."""

    def test_stop_with_their_key_alone(self, transactional_db: None, home: Home, now: datetime) -> None:
        key, other = issue(home.owner, now)[0], issue(home.owner, now)[0]
        queued, running, beside = open_call(key), running_call(key), running_call(other)
        stopped: list[int] = []

        def revoke() -> None:
            stopped.append(key_use.revoke(key, by=home.owner.user, reason="lost", now=now))

        assert at_reception(revoke, running, beside) == [True, False]
        assert stopped == [2]
        assert not Hold.objects.filter(pk=queued).exists()
        assert set(Hold.objects.values_list("pk", flat=True)) == {running, beside}

    def test_that_begin_at_the_same_moment_are_seen_and_stopped(
        self, transactional_db: None, home: Home, now: datetime
    ) -> None:
        key, _secret = issue(home.owner, now)
        asked = books.ask(home.owner, 1_000, api_key_id=key.pk)
        given = orjson.dumps([holds._given(asked)]).decode()
        beside, stopped, held_up = books.another_connection(), list[int](), list[bool]()

        def let_in() -> None:
            until = time.monotonic() + PATIENCE_SECONDS
            while not (waiting := beside.execute(HELD_UP).fetchall()) and time.monotonic() < until:
                time.sleep(0.01)
            held_up.append(bool(waiting))
            beside.commit()

        beside.execute("SELECT * FROM ledger_reserve(%s::jsonb)", [given])
        other = threading.Thread(target=let_in)
        other.start()
        at_reception(lambda: stopped.append(key_use.revoke(key, by=home.owner.user, reason="", now=now)))
        other.join()
        beside.close()
        assert (held_up, stopped) == ([True], [1])
        assert not Hold.objects.exists()

    def test_stop_with_a_pause_as_well(self, transactional_db: None, home: Home, now: datetime) -> None:
        key, _secret = issue(home.owner, now)
        running = running_call(key)
        node = Node("key", key.pk, key.label, home.owner.account, may_change=True)
        assert at_reception(lambda: pausing.pause(node, by=home.owner.user, now=now), running) == [True]
        assert books.reserve(books.ask(home.owner, 1_000, api_key_id=key.pk))[0][0] == "paused"

    def test_stop_from_the_page(self, transactional_db: None, home: Home, now: datetime) -> None:
        key, _secret = issue(home.owner, now)
        running = running_call(key)
        client = fresh(client_of(home.owner))
        path, pages = f"/keys/{key.pk}/revocation/", []
        assert b"cannot be undone" in client.get(path).content

        def revoke() -> None:
            pages.append(client.post(path, {"reason": "lost", "confirmed": "yes"}, follow=True).content.decode())

        assert at_reception(revoke, running) == [True]
        assert "1 answer under way was stopped" in pages[0]
        assert ApiKey.objects.get(pk=key.pk).revoked_by == home.owner.user

    def test_stop_when_staff_revokes_the_key(
        self, transactional_db: None, home: Home, now: datetime, settings: Settings, client: Client
    ) -> None:
        settings.DEMO = True
        client.force_login(User.objects.create_superuser("staff@example.com", password="a long pass phrase"))
        key, other = issue(home.owner, now)[0], issue(home.owner, now)[0]
        running, beside = running_call(key), running_call(other)
        chosen = {"action": "revoke", "_selected_action": [key.pk], "reason": "leaked"}
        asked = at_reception(lambda: client.post("/admin/accounts/apikey/", chosen), running, beside)
        assert asked == [True, False]
        assert set(ApiKey.objects.filter(revoked_at=None)) == {other}

    def test_stop_when_the_key_stood_in_an_address(self, transactional_db: None, home: Home, now: datetime) -> None:
        key, secret = issue(home.owner, now)
        running = running_call(key)
        assert at_reception(lambda: Client().get(f"/v1/balance?key={secret}"), running) == [True]

    def test_do_not_keep_a_key_alive_while_valkey_is_away(
        self, transactional_db: None, home: Home, now: datetime, settings: Settings
    ) -> None:
        key, _secret = issue(home.owner, now)
        running_call(key)
        settings.VALKEY_URL = "redis://127.0.0.1:9/0"
        at_reception(lambda: key_use.revoke(key, by=home.owner.user, reason="", now=now))
        assert ApiKey.objects.get(pk=key.pk).revoked_at


class TestTheRevocationPage:
    def test_asks_for_proof(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.owner, now)
        client_of(home.owner).post(f"/keys/{key.pk}/revocation/", {"confirmed": "yes"})
        assert ApiKey.objects.get(pk=key.pk).revoked_at is None

    def test_says_plainly_that_a_key_was_revoked_before(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.owner, now)
        api_keys.revoke(key, by=home.owner.user, reason="", now=now)
        answer = fresh(client_of(home.owner)).post(f"/keys/{key.pk}/revocation/", {"confirmed": "yes"})
        assert answer.status_code == 409

    def test_is_the_owners_for_the_keys_of_members_and_closed_to_others(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.adult, now)
        for member in (home.child, home.stranger):
            client = fresh(client_of(member))
            assert client.post(f"/keys/{key.pk}/revocation/", {"confirmed": "yes"}).status_code == 404
        answer = fresh(client_of(home.owner)).post(f"/keys/{key.pk}/revocation/", {"confirmed": "yes"})
        assert answer.status_code == 302


class TestTheFirstCall:
    def look(self, member: Member, key: ApiKey) -> str:
        answer = client_of(member).get(f"/keys/{key.pk}/first-call/", headers={"hx-request": "true"})
        assert answer.status_code == 200
        return answer.content.decode()

    def test_is_awaited_and_leads_to_its_receipt(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.owner, now)
        before = self.look(home.owner, key)
        assert "Waiting for the first call" in before
        assert "every 2s" in before
        assert "<html" not in before
        call = called(key)
        after = self.look(home.owner, key)
        assert f"/usage/calls/{call.pk}/" in after
        assert "every 2s" not in after

    def test_tells_why_it_was_refused_and_looks_on(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.owner, now)
        Refused.objects.create(
            account_id=key.account_id, member_id=key.member_id, api_key_id=key.pk, source="api", model_name="fast",
            code="insufficient_quota", sentence=ledger.NoCredits.sentence, details={}, refused_at=now,
        )  # fmt: skip
        text = self.look(home.owner, key)
        assert "The first call was refused" in text
        assert "every 2s" in text

    def test_is_not_awaited_for_ever(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.owner, now)
        ApiKey.objects.filter(pk=key.pk).update(created_at=now - timedelta(days=2))
        assert "every 2s" not in self.look(home.owner, key)


class TestNoteCalls:
    def test_notes_the_newest_call_of_each_key(self, home: Home, now: datetime) -> None:
        first, second, silent = (issue(member, now)[0] for member in (home.owner, home.adult, home.owner))
        called(first)
        newest, other = called(first), called(second)
        assert key_use.note_calls(now + timedelta(minutes=1)) == 2
        noted = dict(ApiKey.objects.values_list("pk", "used_at"))
        assert noted == {first.pk: newest.opened_at, second.pk: other.opened_at, silent.pk: None}
        assert key_use.note_calls(now + timedelta(minutes=1)) == 0

    def test_leaves_alone_what_ended_long_ago(self, home: Home, now: datetime) -> None:
        called(issue(home.owner, now)[0])
        assert key_use.note_calls(now + timedelta(hours=1)) == 0


class TestRemind:
    def test_tells_the_holder_once(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.adult, now)
        used, _secret = issue(home.adult, now)
        later = now + timedelta(days=61)
        ApiKey.objects.filter(pk=used.pk).update(used_at=now + timedelta(days=10))
        assert (key_use.remind(now + timedelta(days=59)), key_use.remind(later), key_use.remind(later)) == (0, 1, 0)
        told = Notification.objects.get()
        assert (told.member, told.path) == (home.adult, f"/keys/{key.pk}/")
        assert "editor" in str(told)

    def test_begins_again_after_it_was_used(self, home: Home, now: datetime) -> None:
        key, _secret = issue(home.adult, now)
        key_use.remind(now + timedelta(days=61))
        ApiKey.objects.filter(pk=key.pk).update(used_at=now + timedelta(days=70))
        assert key_use.remind(now + timedelta(days=100)) == 0
        assert key_use.remind(now + timedelta(days=140)) == 1

    def test_tells_the_owner_of_a_childs_and_nobody_of_a_dead_one(self, home: Home, now: datetime) -> None:
        issue(home.child, now, by=home.owner)
        dead, _secret = issue(home.adult, now)
        api_keys.revoke(dead, by=home.owner.user, reason="", now=now)
        assert key_use.remind(now + timedelta(days=61)) == 1
        assert Notification.objects.get().member == home.owner


class TestExposed:
    """A key in an address was read by every proxy and log on the way."""

    def test_ends_and_its_people_are_told(self, home: Home, now: datetime) -> None:
        _key, secret = issue(home.adult, now)
        answer = Client().get(f"/v1/balance?key={secret}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "key_in_address")
        assert secret not in answer.content.decode()
        assert ApiKey.objects.get().revoked_by == home.adult.user
        assert {told.member for told in Notification.objects.all()} == {home.adult, home.owner}
        assert not any(secret in str(vars(row)) for row in [*Notification.objects.all(), *AuditEvent.objects.all()])
        with pytest.raises(callers.UnknownKey):
            callers.from_bearer(f"Bearer {secret}", "")
        assert Client().get(f"/v1/balance?key={secret}").status_code == 400
        assert Notification.objects.count() == 2

    def test_is_nothing_to_those_that_never_were(self, home: Home) -> None:
        answer = Client().get("/v1/balance?key=ck-" + "x" * 48)
        assert answer.status_code == 400
        assert not Notification.objects.exists()
