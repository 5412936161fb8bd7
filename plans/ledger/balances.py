"""What an account has left, lot by lot, in the order in which they are drawn on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, models
from django.db.models import F, Q, Sum

from plans.models import Lot
from portal.kit import database
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits


@dataclass(frozen=True)
class LotLeft:
    """One usable lot: what was granted, and what of it calls used, hold and leave, all in microcredits."""

    lot_id: int
    name: str
    source: str
    granted: Microcredits
    used: Microcredits
    held: Microcredits
    available: Microcredits
    effective_at: datetime
    expires_at: datetime | None

    @property
    def whole(self) -> Microcredits:
        """What of it was ever for calls: the grant without what was refunded, taken back, rolled over or has lapsed."""
        return Microcredits(self.used + self.held + self.available)


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


class NoBooksThen(Refusal):
    """The moment is still to come, or older than the books that are kept."""

    code = "no_books_then"
    status = 400
    sentence = gettext_noop("at: the books know only moments that are past and not too long ago. Choose another one.")


@dataclass(frozen=True)
class LeftAt:
    """What each lot had left at a moment, by its id, and what was owed; microcredits, those set aside included."""

    moment: datetime
    lots: Mapping[int, Microcredits]
    debt: Microcredits

    @property
    def left(self) -> Microcredits:
        """What all lots had left."""
        return Microcredits(sum(self.lots.values()))


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


def left_at(account_id: int, moment: datetime) -> LeftAt:
    """This will tell what the account had left at a moment, by the books: what there is now without what moved since.

    Raises `NoBooksThen`.
    """
    if not database.value("SELECT %s >= ledger_kept_since() AND %s <= app_now()", moment, moment):
        raise NoBooksThen
    with connection.cursor() as cursor:
        cursor.execute("SELECT lot_id, left_over FROM ledger_left_at(%s, %s)", [account_id, moment])
        left = {lot_id: Microcredits(left_over) for lot_id, left_over in cursor.fetchall()}
    debt = Microcredits(-left.pop(0, 0))
    return LeftAt(moment, left, debt)


def granted_by_plans(account_id: int, *, now: datetime) -> Microcredits:
    """This will tell what the plans in force have granted the account and left it for calls, spent or not.

    What was refunded, taken back, rolled over or has lapsed is no grant any more; what is frozen still is.
    """
    return granted_by_plans_to([account_id], now=now)[account_id]


def granted_by_plans_to(account_ids: Iterable[int], *, now: datetime) -> dict[int, Microcredits]:
    """This will tell the same of each of these accounts."""
    asked = list(account_ids)
    in_force = (
        Lot.objects.filter(account_id__in=asked, source=Lot.Source.PLAN, effective_at__lte=now)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .values_list("account_id")
        .annotate(granted=Sum(F("spent") + F("held") + F("available")))
        .order_by()
    )
    granted = dict(in_force)
    return {account_id: Microcredits(int(granted.get(account_id, 0))) for account_id in asked}


def paid_a_credit(account_id: int) -> Decimal | None:
    """This will return what a credit of the account's newest purchase was paid with, in minor units; None without one.

    A plan comes before a pack.
    """
    bought = Lot.objects.filter(account_id=account_id, source__in=[Lot.Source.PLAN, Lot.Source.TOPUP])
    newest = bought.filter(unit_price__gt=0).order_by(
        models.Case(models.When(source=Lot.Source.PLAN, then=0), default=1), "-granted_at", "-pk"
    )
    price: Decimal | None = newest.values_list("unit_price", flat=True).first()
    return price


def _left(lot: Lot, *, name: str) -> LotLeft:
    return LotLeft(
        lot.pk,
        name,
        lot.source,
        Microcredits(lot.granted),
        Microcredits(lot.spent),
        Microcredits(lot.held),
        Microcredits(lot.available),
        lot.effective_at,
        lot.expires_at,
    )
