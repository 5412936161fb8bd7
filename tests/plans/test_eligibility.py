"""Who may buy what how often."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from accounts.models import Member
from plans import eligibility, gifts, ledger, offerings, orders
from plans.models import Lot, Offering, OfferingVersion, OfferUse, Order, Payment
from portal.kit import clock
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, Household, order_of, scripted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

TERMS = {"name": "Once", "name_zh": "一次", "price_minor": 100, "currency": "CNY", "microcredits": 10**12}
TERMS |= {"valid_days": 30, "features": []}
PHONE, OTHER_PHONE = "phone:+8613800000001", "phone:+8613800000002"


def sold(now: datetime, **terms: object) -> OfferingVersion:
    """An offering of its own on the shelf."""
    offering = Offering.objects.create(slug=f"o{uuid4().hex[:8]}", audience="household", kind="pack")
    return offerings.publish(offering, terms=TERMS | terms, now=now)


def placed(version: OfferingVersion, member: Member, now: datetime, order_id: UUID | None = None) -> Order:
    return orders.place(version, order_id=order_id or uuid4(), by=member, now=now)


def bound(order: Order, payer: str, now: datetime) -> None:
    eligibility.bind(order, provider="carrier_billing", payer=payer, now=now)


def paid(order: Order, now: datetime) -> None:
    """What happens once money for it came in."""
    Order.objects.filter(pk=order.pk).update(state=Order.State.PAID, paid_at=now)
    eligibility.use(order, now=now)


class TestTaking:
    def test_counts_an_order_that_is_placed_and_one_that_is_paid(self, household: Household, now: datetime) -> None:
        version = sold(now, most_per_account=2)
        paid(placed(version, household.owner, now), now)
        placed(version, household.bill_payer, now)
        with pytest.raises(eligibility.BoughtOften) as refusal:
            placed(version, household.owner, now)
        assert "(2)" in str(refusal.value)
        assert Order.objects.filter(offering_version=version).count() == 2
        placed(version, household.stranger, now)

    def test_gives_the_place_of_an_order_back_that_ended_unpaid(self, household: Household, now: datetime) -> None:
        version = sold(now, most_per_account=1)
        first = placed(version, household.owner, now)
        orders.cancel(first, by=household.owner, now=now)
        second = placed(version, household.owner, now)
        assert OfferUse.objects.get(order=first).returned_at == now
        orders.expire(now=now + timedelta(hours=1))
        assert Order.objects.get(pk=second.pk).state == "expired"
        placed(version, household.owner, now)

    def test_keeps_the_place_while_the_phone_may_still_say_yes(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        version = sold(now, most_per_account=1)
        order = order_of(household.owner, phone=ASKED_PHONE, slug=version.offering.slug)
        orders.cancel(order, by=household.owner, now=now)
        with pytest.raises(eligibility.BoughtOften):
            placed(version, household.owner, now)
        next(iter(operator.charges.values())).decide("denied")
        orders.check_with_provider(Payment.objects.get(), now=now)
        placed(version, household.owner, now)

    def test_is_not_undone_by_a_refund(self, household: Household, operator: Operator, now: datetime) -> None:
        version = sold(now, most_per_account=1)
        order_of(household.owner, phone=scripted("00"), slug=version.offering.slug)
        refund_id, lot = uuid4(), Lot.objects.get()
        ledger.open_refund(refund_id, lot_id=lot.pk, reason="untouched", by_user_id=household.owner.user_id)
        assert ledger.close_refund(refund_id, succeeded=True, money_account="carrier_receivable:carrier_billing")
        with pytest.raises(eligibility.BoughtOften):
            placed(version, household.owner, clock.now())

    def test_counts_within_days(self, household: Household, now: datetime) -> None:
        version = sold(now, most_per_account=1, most_per_days=30)
        paid(placed(version, household.owner, now), now)
        with pytest.raises(eligibility.BoughtOftenLately, match="within 30 days"):
            placed(version, household.owner, now + timedelta(days=29))
        placed(version, household.owner, now + timedelta(days=31))

    def test_counts_older_terms_of_the_same_offering(self, household: Household, now: datetime) -> None:
        version = sold(now)
        paid(placed(version, household.owner, now), now)
        newer = offerings.publish(version.offering, terms=TERMS | {"most_per_account": 1}, now=clock.now())
        with pytest.raises(eligibility.BoughtOften):
            placed(newer, household.owner, now)

    def test_takes_the_same_order_twice_as_one(self, household: Household, now: datetime) -> None:
        version = sold(now, most_per_account=1)
        order = placed(version, household.owner, now)
        assert placed(version, household.owner, now, order_id=order.pk).pk == order.pk
        assert OfferUse.objects.count() == 1

    def test_refuses_what_is_not_sold_on_the_web(self, household: Household, now: datetime) -> None:
        with pytest.raises(eligibility.SoldElsewhere):
            placed(sold(now, channels=["partner"]), household.owner, now)


class TestNewAccounts:
    def test_are_those_that_never_paid(self, household: Household, now: datetime) -> None:
        version = sold(now, is_for_new=True)
        paid(placed(sold(now), household.owner, now), now)
        with pytest.raises(eligibility.OnlyForNew):
            placed(version, household.owner, now)
        placed(version, household.stranger, now)

    def test_begin_one_first_offer_at_a_time(self, household: Household, now: datetime) -> None:
        placed(sold(now, is_for_new=True), household.owner, now)
        with pytest.raises(eligibility.OnlyForNew):
            placed(sold(now, is_for_new=True), household.owner, now)

    def test_stay_new_after_a_gift(self, household: Household, now: datetime) -> None:
        gifts.accept(offerings.current("welcome"), order_id=uuid4(), by=household.owner, now=now)
        placed(sold(now, is_for_new=True), household.owner, now)


class TestBinding:
    def test_counts_a_phone_over_all_accounts(self, household: Household, now: datetime) -> None:
        version = sold(now, most_per_identity=1)
        first, second = (placed(version, member, now) for member in (household.owner, household.stranger))
        bound(first, PHONE, now)
        with pytest.raises(eligibility.PaidOften):
            bound(second, PHONE, now)
        bound(second, OTHER_PHONE, now)
        bound(first, PHONE, now)
        assert PHONE not in str(list(OfferUse.objects.values_list("payer", flat=True)))

    def test_refuses_a_way_to_pay_that_the_terms_leave_out(self, household: Household, now: datetime) -> None:
        order = placed(sold(now, providers=["voucher"]), household.owner, now)
        with pytest.raises(eligibility.PaidOtherwise):
            bound(order, PHONE, now)

    def test_leaves_no_order_behind_when_it_refuses(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        version = sold(now, most_per_identity=1)
        order_of(household.owner, phone=scripted("00"), slug=version.offering.slug)
        with pytest.raises(eligibility.PaidOften):
            order_of(household.stranger, phone=scripted("00"), slug=version.offering.slug)
        assert Order.objects.count() == OfferUse.objects.count() == 1


class TestGifts:
    def test_are_taken_once_and_never_refunded(self, household: Household, now: datetime) -> None:
        welcome = offerings.current("welcome")
        order_id = uuid4()
        for _ in range(2):
            order = gifts.accept(welcome, order_id=order_id, by=household.owner, now=now)
        lot = Lot.objects.get()
        assert (order.state, lot.source, lot.granted) == ("paid", "promo", welcome.microcredits)
        assert lot.unit_price is None or not lot.unit_price
        with pytest.raises(eligibility.BoughtOften):
            gifts.accept(welcome, order_id=uuid4(), by=household.owner, now=now)

    def test_cost_nothing(self, household: Household, now: datetime) -> None:
        with pytest.raises(gifts.NotFree):
            gifts.accept(offerings.current("starter"), order_id=uuid4(), by=household.owner, now=now)
        assert not Order.objects.exists()
        order = placed(offerings.current("starter"), household.owner, now)
        orders.give(order, now=now)
        assert not Lot.objects.exists()
