"""The orders of a plan that goes on: its next period, and the difference to a bigger plan."""

from datetime import datetime

from accounts.models import Member
from plans import orders, payments, subscriptions
from plans.models import Consent, OfferingVersion, Order, Payment, Subscription
from plans.models.order import MOVES


def place_renewal(subscription: Subscription, *, waits_until: datetime, now: datetime) -> tuple[Order, bool]:
    """This will return the one order of the next period, and whether it was placed just now."""
    due = subscriptions.due_next(subscription, now=now)
    asked = orders.Due(
        kind=Order.Kind.RENEWAL,
        period_number=subscription.period_number + 1,
        version=subscription.next_version or subscription.offering_version,
        price_minor=due.price_minor,
        microcredits=due.microcredits,
        expires_at=waits_until,
    )
    order = orders.place_for(subscription, asked, by=payer(subscription), now=now)
    return order, order.pk == asked.order_id


def place_upgrade(
    subscription: Subscription, version: OfferingVersion, *, due: subscriptions.Due, by: Member, now: datetime
) -> Order:
    """This will return the order that pays `due`; the caller holds the plan. Other upgrades that wait are given up.

    Raises `subscriptions.PaymentUnderWay`.
    """
    made = Order.objects.of_account(subscription.account_id).filter(
        subscription=subscription, kind=Order.Kind.UPGRADE, period_number=subscription.period_number
    )
    same = made.filter(offering_version=version, price_minor=due.price_minor, microcredits=due.microcredits)
    if waiting := same.filter(state__in=[Order.State.PLACED, Order.State.DENIED]).first():
        return waiting
    if Payment.objects.open().filter(order__in=made).exists():
        raise subscriptions.PaymentUnderWay
    made.filter(state__in=MOVES.before("expired")).update(state=Order.State.EXPIRED, expired_at=now)
    asked = orders.Due(
        kind=Order.Kind.UPGRADE,
        period_number=subscription.period_number,
        version=version,
        price_minor=due.price_minor,
        microcredits=due.microcredits,
        expires_at=min(now + orders.OPEN_FOR, subscription.period_ends_at),
    )
    return orders.place_for(subscription, asked, by=by, now=now)


def pay(order: Order, subscription: Subscription, *, by: Member, now: datetime) -> None:
    """This will ask for the money by the plan's stored way to pay, if it has one; `by` is there to type a code."""
    if subscription.method and order.state in {Order.State.PLACED, Order.State.DENIED}:
        means = payments.Means(subscription.method.provider, method=subscription.method)
        orders.pay(order, means=means, by=by, now=now)


def payer(subscription: Subscription) -> Member:
    """This will return in whose name a period is ordered: who agreed to it last, else an owner."""
    agreed = subscription.consents.filter(subject=Consent.Subject.RENEWAL, given_by__left_at=None)
    newest = agreed.select_related("given_by__user").order_by("-given_at", "-pk").first()
    return newest.given_by if newest and newest.given_by else subscriptions.leaders(subscription)[0]
