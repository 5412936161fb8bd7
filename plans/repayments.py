"""Money that providers pay back: asked for under an id of our own, asked about until it ends, and booked then."""

from datetime import datetime, timedelta
from uuid import uuid5

from django.db import transaction

from accounts import notifications
from accounts.models import Member
from plans import ledger, payment_providers
from plans.models import Payment, Repayment
from plans.models.repayment import MOVES
from plans.payment_providers import base
from plans.payment_providers.base import Denied, Repaid, Unanswered, Unknown
from portal.kit.refusals import gettext_noop
from portal.kit.units import Money

FIRST_ANSWER = timedelta(seconds=12)
PACE = [
    (timedelta(minutes=10), timedelta(seconds=5)),
    (timedelta(days=1), timedelta(minutes=10)),
    (timedelta(days=70), timedelta(hours=12)),
]
"""How long after it was asked for a repayment is asked about how often: the next phone bill may be two months away."""
BATCH = 100
PAID_TWICE = gettext_noop("paid twice")
NEWS = {
    "succeeded": gettext_noop("{amount} of order {number} were paid back."),
    "in_bill": gettext_noop("{amount} of order {number} will be taken off your next phone bill."),
    "denied": gettext_noop(
        "{amount} of order {number} could not be paid back. Your credits are free again; write to us."
    ),
}


def return_surplus(payment: Payment, *, now: datetime) -> None:
    """This will note money that came for an order that was paid otherwise, and let it go back in full.

    The caller holds the transaction in which the payment succeeded.
    """
    ledger.receive(
        ledger.Arrival(
            incoming_id=uuid5(payment.pk, "incoming"),
            money=_paid(payment),
            money_account=payment_providers.money_account(payment.provider),
            dedupe_key=f"payment:{payment.pk}",
            reference=payment.reference or "",
        )
    )
    row = Repayment(
        id=uuid5(payment.pk, "surplus"),
        payment=payment,
        kind=Repayment.Kind.SURPLUS,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        reason=PAID_TWICE,
        asked_at=now,
        check_at=now,
    )
    Repayment.objects.bulk_create([row], ignore_conflicts=True)


def refresh_due(*, now: datetime) -> int:
    """This will ask about every repayment whose time has come, at most a batch, and return how many."""
    due = list(Repayment.objects.due(now=now).select_related("payment__order__account")[:BATCH])
    turns = [row for row in due if take_turn(row, now=now)]
    for row in turns:
        ask(row, now=now)
    return len(turns)


def take_turn(row: Repayment, *, now: datetime) -> bool:
    """This will tell whether it is time to ask about it, and keep others from asking."""
    due = Repayment.objects.due(now=now).filter(pk=row.pk)
    pause = FIRST_ANSWER if row.checked_at is None else _pause(now - row.asked_at)
    return bool(due.update(check_at=now + pause))


def ask(row: Repayment, *, now: datetime) -> None:
    """This will ask the provider to pay back, or where that stands, over the network: outside any transaction."""
    provider = payment_providers.provider(row.payment.provider)
    wanted = _wanted(row)
    try:
        told = provider.find_refund(wanted) if row.checked_at else provider.refund(wanted)
    except Unknown:
        Repayment.objects.filter(pk=row.pk, reference="").update(checked_at=None)  # it never arrived: sent again
        return
    except Unanswered:
        Repayment.objects.filter(pk=row.pk).update(checked_at=now)
        return
    except Denied as denial:
        conclude(row, Repaid("", "denied", wanted.amount), reason=denial.reason, now=now)
        return
    conclude(row, told, reason="", now=now)


@transaction.atomic
def conclude(row: Repayment, told: Repaid, *, reason: str, now: datetime) -> None:
    """This will write down where a repayment stands, and book its end."""
    mine = Repayment.objects.filter(pk=row.pk)
    if told.amount != Money(row.amount_minor, row.currency):
        mine.update(denial_reason=f"amount {told.amount.minor} {told.amount.currency}", checked_at=now)
        return
    changes: dict[str, object] = {"checked_at": now, "denial_reason": reason}
    if told.reference:
        changes["reference"] = told.reference
    is_last = MOVES.is_final(told.state)
    moment = {"ended_at": now} if is_last else {"in_bill_at": now} if told.state == "in_bill" else {}
    movable = mine.filter(state__in=MOVES.before(told.state))
    if told.state == Repayment.State.PROCESSING or not movable.update(state=told.state, **changes, **moment):
        mine.update(**changes)
        return
    if is_last:
        _book(row, succeeded=told.state == "succeeded")
    _tell(row, told.state, now=now)


def note_in_bill(payment: Payment, *, now: datetime) -> None:
    """This will note that what is being paid back of `payment` stands on the next phone bill."""
    for row in Repayment.objects.filter(payment=payment, state=Repayment.State.PROCESSING).exclude(reference=""):
        conclude(row, Repaid(row.reference, "in_bill", Money(row.amount_minor, row.currency)), reason="", now=now)


def _book(row: Repayment, *, succeeded: bool) -> None:
    money_account = payment_providers.money_account(row.payment.provider)
    if row.kind == Repayment.Kind.REFUND:
        ledger.close_refund(row.pk, succeeded=succeeded, money_account=money_account)
    elif succeeded:
        ledger.return_money(
            ledger.Departure(
                outgoing_id=row.pk,
                money=Money(row.amount_minor, row.currency),
                money_account=money_account,
                reason=row.reason,
                by_user_id=None,
                incoming_id=uuid5(row.payment_id, "incoming"),
            )
        )
    else:  # it stays with us, so it is the account's own
        ledger.credit(
            uuid5(row.payment_id, "incoming"),
            account_id=row.payment.order.account_id,
            currency=row.currency,
            by_user_id=None,
            reason=row.reason,
        )


def _tell(row: Repayment, state: str, *, now: datetime) -> None:
    order = row.payment.order
    leaders = [member for member in Member.objects.active().filter(account=order.account_id) if member.leads()]
    notifications.tell(
        leaders,
        kind="repayment",
        sentence=NEWS[state],
        path=f"/billing/orders/{order.pk}/",
        now=now,
        amount=str(Money(row.amount_minor, row.currency)),
        number=order.number,
    )


def _wanted(row: Repayment) -> base.Repayment:
    payment = row.payment
    return base.Repayment(
        id=row.pk,
        charge_id=payment.pk,
        reference=payment.reference or "",
        amount=Money(row.amount_minor, row.currency),
        paid=_paid(payment),
        tax_minor=row.tax_minor,
        reason=row.reason,
    )


def _paid(payment: Payment) -> Money:
    return Money(payment.amount_minor, payment.currency)


def _pause(age: timedelta) -> timedelta:
    for until, pause in PACE:
        if age < until:
            return pause
    return timedelta(days=3650)
