"""Twenty at once: refreshes, double clicks and both together grant an order's credits once."""

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections

from plans import messages, methods, orders
from plans.models import Lot, Order, Payment, PaymentMessage
from plans.payment_providers.base import Message
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, Household, line_of, new_order_of, order_of, scripted

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


class TestMessages:
    def test_that_come_ten_times_at_once_are_one(
        self, household: Household, operator: Operator, now: datetime, settings: Any
    ) -> None:
        settings.CARRIER_BILLING_EVENT_BEARER = "b" * 40
        order = order_of(household.owner, phone=ASKED_PHONE)
        reference, charge = next(iter(operator.charges.items()))
        charge.decide("succeeded")
        body = json.dumps({"id": "1", "source": "o", "type": "t", "data": {"paymentId": reference}}).encode()
        told = Message({"authorization": "Bearer " + "b" * 40}, body, now)
        at_once(lambda _number: messages.receive("carrier_billing", told))
        at_once(lambda _number: messages.process(now=now + timedelta(minutes=5)))
        assert PaymentMessage.objects.get().state == "applied"
        assert_granted_once(order)


class TestCeilings:
    def test_hold_against_many_at_once(self, household: Household, operator: Operator, now: datetime) -> None:
        line = line_of(household.owner, scripted("00"))
        methods.confirm(line.pk, now=now)
        methods.set_ceiling(line, minor=2 * 990, by=household.owner, now=now)

        def buy(_number: int) -> None:
            with contextlib.suppress(methods.OverCeiling, orders.TooManyBegun, orders.TooManyWaiting):
                new_order_of(household.owner, phone=scripted("00"))

        at_once(buy)
        assert Payment.objects.filter(state="succeeded").count() == len(operator.charges) == 2
