"""What people see of a plan: how long it is paid, and what comes then, when, and for how much."""

from dataclasses import dataclass
from datetime import datetime

from plans.models import OfferingVersion, Order, Subscription
from plans.subscriptions import dues, standing
from portal.kit.units import Money


@dataclass(frozen=True)
class Outlook:
    """A plan that goes on. `order` waits to be paid until `until`, which is also the end of a pause."""

    subscription: Subscription
    coming: OfferingVersion
    price: Money
    charged_at: datetime
    order: Order | None
    until: datetime

    @property
    def ends(self) -> bool:
        """Whether nothing follows the period that is paid."""
        return self.subscription.cancel_asked_at is not None

    @property
    def is_late(self) -> bool:
        """Whether the next period has begun and is not paid."""
        return self.subscription.state == Subscription.State.GRACE

    @property
    def rests(self) -> bool:
        """Whether it is paused now."""
        return self.subscription.state == Subscription.State.PAUSED

    @property
    def will_rest(self) -> bool:
        """Whether it will be paused when the period ends."""
        return not self.rests and self.subscription.paused_at is not None

    @property
    def renews(self) -> bool:
        """Whether the next period is charged or asked for by itself."""
        return not (self.ends or self.rests or self.will_rest or self.is_late)


def outlook(account_id: int, *, now: datetime) -> Outlook | None:
    """This will return how the account's plan stands, if it has one."""
    try:
        subscription = standing.live_of(account_id)
    except standing.NoPlan:
        return None
    coming = subscription.next_version or subscription.offering_version
    waiting = standing.renewals_of(subscription).filter(state__in=[Order.State.PLACED, Order.State.DENIED])
    order = waiting.select_related("offering_version__offering").first()
    due = dues.due_next(subscription, now=now)
    rests = subscription.state == Subscription.State.PAUSED
    return Outlook(
        subscription=subscription,
        coming=coming,
        price=Money(order.price_minor if order else due.price_minor, coming.currency),
        charged_at=max(subscription.period_ends_at - standing.CHARGED_BEFORE, subscription.period_starts_at),
        order=order,
        until=subscription.period_ends_at + standing.MOST_PAUSED
        if rests
        else standing.payable_until(subscription, now=now),
    )
