"""Payments: what we ask a provider for, and what its books say about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from plans import payment_providers
from plans.models import Order, Payment
from plans.models.payment import MOVES
from plans.payment_providers.base import Charge, Denied, Standing, Unanswered, Unknown
from portal.kit import fields
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Money

FIRST_ANSWER = timedelta(seconds=12)
"""Nobody else asks while the first request may still be under way."""
MOST_UNPAID_A_PHONE = 5
PHONE_SPAN = timedelta(hours=1)
"""A phone is asked to pay so often in so long, by whichever account: its owner may be a stranger to all of them."""
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
class Answer:
    """What the provider's books say: a standing, or a clear no with a reason."""

    state: str
    standing: Standing | None
    reason: str = ""


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
    unpaid = Payment.objects.unpaid_since(now - PHONE_SPAN).filter(phone_digest=_digest(phone))
    if unpaid.exclude(order=order_id).count() >= MOST_UNPAID_A_PHONE:
        raise PhoneAskedEnough


def open_for(order: Order, *, phone: str, now: datetime) -> tuple[Payment, bool]:
    """This will write down that the bill of `phone` (E.164) is to pay `order`, and whether this is new.

    Whoever comes second, by a double click or a second tab, gets the payment that is there.
    """
    payment_providers.provider(payment_providers.CARRIER_BILLING)
    payment = Payment(
        id=uuid4(),
        order=order,
        provider=payment_providers.CARRIER_BILLING,
        amount_minor=order.price_minor,
        currency=order.currency,
        phone_last_four=phone[-4:],
        phone_digest=_digest(phone),
        created_at=now,
        check_at=now + FIRST_ANSWER,
    )
    payment.sealed_phone = fields.seal(phone.encode(), key=settings.FIELD_KEYS[0], place=_place(payment.id))
    Payment.objects.bulk_create([payment], ignore_conflicts=True)
    standing = Payment.objects.alive().get(order=order)
    return standing, standing.id == payment.id


def take_turn(payment: Payment, *, now: datetime) -> bool:
    """This will tell whether it is time to ask about `payment`, and keep others from asking."""
    due = Payment.objects.due(now=now).filter(pk=payment.pk)
    return bool(due.update(check_at=now + _pause(now - payment.created_at)))


def ask(payment: Payment, *, is_wanted: bool, now: datetime) -> Answer:
    """This will ask the provider where `payment` stands, over the network and so outside any transaction.

    A payment whose answer was lost is looked for under its own id. Only if it never arrived and is still
    wanted, it is sent again, under the same id. Raises `Unanswered` when nothing is known.
    """
    provider = payment_providers.provider(payment.provider)
    try:
        if payment.reference:
            return _answer(provider.query(payment.reference))
        if payment.checked_at is None and is_wanted:
            return _answer(provider.begin(_charge(payment)))
        return _answer(provider.find(payment.pk))
    except Denied as denial:
        return Answer("denied", None, denial.reason)
    except Unknown as error:
        if payment.reference or (not is_wanted and now < payment.created_at + LOST_AFTER):
            raise Unanswered from error
        return _send_again(payment) if is_wanted else Answer("canceled", None)


def record(payment: Payment, answer: Answer, *, now: datetime) -> bool:
    """This will write the answer down and tell whether `payment` has just succeeded, by this very write.

    Money of another amount, currency or charge than ours is never taken for it, nor is the reference of another
    payment: this one stays open with the mismatch written on it, for staff.
    """
    try:
        with transaction.atomic():
            return _record(payment, answer, now=now)
    except IntegrityError as error:
        if answer.standing is None or "payment_reference_once" not in str(error):
            raise
        mismatch = f"reference of another payment: {answer.standing.reference[:64]}"
        Payment.objects.filter(pk=payment.pk).open().update(mismatch=mismatch, checked_at=now)
        return False


def note_silence(payment: Payment, *, now: datetime) -> None:
    """This will remember that the provider was asked and said nothing."""
    Payment.objects.filter(pk=payment.pk).open().update(checked_at=now)


def last_of(order: Order) -> Payment | None:
    """This will return the newest attempt to pay `order`, if there was one."""
    return Payment.objects.filter(order=order).order_by("-created_at", "-pk").first()


def phone_of(payment: Payment) -> str:
    """This will return the full number of an open payment, and nothing once it has ended."""
    if payment.sealed_phone is None:
        return ""
    sealed = bytes(payment.sealed_phone)
    return fields.unseal(sealed, keys=settings.FIELD_KEYS, place=_place(payment.pk)).decode()


def _record(payment: Payment, answer: Answer, *, now: datetime) -> bool:
    told = answer.standing
    changes: dict[str, object] = {"checked_at": now}
    if payment.checked_at is None:
        changes["check_at"] = now + PACE[0][1]
    if told:
        changes["reference"] = told.reference
        if mismatch := _mismatch(payment, told):
            Payment.objects.filter(pk=payment.pk).open().update(mismatch=mismatch, **changes)
            return False
    if answer.state == payment.state:
        Payment.objects.filter(pk=payment.pk).open().update(**changes)
        return False
    changes |= {"state": answer.state, "mismatch": "", "denial_reason": answer.reason}
    if answer.state != Payment.State.PROCESSING:
        changes[f"{answer.state}_at"] = now
    if MOVES.is_final(answer.state):
        changes["sealed_phone"] = None
    reachable = Payment.objects.filter(pk=payment.pk, state__in=MOVES.before(answer.state))
    return bool(reachable.update(**changes)) and answer.state == Payment.State.SUCCEEDED


def _answer(standing: Standing) -> Answer:
    return Answer(standing.state, standing, "denied" if standing.state == "denied" else "")


def _send_again(payment: Payment) -> Answer:
    try:
        return _answer(payment_providers.provider(payment.provider).begin(_charge(payment)))
    except Denied as denial:
        return Answer("denied", None, denial.reason)
    except Unknown as error:
        raise Unanswered from error


def _charge(payment: Payment) -> Charge:
    version = payment.order.offering_version
    return Charge(
        id=payment.pk,
        reference_code=payment.order.number,
        phone=phone_of(payment),
        amount=Money(payment.amount_minor, payment.currency),
        description=f"{settings.SITE_NAME} {version.name}",
        product=version.offering.slug,
    )


def _mismatch(payment: Payment, told: Standing) -> str:
    if told.amount != Money(payment.amount_minor, payment.currency):
        return f"amount {told.amount.minor} {told.amount.currency}"
    if told.charge_id and told.charge_id != str(payment.pk):
        return f"charge {told.charge_id[:64]}"
    if payment.reference and told.reference != payment.reference:
        return f"reference {told.reference[:64]}"
    return ""


def _digest(phone: str) -> str:
    """Tells one number from another after the number itself is gone."""
    return salted_hmac("plans.payments", phone, algorithm="sha256").hexdigest()


def _pause(age: timedelta) -> timedelta:
    for until, pause in PACE:
        if age < until:
            return pause
    return timedelta(days=3650)


def _place(payment_id: UUID) -> str:
    return f"payment:{payment_id}"
