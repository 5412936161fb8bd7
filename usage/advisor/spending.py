"""What an account really paid in a stretch of time, and what of that is not used yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Sum

from plans.models import Lot, Order, Refund
from portal.kit.periods import Period
from portal.kit.units import divide_up


@dataclass(frozen=True)
class Spending:
    """In minor units: what was paid without what came back, and the part whose credits can still be used."""

    paid_minor: int
    unused_minor: int

    @property
    def used_minor(self) -> int:
        """What the use of that time has cost."""
        return self.paid_minor - self.unused_minor


def of(account_id: int, *, period: Period, currency: str, now: datetime) -> Spending:
    """This will return what the account paid within `period`, in one currency."""
    paid = Order.objects.filter(
        account=account_id,
        state=Order.State.PAID,
        currency=currency,
        paid_at__gte=period.active_from,
        paid_at__lt=period.active_to,
        price_minor__gt=0,
    )
    prices = dict(paid.values_list("pk", "price_minor"))
    back = Refund.objects.filter(order_id__in=list(prices), state=Refund.State.SUCCEEDED)
    returned = dict(back.values_list("order_id").annotate(minor=Sum("money_minor")).order_by())
    kept = {pk: max(0, price - returned.get(pk, 0)) for pk, price in prices.items()}
    return Spending(sum(kept.values()), _unused(kept, now=now))


def _unused(kept: Mapping[UUID, int], *, now: datetime) -> int:
    """What rolled over still belongs to the order that brought it."""
    lots = Lot.objects.filter(order_id__in=list(kept))
    bought = dict(lots.filter(source__in=["plan", "topup"]).values_list("order_id").annotate(all=Sum("granted")))
    usable = lots.filter(expires_at__gt=now) | lots.filter(expires_at=None)
    left = usable.values_list("order_id").annotate(all=Sum(F("available") + F("held")))
    return sum(
        min(kept[pk], divide_up(kept[pk] * int(amount), int(bought[pk]))) for pk, amount in left if bought.get(pk)
    )
