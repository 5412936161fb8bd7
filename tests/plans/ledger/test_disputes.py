"""Payments that are taken back through the bank: what is frozen, what goes, and what becomes debt."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from accounts.models import Member
from plans import ledger
from plans.models import Dispute, Lot, Wallet
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


class TestDispute:
    def open(self, member: Member, minor: int, order_id: UUID) -> UUID:
        dispute_id = uuid4()
        ledger.open_dispute(dispute_id, order_id=order_id, money_minor=minor, reason="bank", by_user_id=None)
        return dispute_id

    def test_lost_takes_back_what_is_unused_and_makes_debt_of_what_was_spent(self) -> None:
        member, order_id = books.founded(), uuid4()
        lot = books.buy(member, 1000, 1000, order_id=order_id)
        books.spent(member, 300)
        dispute_id = self.open(member, 1000, order_id)
        assert books.reserve(books.ask(member, 1))[0][0] == "no_credits"
        closed = ledger.close_dispute(dispute_id, lost=True, money_account="psp:test", fee_minor=15)
        assert closed == "ok"
        assert ledger.close_dispute(dispute_id, lost=True, money_account="psp:test") == "already"
        assert Wallet.objects.get(account_id=member.account_id).debt == 300
        assert Lot.objects.get(pk=lot).revoked == 700
        assert books.in_books("psp:test") == -15
        assert (books.in_books("psp_fee"), books.in_books("chargeback_loss")) == (15, 300)
        assert (Dispute.objects.get().revoked, Dispute.objects.get().owed) == (700, 300)
        assert books.reserve(books.ask(member, 1))[0][0] == "suspended"
        assert books.kinds() == set()

    def test_lost_is_paid_by_the_next_purchase(self) -> None:
        member, order_id = books.founded(), uuid4()
        books.buy(member, 1000, 1000, order_id=order_id)
        books.spent(member, 300)
        ledger.close_dispute(self.open(member, 1000, order_id), lost=True, money_account="psp:test")
        part = books.buy(member, 200, 200)
        assert Lot.objects.get(pk=part).granted == 0
        lot = books.buy(member, 1000, 1000)
        assert Wallet.objects.get(account_id=member.account_id).debt == 0
        assert (Lot.objects.get(pk=lot).granted, Lot.objects.get(pk=lot).deferred_minor) == (900, 900)
        assert books.in_books("chargeback_loss") == 0
        assert books.reserve(books.ask(member, 900))[0][0] == "ok"
        assert books.kinds() == set()

    def test_lost_makes_debt_again_of_what_had_paid_a_debt(self) -> None:
        member, first, second = books.founded(), uuid4(), uuid4()
        books.buy(member, 1000, 1000, order_id=first)
        books.spent(member, 300)
        ledger.close_dispute(self.open(member, 1000, first), lost=True, money_account="psp:test")
        books.buy(member, 500, 500, order_id=second)
        books.spent(member, 50)
        ledger.close_dispute(self.open(member, 500, second), lost=True, money_account="psp:test")
        assert Wallet.objects.get(account_id=member.account_id).debt == 350
        assert books.in_books("chargeback_loss") == 350
        assert books.kinds() == set()

    def test_lost_in_part_takes_this_part_alone(self) -> None:
        member, order_id = books.founded(), uuid4()
        lot = books.buy(member, 1000, 1000, order_id=order_id)
        books.spent(member, 300)
        ledger.close_dispute(self.open(member, 400, order_id), lost=True, money_account="psp:test")
        assert Wallet.objects.get(account_id=member.account_id).debt == 120
        assert books.counters(lot)[0] == 420
        assert books.in_books("chargeback_loss") == 120
        ledger.close_dispute(self.open(member, 600, order_id), lost=True, money_account="psp:test")
        assert Wallet.objects.get(account_id=member.account_id).debt == 300
        assert books.counters(lot)[0] == 0
        assert (books.in_books("psp:test"), books.in_books("chargeback_loss")) == (0, 300)
        assert books.kinds() == set()

    def test_waits_for_a_refund_under_way(self) -> None:
        member, order_id, refund_id = books.founded(), uuid4(), uuid4()
        lot = books.buy(member, 1000, 1000, order_id=order_id)
        ledger.open_refund(refund_id, lot_id=lot, microcredits=Microcredits(400), reason="asked", by_user_id=None)
        dispute_id = self.open(member, 600, order_id)
        assert ledger.close_dispute(dispute_id, lost=True, money_account="psp:test") == "open_refund"
        assert ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        assert ledger.close_dispute(dispute_id, lost=True, money_account="psp:test") == "ok"
        assert books.counters(lot)[0] == 0
        assert books.in_books("psp:test") == 0
        assert books.kinds() == set()

    def test_won_gives_the_lots_back(self) -> None:
        member, order_id = books.founded(), uuid4()
        ends = clock.now() + timedelta(days=10)
        books.buy(member, 1000, 1000, order_id=order_id, expires_at=ends)
        dispute_id = self.open(member, 1000, order_id)
        books.move_clock(timedelta(days=12))
        ledger.expire()
        assert ledger.close_dispute(dispute_id, lost=False, money_account="psp:test") == "ok"
        assert books.reserve(books.ask(member, 1000))[0][0] == "ok"
        assert books.kinds() == set()

    def test_waits_for_open_calls(self) -> None:
        member, order_id = books.founded(), uuid4()
        books.buy(member, 1000, 1000, order_id=order_id)
        asked = books.ask(member, 100)
        books.reserve(asked)
        dispute_id = self.open(member, 1000, order_id)
        assert ledger.close_dispute(dispute_id, lost=True, money_account="psp:test") == "open_calls"
        books.close(asked, 40)
        assert ledger.close_dispute(dispute_id, lost=True, money_account="psp:test") == "ok"
        assert Wallet.objects.get(account_id=member.account_id).debt == 40
        assert books.kinds() == set()

    def test_reaches_what_rolled_over(self) -> None:
        member, order_id = books.founded(), uuid4()
        lot = books.buy(member, 1000, 1000, order_id=order_id, source="plan")
        ledger.roll_over(
            [
                ledger.PeriodEnd(
                    lot_id=lot,
                    account_id=member.account_id,
                    cap=Microcredits(600),
                    name="Rolled over",
                    expires_at=clock.now() + timedelta(days=30),
                    dedupe_key="period:1",
                )
            ]
        )
        ledger.close_dispute(self.open(member, 1000, order_id), lost=True, money_account="psp:test")
        assert Lot.objects.get(source="rollover").revoked == 600
        assert books.kinds() == set()

    def test_may_be_of_all_after_a_refund_failed_or_a_dispute_was_won(self) -> None:
        member, order_id, refund_id = books.founded(), uuid4(), uuid4()
        lot = books.buy(member, 1000, 1000, order_id=order_id)
        ledger.open_refund(refund_id, lot_id=lot, reason="asked", by_user_id=1)
        ledger.close_refund(refund_id, succeeded=False, money_account="psp:test")
        ledger.close_dispute(self.open(member, 1000, order_id), lost=False, money_account="psp:test")
        ledger.close_dispute(self.open(member, 1000, order_id), lost=True, money_account="psp:test", fee_minor=15)
        assert [each.state for each in Dispute.objects.order_by("opened_at")] == ["won", "lost"]
        assert Dispute.objects.get(state="lost").fee_minor == 15
        assert books.counters(lot)[0] == 0
        assert books.kinds() == set()

    def test_is_of_no_more_than_was_paid_and_kept(self) -> None:
        member, order_id = books.founded(), uuid4()
        lot = books.buy(member, 1000, 1000, order_id=order_id)
        refund_id = uuid4()
        ledger.open_refund(refund_id, lot_id=lot, microcredits=Microcredits(400), reason="asked", by_user_id=1)
        ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        for minor, order in ((601, order_id), (1, uuid4())):
            with pytest.raises(ledger.NotDisputable):
                self.open(member, minor, order)
        self.open(member, 600, order_id)
        with pytest.raises(ledger.NotDisputable):
            self.open(member, 1, order_id)
        assert books.kinds() == set()
