"""The inbox of providers: stored as it came, answered at once, and done only after asking what the books say."""

import contextlib
import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from plans import orders, payment_providers, payments, repayments
from plans.models import Payment, PaymentMessage
from plans.payment_providers.base import Event, Forged, Message, Unanswered, Unknown
from portal.kit import fields
from portal.kit.refusals import Refusal, gettext_noop

LARGEST_BYTES = 262_144
MOST_FORGED_AN_HOUR = 100
"""More forged messages of a provider are answered and not stored: a flood fills no disk."""
BATCH = 100
WAITS_AT_MOST = timedelta(days=3)
ALARM_AFTER = timedelta(minutes=15)
PACE = [
    (timedelta(minutes=1), timedelta(seconds=5)),
    (timedelta(minutes=15), timedelta(minutes=1)),
    (WAITS_AT_MOST, timedelta(minutes=20)),
]
"""How long after it came a message is tried again how often."""

logger = logging.getLogger(__name__)


class NotGenuine(Refusal):
    """The message is not from the provider."""

    code = "message_not_genuine"
    status = 401
    sentence = gettext_noop("This message does not come from the provider.")


@dataclass(frozen=True)
class _End:
    state: str
    note: str = ""
    payment: Payment | None = None


def receive(provider: str, message: Message) -> None:
    """This will store a message of `provider` once, and do nothing else; a forged one too, within bounds.

    Raises `payment_providers.NoWayToPay` where nobody could tell it from a forged one, and `NotGenuine`.
    """
    if not payment_providers.hears(provider):
        raise payment_providers.NoWayToPay
    try:
        event = payment_providers.provider(provider).read(message)
    except Forged:
        _keep_forged(provider, message)
        raise NotGenuine from None
    _store(provider, message, event)


def process(*, now: datetime) -> int:
    """This will do what the waiting messages bring about, at most a batch, and return how many were looked at."""
    due = list(PaymentMessage.objects.due(now=now)[:BATCH])
    turns = [row for row in due if _take_turn(row, now=now)]
    for row in turns:
        _process(row, now=now)
    late = PaymentMessage.objects.filter(state="waiting", received_at__lt=now - ALARM_AFTER).count()
    if late and turns:
        logger.critical("%d messages of payment providers wait for more than %s", late, ALARM_AFTER)
    return len(turns)


def body_of(row: PaymentMessage) -> bytes:
    """This will return a message's body as it came."""
    return fields.unseal(bytes(row.sealed_body), keys=settings.FIELD_KEYS, place=_place(row.provider, row.event_id))


def _process(row: PaymentMessage, *, now: datetime) -> None:
    try:
        end = _applied(row, now=now)
    except Unanswered:
        if now - row.received_at < WAITS_AT_MOST:
            return
        end = _End(PaymentMessage.State.MISMATCH, "the provider did not answer")
    if end.state == PaymentMessage.State.MISMATCH:
        logger.critical("message %s of %s does not fit: %s", row.pk, row.provider, end.note)
    waiting = PaymentMessage.objects.filter(pk=row.pk, state=PaymentMessage.State.WAITING)
    waiting.update(state=end.state, note=end.note[:200], payment=end.payment, ended_at=now)


def _applied(row: PaymentMessage, *, now: datetime) -> _End:
    """Whatever a message says, what the provider's books say decides."""
    payment = _payment(row) or _asked_for(row)
    if payment is None:
        return _unknown(row)
    outcome = orders.follow(payment, now=now)
    if row.is_in_bill:
        repayments.note_in_bill(payment, now=now)
    for repayment in payment.repayments.counted().exclude(ended_at__isnull=False):
        repayments.ask(repayment, now=now)
    if outcome is payments.Outcome.MISMATCH:
        mismatch = Payment.objects.values_list("mismatch", flat=True).get(pk=payment.pk)
        return _End(PaymentMessage.State.MISMATCH, mismatch, payment)
    return _End(PaymentMessage.State.APPLIED, "" if outcome is payments.Outcome.NOTHING else outcome.value, payment)


def _payment(row: PaymentMessage) -> Payment | None:
    """A message speaks of payments of its own provider alone, whatever it names."""
    mine = _named(row).filter(provider=row.provider).select_related("order__offering_version__offering")
    return mine.order_by("created_at").first()


def _asked_for(row: PaymentMessage) -> Payment | None:
    """What a bank disputes goes by a name that only the provider can tell us the payment of."""
    if row.charge_id or not row.reference or _named(row).exists():
        return None
    try:
        told = payment_providers.provider(row.provider).query(row.reference)
    except Unknown:
        return None
    mine = Payment.objects.filter(provider=row.provider, reference=told.reference)
    return mine.select_related("order__offering_version__offering").first()


def _named(row: PaymentMessage) -> QuerySet[Payment]:
    named = Q(reference=row.reference) if row.reference else Q()
    with contextlib.suppress(ValueError):
        named |= Q(pk=UUID(row.charge_id))
    return Payment.objects.filter(named) if named else Payment.objects.none()


def _unknown(row: PaymentMessage) -> _End:
    """A payment whose first answer was lost does not know its reference yet: then it is too early to tell."""
    if _named(row).exists():
        return _End(PaymentMessage.State.MISMATCH, "a payment of another provider")
    if Payment.objects.open().filter(provider=row.provider, reference=None).exists():
        raise Unanswered(row.reference)
    return _End(PaymentMessage.State.IGNORED, "no payment of ours")


def _take_turn(row: PaymentMessage, *, now: datetime) -> bool:
    age = now - row.received_at
    pause = next((pause for until, pause in PACE if age < until), PACE[-1][1])
    due = PaymentMessage.objects.due(now=now).filter(pk=row.pk)
    return bool(due.update(next_at=now + pause, tries=row.tries + 1))


def _keep_forged(provider: str, message: Message) -> None:
    since = message.received_at - timedelta(hours=1)
    forged = PaymentMessage.objects.filter(provider=provider, state=PaymentMessage.State.FORGED)
    if forged.filter(received_at__gt=since).count() < MOST_FORGED_AN_HOUR:
        name = f"forged:{hashlib.sha256(message.body).hexdigest()}"
        _store(provider, message, Event(name, "", ""), is_forged=True)


def _store(provider: str, message: Message, event: Event, *, is_forged: bool = False) -> None:
    place = _place(provider, event.event_id)
    row = PaymentMessage(
        provider=provider,
        event_id=event.event_id,
        received_at=message.received_at,
        sealed_body=fields.seal(message.body, key=settings.FIELD_KEYS[0], place=place),
        reference=event.reference[:128],
        charge_id=event.charge_id[:64],
        is_in_bill=event.is_in_bill,
        state=PaymentMessage.State.FORGED if is_forged else PaymentMessage.State.WAITING,
        next_at=message.received_at,
        ended_at=message.received_at if is_forged else None,
    )
    PaymentMessage.objects.bulk_create([row], ignore_conflicts=True)


def _place(provider: str, event_id: str) -> str:
    return f"payment message:{provider}:{event_id}"
