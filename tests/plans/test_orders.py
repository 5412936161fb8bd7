"""Placing and paying orders against an operator that answers over HTTP."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from plans import ledger, offerings, orders, payment_providers, payments
from plans.models import Lot, Order, Payment
from plans.payment_providers.base import Unanswered
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, Household, order_of, scripted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

SOON = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def books_add_up(db: None) -> Any:
    """After every test the ledger's own list of violations is empty."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []


def again(order: Order, *, now: datetime) -> Order:
    return orders.refresh(order, now=now)


class TestPaying:
    def test_grants_the_credits_of_an_approved_order_until_the_same_day_next_month(
        self, household: Household, operator: Operator
    ) -> None:
        order = order_of(household.owner, phone=scripted("00"))
        assert order.state == Order.State.PAID
        lot = Lot.objects.get(order_id=order.pk)
        assert (lot.granted, lot.source, lot.name) == (10_000_000 * 10**6, "plan", "Starter")
        assert order.paid_at
        assert lot.expires_at == offerings.ends_at(order.offering_version, start=order.paid_at)
        assert lot.unit_price
        assert lot.unit_price * (lot.granted // 10**6) == order.price_minor  # fen a credit

    def test_waits_for_the_phone_and_grants_when_it_approves(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        assert order.state == Order.State.PLACED
        assert again(order, now=now + SOON).state == Order.State.PLACED
        next(iter(operator.charges.values())).decide("succeeded")
        assert again(order, now=now + 2 * SOON).state == Order.State.PAID
        assert ledger.balance(order.account_id, now=now + 2 * SOON).left == order.microcredits

    @pytest.mark.parametrize(
        ("ending", "reason"),
        [("02", "denied"), ("03", "ceiling"), ("04", "unknown_number"), ("11", "amount")],
    )
    def test_keeps_the_reason_of_a_no_and_charges_nothing(
        self, household: Household, operator: Operator, ending: str, reason: str
    ) -> None:
        order = order_of(household.owner, phone=scripted(ending))
        payment = order.payments.get()
        assert (order.state, payment.state, payment.denial_reason) == ("denied", "denied", reason)
        assert payment.sealed_phone is None
        assert not Lot.objects.filter(account=order.account_id).exists()

    def test_takes_no_later_denial_for_a_payment(self, household: Household, operator: Operator, now: datetime) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        next(iter(operator.charges.values())).decide("denied")
        assert again(order, now=now + SOON).state == Order.State.DENIED

    @pytest.mark.parametrize("ending", ["07", "08"])
    def test_credits_nothing_for_another_amount_or_currency(
        self, household: Household, operator: Operator, now: datetime, ending: str
    ) -> None:
        order = order_of(household.owner, phone=scripted(ending))
        payment = again(order, now=now + SOON).payments.get()
        assert (order.state, payment.state) == ("placed", "processing")
        assert payment.mismatch.startswith("amount")
        assert not Lot.objects.exists()

    def test_goes_on_with_the_others_when_a_reference_comes_twice(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        first = order_of(household.owner, phone=ASKED_PHONE)
        second = order_of(household.owner, phone=scripted("12"))
        third = order_of(household.stranger, phone=ASKED_PHONE)
        charge, garbled, last = operator.charges.values()
        garbled.payment_id = charge.payment_id
        garbled.decide("denied")
        last.decide("succeeded")
        assert orders.refresh_pending(now=now + SOON) == 3
        states = [orders.get(order.pk, account_id=order.account_id).state for order in (first, second, third)]
        assert states == ["placed", "placed", "paid"]
        payment = second.payments.get()
        assert (payment.state, payment.reference) == ("processing", None)
        assert payment.mismatch == f"reference of another payment: {charge.payment_id}"

    def test_never_sends_a_second_charge_when_the_answer_was_lost(
        self, household: Household, operator: Operator, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(payment_providers, "ANSWER_SECONDS", 0.4)
        order = order_of(household.owner, phone=scripted("05"))
        assert order.state == Order.State.PLACED
        assert again(order, now=now + SOON).state == Order.State.PAID
        assert len(operator.charges) == 1
        assert [made for made in operator.requests if made.startswith("POST")] == [operator.requests[0]]

    def test_sends_the_same_charge_again_when_it_never_arrived(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=scripted("06"))
        payment = order.payments.get()
        assert (order.state, payment.state, payment.reference) == ("placed", "processing", None)
        again(order, now=now + SOON)
        assert [made.split()[0] for made in operator.requests] == ["POST", "GET", "POST"]
        assert order.payments.count() == 1

    def test_finds_the_payment_behind_a_garbled_answer(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=scripted("12"))
        assert order.payments.get().reference is None
        again(order, now=now + SOON)
        assert order.payments.get().reference == next(iter(operator.charges))

    def test_stays_open_while_the_operator_is_away_or_refuses_our_key(
        self, household: Household, operator: Operator, now: datetime, settings: Any
    ) -> None:
        settings.CARRIER_BILLING_TOKEN = "wrong"
        order = order_of(household.owner, phone=ASKED_PHONE)
        assert order.state == Order.State.PLACED
        settings.CARRIER_BILLING_URL = "http://127.0.0.1:9"
        assert again(order, now=now + SOON).payments.get().state == Payment.State.PROCESSING
        with pytest.raises(Unanswered):
            payments.ask(order.payments.get(), is_wanted=True, now=now)

    def test_does_not_exist_where_nobody_connected_an_operator(self, household: Household, settings: Any) -> None:
        settings.CARRIER_BILLING_URL = ""
        with pytest.raises(payment_providers.NoWayToPay):
            order_of(household.owner, phone=ASKED_PHONE)
        assert not Payment.objects.exists()

    def test_hides_the_phone_number_at_rest(self, household: Household, operator: Operator) -> None:
        payment = order_of(household.owner, phone=ASKED_PHONE).payments.get()
        assert payments.phone_of(payment) == ASKED_PHONE
        assert ASKED_PHONE.encode() not in bytes(payment.sealed_phone or b"")
        assert payment.phone_last_four == "1234"


class TestEnding:
    def test_expires_what_nobody_paid_and_still_honors_a_late_yes(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        late = order.expires_at + timedelta(seconds=1)
        assert orders.expire(now=now) == 0
        assert orders.expire(now=late) == 1
        assert orders.expire(now=late) == 0
        next(iter(operator.charges.values())).decide("succeeded")
        assert orders.refresh_pending(now=late) == 1
        order.refresh_from_db()
        assert (order.state, Lot.objects.filter(order_id=order.pk).count()) == ("paid", 1)

    def test_cancels_a_waiting_order_and_never_a_paid_one(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        waiting = order_of(household.owner, phone=ASKED_PHONE)
        orders.cancel(waiting, by=household.bill_payer, now=now)
        paid = order_of(household.owner, phone=scripted("00"))
        orders.cancel(paid, by=household.owner, now=now)
        states = [orders.get(order.pk, account_id=order.account_id).state for order in (waiting, paid)]
        assert states == ["canceled", "paid"]

    def test_gives_up_a_canceled_payment_that_never_arrived(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=scripted("06"))
        orders.cancel(order, by=household.owner, now=now)
        again(order, now=now + SOON)
        assert order.payments.get().state == Payment.State.PROCESSING
        again(order, now=now + payments.LOST_AFTER + SOON)
        assert order.payments.get().state == Payment.State.CANCELED
        assert [made for made in operator.requests if made.startswith("POST")] == operator.requests[:1]

    def test_asks_only_for_so_long(self, household: Household, operator: Operator, now: datetime) -> None:
        order_of(household.owner, phone=ASKED_PHONE)
        assert orders.refresh_pending(now=now + payments.WATCHED_FOR + SOON) == 1
        assert orders.refresh_pending(now=now + 2 * payments.WATCHED_FOR) == 0


class TestPlacing:
    def test_takes_the_price_of_the_server_and_the_same_order_twice_as_one(
        self, household: Household, operator: Operator
    ) -> None:
        order_id = uuid4()
        first = order_of(household.owner, phone=scripted("00"), order_id=order_id)
        second = order_of(household.owner, phone=scripted("00"), slug="studio", order_id=order_id)
        assert (first.pk, first.price_minor) == (second.pk, second.price_minor)
        assert Lot.objects.count() == len(operator.charges) == 1

    def test_refuses_an_order_id_of_another_account(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=scripted("00"))
        with pytest.raises(orders.NotYours):
            order_of(household.stranger, phone=scripted("00"), order_id=order.pk)

    @pytest.mark.parametrize("role", ["adult", "child", "auditor"])
    def test_refuses_whoever_does_not_pay(self, household: Household, role: str) -> None:
        with pytest.raises(orders.MayNotBuy):
            order_of(getattr(household, role), phone=ASKED_PHONE)

    def test_refuses_terms_that_changed_meanwhile(self, household: Household, now: datetime) -> None:
        version = offerings.current("starter")
        wish = orders.Wish(order_id=uuid4(), version=version.version + 1, phone=ASKED_PHONE)
        with pytest.raises(orders.TermsChanged):
            orders.check_out(version, wish=wish, by=household.owner, now=now)

    def test_refuses_a_pile_of_unpaid_orders(self, household: Household, now: datetime) -> None:
        version = offerings.current("starter")
        for _ in range(orders.MOST_WAITING):
            orders.place(version, order_id=uuid4(), by=household.owner, now=now)
        with pytest.raises(orders.TooManyWaiting):
            orders.place(version, order_id=uuid4(), by=household.owner, now=now)

    def test_refuses_to_place_and_cancel_in_a_loop(self, household: Household, now: datetime) -> None:
        version = offerings.current("starter")
        for _ in range(orders.MOST_UNPAID):
            order = orders.place(version, order_id=uuid4(), by=household.owner, now=now)
            orders.cancel(order, by=household.owner, now=now)
        with pytest.raises(orders.TooManyBegun):
            orders.place(version, order_id=uuid4(), by=household.bill_payer, now=now)
        assert orders.place(version, order_id=order.pk, by=household.owner, now=now).pk == order.pk
        later = now + orders.UNPAID_SPAN
        assert orders.place(version, order_id=uuid4(), by=household.owner, now=later).is_waiting

    def test_refuses_to_ring_one_phone_on_and_on_from_any_account(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        for number in range(payments.MOST_UNPAID_A_PHONE):
            buyer = (household.owner, household.stranger)[number % 2]
            order = order_of(buyer, phone=ASKED_PHONE)
            orders.cancel(order, by=buyer, now=now)
        placed = Order.objects.count()
        with pytest.raises(payments.PhoneAskedEnough):
            order_of(household.stranger, phone=ASKED_PHONE)
        assert Order.objects.count() == placed
        assert order_of(household.stranger, phone=scripted("00")).state == Order.State.PAID
        payments.check_phone(ASKED_PHONE, order_id=uuid4(), now=now + payments.PHONE_SPAN + SOON)
        with pytest.raises(payments.PhoneAskedEnough):
            payments.check_phone(ASKED_PHONE, order_id=uuid4(), now=now)
