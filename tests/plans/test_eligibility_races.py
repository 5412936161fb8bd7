"""Fifty at once: an offer that an account, or a phone, may take once is granted once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import IntegrityError, connections, transaction

from accounts import accounts
from accounts.models import Member, User
from plans import eligibility, offerings
from plans.models import Lot, Offering, OfferingVersion, OfferUse, Order
from portal.kit import clock
from portal.sandbox.operator import Operator
from tests.plans.cast import Household, order_of, scripted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]

AT_ONCE = 50
THREADS = 16
TERMS = {"name": "Once", "name_zh": "一次", "price_minor": 100, "currency": "CNY", "microcredits": 10**12}


def outcomes_of(verb: Callable[[int], object]) -> list[str]:
    """What became of each of fifty: granted, or the refusal's code."""

    def alone(number: int) -> str:
        try:
            verb(number)
        except (eligibility.BoughtOften, eligibility.PaidOften) as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "granted"

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(alone, range(AT_ONCE)))


def sold(now: datetime, **terms: object) -> OfferingVersion:
    offering = Offering.objects.create(slug="once", audience="household", kind="pack")
    return offerings.publish(offering, terms=TERMS | {"valid_days": 30} | terms, now=now)


class TestCheckingOut:
    def test_grants_an_account_one_of_fifty(self, household: Household, operator: Operator, now: datetime) -> None:
        sold(now, most_per_account=1)
        found = outcomes_of(lambda _number: order_of(household.owner, phone=scripted("00"), slug="once"))
        assert sorted(found) == ["bought_often_enough"] * (AT_ONCE - 1) + ["granted"]
        assert Lot.objects.count() == Order.objects.count() == len(operator.charges) == 1

    def test_lets_a_phone_pay_for_one_of_fifty_accounts(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        sold(now, most_per_identity=1)
        owners = [_owner(number) for number in range(AT_ONCE)]
        found = outcomes_of(lambda number: order_of(owners[number], phone=scripted("00"), slug="once"))
        assert sorted(found) == ["granted"] + ["payer_used_often_enough"] * (AT_ONCE - 1)
        assert Lot.objects.count() == Order.objects.count() == len(operator.charges) == 1

    def test_is_guarded_by_the_database_too(self, household: Household, operator: Operator, now: datetime) -> None:
        order = order_of(household.owner, phone=scripted("00"))
        taken = OfferUse.objects.get(order=order)
        second = Order.objects.create(
            account=order.account, placed_by=household.owner, offering_version=order.offering_version, price_minor=990,
            currency="CNY", microcredits=1, placed_at=now, expires_at=now,
        )  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            OfferUse.objects.create(
                order=second, offering=taken.offering, account=taken.account, number=taken.number, taken_at=now
            )


def _owner(number: int) -> Member:
    user = User.objects.create_user(f"o{number}@example.com", name=f"o{number}")
    return accounts.found(user, kind="household", name=f"Home {number}", now=clock.now())
