"""Whether a plan goes on: it is canceled and taken back, it rests and is taken up again, it is paid another way."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import Member, User
from plans import consents, methods, orders, plan_news, plan_orders, subscriptions
from plans.models import Consent, Order, Subscription
from portal.kit.refusals import Refusal, gettext_noop


class NotNow(Refusal):
    """What was asked does not fit to how the plan stands."""

    code = "plan_stands_otherwise"
    status = 409
    sentence = gettext_noop("Your plan has changed meanwhile. Nothing was done; look at it once more.")


@transaction.atomic
def cancel(subscription: Subscription, *, by: Member, now: datetime) -> None:
    """This will let the plan end with the period that is paid, or now where none is; what is left stays usable.

    A payment for the next period that is under way may still bring that period, which is then the last. Raises
    `orders.MayNotBuy`, `subscriptions.NoPlan` and `NotNow`.
    """
    plan = _held(subscription, by=by)
    if plan.cancel_asked_at:
        raise NotNow
    if not subscriptions.is_being_paid(plan):
        subscriptions.give_up_renewal(plan, now=now)
    subscriptions.withdraw(plan, now=now)
    audit.record("plan.cancel", subject=str(plan), account=plan.account, by=by.user, now=now)
    if now >= plan.period_ends_at and not subscriptions.is_being_paid(plan):
        subscriptions.end(plan, reason="canceled", now=now)
        return
    _put(plan, now=now, cancel_asked_at=now, paused_at=None, next_version=None)


@transaction.atomic
def go_on(subscription: Subscription, *, by: Member, now: datetime) -> None:
    """This will take back that the plan ends, or that it will rest; whoever does agrees to renewals anew.

    Raises `orders.MayNotBuy`, `subscriptions.NoPlan` and `NotNow`.
    """
    plan = _held(subscription, by=by)
    if plan.state != Subscription.State.ACTIVE or not (plan.cancel_asked_at or plan.paused_at):
        raise NotNow
    if plan.cancel_asked_at:
        text = consents.renewal_text(plan.offering_version)
        consents.agree(text, subject=Consent.Subject.RENEWAL, by=by, now=now, subscription=plan)
    _put(plan, now=now, cancel_asked_at=None, paused_at=None)
    audit.record("plan.go_on", subject=str(plan), account=plan.account, by=by.user, now=now)


@transaction.atomic
def pause(subscription: Subscription, *, by: Member, now: datetime) -> None:
    """This will let the plan rest from the end of the period that is paid on; it can be taken up for three months.

    Raises `orders.MayNotBuy`, `subscriptions.NoPlan`, `subscriptions.PaymentUnderWay` and `NotNow`.
    """
    plan = _held(subscription, by=by)
    if plan.state != Subscription.State.ACTIVE or plan.cancel_asked_at or plan.paused_at:
        raise NotNow
    subscriptions.give_up_renewal(plan, now=now)
    _put(plan, now=now, paused_at=plan.period_ends_at)
    audit.record("plan.pause", subject=str(plan), account=plan.account, by=by.user, now=now)


def take_up(subscription: Subscription, *, by: Member, now: datetime) -> Order:
    """This will order a new period for a plan that rests, and ask for its money where a way to pay is stored.

    The period begins when it is paid. Raises `orders.MayNotBuy`, `subscriptions.NoPlan`, `NotNow` and what paying
    refuses.
    """
    orders.check_buyer(by)
    if subscription.account_id != by.account_id or subscription.state != Subscription.State.PAUSED:
        raise NotNow
    order, _ = plan_orders.place_renewal(subscription, waits_until=now + orders.OPEN_FOR, now=now)
    plan_orders.pay(order, subscription, by=by, now=now)
    return order


@transaction.atomic
def pay_by(subscription: Subscription, *, method_id: int | None, by: Member, now: datetime) -> None:
    """This will let the next charges go to another stored way to pay or, without one, send an order to pay each time.

    Raises `orders.MayNotBuy`, `subscriptions.NoPlan` and `methods.NoSuchMethod`.
    """
    plan = _held(subscription, by=by)
    method = methods.get(method_id, account_id=plan.account_id) if method_id else None
    subscriptions.put(plan, method=method)
    if plan.state == Subscription.State.GRACE:
        subscriptions.put(plan, next_try_at=now)  # what waits is charged that way at once
    label = method.label if method else ""
    audit.record("plan.pay_by", subject=str(plan), account=plan.account, by=by.user, now=now, method=label)


@transaction.atomic
def stop(subscription: Subscription, *, by: User, reason: str, now: datetime) -> None:
    """This will end the plan now, as staff; what is left of its credits stays usable.

    Raises `subscriptions.NoPlan` and `subscriptions.PaymentUnderWay`.
    """
    plan = subscriptions.locked(subscription)
    subscriptions.give_up_renewal(plan, now=now)
    subscriptions.end(plan, reason="staff", now=now)
    plan_news.tell_ended(plan, reason="staff", now=now)
    audit.record("plan.stop", subject=str(plan), account=plan.account, by=by, now=now, reason=reason)


@transaction.atomic
def restore(subscription: Subscription, *, by: User, reason: str, now: datetime) -> None:
    """This will take back, as staff, that the plan ends or is going to rest.

    Nobody agreed to charges after a cancellation, so its next periods are paid by hand. Raises `subscriptions.NoPlan`
    and `NotNow`.
    """
    plan = subscriptions.locked(subscription)
    if plan.state != Subscription.State.ACTIVE or not (plan.cancel_asked_at or plan.paused_at):
        raise NotNow
    method = None if plan.cancel_asked_at else plan.method
    _put(plan, now=now, cancel_asked_at=None, paused_at=None, method=method)
    audit.record("plan.restore", subject=str(plan), account=plan.account, by=by, now=now, reason=reason)


@transaction.atomic
def look_now(subscription: Subscription, *, by: User, reason: str, now: datetime) -> None:
    """This will let the timetable look at the plan at once, as staff: a charge that was declined is tried again.

    Raises `subscriptions.NoPlan` and, for a plan that rests, `NotNow`.
    """
    plan = subscriptions.locked(subscription)
    if plan.state == Subscription.State.PAUSED:
        raise NotNow
    subscriptions.put(plan, next_try_at=now)
    audit.record("plan.look_now", subject=str(plan), account=plan.account, by=by, now=now, reason=reason)


def _held(subscription: Subscription, *, by: Member) -> Subscription:
    orders.check_buyer(by)
    plan = subscriptions.locked(subscription)
    if plan.account_id != by.account_id:
        raise subscriptions.NoPlan
    return plan


def _put(plan: Subscription, *, now: datetime, **changes: object) -> None:
    subscriptions.put(plan, **changes)
    subscriptions.put(plan, next_try_at=max(now, subscriptions.looked_at(plan)))
