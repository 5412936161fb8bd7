"""What an order makes of what a provider says: paid once, denied, or money that has to go back."""

from datetime import datetime

from django.db import transaction

from accounts.models import Account
from plans import deliveries, ledger, methods, payment_providers, payments, repayments, setbacks
from plans.models import Order, Payment
from plans.models.order import MOVES
from plans.payment_providers.base import Standing, Unanswered
from plans.payments import Outcome
from portal.kit.units import Money


def ask(payment: Payment, *, now: datetime) -> None:
    """This will ask about a payment and draw the conclusions; when nobody answers, it is asked again later."""
    try:
        follow(payment, now=now)
    except Unanswered:
        payments.note_silence(payment, now=now)


def follow(payment: Payment, *, now: datetime) -> Outcome:
    """This will ask about a payment, draw the conclusions and tell them; raises `Unanswered`."""
    return conclude(payment, payments.ask(payment, is_wanted=_is_wanted(payment), now=now), now=now)


@transaction.atomic
def conclude(payment: Payment, answer: payments.Answer, *, now: datetime) -> Outcome:
    """This will write down what the provider says and do what follows from it, in one transaction.

    Whoever changes orders and payments locks their account first, then the order, then payments.
    """
    Account.objects.select_for_update(no_key=True).get(pk=payment.order.account_id)
    outcome = payments.record(payment, answer, now=now)
    if outcome is Outcome.SUCCEEDED:
        _fulfill(payment, now=now)
    elif outcome is Outcome.ENDED:
        _deny(payment, state=answer.state, now=now)
    elif outcome is Outcome.REVERSED:
        setbacks.dispute_reversal(payment, state=answer.state)
    if answer.standing and outcome in {Outcome.SUCCEEDED, Outcome.NOTHING} and answer.state == Payment.State.SUCCEEDED:
        _book_fee(payment, answer.standing)
        setbacks.apply(payment, answer.standing, now=now)
    return outcome


def _book_fee(payment: Payment, told: Standing) -> None:
    """What the provider keeps of it, which it may tell only later."""
    if told.fee_minor:
        fee = Money(told.fee_minor, payment.currency)
        money_account = payment_providers.money_account(payment.provider)
        ledger.book_fee(fee, money_account=money_account, dedupe_key=f"payment:{payment.pk}")


def _is_wanted(payment: Payment) -> bool:
    return payment.left_at is None and Order.objects.filter(pk=payment.order_id, state=Order.State.PLACED).exists()


def _fulfill(payment: Payment, *, now: datetime) -> None:
    """Of two payments of one order the first delivers it; the other one's money goes back."""
    orders = Order.objects.select_related("account", "offering_version__offering")
    order = orders.select_for_update(of=("self",), no_key=True).get(pk=payment.order_id)
    if order.state not in MOVES.before("paid"):
        repayments.return_surplus(payment, now=now)
        return
    deliveries.deliver(order, payment, now=now)
    Payment.objects.open().filter(order=order, left_at=None).exclude(pk=payment.pk).update(left_at=now)
    if payment.method_id:
        methods.confirm(payment.method_id, now=now)


def _deny(payment: Payment, *, state: str, now: datetime) -> None:
    """A payment that was left says nothing about the order; nor does one of an order that was given up."""
    if payment.left_at is not None:
        return
    waiting = Order.objects.filter(pk=payment.order_id, state__in=MOVES.before("denied"))
    if waiting.update(state=Order.State.DENIED, denied_at=now) and state == Payment.State.CANCELED:
        Payment.objects.filter(pk=payment.pk, denial_reason="").update(denial_reason="timeout")
