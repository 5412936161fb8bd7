"""What an account has left, lot by lot, in the order in which they are drawn on."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, Sum

from plans.models import Lot
from portal.kit.units import Microcredits


@dataclass(frozen=True)
class LotLeft:
    """One usable lot: what it was, what is used, held and left of it, all in microcredits."""

    lot_id: int
    name: str
    source: str
    granted: Microcredits
    used: Microcredits
    held: Microcredits
    available: Microcredits
    effective_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class Balance:
    """The usable lots in draw order, with their sums in microcredits."""

    lots: tuple[LotLeft, ...]

    @property
    def left(self) -> Microcredits:
        """What may still be set aside."""
        return Microcredits(sum(lot.available for lot in self.lots))

    @property
    def held(self) -> Microcredits:
        """What is set aside for calls under way."""
        return Microcredits(sum(lot.held for lot in self.lots))


def balance(account_id: int, *, now: datetime) -> Balance:
    """This will tell what the account has left; a lot past its end is not shown, be it expired yet or not."""
    usable = (
        Lot.objects.filter(account_id=account_id, effective_at__lte=now)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .filter(Q(available__gt=0) | Q(held__gt=0))
        .annotate(label=Lot.shown_name())
        .order_by("priority", F("expires_at").asc(nulls_last=True), "granted_at", "id")
    )
    return Balance(tuple(_left(lot, name=lot.label) for lot in usable))


def granted_by_plans(account_id: int, *, now: datetime) -> Microcredits:
    """This will tell what the plans in force have granted the account, whatever is left of it."""
    in_force = (
        Lot.objects.filter(account_id=account_id, source=Lot.Source.PLAN, effective_at__lte=now)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .aggregate(granted=Sum("granted"))
    )
    return Microcredits(int(in_force["granted"] or 0))


def _left(lot: Lot, *, name: str) -> LotLeft:
    return LotLeft(
        lot.pk,
        name,
        lot.source,
        Microcredits(lot.granted),
        Microcredits(lot.granted - lot.available - lot.held),
        Microcredits(lot.held),
        Microcredits(lot.available),
        lot.effective_at,
        lot.expires_at,
    )
