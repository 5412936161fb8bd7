"""Paying by phone bill with a code, and switching to another way, against an operator that answers over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from plans import methods, offerings, orders, payments, repayments
from plans.models import Lot, Offering, OfferingVersion, Order, Payment, PaymentMethod, Repayment
from portal.kit import clock
from portal.kit.units import Money
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, Household, line_of, new_order_of, order_of, scripted, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

SOON = timedelta(minutes=5)
OTHER_PHONE = "+8613900001111"


@pytest.fixture(autouse=True)
def books_add_up(db: None) -> Any:
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []


def code_of(operator: Operator) -> str:
    return next(reversed(operator.charges.values())).code


def state_of(order: Order) -> tuple[str, str]:
    kept = orders.get(order.pk, account_id=order.account_id)
    last = payments.last_of(kept)
    return kept.state, last.state if last else ""


class TestCodes:
    def test_pay_a_new_line_once_and_make_it_known(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = new_order_of(household.owner, phone=ASKED_PHONE)
        assert state_of(order) == ("placed", "pending_validation")
        orders.enter_code(order, code=code_of(operator), by=household.owner, now=now)
        assert state_of(order) == ("paid", "succeeded")
        assert PaymentMethod.objects.get().confirmed_at
        with pytest.raises(orders.NoCodeAsked):
            orders.enter_code(order, code=code_of(operator), by=household.owner, now=now)
        again = new_order_of(household.owner, phone=ASKED_PHONE, slug="pack-small")
        assert state_of(again) == ("placed", "processing")  # in one step: the phone alone decides
        assert Lot.objects.count() == 1

    def test_may_be_wrong_until_no_try_is_left(self, household: Household, operator: Operator, now: datetime) -> None:
        order = new_order_of(household.owner, phone=ASKED_PHONE)
        for left in (2, 1):
            with pytest.raises(orders.BadCode) as refusal:
                orders.enter_code(order, code="000", by=household.owner, now=now)
            assert refusal.value.details["left"] == left
        with pytest.raises(orders.CodesUsedUp):
            orders.enter_code(order, code="000", by=household.owner, now=now)
        assert state_of(order)[0] == "denied"
        assert Payment.objects.get().denial_reason == "code"
        assert not Lot.objects.exists()

    def test_are_asked_for_above_the_amount_and_for_a_child(
        self, household: Household, operator: Operator, settings: Any
    ) -> None:
        settings.PHONE_BILL_ALONE_MINOR = 989
        assert state_of(order_of(household.owner, phone=ASKED_PHONE)) == ("placed", "pending_validation")
        settings.PHONE_BILL_ALONE_MINOR = 990
        assert state_of(order_of(household.owner, phone=OTHER_PHONE)) == ("placed", "processing")
        household.child.user.phone = "+8613900002222"
        household.child.user.guarded_at = household.child.joined_at
        household.child.user.save()
        assert state_of(order_of(household.owner, phone="+8613900002222")) == ("placed", "pending_validation")

    @pytest.mark.parametrize("ending", ["00", "16", "19"])
    def test_need_not_be_asked_by_the_operator(
        self, household: Household, operator: Operator, now: datetime, monkeypatch: pytest.MonkeyPatch, ending: str
    ) -> None:
        monkeypatch.setattr("plans.payment_providers.ANSWER_SECONDS", 0.4)
        order = new_order_of(household.owner, phone=scripted(ending))
        operator.forward(timedelta(seconds=5))
        assert orders.refresh(order, now=now + SOON).state == Order.State.PAID
        assert Lot.objects.count() == len(operator.charges) == 1

    @pytest.mark.parametrize("ending", ["17", "18"])
    def test_do_not_save_what_is_denied_when_confirmed(
        self, household: Household, operator: Operator, now: datetime, ending: str
    ) -> None:
        order = new_order_of(household.owner, phone=scripted(ending))
        operator.forward(timedelta(seconds=5))
        assert orders.refresh(order, now=now + SOON).state == Order.State.DENIED
        assert not Lot.objects.exists()

    def test_never_come_where_the_time_is_up(self, household: Household, operator: Operator, now: datetime) -> None:
        order = new_order_of(household.owner, phone=ASKED_PHONE)
        operator.forward(timedelta(minutes=16))
        assert orders.refresh(order, now=now + SOON).state == Order.State.DENIED
        assert Payment.objects.get().denial_reason == "timeout"

    def test_let_the_operator_go_when_the_order_is_given_up(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = new_order_of(household.owner, phone=ASKED_PHONE)
        orders.cancel(order, by=household.owner, now=now)
        assert [charge.status for charge in operator.charges.values()] == ["cancelled"]
        assert state_of(order) == ("canceled", "canceled")


class TestAnotherWay:
    def test_pays_a_denied_order(self, household: Household, operator: Operator, now: datetime) -> None:
        order = order_of(household.owner, phone=scripted("02"))
        assert order.state == Order.State.DENIED
        means = payments.Means("carrier_billing", scripted("00"))
        orders.pay(order, means=means, by=household.owner, now=now)
        assert state_of(order) == ("paid", "succeeded")
        assert order.payments.count() == 2
        orders.pay(order, means=means, by=household.owner, now=now)  # a second click changes nothing
        assert (order.payments.count(), Lot.objects.count()) == (2, 1)

    def test_calls_the_open_one_off_first(self, household: Household, operator: Operator, now: datetime) -> None:
        order = new_order_of(household.owner, phone=ASKED_PHONE)
        orders.pay(order, means=payments.Means("carrier_billing", scripted("00")), by=household.owner, now=now)
        assert [charge.status for charge in operator.charges.values()] == ["cancelled", "succeeded"]
        assert state_of(order) == ("paid", "succeeded")

    def test_sends_money_back_that_still_comes_by_the_first(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)  # in one step, which nobody can call off
        orders.pay(order, means=payments.Means("carrier_billing", scripted("00")), by=household.owner, now=now)
        assert state_of(order) == ("paid", "succeeded")
        next(iter(operator.charges.values())).decide("succeeded")
        orders.refresh_pending(now=now + SOON)
        row = Repayment.objects.get()
        assert (row.kind, row.state, row.amount_minor) == ("surplus", "processing", 990)
        assert Lot.objects.count() == 1
        assert repayments.refresh_due(now=now + SOON) == 1
        row.refresh_from_db()
        assert row.state == "succeeded"
        assert [refund.status for refund in operator.refunds.values()] == ["succeeded"]

    def test_delivers_by_the_first_if_that_is_faster(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        orders.pay(order, means=payments.Means("carrier_billing", OTHER_PHONE), by=household.owner, now=now)
        next(iter(operator.charges.values())).decide("succeeded")
        orders.refresh_pending(now=now + SOON)
        orders.refresh_pending(now=now + 2 * SOON)
        assert orders.get(order.pk, account_id=order.account_id).state == "paid"
        assert [charge.status for charge in operator.charges.values()] == ["succeeded", "cancelled"]
        assert not Repayment.objects.exists()


class TestCeilings:
    def test_count_what_is_paid_and_what_is_open(self, household: Household, operator: Operator, now: datetime) -> None:
        line = line_of(household.owner, ASKED_PHONE)
        methods.set_ceiling(line, minor=1979, by=household.owner, now=now)
        order_of(household.owner, phone=ASKED_PHONE)
        with pytest.raises(methods.OverCeiling) as refusal:
            order_of(household.owner, phone=ASKED_PHONE)
        assert refusal.value.details == {"ceiling": Money(1979, "CNY"), "used": Money(990, "CNY")}
        assert "¥19.79 a month, of which ¥9.90" in str(refusal.value)
        assert Order.objects.count() == 1  # nothing is left behind
        with pytest.raises(methods.OverCeiling):
            orders.pay(
                order_of(household.owner, phone=scripted("02")),
                means=payments.Means("carrier_billing", ASKED_PHONE),
                by=household.owner,
                now=now,
            )
        assert order_of(household.owner, phone=scripted("00")).state == "paid"

    def test_are_the_owners_alone(self, household: Household, now: datetime) -> None:
        line = line_of(household.owner, ASKED_PHONE)
        with pytest.raises(methods.CeilingOfOwner):
            methods.set_ceiling(line, minor=0, by=household.bill_payer, now=now)
        methods.set_ceiling(line, minor=0, by=household.owner, now=now)
        with pytest.raises(methods.CeilingOfOwner):
            methods.remove(line, by=household.bill_payer, now=now)
        methods.remove(line, by=household.owner, now=now)
        line.refresh_from_db()
        assert line.sealed is None
        with pytest.raises(methods.NoSuchMethod):
            methods.get(line.pk, account_id=line.account_id)

    def test_of_others_cannot_be_read_nor_set(self, household: Household, now: datetime) -> None:
        line = line_of(household.owner, ASKED_PHONE)
        stranger = signed_in(household.stranger)
        assert stranger.get(f"/billing/methods/{line.pk}/ceiling/").status_code == 404
        assert stranger.post(f"/billing/methods/{line.pk}/removal/").status_code == 404


class TestFree:
    def test_is_paid_by_being_ordered(self, household: Household, operator: Operator) -> None:
        terms = OfferingVersion.objects.filter(offering__slug="starter")
        known: dict[str, Any] = dict(terms.values().latest("version"))
        for name in ("id", "offering_id", "version", "published_at", "active_from"):
            known.pop(name)
        free = known | {"price_minor": 0, "most_per_account": 1}
        offerings.publish(Offering.objects.get(slug="starter"), terms=free, now=clock.now())
        assert state_of(new_order_of(household.owner, phone=ASKED_PHONE)) == ("paid", "")
        assert (Lot.objects.get().unit_price, operator.requests) == (None, [])


class TestAlone:
    def test_charges_a_stored_line_in_one_step(self, household: Household, operator: Operator, now: datetime) -> None:
        line = line_of(household.owner, scripted("00"))
        order = orders.place(offerings.current("starter"), order_id=uuid4(), by=household.owner, now=now)
        orders.charge(order, method=line, by=household.owner, now=now)
        assert state_of(order) == ("paid", "succeeded")
        assert operator.requests[0] == "POST /carrier-billing/v0.5/payments"
