"""How a plan ends, and how an order of its next period is given up."""

from datetime import datetime

from django.db.models import F

from plans.models import Consent, Order, Subscription, SubscriptionPeriod
from plans.models.order import MOVES as ORDER_MOVES
from plans.models.subscription import MOVES
from plans.subscriptions import standing
from portal.kit.refusals import Refusal, gettext_noop


class PaymentUnderWay(Refusal):
    """Money for the next period is being asked for."""

    code = "renewal_payment_under_way"
    status = 409
    sentence = gettext_noop(
        "A payment for your plan is under way. Nothing was changed; please try again once it has ended."
    )


def end(subscription: Subscription, *, reason: str, now: datetime) -> bool:
    """This will end a plan and what was agreed to for it, and tell whether this very write did it."""
    reachable = Subscription.objects.filter(pk=subscription.pk, state__in=MOVES.before("ended"))
    ended = reachable.update(
        state=Subscription.State.ENDED, ended_at=now, end_reason=reason, next_try_at=None, next_version=None
    )
    if ended:
        withdraw(subscription, now=now)
    return bool(ended)


def withdraw(subscription: Subscription, *, now: datetime) -> None:
    """This will note that nobody agrees to renewals any more."""
    given = subscription.consents.filter(subject=Consent.Subject.RENEWAL, withdrawn_at=None)
    given.update(withdrawn_at=now)


def give_up_renewal(subscription: Subscription, *, now: datetime) -> None:
    """This will give up the order of the next period, if there is one; raises `PaymentUnderWay`."""
    if standing.is_being_paid(subscription):
        raise PaymentUnderWay
    waiting = standing.renewals_of(subscription).filter(state__in=ORDER_MOVES.before(Order.State.EXPIRED))
    waiting.update(state=Order.State.EXPIRED, expired_at=now)


def follow_refund(order: Order, *, now: datetime) -> None:
    """This will end the plan whose newest period was paid back; what an upgrade brought renews no more without it."""
    live = Subscription.objects.live().filter(account=order.account_id)
    for subscription in live.filter(periods__order=order, period_number=F("periods__number")):
        end(subscription, reason="refunded", now=now)
    if order.subscription_id and order.period_number and order.kind == Order.Kind.UPGRADE:
        bought = SubscriptionPeriod.objects.filter(subscription=order.subscription_id, number=order.period_number)
        running = live.filter(pk=order.subscription_id, period_number=order.period_number)
        running.update(offering_version=bought.values("order__offering_version")[:1])
