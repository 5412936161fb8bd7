"""Where a plan stands: which one goes on, when it is looked at again, and which orders pay its next period."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Min, QuerySet

from accounts.models import Account, Member
from plans.models import OfferingVersion, Order, Payment, Subscription
from portal.kit.periods import Cycle
from portal.kit.refusals import Refusal, gettext_noop

REMINDED_BEFORE = timedelta(days=3)
CHARGED_BEFORE = timedelta(days=1)
MOST_PAUSED = timedelta(days=92)


class NoPlan(Refusal):
    """The account has no plan that goes on."""

    code = "no_plan"
    status = 404
    sentence = gettext_noop("Your account has no running plan. Choose one from the plans page.")


class AlreadySubscribed(Refusal):
    """An account has one plan at a time; another one is a change of it."""

    code = "already_subscribed"
    status = 409
    sentence = gettext_noop(
        "Your account has a running plan already. Nothing was ordered; change it under Billing, Your plan."
    )


def live_of(account_id: int) -> Subscription:
    """This will return the account's plan that goes on, with its terms at hand; raises `NoPlan`."""
    found = Subscription.objects.live().of_account(account_id).select_related("next_version__offering").first()
    if found is None:
        raise NoPlan
    return found


def locked(subscription: Subscription) -> Subscription:
    """This will return the plan as it stands now, for who changes it in this transaction; raises `NoPlan`."""
    rows = Subscription.objects.live().select_related("account", "offering_version__offering", "next_version")
    found = rows.select_for_update(of=("self",)).filter(pk=subscription.pk).first()
    if found is None:
        raise NoPlan
    return found


def put(subscription: Subscription, **changes: object) -> None:
    """This will write `changes` to a plan that the caller holds (`locked`), and to the object at hand."""
    held = Subscription.objects.live().filter(pk=subscription.pk)
    assert held.update(**changes) == 1, f"subscription {subscription.pk} ended while it was held"
    for name, value in changes.items():
        setattr(subscription, name, value)


def check_none(account_id: int) -> None:
    """This will refuse a second plan beside one that was paid for and goes on; raises `AlreadySubscribed`."""
    if has_paid_one(account_id):
        raise AlreadySubscribed


def has_paid_one(account_id: int) -> bool:
    """This will tell whether the account has a plan that costs something: one for nothing makes room for another."""
    return Subscription.objects.live().filter(account=account_id, offering_version__price_minor__gt=0).exists()


def leaders(subscription: Subscription) -> list[Member]:
    """This will return who is told about the plan: the owners and bill payers."""
    roles = [Member.Role.OWNER, Member.Role.BILL_PAYER]
    people = Member.objects.active().filter(account=subscription.account_id, role__in=roles)
    return list(people.select_related("user").order_by("joined_at", "pk"))


def renewals_of(subscription: Subscription) -> QuerySet[Order]:
    """This will ask for the orders of the period after the one that is paid, given up or not."""
    following = subscription.period_number + 1
    return Order.objects.filter(subscription=subscription, kind=Order.Kind.RENEWAL, period_number=following)


def is_being_paid(subscription: Subscription) -> bool:
    """This will tell whether money for the next period may still come, even for an order that was given up."""
    return Payment.objects.open().filter(order__in=renewals_of(subscription)).exists()


def payable_until(subscription: Subscription, *, now: datetime) -> datetime:
    """This will return until when the next period can be paid: some days of grace after the end of this one.

    They count from when it was first asked for, where that was late.
    """
    asked_at = renewals_of(subscription).aggregate(first=Min("placed_at"))["first"] or now
    grace = timedelta(days=subscription.offering_version.grace_days)
    return max(subscription.period_ends_at, asked_at + CHARGED_BEFORE) + grace


def looked_at(subscription: Subscription) -> datetime:
    """This will return when something is to be done about a plan whose period runs: a reminder, a charge, its end."""
    ends_at = subscription.period_ends_at
    if subscription.cancel_asked_at or subscription.paused_at:
        return ends_at
    reminded = subscription.reminded_period > subscription.period_number
    before = CHARGED_BEFORE if reminded else REMINDED_BEFORE
    return max(subscription.period_starts_at, ends_at - before)


def next_begins_at(subscription: Subscription, *, now: datetime) -> datetime:
    """This will return when a next period begins that is paid `now`: where the last one ended, or now after a gap.

    There is a gap after a pause, and after more days than the terms give for paying.
    """
    ends_at = subscription.period_ends_at
    has_rested = subscription.state == Subscription.State.PAUSED
    is_in_time = now < ends_at + timedelta(days=subscription.offering_version.grace_days)
    return now if has_rested or not is_in_time else ends_at


def cycle(version: OfferingVersion, account: Account, *, anchor_at: datetime, first: int = 1) -> Cycle:
    """This will return how periods follow each other under the terms of `version`, in the account's zone."""
    return Cycle(
        anchor_at=anchor_at,
        zone=ZoneInfo(account.time_zone),
        months=version.valid_months,
        days=version.valid_days,
        is_calendar=version.cycle == OfferingVersion.Cycle.CALENDAR,
        first=first,
    )


def is_alike(one: OfferingVersion, other: OfferingVersion) -> bool:
    """This will tell whether periods under both terms are of the same length and begin alike."""
    return (one.valid_months, one.valid_days, one.cycle) == (other.valid_months, other.valid_days, other.cycle)
