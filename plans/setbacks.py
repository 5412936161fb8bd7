"""What providers take back on their own: a no after it had succeeded, disputes, and refunds made outside the portal."""

from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Sum

from accounts import audit
from accounts.models import Account, User
from plans import ledger, payment_providers
from plans.models import Dispute, Lot, Payment, Repayment
from plans.payment_providers.base import Disputed, Standing, Unanswered
from portal.kit.units import Microcredits

REVERSED = "the provider says {state} after it had succeeded"
DISPUTED = "disputed by the payer"
OUTSIDE = "paid back by the provider"


class NotYet(Unanswered):
    """The books cannot follow before open calls or refunds have ended: try again then."""


def dispute_reversal(payment: Payment, *, state: str) -> None:
    """This will treat a payment that is denied or canceled after it had succeeded as disputed: its lots are frozen."""
    _open(uuid5(payment.pk, "reversal"), payment, minor=_kept(payment), reason=REVERSED.format(state=state))


def apply(payment: Payment, told: Standing, *, now: datetime) -> None:
    """This will follow what the provider's books say was paid back or is disputed; twice is once.

    The caller holds the transaction. Raises `NotYet`.
    """
    if payment.repayments.filter(kind=Repayment.Kind.SURPLUS).exists():
        return  # nothing was granted for it, and all of it goes back
    known = payment.repayments.counted().aggregate(sum=Sum("amount_minor"))["sum"] or 0
    if told.refunded_minor > known:
        _refund(payment, minor=told.refunded_minor - known, so_far=told.refunded_minor, now=now)
    if told.disputed:
        _dispute(payment, told.disputed)


def decide(dispute: Dispute, *, lost: bool, by: User, reason: str, now: datetime) -> str:
    """This will end a dispute as staff found out; answers as `ledger.close_dispute` does."""
    payment = (
        Payment.objects.filter(order=dispute.order_id, state=Payment.State.SUCCEEDED).order_by("succeeded_at").first()
    )
    assert payment is not None
    money_account = payment_providers.money_account(payment.provider)
    with transaction.atomic():
        outcome = ledger.close_dispute(dispute.pk, lost=lost, money_account=money_account)
        if outcome == "ok":
            verb = "dispute.lost" if lost else "dispute.won"
            account = Account.objects.get(pk=dispute.account_id)
            audit.record(verb, subject=str(dispute.pk), account=account, by=by, now=now, reason=reason)
    return outcome


def _refund(payment: Payment, *, minor: int, so_far: int, now: datetime) -> None:
    """What is unspent goes back as a refund; for the rest the account owes."""
    refund_id = uuid5(payment.pk, f"outside:{so_far}")
    lot_id, back = _refund_unspent(refund_id, payment, minor=minor)
    Repayment.objects.create(
        id=refund_id,
        payment=payment,
        kind=Repayment.Kind.OUTSIDE,
        lot_id=lot_id,
        amount_minor=minor,
        currency=payment.currency,
        state=Repayment.State.SUCCEEDED,
        reason=OUTSIDE,
        asked_at=now,
        check_at=now,
        ended_at=now,
    )
    if back < minor:
        dispute_id = uuid5(payment.pk, f"outside rest:{so_far}")
        _open(dispute_id, payment, minor=minor - back, reason=OUTSIDE)
        _close(dispute_id, payment, lost=True, fee_minor=0)


def _refund_unspent(refund_id: UUID, payment: Payment, *, minor: int) -> tuple[int | None, int]:
    lot = Lot.objects.filter(order_id=payment.order_id, unit_price__isnull=False).order_by("pk").first()
    if lot is None:
        return None, 0
    try:
        credits = _worth(lot, minor)
        opened = ledger.open_refund(refund_id, lot_id=lot.pk, reason=OUTSIDE, by_user_id=None, microcredits=credits)
    except ledger.NotRefundable:
        return None, 0
    money_account = payment_providers.money_account(payment.provider)
    ledger.close_refund(refund_id, succeeded=True, money_account=money_account)
    return lot.pk, opened.money.minor


def _worth(lot: Lot, minor: int) -> Microcredits:
    """The fewest credits of the lot whose refund is `minor`, or all that is left; a search by halves, for rounding."""
    least, most = 1, lot.available
    if most < 1 or ledger.refund_preview(lot.pk).money.minor <= minor:
        return Microcredits(max(most, 1))
    while least < most:
        middle = (least + most) // 2
        if _worth_of(lot, middle) >= minor:
            most = middle
        else:
            least = middle + 1
    return Microcredits(most)


def _worth_of(lot: Lot, microcredits: int) -> int:
    try:
        return ledger.refund_preview(lot.pk, microcredits=Microcredits(microcredits)).money.minor
    except ledger.NotRefundable:
        return 0


def _dispute(payment: Payment, told: Disputed) -> None:
    dispute_id = uuid5(payment.pk, f"dispute:{told.reference}")
    known = Dispute.objects.filter(pk=dispute_id).first()
    if known is None and told.state != "won":
        _open(dispute_id, payment, minor=told.amount.minor, reason=DISPUTED)
    if told.state in {"won", "lost"}:
        _close(dispute_id, payment, lost=told.state == "lost", fee_minor=told.fee_minor)


def _open(dispute_id: UUID, payment: Payment, *, minor: int, reason: str) -> None:
    if minor <= 0 or Dispute.objects.filter(pk=dispute_id).exists():
        return
    try:
        ledger.open_dispute(dispute_id, order_id=payment.order_id, money_minor=minor, reason=reason, by_user_id=None)
    except ledger.NotDisputable as refusal:
        mismatch = f"{reason}: {minor} {payment.currency} ({refusal.details['outcome']})"
        Payment.objects.filter(pk=payment.pk).update(mismatch=mismatch[:200])


def _close(dispute_id: UUID, payment: Payment, *, lost: bool, fee_minor: int) -> None:
    money_account = payment_providers.money_account(payment.provider)
    outcome = ledger.close_dispute(dispute_id, lost=lost, money_account=money_account, fee_minor=fee_minor)
    if outcome in {"open_calls", "open_refund"}:
        raise NotYet(outcome)


def _kept(payment: Payment) -> int:
    """What of the payment was neither paid back nor disputed so far."""
    back = payment.repayments.counted().aggregate(sum=Sum("amount_minor"))["sum"] or 0
    disputed = Dispute.objects.filter(order_id=payment.order_id).exclude(state=Dispute.State.WON)
    return int(payment.amount_minor - back - (disputed.aggregate(sum=Sum("money_minor"))["sum"] or 0))
