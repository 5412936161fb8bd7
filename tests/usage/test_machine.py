"""Any order of purchases, calls, refunds, disputes, prices, quotas and passing time leaves books that equal a model."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, multiple, precondition, rule

from plans import ledger
from plans.models import Lot
from portal.kit import clock
from portal.kit.refusals import Refusal
from portal.kit.units import Microcredits
from tests import kept, machines
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.machine_calls import Calls
from tests.usage.model_books import ModelDispute, ModelLot, ModelRefund, share

RUNS = 10
STEPS = 50
SHARDS = 20
SHRINKING_SECONDS = 900
"""A failure takes minutes to be told with as few steps as possible."""


class Books(Calls):
    """One account whose lots, debt and quota are modelled in plain Python."""

    refunds = Bundle("refunds")
    disputes = Bundle("disputes")

    @rule()
    def earn(self) -> None:
        ledger.earn()
        assert ledger.earn() == 0

    @precondition(lambda self: self.drawable())
    @rule(data=st.data(), cap=st.integers(0, 800))
    def roll_over(self, data: Any, cap: int) -> None:
        lot, now = data.draw(st.sampled_from(self.drawable())), clock.now()
        ends = now + timedelta(days=7)
        [rolled] = ledger.roll_over(
            [
                ledger.PeriodEnd(
                    lot_id=lot.id,
                    account_id=self.member.account_id,
                    cap=Microcredits(cap),
                    name="Rolled over",
                    expires_at=ends,
                    dedupe_key=f"period:{uuid4()}",
                )
            ]
        )
        moved = 0 if lot.source == "rollover" or lot.is_over(now) else min(lot.available, cap)
        assert (rolled.rolled, rolled.expired) == (moved, lot.available - moved)
        lot.rolled += moved
        lot.expired += lot.available - moved
        lot.available = 0
        if rolled.lot_id is not None:
            self.lots[rolled.lot_id] = ModelLot(
                rolled.lot_id, "rollover", lot.priority, ends, moved, moved, lot.order_id
            )

    def drawable(self) -> list[ModelLot]:
        return [lot for lot in self.lots.values() if lot.is_drawable]

    # What goes back

    @precondition(lambda self: self.lots)
    @rule(target=refunds, data=st.data(), part=st.sampled_from([None, 1, 50, 400]))
    def open_refund(self, data: Any, part: int | None) -> object:
        lot = self.lots[data.draw(st.sampled_from(sorted(self.lots)))]
        refund_id = uuid4()
        try:
            found = ledger.open_refund(
                refund_id,
                lot_id=lot.id,
                reason="asked",
                by_user_id=1,
                microcredits=None if part is None else Microcredits(part),
            )
        except ledger.NotRefundable as refusal:
            self.check_refusal(refusal, "nothing", is_expected=bool(lot.frozen) or lot.source not in {"plan", "topup"})
            return multiple()
        assert lot.source in {"plan", "topup"}
        assert not lot.frozen
        assert found.microcredits == min(lot.available, part or lot.available)
        assert found.money.minor <= lot.paid
        lot.frozen += 1
        lot.is_refunding = True
        return ModelRefund(refund_id, lot, found.microcredits, clock.now())

    @staticmethod
    def check_refusal(refusal: Refusal, outcome: str, *, is_expected: bool) -> None:
        assert is_expected or refusal.details["outcome"] == outcome

    @rule(refund=consumes(refunds), succeeded=st.booleans())
    def close_refund(self, refund: ModelRefund, *, succeeded: bool) -> None:
        assert ledger.close_refund(refund.id, succeeded=succeeded, money_account="psp:test")
        assert not ledger.close_refund(refund.id, succeeded=succeeded, money_account="psp:test")
        refund.lot.frozen -= 1
        refund.lot.is_refunding = False
        if succeeded:
            refund.lot.available -= refund.amount
            refund.lot.refunded += refund.amount
        else:
            self.extended([refund.lot])

    @precondition(lambda self: any(lot.paid for lot in self.lots.values()))
    @rule(target=disputes, data=st.data(), percent=st.sampled_from([100, 40]))
    def open_dispute(self, data: Any, percent: int) -> object:
        lot = data.draw(st.sampled_from([lot for lot in self.lots.values() if lot.paid]))
        assert lot.order_id is not None
        dispute_id, left = uuid4(), self.kept(lot.order_id)
        minor = max(left * percent // 100, 1)
        try:
            ledger.open_dispute(dispute_id, order_id=lot.order_id, money_minor=minor, reason="bank", by_user_id=None)
        except ledger.NotDisputable as refusal:
            self.check_refusal(refusal, "open", is_expected=left <= 0)
            return multiple()
        lots = [each for each in self.lots.values() if each.order_id == lot.order_id]
        for each in lots:
            each.frozen += 1
        return ModelDispute(dispute_id, lot.order_id, minor, lots)

    @rule(target=disputes, dispute=consumes(disputes), lost=st.booleans())
    def close_dispute(self, dispute: ModelDispute, *, lost: bool) -> object:
        kept = self.kept(dispute.order_id) + dispute.minor
        outcome = ledger.close_dispute(dispute.id, lost=lost, money_account="psp:test", fee_minor=15)
        if lost and any(lot.held for lot in dispute.lots):
            assert outcome == "open_calls"
            return dispute
        if lost and any(lot.is_refunding for lot in dispute.lots):
            assert outcome == "open_refund"
            return dispute
        assert outcome == "ok"
        for lot in dispute.lots:
            lot.frozen -= 1
        if lost:
            self.lose(dispute, kept)
        else:
            self.extended(dispute.lots)
        return multiple()

    def lose(self, dispute: ModelDispute, kept: int) -> None:
        """The disputed part of what is unused goes, and of what was spent or had paid an older debt."""
        gone = sum(lot.spent + lot.repaid for lot in dispute.lots) - self.facts.owed[dispute.order_id]
        owed = share(gone, dispute.minor, kept)
        self.facts.owed[dispute.order_id] += owed
        self.facts.debt += owed
        for lot in dispute.lots:
            part = share(lot.available, dispute.minor, kept)
            lot.revoked += part
            lot.available -= part

    def extended(self, lots: list[ModelLot]) -> None:
        """A lot that was frozen ends later by as long: to the microsecond, which only the database knows."""
        for lot in lots:
            later = Lot.objects.get(pk=lot.id).expires_at
            assert (later is None) is (lot.expires_at is None)
            assert later is None or lot.expires_at is None or later >= lot.expires_at
            lot.expires_at = later

    @staticmethod
    def kept(order_id: UUID) -> int:
        with books.owner():
            return int(books.fetch("SELECT ledger_paid_and_kept(%s)", order_id)[0][0])


@pytest.mark.django_db
@pytest.mark.timeout(SHRINKING_SECONDS)
class TestBooks:
    @pytest.mark.parametrize("shard", range(SHARDS))
    def test_equal_their_model(self, shard: int) -> None:
        kept.catalog(now=clock.now(), addresses=cast.ADDRESSES)
        machines.run(Books, shard=shard, runs=RUNS, steps=STEPS)
