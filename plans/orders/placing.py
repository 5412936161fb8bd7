"""Placing an order: the one place where its price, its tax and its credits are decided."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Count, Q

from accounts.models import Account, Member
from plans import eligibility, subscriptions
from plans.models import Offering, OfferingVersion, Order, Subscription
from plans.orders.refusals import TooManyBegun, TooManyWaiting
from plans.orders.wishes import check_buyer, get
from portal.kit.units import tax_inside

OPEN_FOR = timedelta(minutes=30)
MOST_WAITING = 10
MOST_UNPAID = 12
UNPAID_SPAN = timedelta(hours=1)
"""An account begins so many orders in so long that nobody pays: each of them rings a phone."""


@dataclass(frozen=True, kw_only=True)
class Due:
    """What a standing plan owes: the renewal of a period, or the difference that an upgrade costs in one.

    The price is in minor units of the version's currency, tax included; credits are the version's unless given.
    """

    kind: str
    period_number: int
    version: OfferingVersion
    price_minor: int
    microcredits: int | None = None
    expires_at: datetime | None = None
    order_id: UUID = field(default_factory=uuid4)


@transaction.atomic
def place(version: OfferingVersion, *, order_id: UUID, by: Member, now: datetime) -> Order:
    """This will write down a promise to buy `version` at its price, and return the one that is there already.

    Raises `MayNotBuy`, `TooManyWaiting`, `TooManyBegun`, `NotYours`, `subscriptions.AlreadySubscribed` for a second
    plan, and the refusals of `eligibility.take`.
    """
    check_buyer(by)
    Account.objects.select_for_update(no_key=True).get(pk=by.account_id)  # else many at once all count too few
    _check_unpaid(by.account_id, but=order_id, now=now)
    if version.offering.kind != Offering.Kind.PACK and not Order.objects.filter(pk=order_id).exists():
        subscriptions.check_none(by.account_id)
    due = subscriptions.due_first(version, by.account, now=now)
    order = _priced(version, price_minor=due.price_minor, by=by, now=now)
    order.id, order.microcredits = order_id, due.microcredits
    Order.objects.bulk_create([order], ignore_conflicts=True)
    placed = get(order_id, account_id=by.account_id)
    eligibility.take(placed, now=now)
    return placed


@transaction.atomic
def place_for(subscription: Subscription, due: Due, *, by: Member, now: datetime) -> Order:
    """This will write down what a standing plan owes, in the name of `by`, and return the one that is there already.

    A period is renewed by one order, which may be paid another way after a denial. It waits until `due.expires_at`,
    else as long as any order.
    """
    order = _priced(due.version, price_minor=due.price_minor, by=by, now=now)
    order.id = due.order_id
    order.account_id = subscription.account_id
    order.kind = due.kind
    order.subscription = subscription
    order.period_number = due.period_number
    order.microcredits = due.version.microcredits if due.microcredits is None else due.microcredits
    order.expires_at = due.expires_at or order.expires_at
    Order.objects.bulk_create([order], ignore_conflicts=True)
    mine = Order.objects.of_account(subscription.account_id)
    if due.kind == Order.Kind.RENEWAL:
        given_up = [Order.State.CANCELED, Order.State.EXPIRED]
        return mine.exclude(state__in=given_up).get(
            subscription=subscription, period_number=due.period_number, kind=due.kind
        )
    placed = get(due.order_id, account_id=subscription.account_id)
    eligibility.take(placed, now=now)
    return placed


def _priced(version: OfferingVersion, *, price_minor: int, by: Member, now: datetime) -> Order:
    return Order(
        account_id=by.account_id,
        placed_by=by,
        offering_version=version,
        price_minor=price_minor,
        tax_minor=tax_inside(price_minor, basis_points=version.tax_basis_points),
        currency=version.currency,
        microcredits=version.microcredits,
        placed_at=now,
        expires_at=now + OPEN_FOR,
    )


def _check_unpaid(account_id: int, *, but: UUID, now: datetime) -> None:
    bought = Order.objects.filter(account_id=account_id, kind=Order.Kind.PURCHASE)
    counted = bought.exclude(pk=but).aggregate(
        waiting=Count("pk", filter=Q(state=Order.State.PLACED)),
        begun=Count("pk", filter=Q(placed_at__gt=now - UNPAID_SPAN) & ~Q(state=Order.State.PAID)),
    )
    if counted["waiting"] >= MOST_WAITING:
        raise TooManyWaiting
    if counted["begun"] >= MOST_UNPAID:
        raise TooManyBegun
