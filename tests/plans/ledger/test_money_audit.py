"""The audit of money finds what somebody beyond all constraints can plant in the operator's own books."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from plans import ledger, offerings
from plans.models import Incoming, Lot, Order, Subscription, SubscriptionPeriod
from portal.kit import clock
from portal.kit.units import Microcredits, Money
from tests.plans.ledger import books
from tests.plans.ledger.test_audit import ADD_LINE, PRICE, placed_by, plant
from tests.plans.ledger.test_funds import credited, granted, matched, received, sent_back
from usage.audits import violations

pytestmark = pytest.mark.django_db

BOOKS_DIFFER = "I16 books differ from what happened to money"
NOT_ALL = "I16 not all that was paid is accounted for"
SHARES_DIFFER = "I16 shares differ from what was earned"
SUM_DIFFERS = "I16 sum received and its journals differ"
SENT_DIFFERS = "I16 sum sent back and its journal differ"
NO_LOT = "I15 paid period has no lot of its own"
NO_PERIOD = "I15 plan was granted without a paid period"
EVERY_LOT = "UPDATE plans_lot SET {} WHERE unit_price > 0 AND source = 'topup'"

PLANTED = (
    ("I16 trial balance is not zero", [ADD_LINE.format(code="bank", unit="CNY", lot=0, amount=5)]),
    (
        "I16 money stands on an account of credits",
        [
            ADD_LINE.format(code="usage", unit="CNY", lot=0, amount=5),
            ADD_LINE.format(code="bank", unit="CNY", lot=0, amount=-5),
        ],
    ),
    (BOOKS_DIFFER, ["UPDATE plans_posting SET amount = amount + 1 WHERE account_code = 'psp:test'"]),
    (BOOKS_DIFFER, ["UPDATE plans_posting SET amount = amount + 1 WHERE account_code = 'tax'"]),
    (BOOKS_DIFFER, ["UPDATE plans_posting SET amount = amount + 1 WHERE account_code = 'provider_cost'"]),
    (BOOKS_DIFFER, [EVERY_LOT.format("unit_price = unit_price * 2")]),
    (BOOKS_DIFFER, [EVERY_LOT.format("tax_minor = tax_minor + 1")]),
    (BOOKS_DIFFER, ["UPDATE plans_refund SET money_minor = money_minor + 1"]),
    (BOOKS_DIFFER, ["UPDATE plans_refund SET tax_minor = tax_minor + 1"]),
    (BOOKS_DIFFER, ["UPDATE plans_dispute SET fee_minor = fee_minor + 1"]),
    (BOOKS_DIFFER, ["UPDATE plans_cost SET amount_minor = amount_minor + 1 WHERE kind = 'psp_fee'"]),
    (BOOKS_DIFFER, ["UPDATE plans_cost SET amount_minor = amount_minor + 1 WHERE kind = 'provider_cost'"]),
    (BOOKS_DIFFER, ["UPDATE plans_surplus SET minor = minor + 1"]),
    (BOOKS_DIFFER, ["UPDATE plans_incoming SET returned_minor = 0 WHERE returned_minor > 0"]),
    (BOOKS_DIFFER, ["UPDATE plans_incoming SET granted_at = NULL"]),
    (NOT_ALL, [EVERY_LOT.format("earned_minor = earned_minor + 1")]),
    (NOT_ALL, ["UPDATE plans_dispute SET unearned_minor = unearned_minor + 1"]),
    (SHARES_DIFFER, [EVERY_LOT.format("earned_minor = earned_minor + 1")]),
    (SHARES_DIFFER, [EVERY_LOT.format("platform_basis_points = 3000")]),
    (SHARES_DIFFER, [EVERY_LOT.format("channel_basis_points = 3000")]),
    (SUM_DIFFERS, ["UPDATE plans_incoming SET amount_minor = amount_minor + 1"]),
    (SUM_DIFFERS, ["UPDATE plans_incoming SET credited_minor = credited_minor - 1 WHERE credited_minor > 0"]),
    (SENT_DIFFERS, ["UPDATE plans_outgoing SET amount_minor = amount_minor + 1"]),
    (NO_LOT, ["UPDATE plans_subscriptionperiod SET lot_id = 987654321"]),
    (NO_LOT, ["UPDATE plans_lot SET order_id = NULL WHERE source = 'plan'"]),
    (NO_LOT, ["UPDATE plans_lot SET dedupe_key = 'period:1:999' WHERE source = 'plan'"]),
    (NO_PERIOD, ["DELETE FROM plans_subscriptionperiod"]),
)


@pytest.fixture
def _busy(shelf: None) -> None:
    """Everything happened to money that can: shares, a refund, a lost dispute, sums received, costs, a paid period."""
    member, order_id, refund_id, dispute_id = books.founded(), uuid4(), uuid4(), uuid4()
    money = ledger.Received(Money(1000, "CNY"), "psp:test", 57, 1500, 777)
    lot = books.grant(member, 1000, order_id=order_id, received=money)
    books.spent(member, 300)
    ledger.open_refund(refund_id, lot_id=lot, reason="asked", by_user_id=1, microcredits=Microcredits(200))
    ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
    ledger.open_dispute(dispute_id, order_id=order_id, money_minor=400, reason="bank", by_user_id=None)
    ledger.close_dispute(dispute_id, lost=True, money_account="psp:test", fee_minor=15)
    paid, transfer = uuid4(), received(1000)
    matched(transfer.incoming_id, member, paid)
    granted(member, paid)  # which pays the debt
    credited(received(70, key="line:2").incoming_id, member)
    sent_back(20, incoming_id=received(30, key="line:3").incoming_id)
    sent_back(5, account_id=member.account_id)
    ledger.book_fee(Money(6, "CNY"), money_account="psp:test", dedupe_key="payment:1")
    ledger.book_vendor_day(Money(80, "CNY"), vendor="mill", day=date(2026, 11, 1))
    ledger.earn()
    begin_period()
    assert books.kinds() == set()


def begin_period() -> None:
    """A plan of an account, with its first period paid and granted."""
    member, now = books.founded(), clock.now()
    ends = now + timedelta(days=30)
    order = placed_by(member, state=Order.State.PAID, paid_at=now)
    plan = Subscription.objects.create(
        account=member.account,
        offering_version=offerings.current("starter"),
        anchor_at=now,
        started_at=now,
        period_starts_at=now,
        period_ends_at=ends,
    )
    lot = books.buy(member, 1000, PRICE, order_id=order.pk, source="plan", dedupe_key=f"period:{plan.pk}:1")
    SubscriptionPeriod.objects.create(subscription=plan, number=1, starts_at=now, ends_at=ends, order=order, lot_id=lot)


@pytest.mark.usefixtures("_busy")
class TestAuditOfMoney:
    @pytest.mark.parametrize(("kind", "statements"), PLANTED, ids=[kind for kind, _ in PLANTED])
    def test_finds(self, kind: str, statements: list[str]) -> None:
        plant(*statements)
        assert kind in books.kinds()

    def test_looks_at_sums_that_moved_lately_every_time(self) -> None:
        since = clock.now() - timedelta(hours=1)
        assert violations(since=since) == []
        plant("UPDATE plans_outgoing SET amount_minor = amount_minor + 1")
        plant("UPDATE plans_incoming SET reference = 'x', amount_minor = amount_minor + 1")
        assert {found.kind for found in violations(since=since)} == {SUM_DIFFERS, SENT_DIFFERS}
        assert violations(since=clock.now() + timedelta(hours=1)) == []

    def test_names_the_books_that_differ(self) -> None:
        plant("UPDATE plans_surplus SET minor = minor + 1")
        [found] = [each for each in violations() if each.kind == BOOKS_DIFFER]
        account_id = Incoming.objects.get(dedupe_key="line:2").account_id
        assert found.subject == f"customer_credit:{account_id} CNY"

    def test_knows_what_a_debt_took_of_a_purchase(self) -> None:
        assert Lot.objects.filter(repaid__gt=0).exists()
        plant(
            "UPDATE plans_lot SET repaid = 0, unit_price = unit_price * (granted + repaid) / granted WHERE repaid > 0"
        )
        assert NOT_ALL in books.kinds()
