"""What providers tell at our doors: kept, answered, and believed only after their own books were asked."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from plans import messages, orders, payments, refunds, repayments
from plans.checks import payment_secrets
from plans.models import Dispute, Lot, Order, Payment, PaymentMessage, Repayment
from portal.asgi import application
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, Household, new_order_of, order_of, scripted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf", "bearer")]

BEARER = "b" * 40
DOOR = "/payments/carrier_billing/messages/"
SOON = timedelta(minutes=5)


@pytest.fixture
def bearer(settings: Any) -> None:
    settings.CARRIER_BILLING_EVENT_BEARER = BEARER


@pytest.fixture(autouse=True)
def books_add_up(db: None) -> Any:
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []


def event(payment_id: str, *, name: str = "one", kind: str = "payment-completed") -> dict[str, Any]:
    interface = "carrier-billing-refund" if kind.startswith("refund") else "carrier-billing"
    return {
        "id": name,
        "source": "urn:operator",
        "type": f"org.camaraproject.{interface}.v0.{kind}",
        "specversion": "1.0",
        "time": "2026-11-28T00:00:00Z",
        "data": {"paymentId": payment_id, "status": "succeeded", "description": "done"},
    }


def told(body: object, *, bearer: str = BEARER, door: str = DOOR, kind: str = "application/cloudevents+json") -> int:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {bearer}"}
    return Client().generic("POST", door, text, content_type=kind, headers=headers).status_code


def paid_order(household: Household, operator: Operator) -> tuple[Order, str]:
    return order_of(household.owner, phone=scripted("00")), next(reversed(operator.charges))


class TestDoor:
    def test_keeps_a_message_once_and_does_nothing_else(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        reference, charge = next(iter(operator.charges.items()))
        charge.decide("succeeded")
        assert [told(event(reference)) for _ in range(3)] == [204, 204, 204]
        row = PaymentMessage.objects.get()
        assert (row.state, json.loads(messages.body_of(row))["id"]) == ("waiting", "one")
        assert reference.encode() not in bytes(row.sealed_body)
        assert orders.get(order.pk, account_id=order.account_id).state == "placed"
        assert messages.process(now=now + SOON) == 1
        assert orders.get(order.pk, account_id=order.account_id).state == "paid"
        row.refresh_from_db()
        assert (row.state, row.payment, Lot.objects.count()) == ("applied", order.payments.get(), 1)

    def test_does_not_exist_where_nothing_could_be_proven(self, operator: Operator, settings: Any) -> None:
        assert told(event("x"), door="/payments/wechat/messages/") == 404
        settings.CARRIER_BILLING_EVENT_BEARER = ""
        assert told(event("x"), bearer="") == 404
        assert told(event("x")) == 404
        settings.CARRIER_BILLING_EVENT_BEARER, settings.CARRIER_BILLING_URL = BEARER, ""
        assert told(event("x")) == 404
        assert not PaymentMessage.objects.exists()

    def test_keeps_forged_ones_but_not_a_flood_of_them(
        self, operator: Operator, monkeypatch: pytest.MonkeyPatch, now: datetime
    ) -> None:
        monkeypatch.setattr(messages, "MOST_FORGED_AN_HOUR", 3)
        forged = [event("x", name=str(number)) for number in range(6)]
        assert {told(body, bearer=wrong) for body in forged for wrong in ("", "b" * 39, BEARER.upper())} == {401}
        assert list(PaymentMessage.objects.values_list("state", flat=True)) == ["forged"] * 3
        assert messages.process(now=now + SOON) == 0

    def test_takes_neither_large_nor_packed_nor_other_things(self, operator: Operator) -> None:
        large = event("x") | {"padding": "x" * messages.LARGEST_BYTES}
        assert told(large) == 413
        assert told(event("x"), kind="text/html") == 415
        packed = {"authorization": f"Bearer {BEARER}", "content-encoding": "gzip"}
        assert Client().generic("POST", DOOR, b"{}", content_type="application/json", headers=packed).status_code == 415
        assert told(b'{"id": 7}') == 401
        assert Client().get(DOOR).status_code == 405

    def test_is_shut_before_a_large_message_is_read(self) -> None:
        sent: list[Any] = []

        async def receive() -> Any:
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        for length in (b"1000000000", b"-1", b""):
            scope = {"type": "http", "method": "POST", "path": DOOR, "headers": [(b"content-length", length)]}
            asyncio.run(application(scope, receive, send))
        assert [message["status"] for message in sent if "status" in message] == [413, 413, 413]

    def test_is_warned_of_when_its_secret_is_missing_or_short(self, settings: Any) -> None:
        settings.CARRIER_BILLING_URL, settings.CARRIER_BILLING_TOKEN = "http://127.0.0.1:9", "token"
        for secret, warnings in (("", ["plans.W001"]), ("short", ["plans.W002"]), (BEARER, [])):
            settings.CARRIER_BILLING_EVENT_BEARER = secret
            assert [warning.id for warning in payment_secrets()] == warnings


class TestProcessing:
    def test_believes_the_books_and_not_the_message(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        told(event(next(iter(operator.charges))))
        messages.process(now=now + SOON)
        assert orders.get(order.pk, account_id=order.account_id).state == "placed"
        assert PaymentMessage.objects.get().state == "applied"

    @pytest.mark.parametrize("ending", ["07", "08"])
    def test_keeps_what_does_not_fit_and_grants_nothing(
        self, household: Household, operator: Operator, now: datetime, ending: str
    ) -> None:
        order_of(household.owner, phone=scripted(ending))
        told(event(next(iter(operator.charges))))
        messages.process(now=now + SOON)
        row = PaymentMessage.objects.get()
        assert row.state == "mismatch"
        assert row.note.startswith("amount")
        assert not Lot.objects.exists()

    def test_takes_no_word_on_payments_of_another_provider_or_mode(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        reference = next(iter(operator.charges))
        Payment.objects.update(provider="stripe", check_at=now + 10 * SOON)
        told(event(reference))
        told(event("unknown", name="two"))
        messages.process(now=now + SOON)
        assert list(PaymentMessage.objects.order_by("pk").values_list("state", flat=True)) == ["mismatch", "ignored"]
        next(iter(operator.charges.values())).decide("succeeded")
        Payment.objects.update(provider="carrier_billing", mode="test")
        told(event(reference, name="three"))
        messages.process(now=now + SOON)
        assert order.payments.get().mismatch == "mode live"
        assert not Lot.objects.exists()

    def test_waits_for_a_provider_that_is_away_and_then_for_staff(
        self, household: Household, operator: Operator, now: datetime, settings: Any
    ) -> None:
        order_of(household.owner, phone=ASKED_PHONE)
        told(event(next(iter(operator.charges))))
        settings.CARRIER_BILLING_URL = "http://127.0.0.1:9"
        assert messages.process(now=now + SOON) == 1
        assert messages.process(now=now + SOON) == 0  # not yet
        row = PaymentMessage.objects.get()
        assert (row.state, row.tries) == ("waiting", 1)
        messages.process(now=now + timedelta(days=4))
        row.refresh_from_db()
        assert (row.state, row.note) == ("mismatch", "the provider did not answer")

    def test_treats_a_no_after_a_yes_as_a_dispute(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order, reference = paid_order(household, operator)
        operator.charges[reference].status = "denied"
        for name in ("one", "two"):
            told(event(reference, name=name, kind="payment-denied"))
        messages.process(now=now + SOON)
        assert Dispute.objects.get().state == "open"
        assert Lot.objects.get(order_id=order.pk).frozen == 1
        assert orders.get(order.pk, account_id=order.account_id).state == "paid"

    def test_hears_that_a_refund_is_on_the_next_bill(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = new_order_of(household.owner, phone=scripted("32"))
        offer = refunds.offer(orders.get(order.pk, account_id=order.account_id), now=now)
        assert offer
        row = refunds.ask(order, minor=offer.back.money.minor, by=household.owner, now=now)
        assert row.state == "processing"
        told(event(next(iter(operator.charges)), kind="refund-in-bill"))
        messages.process(now=now + SOON)
        row.refresh_from_db()
        assert row.state == "in_bill"
        operator.forward(timedelta(days=40))
        told(event(next(iter(operator.charges)), name="two", kind="refund-completed"))
        messages.process(now=now + 2 * SOON)
        row.refresh_from_db()
        assert (row.state, Lot.objects.get().refunded) == ("succeeded", 10_000_000 * 10**6)
        assert repayments.refresh_due(now=now + 3 * SOON) == 0


class TestOutcomes:
    """An order of each state hears every message, twice, in either order: the books decide, once."""

    @pytest.mark.parametrize("stands", ["placed", "paid", "denied", "canceled", "refunded", "disputed"])
    def test_end_alike_whatever_is_told_how_often(
        self, household: Household, operator: Operator, now: datetime, stands: str
    ) -> None:
        order, reference = self._standing(household, operator, stands, now=now)
        before = self._books(order)
        kinds = ["payment-completed", "payment-denied", "payment-cancelled", "refund-completed", "payment-reserved"]
        for number, kind in enumerate([*kinds, *reversed(kinds)]):
            told(event(reference, name=f"{kind} {number}", kind=kind))
            told(event(reference, name=f"{kind} {number}", kind=kind))
            messages.process(now=now + (number + 1) * SOON)
        assert PaymentMessage.objects.count() == 10
        assert set(PaymentMessage.objects.values_list("state", flat=True)) == {"applied"}
        assert self._books(order) == before

    @staticmethod
    def _standing(household: Household, operator: Operator, stands: str, *, now: datetime) -> tuple[Order, str]:
        if stands in {"placed", "denied", "canceled"}:
            order = order_of(household.owner, phone=ASKED_PHONE)
            reference, charge = next(iter(operator.charges.items()))
            if stands == "denied":
                charge.decide("denied")
            if stands == "canceled":
                orders.cancel(order, by=household.owner, now=now)
            orders.refresh(order, now=now + SOON)
            return order, reference
        order, reference = paid_order(household, operator)
        if stands == "refunded":
            refunds.ask(order, minor=990, by=household.owner, now=now)
        if stands == "disputed":
            operator.charges[reference].status = "denied"
            told(event(reference, name="first", kind="payment-denied"))
            messages.process(now=now + SOON)
            PaymentMessage.objects.all().delete()
        return order, reference

    @staticmethod
    def _books(order: Order) -> object:
        kept = orders.get(order.pk, account_id=order.account_id)
        last = payments.last_of(kept)
        lots = list(Lot.objects.filter(order_id=order.pk).values_list("granted", "available", "refunded", "frozen"))
        assert last
        return (
            kept.state,
            last.state,
            lots,
            list(Dispute.objects.values_list("state", "money_minor")),
            list(Repayment.objects.values_list("state", "amount_minor")),
        )
