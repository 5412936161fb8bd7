"""Refunds and adjustments: who may, what they move, and that they happen once."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.models import Member
from plans import ledger
from plans.models import Adjustment, Lot, Refund
from portal.kit import clock
from portal.kit.units import Microcredits, Money
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


def refund(lot_id: int, refund_id: UUID | None = None, microcredits: int | None = None) -> ledger.Refundable:
    return ledger.open_refund(
        refund_id or uuid4(),
        lot_id=lot_id,
        reason="asked by phone",
        by_user_id=1,
        microcredits=None if microcredits is None else Microcredits(microcredits),
    )


class TestRefund:
    def test_pays_back_what_is_unspent(self) -> None:
        member = books.founded()
        lot = books.buy(member, 1000, 990, tax_minor=90)
        books.spent(member, 333)
        refund_id = uuid4()
        found = refund(lot, refund_id)
        assert found == ledger.Refundable(Microcredits(667), Money(660, "CNY"), 60)
        assert books.reserve(books.ask(member, 1))[0][0] == "no_credits"
        assert books.kinds() == set()
        assert ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        assert books.counters(lot) == (0, 0, 333, 0)
        assert books.in_books("psp:test") == 990 - 660
        assert books.in_books("tax") == -(90 - 60)
        assert Lot.objects.get(pk=lot).deferred_minor == 0
        assert books.in_books("revenue_usage") + books.in_books("revenue_breakage") == -(900 - 600)
        assert books.kinds() == set()

    def test_happens_once(self) -> None:
        member = books.founded()
        lot = books.buy(member, 1000, 990)
        refund_id = uuid4()
        assert refund(lot, refund_id) == refund(lot, refund_id)
        with pytest.raises(ledger.NotRefundable):
            refund(lot)
        assert ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        assert not ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        assert books.in_books("psp:test") == 0
        assert Refund.objects.get().state == "succeeded"

    def test_that_fails_gives_the_lot_back_with_the_time_it_lost(self) -> None:
        member = books.founded()
        ends = clock.now() + timedelta(days=10)
        lot = books.buy(member, 1000, 990, expires_at=ends)
        refund_id = uuid4()
        refund(lot, refund_id)
        books.move_clock(timedelta(days=11))
        assert ledger.expire() == 0
        assert ledger.close_refund(refund_id, succeeded=False, money_account="psp:test")
        assert books.reserve(books.ask(member, 1000))[0][0] == "ok"
        again = Lot.objects.get(pk=lot).expires_at
        assert again is not None
        assert again > ends + timedelta(days=11) - timedelta(minutes=1)
        assert books.kinds() == set()

    def test_of_a_part_leaves_the_rest_usable(self) -> None:
        member = books.founded()
        lot = books.buy(member, 1000, 1000)
        refund_id = uuid4()
        assert refund(lot, refund_id, 400).money == Money(400, "CNY")
        ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        assert books.counters(lot)[0] == 600
        assert Lot.objects.get(pk=lot).deferred_minor == 600
        assert books.kinds() == set()

    def test_waits_for_no_call(self) -> None:
        member = books.founded()
        lot = books.buy(member, 1000, 1000)
        asked = books.ask(member, 300)
        books.reserve(asked)
        refund_id = uuid4()
        assert refund(lot, refund_id).microcredits == 700
        books.close(asked, 100)
        ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        assert books.counters(lot) == (200, 0, 100, 0)
        assert books.kinds() == set()

    def test_gives_back_the_tax_of_its_part_where_the_purchase_paid_a_debt_too(self) -> None:
        member, order_id = books.founded(), uuid4()
        books.buy(member, 600, 600, order_id=order_id)
        books.spent(member, 600)
        dispute_id = uuid4()
        ledger.open_dispute(dispute_id, order_id=order_id, money_minor=600, reason="bank", by_user_id=None)
        ledger.close_dispute(dispute_id, lost=True, money_account="psp:test")
        lot = books.buy(member, 1200, 1200, tax_minor=200)
        refund_id = uuid4()
        assert refund(lot, refund_id).money.minor == 600
        ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        assert books.in_books("tax") == -100
        assert books.in_books("revenue_breakage") == 0
        assert books.kinds() == set()

    def test_is_not_for_a_lot_that_has_ended(self) -> None:
        member = books.founded()
        lot = books.buy(member, 1000, 990, expires_at=clock.now() + timedelta(days=1))
        books.move_clock(timedelta(days=2))
        with pytest.raises(ledger.NotRefundable):
            refund(lot)

    def test_is_not_for_what_was_given_or_rolled_over(self) -> None:
        member = books.founded()
        with pytest.raises(ledger.NotRefundable):
            refund(books.grant(member, 1000, source="promo"))
        bought = books.buy(member, 1000, 990, source="plan")
        ends = clock.now() + timedelta(days=30)
        end = ledger.PeriodEnd(
            lot_id=bought,
            account_id=member.account_id,
            cap=Microcredits(500),
            name="Rolled",
            expires_at=ends,
            dedupe_key="period:1",
        )
        [rolled] = ledger.roll_over([end])
        assert rolled.lot_id is not None
        with pytest.raises(ledger.NotRefundable):
            refund(rolled.lot_id)

    def test_is_not_for_less_than_a_unit_of_money(self) -> None:
        member = books.founded()
        lot = books.buy(member, 1000, 1)
        books.spent(member, 1)
        with pytest.raises(ledger.NotRefundable):
            refund(lot)
        empty = books.buy(member, 1000, 990)
        books.spent(member, 1999)
        with pytest.raises(ledger.NotRefundable):
            refund(empty)


ALONE = Microcredits(500)


def adjustment(member: Member, kind: str, amount: int, **terms: Any) -> ledger.AskedAdjustment:
    usual: dict[str, Any] = {"reason": "slow answers", "asked_by": 1, "adjustment_id": uuid4()}
    return ledger.AskedAdjustment(
        account_id=member.account_id, kind=kind, microcredits=Microcredits(amount), **usual | terms
    )


class TestAdjustment:
    def test_of_little_is_done_at_once(self) -> None:
        member = books.founded()
        books.grant(member, 100)
        asked = adjustment(member, "goodwill", 500)
        assert [ledger.ask_adjustment(asked, alone=ALONE) for _ in range(2)] == ["done", "again"]
        assert Lot.objects.get(source="goodwill").available == 500
        assert books.in_books("adjust", "µ") == -500
        assert books.kinds() == set()

    def test_of_much_takes_a_second_person(self) -> None:
        member = books.founded()
        asked = adjustment(member, "goodwill", 501)
        assert ledger.ask_adjustment(asked, alone=ALONE) == "waiting"
        with pytest.raises(ledger.NotAdjustable):
            ledger.decide_adjustment(asked.adjustment_id, agreed=True, by_user_id=1)
        assert not Lot.objects.exists()
        assert ledger.decide_adjustment(asked.adjustment_id, agreed=True, by_user_id=2) == "done"
        assert ledger.decide_adjustment(asked.adjustment_id, agreed=True, by_user_id=2) == "already"
        assert Lot.objects.get().available == 501
        done = Adjustment.objects.get()
        assert (done.state, done.asked_by, done.decided_by) == ("done", 1, 2)
        assert books.kinds() == set()

    def test_adds_up_what_one_person_did_alone_within_a_day(self) -> None:
        member = books.founded()
        found = []
        for hours in (0, 2, 23):
            books.move_clock(timedelta(hours=hours))
            found.append(ledger.ask_adjustment(adjustment(member, "goodwill", 300), alone=ALONE))
        assert found == ["done", "waiting", "done"]

    def test_may_be_declined_by_whoever_asked(self) -> None:
        member = books.founded()
        asked = adjustment(member, "goodwill", 501)
        ledger.ask_adjustment(asked, alone=ALONE)
        assert ledger.decide_adjustment(asked.adjustment_id, agreed=False, by_user_id=1) == "declined"
        assert ledger.decide_adjustment(asked.adjustment_id, agreed=True, by_user_id=2) == "already"
        assert not Lot.objects.exists()

    def test_gives_back_what_a_call_cost_once(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        call_id = books.spent(member, 300)
        with pytest.raises(ledger.NotAdjustable):
            ledger.ask_adjustment(adjustment(member, "restore", 301, call_id=call_id), alone=ALONE)
        with pytest.raises(ledger.NotAdjustable):
            ledger.ask_adjustment(adjustment(books.founded(), "restore", 300, call_id=call_id), alone=ALONE)
        assert ledger.ask_adjustment(adjustment(member, "restore", 300, call_id=call_id), alone=ALONE) == "done"
        assert books.fetch("SELECT kind FROM plans_journal WHERE about_id = %s", call_id) == [("grant",)]
        with pytest.raises(ledger.NotAdjustable):
            ledger.ask_adjustment(adjustment(member, "restore", 1, call_id=call_id), alone=ALONE)
        assert books.kinds() == set()

    def test_gives_back_what_was_used_and_not_what_lapsed_with_it(self) -> None:
        member = books.founded()
        books.grant(member, 1000, expires_at=clock.now() + timedelta(days=1))
        asked = books.ask(member, 300)
        books.reserve(asked)
        books.move_clock(timedelta(days=2))
        books.close(asked, 100)
        with pytest.raises(ledger.NotAdjustable):
            ledger.ask_adjustment(adjustment(member, "restore", 101, call_id=asked.call_id), alone=ALONE)
        assert ledger.ask_adjustment(adjustment(member, "restore", 100, call_id=asked.call_id), alone=ALONE) == "done"

    def test_takes_back_nothing_of_another_account(self) -> None:
        member, other = books.founded(), books.founded()
        given = books.grant(other, 300, source="promo")
        with pytest.raises(ledger.NotAdjustable):
            ledger.ask_adjustment(adjustment(member, "revoke", 100, lot_id=given), alone=ALONE)
        assert Lot.objects.get(pk=given).available == 300

    def test_takes_back_what_was_given_but_not_what_was_bought(self) -> None:
        member = books.founded()
        given, bought = books.grant(member, 300, source="promo"), books.buy(member, 300, 300)
        for lot, amount in ((given, 301), (bought, 1)):
            with pytest.raises(ledger.NotAdjustable):
                ledger.ask_adjustment(adjustment(member, "revoke", amount, lot_id=lot), alone=ALONE)
        assert ledger.ask_adjustment(adjustment(member, "revoke", 200, lot_id=given), alone=ALONE) == "done"
        assert (Lot.objects.get(pk=given).available, Lot.objects.get(pk=given).revoked) == (100, 200)
        assert books.kinds() == set()
