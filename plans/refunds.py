"""Refunds of orders: in one tap while untouched, by the terms' rule for what is unspent, and by staff with a reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from accounts import audit
from accounts.models import Member, User
from plans import ledger, repayments, subscriptions
from plans.models import Lot, Order, Payment, Repayment
from plans.orders import check_buyer
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits

PERCENT = 100
UNTOUCHED = gettext_noop("untouched")
UNSPENT = gettext_noop("the unspent part")


class Rule(Enum):
    """By what right money goes back: nothing was used, or the terms say so of what is unspent."""

    UNTOUCHED = "untouched"
    UNSPENT = "unspent"


@dataclass(frozen=True)
class Offer:
    """What would be paid back now, by which rule and until when: what happens equals it if nothing is used by then."""

    rule: Rule
    lot_id: int
    back: ledger.Refundable
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Plea:
    """What staff want paid back of an order, and why; without credits all that is unspent."""

    order: Order
    reason: str
    by: User
    microcredits: Microcredits | None = None


class NotByTerms(Refusal):
    """The terms of this purchase give nothing back, or not any more."""

    code = "not_refundable_by_terms"
    status = 409
    sentence = gettext_noop(
        "By the terms of this purchase nothing is paid back any more. If something went wrong, write to us."
    )


class OtherAmount(Refusal):
    """Something was used since the page was shown."""

    code = "refund_changed"
    status = 409
    sentence = gettext_noop("Credits were used meanwhile, so the amount is another one. Please look at it once more.")


class SamePerson(Refusal):
    """Whoever asked for it may not agree to it."""

    code = "same_person"
    status = 403
    sentence = gettext_noop("A refund of this size takes two people. Ask a colleague to agree.")


def of_order(order: Order) -> list[Repayment]:
    """This will return what was, is or will be paid back of an order, the newest first."""
    return list(Repayment.objects.of_order(order.pk).exclude(state__in=["waiting", "declined"]))


def offer(order: Order, *, now: datetime) -> Offer | None:
    """This will tell what the account may have back now by itself, if anything."""
    lot = _lot(order)
    if lot is None or _payment(order) is None:
        return None
    rule, until = _rule(order, lot, now=now)
    if rule is None or now >= until:
        return None
    try:
        return Offer(rule, lot.pk, ledger.refund_preview(lot.pk), until)
    except ledger.NotRefundable:
        return None


def ask(order: Order, *, minor: int, by: Member, now: datetime) -> Repayment:
    """This will freeze what is unspent and ask the provider to pay `minor` units back, as the preview showed.

    Asked twice it is one refund. Raises `NotByTerms`, `OtherAmount`.
    """
    check_buyer(by)
    offered = offer(order, now=now)
    if offered is None:
        return _asked_before(order)
    reason = UNTOUCHED if offered.rule is Rule.UNTOUCHED else UNSPENT
    row = _open(Plea(order=order, reason=reason, by=by.user), now=now, minor=minor)
    return _send(row, now=now)


def preview(order: Order, *, microcredits: Microcredits | None = None) -> ledger.Refundable:
    """This will tell what staff would pay back, and change nothing. Raises `NotByTerms`, `ledger.NotRefundable`."""
    lot = _lot(order)
    if lot is None or _payment(order) is None:
        raise NotByTerms
    return ledger.refund_preview(lot.pk, microcredits=microcredits)


def plead(plea: Plea, *, now: datetime) -> Repayment:
    """This will pay back what staff ask for; what is above a limit in a day waits for a second person.

    Raises `NotByTerms` when nothing was paid, and `ledger.NotRefundable`.
    """
    back = preview(plea.order, microcredits=plea.microcredits)
    with transaction.atomic():
        is_large = _asked_in_a_day(plea.by, now=now) + back.money.minor > settings.REFUND_ALONE_MINOR
        row = _wait(plea, back, now=now) if is_large else _open(plea, now=now, minor=back.money.minor)
        audit.record(
            "refund.ask",
            subject=plea.order.number,
            account=plea.order.account,
            by=plea.by,
            now=now,
            reason=plea.reason,
            amount_minor=back.money.minor,
        )
    return row if is_large else _send(row, now=now)


def decide(row: Repayment, *, agreed: bool, by: User, reason: str, now: datetime) -> Repayment:
    """This will carry out or decline what waits for a second person. Raises `SamePerson`, `ledger.NotRefundable`."""
    if row.asked_by == by.pk:
        raise SamePerson
    with transaction.atomic():
        waiting = Repayment.objects.filter(pk=row.pk, state=Repayment.State.WAITING)
        if agreed:
            moved = waiting.update(state="processing", decided_by=by.pk, check_at=now)
        else:
            moved = waiting.update(state="declined", decided_by=by.pk, ended_at=now)
        if not moved:
            return Repayment.objects.get(pk=row.pk)
        if agreed:
            _freeze(row, by=by, now=now)
        verb = "refund.agree" if agreed else "refund.decline"
        audit.record(verb, subject=str(row.pk), account=row.payment.order.account, by=by, now=now, reason=reason)
    return _send(row, now=now) if agreed else Repayment.objects.get(pk=row.pk)


@transaction.atomic
def _open(plea: Plea, *, minor: int, now: datetime) -> Repayment:
    """The lot is frozen before the provider is asked, under the same id: after a crash in between it is asked later."""
    lot = _lot(plea.order)
    assert lot is not None
    refund_id = _next_id(plea.order)
    back = ledger.open_refund(
        refund_id, lot_id=lot.pk, reason=plea.reason, by_user_id=plea.by.pk, microcredits=plea.microcredits
    )
    if back.money.minor != minor:
        raise OtherAmount
    row = _row(plea, refund_id, back, now=now)
    Repayment.objects.bulk_create([row], ignore_conflicts=True)
    _end_plan(row, plea.order, now=now)
    return row


def _asked_in_a_day(by: User, *, now: datetime) -> int:
    """What one of the staff had paid back, however it is split; their row is held, so that two at once are counted."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    asked = Repayment.objects.counted().filter(asked_by=by.pk, decided_by=None, asked_at__gt=now - timedelta(days=1))
    return int(asked.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def _wait(plea: Plea, back: ledger.Refundable, *, now: datetime) -> Repayment:
    row = _row(plea, _next_id(plea.order), back, now=now)
    row.state = Repayment.State.WAITING
    Repayment.objects.bulk_create([row], ignore_conflicts=True)
    return row


def _freeze(row: Repayment, *, by: User, now: datetime) -> None:
    assert row.lot_id is not None
    credits = Microcredits(row.microcredits) if row.microcredits else None
    back = ledger.open_refund(row.pk, lot_id=row.lot_id, reason=row.reason, by_user_id=by.pk, microcredits=credits)
    Repayment.objects.filter(pk=row.pk).update(amount_minor=back.money.minor, tax_minor=back.tax_minor)
    _end_plan(row, row.payment.order, now=now)


def _end_plan(row: Repayment, order: Order, *, now: datetime) -> None:
    """Whoever gets all that is left of a period back has given the plan back; a part of it is a favor."""
    lot = _lot(order)
    if lot is not None and (lot.pk, lot.available) == (row.lot_id, row.microcredits):
        subscriptions.follow_refund(order, now=now)


def _send(row: Repayment, *, now: datetime) -> Repayment:
    kept = Repayment.objects.select_related("payment__order__account").get(pk=row.pk)
    if repayments.take_turn(kept, now=now):
        repayments.ask(kept, now=now)
    return Repayment.objects.get(pk=row.pk)


def _asked_before(order: Order) -> Repayment:
    """A second click finds what the first one brought about."""
    known = Repayment.objects.of_order(order.pk).counted().filter(kind=Repayment.Kind.REFUND).first()
    if known is None:
        raise NotByTerms
    return known


def _row(plea: Plea, refund_id: UUID, back: ledger.Refundable, *, now: datetime) -> Repayment:
    lot, payment = _lot(plea.order), _payment(plea.order)
    assert lot is not None
    assert payment is not None
    return Repayment(
        id=refund_id,
        payment=payment,
        lot_id=lot.pk,
        microcredits=back.microcredits,
        amount_minor=back.money.minor,
        tax_minor=back.tax_minor,
        currency=back.money.currency,
        reason=plea.reason,
        asked_by=plea.by.pk,
        asked_at=now,
        check_at=now,
    )


def _rule(order: Order, lot: Lot, *, now: datetime) -> tuple[Rule | None, datetime]:
    """All of a lot that nothing was taken from, also not for an older debt; else what the terms leave of the rest."""
    version, paid_at = order.offering_version, order.paid_at
    assert paid_at is not None
    in_one_tap = paid_at + timedelta(hours=version.refund_hours)
    if lot.available == lot.granted and not lot.repaid and now < in_one_tap:
        return Rule.UNTOUCHED, in_one_tap
    used = lot.granted - lot.available
    is_allowed = version.refund_days and used * PERCENT <= lot.granted * version.refund_most_used_percent
    return Rule.UNSPENT if is_allowed else None, paid_at + timedelta(days=version.refund_days)


def _lot(order: Order) -> Lot | None:
    """What was paid for; of what rolled over nothing goes back."""
    if order.paid_at is None:
        return None
    paid = Lot.objects.filter(order_id=order.pk, unit_price__isnull=False, source__in=["plan", "topup"])
    return paid.order_by("pk").first()


def _payment(order: Order) -> Payment | None:
    mine = Payment.objects.filter(order=order, state=Payment.State.SUCCEEDED)
    return mine.exclude(repayments__kind=Repayment.Kind.SURPLUS).order_by("succeeded_at").first()


def _next_id(order: Order) -> UUID:
    """Two clicks at once make one refund; after one that failed the next is another."""
    return uuid5(order.pk, f"refund:{Repayment.objects.of_order(order.pk).count()}")
