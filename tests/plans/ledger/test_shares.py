"""Shares of platform and channel follow what a lot earns, exactly, whatever its parts are; so do tax and refunds."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from accounts.models import Member
from plans import ledger
from plans.models import Dispute, Lot, Refund
from portal.kit import clock
from portal.kit.units import Microcredits, Money, tax_inside
from tests.plans.ledger import books
from tests.plans.ledger.test_lots import period_end

pytestmark = pytest.mark.django_db

PLATFORM, CHANNEL = 1500, 333
MILLION = 10**6


def bought(member: Member, microcredits: int, minor: int, *, tax: int = 0, **terms: object) -> int:
    money = ledger.Received(Money(minor, "CNY"), "psp:test", tax, PLATFORM, CHANNEL)
    return books.grant(member, microcredits, **{"order_id": uuid4(), "received": money} | terms)


def shares() -> tuple[int, int]:
    platform, channel = books.in_books("platform_fee"), books.in_books("channel_fee")
    assert (books.in_books("payable:platform"), books.in_books("payable:channel")) == (-platform, -channel)
    return platform, channel


def refunded(lot_id: int, microcredits: int | None = None) -> ledger.Refundable:
    refund_id = uuid4()
    part = None if microcredits is None else Microcredits(microcredits)
    seen = ledger.refund_preview(lot_id, microcredits=part)
    done = ledger.open_refund(refund_id, lot_id=lot_id, reason="asked", by_user_id=1, microcredits=part)
    assert done == seen
    assert ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
    return done


def lost(order_id: UUID, minor: int) -> Dispute:
    dispute_id = uuid4()
    ledger.open_dispute(dispute_id, order_id=order_id, money_minor=minor, reason="bank", by_user_id=None)
    assert ledger.close_dispute(dispute_id, lost=True, money_account="psp:test") == "ok"
    return Dispute.objects.get(pk=dispute_id)


class TestShares:
    def test_follow_what_is_earned_to_the_last_unit(self) -> None:
        member = books.founded()
        lot = bought(member, 1000, 990, tax=56, expires_at=clock.now() + timedelta(days=3))
        for _ in range(7):
            books.spent(member, 97)
            ledger.earn()
            earned = Lot.objects.get(pk=lot).earned_minor
            assert shares() == (earned * PLATFORM // 10**4, earned * CHANNEL // 10**4)
        books.move_clock(timedelta(days=4))
        ledger.expire()
        ledger.earn()
        assert Lot.objects.get(pk=lot).earned_minor == 934
        assert shares() == (140, 31)
        assert books.kinds() == set()

    def test_roll_over_with_the_credits(self) -> None:
        member = books.founded()
        lot = bought(member, 1000, 1000, source="plan")
        ledger.roll_over([period_end(lot, 1000)])
        assert shares() == (0, 0)
        books.spent(member, 1000)
        ledger.earn()
        assert shares() == (150, 33)
        assert books.kinds() == set()

    def test_are_of_nothing_that_was_paid_back(self) -> None:
        member = books.founded()
        lot = bought(member, 1000, 1000)
        books.spent(member, 100)
        assert refunded(lot).money.minor == 900
        assert shares() == (15, 3)
        assert books.kinds() == set()

    def test_of_all_of_it_leave_nothing(self) -> None:
        member = books.founded()
        money = ledger.Received(Money(1000, "CNY"), "psp:test", 0, 10_000, 0)
        books.grant(member, 1000, order_id=uuid4(), received=money)
        books.spent(member, 333)
        ledger.earn()
        assert shares() == (333, 0)


class TestRefundsInParts:
    @pytest.mark.parametrize("parts", [3, 7])
    def test_give_back_all_that_was_paid_with_its_tax(self, parts: int) -> None:
        member = books.founded()
        lot = bought(member, 7 * MILLION, 1000, tax=57)
        for _ in range(parts - 1):
            refunded(lot, 7 * MILLION // parts)
        refunded(lot)
        back = Refund.objects.filter(lot_id=lot)
        assert sum(each.money_minor for each in back) == 1000
        assert sum(each.tax_minor for each in back) == 57
        assert (books.in_books("psp:test"), books.in_books("tax"), books.in_books("revenue_breakage")) == (0, 0, 0)
        assert books.kinds() == set()

    def test_of_an_untouched_purchase_are_whole_whatever_a_credit_cost(self) -> None:
        assert refunded(bought(books.founded(), 7 * MILLION, 1000)).money.minor == 1000

    def test_never_give_back_more_than_a_dispute_left(self) -> None:
        member, order_id = books.founded(), uuid4()
        lot = bought(member, 3, 5, order_id=order_id)
        lost(order_id, 2)
        assert refunded(lot).money.minor == 3
        assert books.kinds() == set()

    def test_after_one_that_failed_start_where_it_did(self) -> None:
        lot, refund_id = bought(books.founded(), 1000, 990, tax=90), uuid4()
        ledger.open_refund(refund_id, lot_id=lot, reason="asked", by_user_id=1, microcredits=Microcredits(400))
        with pytest.raises(ledger.NotRefundable) as refusal:
            ledger.refund_preview(lot)
        assert refusal.value.details["outcome"] == "frozen"
        ledger.close_refund(refund_id, succeeded=False, money_account="psp:test")
        assert ledger.refund_preview(lot) == ledger.Refundable(Microcredits(1000), Money(990, "CNY"), 90)
        assert Refund.objects.count() == 1
        assert books.kinds() == set()

    def test_leave_what_rounding_left_over_to_be_earned(self) -> None:
        member = books.founded()
        lot = bought(member, 3, 100, tax=9)
        assert [refunded(lot, 1).money.minor for _ in range(2)] == [33, 33]
        assert Lot.objects.get(pk=lot).deferred_minor == 91 - 66 + 5
        books.spent(member, 1)
        ledger.earn()
        assert books.in_books("revenue_usage") == -30
        assert books.in_books("tax") == -(9 - 5)
        assert books.kinds() == set()


class TestTaxOfDisputes:
    def test_is_owed_no_more_of_what_was_not_used(self) -> None:
        member, order_id = books.founded(), uuid4()
        bought(member, 1000, 990, tax=90, order_id=order_id)
        books.spent(member, 300)
        dispute = lost(order_id, 990)
        assert (dispute.unearned_minor, dispute.tax_minor) == (630, 63)
        assert (books.in_books("tax"), books.in_books("chargeback_loss")) == (-27, 990 - 630 - 63)
        assert books.kinds() == set()

    def test_adds_up_with_refunds_and_disputes_before(self) -> None:
        member, order_id = books.founded(), uuid4()
        lot = bought(member, 7 * MILLION, 1000, tax=57, order_id=order_id)
        refunded(lot, MILLION)
        lost(order_id, 300)
        left = 1000 - 142 - 300
        dispute = lost(order_id, left)
        assert Lot.objects.get(pk=lot).deferred_minor == 0
        assert (books.in_books("psp:test"), books.in_books("tax"), books.in_books("chargeback_loss")) == (0, 0, 0)
        assert dispute.money_minor == left
        assert books.kinds() == set()

    def test_reaches_what_rolled_over(self) -> None:
        member, order_id = books.founded(), uuid4()
        lot = bought(member, 1000, 990, tax=90, order_id=order_id, source="plan")
        ledger.roll_over([period_end(lot, 600)])
        assert lost(order_id, 990).tax_minor == 54
        assert books.in_books("tax") == -36
        assert books.kinds() == set()


class TestTaxInside:
    @pytest.mark.parametrize(
        ("gross", "rate", "tax"),
        [(990, 600, 56), (1060, 600, 60), (0, 1300, 0), (990, 0, 0), (3, 2000, 0), (9, 2000, 2)],
    )
    def test_is_the_nearest_and_a_half_goes_to_the_even(self, gross: int, rate: int, tax: int) -> None:
        assert tax_inside(gross, basis_points=rate) == tax
