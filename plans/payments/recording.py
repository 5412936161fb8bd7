"""Writing down what a provider's books say of a payment: only forwards, and only what fits it."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from plans.models import Payment
from plans.models.payment import MOVES
from plans.payment_providers.base import Standing
from plans.payments.opening import PACE
from portal.kit.units import Money

if TYPE_CHECKING:
    from plans.payments.asking import Answer


class Outcome(Enum):
    """What one write brought about: nothing, success, an end without money, or a no after it had succeeded."""

    NOTHING = "nothing"
    SUCCEEDED = "succeeded"
    ENDED = "ended"
    REVERSED = "reversed"
    MISMATCH = "mismatch"


def record(payment: Payment, answer: "Answer", *, now: datetime) -> Outcome:
    """This will write the answer down and tell what has just come of it, by this very write.

    Money of another amount, currency, mode or charge than ours is never taken for it, nor is the reference of another
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
        return Outcome.MISMATCH


def note_silence(payment: Payment, *, now: datetime) -> None:
    """This will remember that the provider was asked and said nothing."""
    Payment.objects.filter(pk=payment.pk).open().update(checked_at=now)


def mismatch_of(payment: Payment, told: Standing) -> str:
    """This will say how what the provider told differs from what we asked for, or nothing."""
    if told.amount != Money(payment.amount_minor, payment.currency):
        return f"amount {told.amount.minor} {told.amount.currency}"
    if told.charge_id and told.charge_id != str(payment.pk):
        return f"charge {told.charge_id[:64]}"
    if payment.reference and told.reference != payment.reference:
        return f"reference {told.reference[:64]}"
    if told.mode != payment.mode:
        return f"mode {told.mode[:16]}"
    return ""


def _record(payment: Payment, answer: "Answer", *, now: datetime) -> Outcome:
    mine = Payment.objects.filter(pk=payment.pk)
    told = answer.standing
    changes: dict[str, object] = {"checked_at": now}
    if payment.checked_at is None:
        changes["check_at"] = now + PACE[0][1]
    if told:
        if mismatch := mismatch_of(payment, told):
            if payment.reference is None and told.charge_id == str(payment.pk):
                changes["reference"] = told.reference
            mine.update(mismatch=mismatch, **changes)
            return Outcome.MISMATCH
        changes |= _of_standing(told)
    if answer.state in {"denied", "canceled"} and mine.filter(state="succeeded").update(**changes):
        return Outcome.REVERSED
    changes["mismatch"] = ""
    if not mine.filter(state__in=MOVES.before(answer.state)).update(**changes, **_of_move(answer, now=now)):
        mine.filter(state=answer.state).update(**changes)  # it stands there already: somebody else moved it
        return Outcome.NOTHING
    if not MOVES.is_final(answer.state):
        return Outcome.NOTHING
    return Outcome.SUCCEEDED if answer.state == Payment.State.SUCCEEDED else Outcome.ENDED


def _of_standing(told: Standing) -> dict[str, object]:
    return {
        "reference": told.reference,
        "page_url": told.page_url,
        "code_url": told.code_url,
        "authorization_id": told.authorization_id,
        "refunded_minor": told.refunded_minor,
    }


def _of_move(answer: "Answer", *, now: datetime) -> dict[str, object]:
    columns: dict[str, object] = {"state": answer.state}
    if answer.reason:
        columns["denial_reason"] = answer.reason
    if answer.state != Payment.State.PROCESSING:
        columns[f"{answer.state}_at"] = now
    if MOVES.is_final(answer.state):
        columns["sealed_phone"] = None
    return columns
