"""Twenty at once: refreshes, double clicks and both together grant an order's credits once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, connections

from plans import orders
from plans.models import Lot, Order, Payment
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, Household, order_of, scripted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]

AT_ONCE = 20


def at_once(verb: Callable[[int], object]) -> None:
    def alone(number: int) -> object:
        try:
            return verb(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(alone, range(AT_ONCE)))


def assert_granted_once(order: Order) -> None:
    order.refresh_from_db()
    assert order.state == Order.State.PAID
    assert Lot.objects.filter(account=order.account_id).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []


class TestRefreshing:
    def test_grants_once_however_many_look(self, household: Household, operator: Operator, now: datetime) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        next(iter(operator.charges.values())).decide("succeeded")
        # each has a turn of its own, so that all twenty ask the operator and write its answer
        at_once(lambda number: orders.refresh(order, now=now + timedelta(minutes=5 * number + 5)))
        assert_granted_once(order)

    def test_grants_once_when_staff_and_the_timetable_ask_too(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        payment = Payment.objects.select_related("order__offering_version__offering").get(order=order)
        next(iter(operator.charges.values())).decide("succeeded")
        at_once(lambda _number: orders.check_with_provider(payment, now=now))
        assert_granted_once(order)

    def test_asks_the_operator_once_a_turn(self, household: Household, operator: Operator, now: datetime) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        asked = len(operator.requests)
        at_once(lambda _number: orders.refresh(order, now=now + timedelta(minutes=5)))
        assert len(operator.requests) == asked + 1


class TestDoubleClicks:
    def test_place_charge_and_grant_once(self, household: Household, operator: Operator) -> None:
        order_id = uuid4()
        at_once(lambda _number: order_of(household.owner, phone=scripted("00"), order_id=order_id))
        assert len(operator.charges) == 1
        assert_granted_once(Order.objects.get())
