"""What a period costs and what it grants."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account
from plans.models import OfferingVersion, Subscription
from plans.subscriptions import standing
from portal.kit.units import Microcredits, divide_up


@dataclass(frozen=True)
class Due:
    """The price of a period, tax inside, and the credits that it grants."""

    price_minor: int
    microcredits: Microcredits


def due_first(version: OfferingVersion, account: Account, *, now: datetime) -> Due:
    """This will return what the first period is when it begins now: a part of a whole one, where the terms say so.

    The price is rounded down, the credits up.
    """
    if not version.prorates_first:
        return _whole(version)
    share = standing.cycle(version, account, anchor_at=now).first_share()
    return Due(
        version.price_minor * share.numerator // share.denominator,
        Microcredits(divide_up(version.microcredits * share.numerator, share.denominator)),
    )


def due_now(subscription: Subscription, version: OfferingVersion) -> Due:
    """This will return what the period that is paid would have been under `version`."""
    if subscription.period_number > subscription.anchor_number:
        return _whole(version)
    return due_first(version, subscription.account, now=subscription.anchor_at)


def due_next(subscription: Subscription, *, now: datetime) -> Due:
    """This will return what the next period is, under the terms that it begins with."""
    version = subscription.next_version or subscription.offering_version
    begins_at = standing.next_begins_at(subscription, now=now)
    is_following = begins_at == subscription.period_ends_at
    if is_following and standing.is_alike(version, subscription.offering_version):
        return _whole(version)
    return due_first(version, subscription.account, now=begins_at)


def _whole(version: OfferingVersion) -> Due:
    return Due(version.price_minor, Microcredits(version.microcredits))
