"""Which plan would have been right: the last 90 days of an account through every offering, and one word on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import Account
from plans.models import OfferingVersion, Subscription
from portal.kit.periods import Period
from usage.advisor import demands, spending, ways
from usage.advisor.demands import Demand
from usage.advisor.spending import Spending
from usage.advisor.ways import Asker, Way

MOST_DAYS = 90
LEAST_DAYS = 14
LEAST_CALLS = 20
WORTH_PERCENT = 5
"""A saving of less than this part of what was paid is none."""
HUNDRED = 100


@dataclass(frozen=True)
class Advice:
    """The ways from the cheapest to the dearest, those that served everything first; none where too little is known.

    `own` is the plan that the account has, as it would have gone; `best` is what is recommended, at most one, and
    `saves_minor` what it would have saved. No `best` means: stay.
    """

    demand: Demand
    spending: Spending
    currency: str
    people: int
    ways: Sequence[Way]
    own: Way | None = None
    best: Way | None = None
    saves_minor: int = 0
    subscription: Subscription | None = None

    @property
    def is_young(self) -> bool:
        """Whether the account has fewer days than are looked at."""
        return self.demand.days < MOST_DAYS

    @property
    def knows_enough(self) -> bool:
        """Whether there was enough use to say anything."""
        return self.demand.days >= LEAST_DAYS and self.demand.calls >= LEAST_CALLS

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.demand.end - timedelta(days=1)

    @property
    def base_minor(self) -> int:
        """What a saving is held against: what the use has really cost, and no more than the own terms would have."""
        return _base(self.own, self.spending.used_minor)

    @property
    def dearest_minor(self) -> int:
        """The cost of the dearest way, for the picture."""
        return max((way.cost_minor for way in self.ways), default=0)

    @property
    def cheapest(self) -> Way | None:
        """The cheapest way for as many people that would have served everything."""
        return next((way for way in self.ways if way.has_room and way.serves_all and way.is_handy), None)

    @property
    def keeps_bundle(self) -> bool:
        """Whether the account's plan holds other things too, which no other offering is weighed against."""
        return self.own is not None and bool(_items(self.own.version))


def of(account: Account, *, now: datetime) -> Advice:
    """This will replay the account's last 90 whole days, or those since it has been used; it writes nothing."""
    end = account.local_day(now)
    first = max(end - timedelta(days=MOST_DAYS), min(demands.first_day(account), end))
    demand = demands.of(account, first=first, end=end, now=now)
    paid = spending.of(account.pk, period=_period(account, demand), currency=settings.CURRENCY, now=now)
    people = ways.people_of(account)
    told = Advice(demand, paid, settings.CURRENCY, people, [])
    if not told.knows_enough:
        return told
    plan = _plan_of(account)
    who = Asker(people, account.time_zone, plan.offering_version if plan else None)
    found = _replayed(account, demand, currency=settings.CURRENCY, who=who)
    own = min((way for way in found if way.is_own), key=_gaps, default=None)
    best = _best(found, own=own, paid_minor=paid.used_minor)
    saves = _base(own, paid.used_minor) - best.cost_minor if best else 0
    return Advice(demand, paid, settings.CURRENCY, people, found, own, best, saves, plan)


def cheapest_for(account: Account, *, first: date, end: date, currency: str, now: datetime) -> Way | None:
    """This will return the cheapest way that would have served all that was used from `first` to before `end`.

    At the prices of `now`; None where nothing on sale would have.
    """
    demand = demands.of(account, first=first, end=end, now=now)
    who = Asker(ways.people_of(account), account.time_zone)
    served = [
        way
        for way in _replayed(account, demand, currency=currency, who=who)
        if way.has_room and way.serves_all and way.is_handy
    ]
    return min(served, key=lambda way: way.cost_minor, default=None)


def _replayed(account: Account, demand: Demand, *, currency: str, who: Asker) -> list[Way]:
    shelf = ways.shelf_for(account.kind, currency=currency)
    return sorted(ways.replayed(demand, shelf, who=who), key=_order)


def _best(found: Sequence[Way], *, own: Way | None, paid_minor: int) -> Way | None:
    """The cheapest that costs clearly less than what is and leaves no more days without service, nor slow ones."""
    base = _base(own, paid_minor)
    kept = _items(own.version) if own else set()
    most = (own.replay.days_without, own.replay.days_slow) if own else (0, 0)
    better = [
        way
        for way in found
        if way.has_room
        and way.is_handy
        and not way.is_own
        and way.replay.days_without <= most[0]
        and way.replay.days_slow <= most[1]
        and (base - way.cost_minor) * HUNDRED >= base * WORTH_PERCENT > 0
        and (own is None or _may_follow(way, kept))
    ]
    return min(better, key=lambda way: (way.cost_minor, _gaps(way)), default=None)


def _may_follow(way: Way, kept: set[str]) -> bool:
    """A bundle is left for one that holds the same other things; what is sold once is bought, not changed to."""
    version = way.plan
    is_open = version is None or (version.most_per_account is None and version.most_per_identity is None)
    return is_open and (not kept or (version is not None and kept <= _items(version)))


def _base(own: Way | None, paid_minor: int) -> int:
    return min(paid_minor, own.cost_minor) if own else paid_minor


def _order(way: Way) -> tuple[bool, bool, int]:
    return not way.has_room, not way.serves_all, way.cost_minor


def _gaps(way: Way) -> int:
    return way.replay.days_without + way.replay.days_slow


def _items(version: OfferingVersion) -> set[str]:
    return {item.kind for item in version.items.all()}


def _plan_of(account: Account) -> Subscription | None:
    """A plan that costs nothing is none."""
    paid = Subscription.objects.live().filter(offering_version__price_minor__gt=0)
    return paid.of_account(account.pk).first()


def _period(account: Account, demand: Demand) -> Period:
    zone = ZoneInfo(account.time_zone)
    return Period(datetime.combine(demand.first, time(), zone), datetime.combine(demand.end, time(), zone))
