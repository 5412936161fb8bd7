"""Opening calls: what is set aside, in which order, and what is refused."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Account, ApiKey, Department, Member, Project, Scenario
from plans import ledger
from plans.models import Hold, HoldLot, IdempotencyKey
from portal.kit import clock
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


def drawn(call_id: UUID) -> list[tuple[int, int]]:
    return list(HoldLot.objects.filter(hold_id=call_id).order_by("ord").values_list("lot_id", "amount"))


class TestReserve:
    def test_sets_credits_aside_and_opens_the_call(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000)
        asked = books.ask(member, 300)
        assert books.reserve(asked) == [("ok", {"amount": 300, "output_limit": 100})]
        assert books.counters(lot) == (700, 300, 0, 0)
        hold = Hold.objects.get(pk=asked.call_id)
        assert (hold.state, hold.amount, hold.fence) == ("queued", 300, 0)
        assert books.kinds() == set()

    def test_draws_by_priority_then_earliest_end_then_oldest(self) -> None:
        member = books.founded()
        now = clock.now()
        endless = books.grant(member, 10)
        later = books.grant(member, 10, expires_at=now + timedelta(days=30))
        sooner = books.grant(member, 10, expires_at=now + timedelta(days=3))
        first = books.grant(member, 10, priority=-1)
        younger = books.grant(member, 10, expires_at=now + timedelta(days=30))
        asked = books.ask(member, 45)
        assert books.reserve(asked)[0][0] == "ok"
        assert drawn(asked.call_id) == [(first, 10), (sooner, 10), (later, 10), (younger, 10), (endless, 5)]
        assert books.kinds() == set()

    def test_draws_on_no_lot_before_its_start_or_from_its_end_on(self) -> None:
        member = books.founded()
        now = clock.now()
        books.grant(member, 100, effective_at=now + timedelta(days=1))
        books.grant(member, 100, effective_at=now - timedelta(days=2), expires_at=now - timedelta(milliseconds=1))
        outcome, details = books.reserve(books.ask(member, 1))[0]
        assert (outcome, details) == ("no_credits", {"available": 0, "needed": 1})

    def test_leaves_nothing_behind_when_it_refuses(self) -> None:
        member = books.founded()
        lot = books.grant(member, 99)
        books.quota(member, 10**6)
        asked = books.ask(member, 100)
        assert books.reserve(asked) == [("no_credits", {"available": 99, "needed": 100})]
        assert books.counters(lot) == (99, 0, 0, 0)
        assert not Hold.objects.exists()
        assert not HoldLot.objects.exists()
        assert books.fetch("SELECT count(*) FROM plans_quotawindow") == [(0,)]

    def test_answers_each_call_of_a_set_in_order(self) -> None:
        member, poor = books.founded(), books.founded()
        books.grant(member, 250)
        asked = [books.ask(member), books.ask(poor), books.ask(member), books.ask(member)]
        assert [outcome for outcome, _ in books.reserve(*asked)] == ["ok", "no_credits", "ok", "no_credits"]
        assert Hold.objects.count() == 2

    def test_costs_nothing_where_the_model_is_free(self) -> None:
        member = books.founded()
        assert books.reserve(books.ask(member, 0))[0] == ("ok", {"amount": 0, "output_limit": 100})

    @pytest.mark.parametrize(("have", "limit"), [(60, 60), (41, 41), (99, 99)])
    def test_cuts_the_output_to_what_the_lots_afford(self, have: int, limit: int) -> None:
        member = books.founded()
        books.grant(member, have)
        asked = books.ask(member, 100, floor_amount=40, output_limit=100, output_rate=1_000_000)
        assert books.reserve(asked) == [("ok", {"amount": have, "output_limit": limit})]

    def test_rounds_the_cut_output_down(self) -> None:
        member = books.founded()
        books.grant(member, 98)
        asked = books.ask(member, 100, floor_amount=40, output_limit=30, output_rate=3_000_000)
        assert books.reserve(asked) == [("ok", {"amount": 98, "output_limit": 29})]

    def test_refuses_where_not_one_token_of_output_is_left(self) -> None:
        member = books.founded()
        books.grant(member, 90)
        asked = books.ask(member, 100, floor_amount=90, output_limit=10, output_rate=1_000_000)
        assert books.reserve(asked)[0][0] == "no_credits"

    def test_sets_all_of_it_aside_where_fewer_tokens_save_nothing(self) -> None:
        member = books.founded()
        books.grant(member, 60)
        asked = books.ask(member, 100, floor_amount=40, output_rate=0)
        assert books.reserve(asked) == [("no_credits", {"available": 60, "needed": 100})]

    def test_gives_the_call_so_long_to_begin_and_to_end(self) -> None:
        member = books.founded()
        books.grant(member, 100)
        asked = books.ask(member, queue_deadline_seconds=15, hard_deadline_seconds=60)
        began = datetime.now(tz=UTC)
        books.reserve(asked)
        hold = Hold.objects.get(pk=asked.call_id)
        assert round((hold.queue_deadline - began).total_seconds()) == 15
        assert round((hold.hard_deadline - began).total_seconds()) == 60

    def test_refuses_below_the_floor(self) -> None:
        member = books.founded()
        books.grant(member, 39)
        asked = books.ask(member, 100, floor_amount=40)
        assert books.reserve(asked)[0] == ("no_credits", {"available": 39, "needed": 40})

    def test_holds_at_most_512_calls_of_an_account(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        assert {outcome for outcome, _ in books.reserve(*[books.ask(member, 1) for _ in range(512)])} == {"ok"}
        assert books.reserve(books.ask(member, 1)) == [("busy", {"limit": 512})]

    def test_is_stopped_by_a_mistaken_amount(self) -> None:
        member = books.founded()
        with pytest.raises(AssertionError):
            books.reserve(books.ask(member, -1))
        with pytest.raises(AssertionError):
            books.reserve(books.ask(member, 10**15 + 1))
        with pytest.raises(DatabaseError), transaction.atomic():
            books.run("SELECT ledger_reserve('[{\"call_id\": 7}]')")


class TestWhoMayCall:
    def test_not_an_account_with_a_debt(self) -> None:
        member = books.founded()
        books.grant(member, 100)
        with books.owner():
            books.run("UPDATE plans_wallet SET debt = 1")
        assert books.reserve(books.ask(member)) == [("suspended", {})]

    def test_not_a_suspended_account(self) -> None:
        member = books.founded()
        books.grant(member, 100)
        Account.objects.filter(pk=member.account_id).update(suspended_at=clock.now())
        assert books.reserve(books.ask(member)) == [("suspended", {})]

    def test_not_who_has_left(self) -> None:
        member = books.founded()
        books.grant(member, 100)
        gone = Member.objects.create(
            account_id=member.account_id,
            user=books.founded().user,
            name="Gone",
            role="adult",
            joined_at=clock.now(),
            left_at=clock.now(),
        )
        assert books.reserve(books.ask(member, member_id=gone.pk)) == [("revoked", {})]

    def test_not_with_a_revoked_or_ended_or_foreign_key(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        ended, revoked = books.key_of(member), books.key_of(member)
        assert books.reserve(books.ask(member, api_key_id=ended.pk))[0][0] == "ok"
        ended.expires_at = clock.now()
        ended.save()
        ApiKey.objects.filter(pk=revoked.pk).update(revoked_at=clock.now(), revoked_by=member.user)
        for key in (ended, revoked):
            assert books.reserve(books.ask(member, api_key_id=key.pk)) == [("revoked", {})]
        foreign = books.key_of(books.founded())
        assert books.reserve(books.ask(member, api_key_id=foreign.pk)) == [("revoked", {})]
        assert books.reserve(books.ask(member, member_id=foreign.member_id)) == [("revoked", {})]

    def test_not_where_the_member_is_paused(self) -> None:
        member = books.founded()
        member.paused_at = clock.now()
        member.save()
        paused = {"node_kind": "member", "node_id": member.pk}
        assert books.reserve(books.ask(member)) == [("paused", paused)]

    def test_not_where_a_department_above_is_paused(self) -> None:
        member = books.founded()
        now = clock.now()
        terms = {"account_id": member.account_id, "created_at": now}
        top = Department.objects.create(name="Top", paused_at=now, **terms)
        leaf = Department.objects.create(name="Leaf", parent=top, **terms)
        asked = books.ask(member, departments=(leaf.pk, top.pk))
        assert books.reserve(asked) == [("paused", {"node_kind": "department", "node_id": top.pk})]

    def test_not_for_a_paused_project_or_scenario(self) -> None:
        member = books.founded()
        terms = {"account_id": member.account_id, "created_at": clock.now(), "paused_at": clock.now()}
        project = Project.objects.create(name="Site", **terms)
        scenario = Scenario.objects.create(name="Support", **terms)
        asked = books.ask(member, project_id=project.pk), books.ask(member, scenario_id=scenario.pk)
        assert [details["node_kind"] for _, details in books.reserve(*asked)] == ["project", "scenario"]

    def test_whatever_another_account_has_paused(self) -> None:
        member, stranger = books.founded(), books.founded()
        books.grant(member, 1000)
        terms = {"account_id": stranger.account_id, "created_at": clock.now(), "paused_at": clock.now()}
        department, project, scenario = (
            kind.objects.create(name="Theirs", **terms) for kind in (Department, Project, Scenario)
        )
        asked = (
            books.ask(member, departments=(department.pk,)),
            books.ask(member, project_id=project.pk),
            books.ask(member, scenario_id=scenario.pk),
        )
        assert {outcome for outcome, _ in books.reserve(*asked)} == {"ok"}

    def test_not_for_a_scenario_of_the_portal_that_is_paused(self) -> None:
        member = books.founded()
        scenario = Scenario.objects.create(name="Homework", created_at=clock.now(), paused_at=clock.now())
        outcome, details = books.reserve(books.ask(member, scenario_id=scenario.pk))[0]
        assert (outcome, details["node_id"]) == ("paused", scenario.pk)


class TestIdempotency:
    def test_answers_a_repeated_key_with_the_first_call(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000)
        name = ledger.Idempotency("key:1", "abc", "hash")
        first = books.ask(member, idempotency=name)
        again = books.ask(member, idempotency=name)
        assert [outcome for outcome, _ in books.reserve(first, again)] == ["ok", "replay"]
        books.close(first, 10)
        assert books.reserve(again) == [("replay", {"call_id": str(first.call_id)})]
        assert books.counters(lot) == (990, 0, 10, 0)

    def test_is_on_disk_before_anyone_hears_of_the_call(self) -> None:
        """Only the claim of a call waits for the disk, else; a crash before it would give the key another call."""
        member = books.founded()
        books.grant(member, 1000)
        books.run("SET LOCAL synchronous_commit = on")
        books.reserve(books.ask(member, idempotency=ledger.Idempotency("key:1", "abc", "one")))
        assert books.fetch("SHOW synchronous_commit") == [("on",)]
        books.reserve(books.ask(member))
        assert books.fetch("SHOW synchronous_commit") == [("off",)]

    def test_refuses_another_body(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        books.reserve(books.ask(member, idempotency=ledger.Idempotency("key:1", "abc", "one")))
        other = books.ask(member, idempotency=ledger.Idempotency("key:1", "abc", "two"))
        assert books.reserve(other)[0][0] == "mismatch"

    def test_keeps_accounts_and_scopes_apart(self) -> None:
        member, other = books.founded(), books.founded()
        books.grant(member, 1000)
        books.grant(other, 1000)
        asked = [
            books.ask(member, idempotency=ledger.Idempotency("key:1", "abc", "hash")),
            books.ask(other, idempotency=ledger.Idempotency("key:1", "abc", "hash")),
            books.ask(member, idempotency=ledger.Idempotency("key:2", "abc", "hash")),
        ]
        assert {outcome for outcome, _ in books.reserve(*asked)} == {"ok"}

    def test_keeps_no_key_of_a_refused_call(self) -> None:
        member = books.founded()
        name = ledger.Idempotency("key:1", "abc", "hash")
        assert books.reserve(books.ask(member, idempotency=name))[0][0] == "no_credits"
        books.grant(member, 1000)
        assert books.reserve(books.ask(member, idempotency=name))[0][0] == "ok"

    def test_forgets_a_key_after_a_day(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        name = ledger.Idempotency("key:1", "abc", "hash")
        books.reserve(books.ask(member, idempotency=name))
        with books.owner():
            books.run("UPDATE plans_idempotencykey SET created_at = created_at - interval '25 hours'")
        assert books.reserve(books.ask(member, idempotency=name))[0][0] == "ok"
        with books.owner():
            books.run("UPDATE plans_idempotencykey SET created_at = created_at - interval '25 hours'")
        assert ledger.forget_keys() == 1
        assert not IdempotencyKey.objects.exists()
