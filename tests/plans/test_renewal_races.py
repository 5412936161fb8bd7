"""Two timetables at once, and everybody at once: one order, one payment, one lot for each period."""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection

from plans import offerings, orders, renewals
from plans.models import Consent, Lot, Order, Payment, Subscription, SubscriptionPeriod
from portal.kit import clock
from portal.kit.refusals import Refusal
from portal.sandbox.operator import Operator
from tests.plans.cast import Household
from tests.plans.ledger import books
from tests.plans.plans_life import PHONE, again, charged, subscribed
from tests.plans.test_order_races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


def assert_books_add_up() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []


def run_at(now: datetime, _number: int) -> int:
    return renewals.run(now=now)


class TestTimetables:
    def test_remind_charge_and_grant_once(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        for moment in (plan.period_ends_at - timedelta(days=3), plan.period_ends_at - timedelta(days=1)):
            now = books.move_clock(moment - clock.now() + timedelta(seconds=1))
            at_once(partial(run_at, now))
        assert Consent.objects.filter(subject="reminder").count() == 1
        assert (charged(operator), Payment.objects.count(), Order.objects.count()) == (2, 2, 2)
        assert list(SubscriptionPeriod.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
        assert Lot.objects.filter(account=plan.account_id).count() == 2
        assert again(plan).period_number == 2
        assert_books_add_up()

    def test_that_took_the_same_turn_twice_still_charge_once(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        now = books.move_clock(plan.period_ends_at - clock.now() - timedelta(hours=20))
        Subscription.objects.update(reminded_period=2)
        at_once(lambda _number: renewals._renew(again(plan), now=now))
        assert (charged(operator), Payment.objects.count()) == (2, 2)
        assert SubscriptionPeriod.objects.count() == Lot.objects.filter(account=plan.account_id).count() == 2
        assert_books_add_up()


class TestBuyers:
    def test_of_two_plans_at_once_begin_one(self, household: Household, operator: Operator) -> None:
        version = offerings.current("starter")

        def buy(_number: int) -> None:
            wish = orders.Wish(order_id=uuid4(), version=version.version, phone=PHONE, renews=True)
            with suppress(Refusal):  # whoever comes later
                orders.check_out(version, wish=wish, by=household.owner, now=clock.now())

        at_once(buy)
        assert Subscription.objects.live().count() == SubscriptionPeriod.objects.count() == 1
        paid = Order.objects.filter(state="paid")
        assert sum(lot.granted for lot in Lot.objects.all()) == sum(order.microcredits for order in paid)
        assert_books_add_up()
