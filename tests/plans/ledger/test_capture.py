"""Closing calls: what is spent, what goes back, what ends, and that it happens once."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from plans import ledger
from plans.models import Hold, HoldLot, Journal, Lot, Posting
from portal.kit import clock
from portal.kit.units import Microcredits, Money
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


def postings(journal_id: UUID) -> dict[tuple[str, int], int]:
    lines = Posting.objects.filter(journal_id=journal_id).values_list("account_code", "lot_id", "amount")
    return {(code.split(":")[0], lot): amount for code, lot, amount in lines}


class TestCapture:
    def test_spends_the_charge_and_gives_back_the_rest(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000)
        asked = books.ask(member, 300)
        books.reserve(asked)
        closed = books.close(asked, 120)
        assert (closed.outcome, closed.charged, closed.credits_left) == ("ok", 120, 880)
        line = {"lot_id": lot, "ord": 1, "amount": 300, "spent": 120}
        assert closed.lots == [line | {"available_before": 1000, "available_after": 880}]
        assert books.counters(lot) == (880, 0, 120, 0)
        assert postings(asked.call_id) == {("avail", lot): -120, ("usage", lot): 120}
        assert not Hold.objects.exists()
        assert not HoldLot.objects.exists()
        assert books.kinds() == set()

    def test_walks_the_lots_in_the_order_drawn(self) -> None:
        member = books.founded()
        soon = clock.now() + timedelta(days=1)
        first, second = books.grant(member, 70, expires_at=soon), books.grant(member, 100)
        asked = books.ask(member, 100)
        books.reserve(asked)
        closed = books.close(asked, 80)
        assert [(line["lot_id"], line["spent"]) for line in closed.lots] == [(first, 70), (second, 10)]
        assert books.counters(first) == (0, 0, 70, 0)
        assert books.counters(second) == (90, 0, 10, 0)
        assert books.kinds() == set()

    def test_tells_as_left_what_can_be_spent_now(self) -> None:
        member, now = books.founded(), clock.now()
        books.grant(member, 1000)
        books.grant(member, 500, effective_at=now + timedelta(days=1))
        books.grant(member, 50, expires_at=now + timedelta(days=1))
        disputed = uuid4()
        books.buy(member, 5, 990, order_id=disputed)
        ledger.open_dispute(uuid4(), order_id=disputed, money_minor=990, reason="bank", by_user_id=None)
        asked = books.ask(member, 100)
        books.reserve(asked)
        assert books.close(asked, 7).credits_left == 1043

    @pytest.mark.parametrize(("charge", "charged"), [(10**18, 300), (-5, 0), (None, 0), (0, 0)])
    def test_charges_between_nothing_and_the_hold(self, charge: int, charged: int) -> None:
        member = books.founded()
        lot = books.grant(member, 1000)
        asked = books.ask(member, 300)
        books.reserve(asked)
        assert books.close(asked, charge).charged == charged
        assert books.counters(lot) == (1000 - charged, 0, charged, 0)
        assert Journal.objects.filter(pk=asked.call_id).exists() is (charged > 0)

    def test_happens_once(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        asked = books.ask(member, 300)
        books.reserve(asked)
        outcomes = [books.close(asked, 100).outcome for _ in range(3)]
        twice = books.ask(member, 300)
        books.reserve(twice)
        again = books.capture(*[{"call_id": twice.call_id, "charge": 1}] * 2)
        assert outcomes == ["ok", "already", "already"]
        assert [closed.outcome for closed in again] == ["ok"]
        assert books.close(books.ask(member), 5).outcome == "already"
        assert books.kinds() == set()

    def test_closes_a_set_of_one_account_with_lines_that_follow_each_other(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000)
        asked = sorted((books.ask(member, 100) for _ in range(5)), key=lambda each: each.call_id)
        books.reserve(*asked)
        closed = books.capture(*({"call_id": each.call_id, "charge": 10} for each in asked))
        lines = [(c.lots[0]["available_before"], c.lots[0]["available_after"]) for c in closed]
        assert lines == [(1000, 990), (990, 980), (980, 970), (970, 960), (960, 950)]
        assert books.counters(lot) == (950, 0, 50, 0)
        assert [each.credits_left for each in closed] == [590, 680, 770, 860, 950]

    def test_books_what_a_call_cost_beyond_its_hold_though_nothing_is_charged(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000)
        asked = books.ask(member, 100)
        books.reserve(asked)
        [closed] = books.capture({"call_id": asked.call_id, "charge": 0, "cost": 150})
        assert closed.charged == 0
        assert postings(asked.call_id) == {("issued", 0): -50, ("provider_variance", 0): 50}
        assert books.counters(lot) == (1000, 0, 0, 0)


class TestFence:
    def test_lets_only_its_holder_close(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        asked = books.ask(member)
        books.reserve(asked)
        assert books.claim(asked.call_id) == [(1,)]
        assert books.close(asked, 1, fence=7).outcome == "fenced"
        assert books.close(asked, 1, if_state="queued").outcome == "fenced"
        assert books.close(asked, 1, if_lapsed=True).outcome == "fenced"
        assert books.close(asked, 1, fence=1).outcome == "ok"

    def test_lets_a_queued_call_be_withdrawn(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000)
        asked = books.ask(member)
        books.reserve(asked)
        assert books.close(asked, 0, if_state="queued").outcome == "ok"
        assert books.claim(asked.call_id) == []
        assert books.counters(lot) == (1000, 0, 0, 0)

    def test_lets_the_sweeper_close_what_lapsed(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        asked = books.ask(member)
        books.reserve(asked)
        books.claim(asked.call_id)
        with books.owner():
            books.run("UPDATE plans_hold SET lease_until = clock_timestamp()")
        assert books.close(asked, 0, if_lapsed=True).outcome == "ok"


class TestClaim:
    def test_lets_one_worker_run_a_call(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        asked = books.ask(member)
        books.reserve(asked)
        assert [books.claim(asked.call_id, worker=name) for name in "ab"] == [[(1,)], []]
        assert books.claim(uuid4()) == []

    def test_comes_too_late_after_the_queue_deadline(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        asked = books.ask(member, queue_deadline_seconds=0)
        books.reserve(asked)
        assert books.claim(asked.call_id) == []

    def test_is_kept_by_a_heartbeat_of_the_same_worker(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        asked, queued = books.ask(member), books.ask(member)
        books.reserve(asked, queued)
        books.claim(asked.call_id, worker="a")
        before = Hold.objects.get(pk=asked.call_id).lease_until
        statement = "SELECT call_id FROM ledger_heartbeat(%s::uuid[], %s::uuid[], %s, 60)"
        ids = [asked.call_id, queued.call_id]
        assert books.fetch(statement, ids, ids, "a") == [(asked.call_id,)]
        assert books.fetch(statement, ids, [], "b") == []
        hold = Hold.objects.get(pk=asked.call_id)
        assert before is not None
        assert hold.lease_until is not None
        assert hold.lease_until > before
        assert hold.accepted_at is not None
        books.fetch(statement, [], ids, "a")
        assert Hold.objects.get(pk=asked.call_id).accepted_at == hold.accepted_at


class TestExpire:
    def test_ends_what_is_available_and_leaves_open_calls_alone(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000, expires_at=clock.now() + timedelta(hours=1))
        asked = books.ask(member, 300)
        books.reserve(asked)
        books.move_clock(timedelta(hours=2))
        assert ledger.expire() == 1
        assert ledger.expire() == 0
        assert books.counters(lot) == (0, 300, 0, 700)
        closed = books.close(asked, 100)
        assert closed.charged == 100
        assert (closed.lots[0]["available_before"], closed.lots[0]["available_after"]) == (300, 0)
        assert books.counters(lot) == (0, 0, 100, 900)
        assert postings(asked.call_id) == {("avail", lot): -300, ("usage", lot): 100, ("expired", lot): 200}
        assert books.kinds() == set()

    def test_a_capture_of_nothing_still_ends_the_rest(self) -> None:
        member = books.founded()
        lot = books.grant(member, 300, expires_at=clock.now() + timedelta(hours=1))
        asked = books.ask(member, 300)
        books.reserve(asked)
        books.move_clock(timedelta(hours=2))
        books.close(asked, 0)
        assert books.counters(lot) == (0, 0, 0, 300)
        assert books.kinds() == set()

    def test_gives_no_new_hold_from_its_end_on(self) -> None:
        member = books.founded()
        books.grant(member, 1000, expires_at=clock.now() + timedelta(hours=1))
        now = books.move_clock(timedelta(hours=1))
        assert books.reserve(books.ask(member))[0][0] == "no_credits"
        assert ledger.balance(member.account_id, now=now).lots == ()


class TestGrant:
    def test_happens_once_a_dedupe_key(self) -> None:
        member = books.founded()
        asked = ledger.Grant(
            account_id=member.account_id,
            source="plan",
            name="Plan",
            microcredits=Microcredits(500),
            dedupe_key="order:1",
            reason="paid",
            received=ledger.Received(Money(990, "CNY"), "psp:sandbox"),
        )
        first, second = ledger.grant(asked), ledger.grant(asked)
        assert (first.is_new, second.is_new) == (True, False)
        assert first.lot_id == second.lot_id
        journal = Journal.objects.get(account_id=member.account_id)
        lines = Posting.objects.filter(journal_id=journal.pk).values_list("account_code", "unit", "amount")
        assert sorted(lines) == [
            (f"avail:{member.account_id}", "µ", 500),
            (f"deferred:{member.account_id}", "CNY", -990),
            ("issued", "µ", -500),
            ("psp:sandbox", "CNY", 990),
        ]
        assert books.kinds() == set()

    def test_shows_in_the_balance_in_draw_order(self) -> None:
        member = books.founded()
        now = clock.now()
        books.grant(member, 100, name="Endless")
        books.grant(member, 50, name="Month", expires_at=now + timedelta(days=30))
        asked = books.ask(member, 60)
        books.reserve(asked)
        balance = ledger.balance(member.account_id, now=clock.now())
        assert [(lot.name, lot.used, lot.held, lot.available) for lot in balance.lots] == [
            ("Month", 0, 50, 0),
            ("Endless", 0, 10, 90),
        ]
        assert (balance.left, balance.held) == (90, 60)
        books.close(asked, 55)
        shown = ledger.balance(member.account_id, now=clock.now()).lots
        assert [(lot.name, lot.used, lot.available) for lot in shown] == [("Endless", 5, 95)]
        books.reserve(books.ask(member, 3))
        [lot] = ledger.balance(member.account_id, now=clock.now()).lots
        assert (lot.used, lot.held, lot.available, lot.whole) == (5, 3, 92, 100)

    def test_shows_a_lot_until_nothing_of_it_is_left_or_held(self) -> None:
        member = books.founded()
        books.grant(member, 1)
        asked = books.ask(member, 1)
        books.reserve(asked)
        [held] = ledger.balance(member.account_id, now=clock.now()).lots
        assert (held.held, held.available) == (1, 0)
        books.close(asked, 1)
        assert ledger.balance(member.account_id, now=clock.now()).lots == ()

    def test_has_no_priority_unless_one_is_asked_for(self) -> None:
        member = books.founded()
        assert Lot.objects.get(pk=books.grant(member, 1)).priority == 0
        assert Lot.objects.get(pk=books.grant(member, 1, priority=-1)).priority == -1
