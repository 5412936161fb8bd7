"""The periods of a plan: a paid order begins one, grants its credits once, and lets unused ones roll over."""

from dataclasses import replace
from datetime import datetime

from accounts.models import Account
from plans import ledger
from plans.models import Consent, Lot, Order, PaymentMethod, Subscription, SubscriptionPeriod
from plans.subscriptions import endings, standing
from portal.kit.periods import Cycle, Period
from portal.kit.units import Microcredits

HUNDRED = 100


def begin_period(order: Order, bought: ledger.Grant, *, method: PaymentMethod | None, now: datetime) -> None:
    """This will begin what a paid order of a plan pays for; the caller holds the transaction.

    `bought` is its lot, whose key, beginning and end are set here. A first purchase begins a subscription, a renewal
    its next period, an upgrade adds to the period that runs. Money that came too late for that brings its credits all
    the same.
    """
    Account.objects.select_for_update(no_key=True).get(pk=order.account_id)  # two purchases begin one plan
    rows = Subscription.objects.live().filter(account=order.account_id).select_related("offering_version", "account")
    live = rows.select_for_update(of=("self",)).first()
    if live and order.kind == Order.Kind.PURCHASE and order.price_minor and not live.offering_version.price_minor:
        endings.end(live, reason="replaced", now=now)
        live = None
    if order.kind == Order.Kind.UPGRADE:
        _add(order, bought, live, now=now)
    elif live is None:
        _start(order, bought, method=method, now=now)
    elif order.kind == Order.Kind.RENEWAL and _is_next(order, live):
        _renew(live, order, bought, method=method, now=now)
    else:
        _grant_apart(order, bought, now=now)


def _is_next(order: Order, live: Subscription) -> bool:
    return order.subscription_id == live.pk and order.period_number == live.period_number + 1


def _start(order: Order, bought: ledger.Grant, *, method: PaymentMethod | None, now: datetime) -> None:
    """Without a consent to renewals it ends with the period."""
    agreed = Consent.objects.filter(order=order, subject=Consent.Subject.RENEWAL, withdrawn_at=None)
    cycle, period = _anew(order, number=1, now=now)
    subscription = Subscription(
        account=order.account,
        offering_version=order.offering_version,
        method=method,
        anchor_at=cycle.anchor_at,
        anchor_number=cycle.first,
        started_at=now,
        period_number=1,
        period_starts_at=period.active_from,
        period_ends_at=period.active_to,
        cancel_asked_at=None if agreed.exists() else now,
    )
    subscription.next_try_at = standing.looked_at(subscription)
    Subscription.objects.bulk_create([subscription])
    agreed.update(subscription=subscription)
    _grant(subscription, order, bought)


def _renew(
    subscription: Subscription, order: Order, bought: ledger.Grant, *, method: PaymentMethod | None, now: datetime
) -> None:
    version, number = order.offering_version, subscription.period_number + 1
    starts_at = standing.next_begins_at(subscription, now=now)
    if starts_at == subscription.period_ends_at and standing.is_alike(version, subscription.offering_version):
        cycle = _cycle_of(subscription)
        period = Period(starts_at, cycle.period(number).active_to)
    elif starts_at == subscription.period_ends_at:
        cycle = standing.cycle(version, order.account, anchor_at=starts_at, first=number)
        period = cycle.period(number)
    else:
        cycle, period = _anew(order, number=number, now=now)
    _roll_over(subscription, cycle)
    is_asked = subscription.paused_at and subscription.state != Subscription.State.PAUSED
    standing.put(
        subscription,
        state=Subscription.State.ACTIVE,
        offering_version=version,
        next_version=None,
        method=subscription.method or method,
        anchor_at=cycle.anchor_at,
        anchor_number=cycle.first,
        period_number=number,
        period_starts_at=period.active_from,
        period_ends_at=period.active_to,
        paused_at=period.active_to if is_asked else None,
        tries=0,
    )
    standing.put(subscription, next_try_at=standing.looked_at(subscription))
    _grant(subscription, order, bought)


def _add(order: Order, bought: ledger.Grant, live: Subscription | None, *, now: datetime) -> None:
    """What an upgrade brings ends with the period that it was bought for, even where that is over."""
    key = f"upgrade:{order.pk}"
    if live is None or live.pk != order.subscription_id:
        _grant_apart(order, bought, now=now, key=key)
        return
    running = live.period_number == order.period_number and now < live.period_ends_at
    if not running:
        standing.put(live, next_version=order.offering_version)
        _grant_apart(order, bought, now=now, key=key)
        return
    if order.offering_version.price_minor > live.offering_version.price_minor:
        standing.put(live, offering_version=order.offering_version, next_version=None)
    ledger.grant(replace(bought, dedupe_key=key, effective_at=live.period_starts_at, expires_at=live.period_ends_at))


def _grant(subscription: Subscription, order: Order, bought: ledger.Grant) -> None:
    granted = ledger.grant(
        replace(
            bought,
            dedupe_key=f"period:{subscription.pk}:{subscription.period_number}",
            effective_at=subscription.period_starts_at,
            expires_at=subscription.period_ends_at,
        )
    )
    SubscriptionPeriod.objects.create(
        subscription=subscription,
        number=subscription.period_number,
        starts_at=subscription.period_starts_at,
        ends_at=subscription.period_ends_at,
        order=order,
        lot_id=granted.lot_id,
    )


def _grant_apart(order: Order, bought: ledger.Grant, *, now: datetime, key: str = "") -> None:
    """Money without a period: it came for a plan that has ended, or for a second one. It is good for a cycle."""
    cycle = standing.cycle(order.offering_version, order.account, anchor_at=now)
    ends_at = (cycle.period(1) if cycle.first_share() == 1 else cycle.period(2)).active_to
    ledger.grant(replace(bought, dedupe_key=key or f"order:{order.pk}", effective_at=None, expires_at=ends_at))


def _anew(order: Order, *, number: int, now: datetime) -> tuple[Cycle, Period]:
    """A part of a month counts from the day on which it was priced; paid in the next month, it is all of that.

    A whole price is never for a part, where the terms have parts: the rest of the month comes on top.
    """
    version = order.offering_version
    is_part = order.microcredits < version.microcredits
    cycle = standing.cycle(version, order.account, anchor_at=order.placed_at if is_part else now, first=number)
    is_whole = version.prorates_first and not is_part and cycle.first_share() < 1
    if is_whole or cycle.period(number).active_to <= now:
        cycle = replace(cycle, first=number - 1)
    period = cycle.period(number)
    return cycle, Period(min(period.active_from, now), period.active_to)


def _cycle_of(subscription: Subscription) -> Cycle:
    return standing.cycle(
        subscription.offering_version,
        subscription.account,
        anchor_at=subscription.anchor_at,
        first=subscription.anchor_number,
    )


def _roll_over(subscription: Subscription, cycle: Cycle) -> None:
    """What is left above the part that rolls over stays usable until the period ends, and is drawn first."""
    version, number = subscription.offering_version, subscription.period_number
    if not version.rollover_percent or not version.rollover_cycles:
        return
    upgrades = Order.objects.filter(
        subscription=subscription, kind=Order.Kind.UPGRADE, period_number=number, state=Order.State.PAID
    )
    keys = [f"period:{subscription.pk}:{number}", *(f"upgrade:{pk}" for pk in upgrades.values_list("pk", flat=True))]
    lots = Lot.objects.filter(account=subscription.account_id, dedupe_key__in=keys).order_by("pk")
    ends_at = cycle.period(number + version.rollover_cycles).active_to
    ledger.roll_over(
        [
            ledger.PeriodEnd(
                lot_id=lot.pk,
                account_id=lot.account_id,
                cap=Microcredits(lot.granted * version.rollover_percent // HUNDRED),
                name=lot.name,
                expires_at=ends_at,
                dedupe_key=f"rollover:{lot.pk}",
                keeps_rest=True,
            )
            for lot in lots
        ]
    )
