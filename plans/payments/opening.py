"""The beginning of a payment: who is asked for how much in which way, and when it is asked about again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.models import Member
from plans import methods, payment_providers
from plans.models import Order, Payment, PaymentMethod
from portal.kit import fields
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Money

FIRST_ANSWER = timedelta(seconds=12)
"""Nobody else asks while the first request may still be under way."""
MOST_UNPAID_A_PHONE = 5
PHONE_SPAN = timedelta(hours=1)
"""A phone is asked to pay so often in so long, by whichever account: its owner may be a stranger to all of them."""
MOST_CODES = 3
"""So many wrong codes end a payment, whatever the provider allows."""
WATCHED_FOR = timedelta(days=3)
LOST_AFTER = timedelta(minutes=10)
PACE = [
    (timedelta(minutes=2), timedelta(seconds=1)),
    (timedelta(minutes=30), timedelta(seconds=15)),
    (timedelta(hours=3), timedelta(minutes=2)),
    (WATCHED_FOR, timedelta(minutes=30)),
]
"""How long after its beginning a payment is asked about how often; then only staff ask."""


@dataclass(frozen=True)
class Means:
    """How an order is to be paid: through whom, and for a phone bill the number (E.164) or the stored line.

    `is_alone` says that nobody is there to type a code, as when a plan renews by itself.
    """

    provider: str
    phone: str = ""
    method: PaymentMethod | None = None
    is_alone: bool = False

    @property
    def number(self) -> str:
        """The phone that pays, or nothing."""
        return methods.phone_of(self.method) if self.method and not self.phone else self.phone


class PhoneAskedEnough(Refusal):
    """The phone was asked to pay again and again, and did not."""

    code = "phone_asked_enough"
    status = 429
    sentence = gettext_noop(
        "This phone was asked to pay several times within an hour and did not. Nothing was ordered; "
        "please try again in an hour, or use another number."
    )


def check_phone(phone: str, *, order_id: UUID, now: datetime) -> None:
    """This will refuse to trouble a phone (E.164) once more, but for an order sent twice; raises `PhoneAskedEnough`."""
    unpaid = Payment.objects.unpaid_since(now - PHONE_SPAN).filter(phone_digest=methods.digest_of(phone))
    if unpaid.exclude(order=order_id).count() >= MOST_UNPAID_A_PHONE:
        raise PhoneAskedEnough


@transaction.atomic
def open_for(order: Order, *, means: Means, by: Member, now: datetime) -> tuple[Payment, bool]:
    """This will write down how `order` is to be paid, and whether this is new; the caller holds the account's row.

    Whoever comes second, by a double click or a second tab, gets the payment that is there. Raises
    `payment_providers.NoWayToPay`, `methods.OverCeiling`, `methods.TooManyMethods`.
    """
    payment_providers.provider(means.provider)
    there = Payment.objects.alive().filter(order=order).first()
    if there:
        return there, False
    payment = Payment(
        id=uuid4(),
        order=order,
        provider=means.provider,
        mode=payment_providers.mode(means.provider),
        amount_minor=order.price_minor,
        currency=order.currency,
        created_at=now,
        check_at=now + FIRST_ANSWER,
    )
    if means.number:
        _by_phone(payment, means, by=by, now=now)
    Payment.objects.bulk_create([payment], ignore_conflicts=True)
    standing = Payment.objects.alive().select_related("method").get(order=order)
    standing.order = order
    return standing, standing.id == payment.id


def matches(payment: Payment, means: Means) -> bool:
    """This will tell whether `payment` already asks in this way."""
    return payment.provider == means.provider and (
        not means.number or payment.phone_digest == methods.digest_of(means.number)
    )


def leave(payment: Payment, *, now: datetime) -> None:
    """This will let the order go another way: what this payment still brings is delivered, or else goes back."""
    Payment.objects.open().filter(pk=payment.pk, left_at=None).update(left_at=now)
    payment.left_at = payment.left_at or now


def take_turn(payment: Payment, *, now: datetime) -> bool:
    """This will tell whether it is time to ask about `payment`, and keep others from asking."""
    due = Payment.objects.due(now=now).filter(pk=payment.pk)
    return bool(due.update(check_at=now + _pause(now - payment.created_at)))


def last_of(order: Order) -> Payment | None:
    """This will return what paid `order`, else the newest attempt to."""
    attempts = Payment.objects.filter(order=order).select_related("method")
    return attempts.order_by(F("succeeded_at").asc(nulls_last=True), "-created_at", "-pk").first()


def phone_of(payment: Payment) -> str:
    """This will return the full number of an open payment, and nothing once it has ended."""
    if payment.sealed_phone is None:
        return ""
    sealed = bytes(payment.sealed_phone)
    return fields.unseal(sealed, keys=settings.FIELD_KEYS, place=_place(payment.pk)).decode()


def _by_phone(payment: Payment, means: Means, *, by: Member, now: datetime) -> None:
    phone = means.number
    method = means.method or methods.remember(
        payment.order.account, provider=means.provider, phone=phone, by=by, now=now
    )
    amount = Money(payment.amount_minor, payment.currency)
    methods.check_ceiling(method, amount=amount, now=now)
    payment.method = method
    payment.asks_code = not means.is_alone and methods.needs_code(method, amount_minor=amount.minor)
    payment.phone_last_four = phone[-4:]
    payment.phone_digest = methods.digest_of(phone)
    payment.sealed_phone = fields.seal(phone.encode(), key=settings.FIELD_KEYS[0], place=_place(payment.id))


def _pause(age: timedelta) -> timedelta:
    for until, pause in PACE:
        if age < until:
            return pause
    return timedelta(days=3650)


def _place(payment_id: UUID) -> str:
    return f"payment:{payment_id}"
