"""Plans that go on, for the addresses at which they are changed."""

from datetime import datetime, timedelta

from plans.models import Order, Subscription


def begin(order: Order, *, now: datetime) -> None:
    """This will let the account of `order` have its plan for a day."""
    Subscription.objects.create(
        account=order.account,
        offering_version=order.offering_version,
        anchor_at=now,
        started_at=now,
        period_starts_at=now,
        period_ends_at=now + timedelta(days=1),
    )
