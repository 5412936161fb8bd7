"""Renewals: a reminder before each charge, the charge, days of grace after a no, and the end of what is not paid.

The timetable looks at each plan when its time has come. Whoever looks takes a turn first, so that two of them do
nothing twice; who dies in between leaves it to the next one after some minutes. What must never happen twice has a key
of its own: the order of a period, the payment of an order, the lot of a period.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from plans import orders, plan_news, plan_orders, subscriptions
from plans.models import Consent, Order, Payment, Subscription
from plans.models.subscription import MOVES
from portal.kit.refusals import Refusal

BATCH = 200
TURN = timedelta(minutes=5)
TRY_EVERY = timedelta(days=1)
NOTICE_AT_LEAST = timedelta(days=1)
"""A reminder that came late puts the charge off: nobody is charged without having been told a day before."""


def run(*, now: datetime) -> int:
    """This will look at the plans whose time has come, at most a batch, and return how many there were."""
    due = list(Subscription.objects.due(now=now)[:BATCH])
    return sum(_look(subscription, now=now) for subscription in due)


def _look(seen: Subscription, *, now: datetime) -> bool:
    turn = Subscription.objects.live().filter(pk=seen.pk, next_try_at=seen.next_try_at)
    if not turn.update(next_try_at=now + TURN):
        return False
    rows = Subscription.objects.of_account(seen.account_id).select_related("next_version__offering")
    subscription = rows.get(pk=seen.pk)
    if subscription.state == Subscription.State.PAUSED:
        _wake(subscription, now=now)
    elif now < subscription.period_ends_at and (subscription.cancel_asked_at or subscription.paused_at):
        _look_again(subscription, at=subscription.period_ends_at, now=now)
    elif subscription.cancel_asked_at:
        _end(subscription, reason="canceled", now=now)
    elif subscription.paused_at:
        _pause(subscription, now=now)
    else:
        _go_on(subscription, now=now)
    return True


def _go_on(subscription: Subscription, *, now: datetime) -> None:
    if now >= subscription.period_ends_at:
        over = Subscription.objects.filter(pk=subscription.pk, period_number=subscription.period_number)
        over.filter(state__in=MOVES.before("grace")).update(state=Subscription.State.GRACE)
    if subscription.reminded_period > subscription.period_number:
        _renew(subscription, now=now)
    elif now < (due_at := subscriptions.looked_at(subscription)):
        _look_again(subscription, at=due_at, now=now)
    else:
        _remind(subscription, now=now)


@transaction.atomic
def _remind(subscription: Subscription, *, now: datetime) -> None:
    charged_at = max(subscription.period_ends_at - subscriptions.CHARGED_BEFORE, now + NOTICE_AT_LEAST)
    plan_news.remind(subscription, charged_at=charged_at, now=now)
    _look_again(subscription, at=charged_at, now=now)


def _renew(subscription: Subscription, *, now: datetime) -> None:
    until = subscriptions.payable_until(subscription, now=now)
    if subscriptions.is_being_paid(subscription):
        _look_again(subscription, at=now + TURN, now=now)
    elif _was_refused(subscription):
        _take_as_no(subscription, now=now)
    elif now >= until:
        _end(subscription, reason="lapsed", now=now)
    else:
        order, is_new = plan_orders.place_renewal(subscription, waits_until=until, now=now)
        if subscription.method is None:
            _wait(subscription, order, is_new=is_new, now=now)
        elif _has_declined(subscription, order):
            _put_off(subscription, order, now=now)
        else:
            _charge(subscription, order, now=now)


def _was_refused(subscription: Subscription) -> bool:
    """This will tell whether the order of the next period was canceled by hand, and nobody agreed to renewals since."""
    agreed = subscription.consents.filter(subject=Consent.Subject.RENEWAL).aggregate(last=Max("given_at"))["last"]
    refused = subscriptions.renewals_of(subscription).filter(state=Order.State.CANCELED)
    return refused.filter(canceled_at__gt=agreed or subscription.started_at).exists()


@transaction.atomic
def _take_as_no(subscription: Subscription, *, now: datetime) -> None:
    """Whoever cancels the order of the next period wants none."""
    turn = Subscription.objects.live().filter(pk=subscription.pk, next_try_at=now + TURN)
    if turn.update(cancel_asked_at=now, next_version=None, next_try_at=max(now, subscription.period_ends_at)):
        subscriptions.withdraw(subscription, now=now)


def _wait(subscription: Subscription, order: Order, *, is_new: bool, now: datetime) -> None:
    """Nothing can be charged: who pays each period by hand is told when the order comes, and once it is late."""
    is_late = now >= subscription.period_ends_at
    with transaction.atomic():
        at = order.expires_at if is_late else subscription.period_ends_at
        if _look_again(subscription, at=at, now=now) and (is_new or is_late):
            plan_news.tell_waiting(subscription, order, now=now)


def _charge(subscription: Subscription, order: Order, *, now: datetime) -> None:
    """A refusal, such as that of the month's ceiling, is a no like that of the operator."""
    assert subscription.method is not None
    try:
        orders.charge(order, method=subscription.method, by=order.placed_by, now=now)
    except Refusal:
        _put_off(subscription, order, now=now)
        return
    if _has_declined(subscription, order):
        _put_off(subscription, order, now=now)
    else:
        _look_again(subscription, at=now + TURN, now=now)


def _has_declined(subscription: Subscription, order: Order) -> bool:
    """This will tell whether there was a no that nobody was told of yet."""
    return _declined(order) > subscription.tries and not subscriptions.is_being_paid(subscription)


def _declined(order: Order) -> int:
    ended = [Payment.State.DENIED, Payment.State.CANCELED]
    of_period = Payment.objects.filter(
        order__subscription=order.subscription_id, order__kind=order.kind, order__period_number=order.period_number
    )
    return of_period.filter(state__in=ended).count()


@transaction.atomic
def _put_off(subscription: Subscription, order: Order, *, now: datetime) -> None:
    at = now + TRY_EVERY
    if now < subscription.period_ends_at:
        at = min(at, subscription.period_ends_at)
    if _look_again(subscription, at=min(at, order.expires_at), now=now):
        Subscription.objects.filter(pk=subscription.pk).update(tries=_declined(order))
        plan_news.tell_declined(subscription, order, now=now)


@transaction.atomic
def _pause(subscription: Subscription, *, now: datetime) -> None:
    until = subscription.period_ends_at + subscriptions.MOST_PAUSED
    reachable = Subscription.objects.filter(pk=subscription.pk, state__in=MOVES.before("paused"))
    if reachable.filter(paused_at=subscription.paused_at).update(state="paused", next_try_at=until):
        plan_news.tell_paused(subscription, until=until, now=now)


def _wake(subscription: Subscription, *, now: datetime) -> None:
    if subscriptions.is_being_paid(subscription):
        _look_again(subscription, at=now + TURN, now=now)
    else:
        _end(subscription, reason="paused_too_long", now=now)


@transaction.atomic
def _end(subscription: Subscription, *, reason: str, now: datetime) -> None:
    if subscriptions.is_being_paid(subscription):
        _look_again(subscription, at=now + TURN, now=now)
        return
    subscriptions.give_up_renewal(subscription, now=now)
    if subscriptions.end(subscription, reason=reason, now=now):
        plan_news.tell_ended(subscription, reason=reason, now=now)


def _look_again(subscription: Subscription, *, at: datetime, now: datetime) -> bool:
    """This will give the turn back, unless something else happened to the plan meanwhile, and tell whether it did."""
    turn = Subscription.objects.live().filter(pk=subscription.pk, next_try_at=now + TURN)
    return bool(turn.update(next_try_at=at))
