"""Days that were really used, replayed under other terms: what is bought, drawn, lapsed and missed. Knows no Django.

It keeps the ledger's order: lots of lower priority first, then those that end first, then those that came first.
"""

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from portal.kit import periods
from portal.kit.periods import Cycle, Period
from portal.kit.units import divide_up

A_DAY = timedelta(days=1)
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Day:
    """What was asked for on one local day: microcredits by kind of model."""

    date: date
    needs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Terms:
    """What one purchase costs and grants, and for which kinds of models; None means for all of them."""

    price_minor: int
    microcredits: int
    priority: int = 0
    kinds: frozenset[str] | None = None

    def hold(self, kind: str) -> bool:
        """This will tell whether the credits are good for a kind of model."""
        return self.kinds is None or kind in self.kinds


@dataclass(frozen=True, slots=True)
class Plan:
    """What is bought again and again; `has_slow_lane` tells what follows when its credits are used up."""

    terms: Terms
    cycle: Cycle
    prorates_first: bool = False
    rollover_percent: int = 0
    rollover_cycles: int = 1
    has_slow_lane: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """What is bought at the moment when nothing else is left; it is good for so many days or months."""

    terms: Terms
    valid_days: int | None = None
    valid_months: int | None = None

    def until(self, day: date) -> date:
        """This will return the first day on which a pack that is bought on `day` is good no more."""
        if self.valid_months:
            return periods.after_months(datetime.combine(day, datetime.min.time()), months=self.valid_months).date()
        assert self.valid_days, "a pack has a length"
        return day + timedelta(days=self.valid_days)


@dataclass(frozen=True, slots=True)
class Purchase:
    """So many of the same, on one day; `minor` is what counts of the price, which is less while a period runs on."""

    date: date
    terms: Terms
    number: int
    minor: int
    microcredits: int


@dataclass(frozen=True, slots=True)
class Replay:
    """How it would have gone. In microcredits: drawn + lapsed + left = granted, drawn + missed + slowed = asked for."""

    purchases: tuple[Purchase, ...]
    drawn: int
    lapsed: int
    left: int
    missed: int
    slowed: int
    days_without: int
    """Days on which something was asked for and not served."""
    days_slow: int
    """Days on which something went through the slow lane."""
    packs: int

    @property
    def cost_minor(self) -> int:
        """The sum of what was bought, in minor units."""
        return sum(each.minor for each in self.purchases)

    @property
    def granted(self) -> int:
        """All that was bought, in microcredits."""
        return sum(each.microcredits for each in self.purchases)


@dataclass(slots=True)
class _Lot:
    terms: Terms
    until: date
    number: int
    granted: int
    left: int


@dataclass(slots=True)
class _Running:
    """The period of a plan that runs."""

    number: int
    begins: date
    ends: date
    price_minor: int
    lot: _Lot
    place: int
    """Where it stands among the purchases."""


@dataclass(slots=True)
class _Pool:
    lots: list[_Lot] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    drawn: int = 0
    lapsed: int = 0
    granted_lots: int = 0

    def add(self, terms: Terms, amount: int, *, until: date) -> _Lot:
        self.granted_lots += 1
        lot = _Lot(terms, until, self.granted_lots, amount, amount)
        insort(self.lots, lot, key=_order)
        return lot

    def draw(self, kind: str, amount: int) -> int:
        """This will return what could not be drawn."""
        for lot in self.lots:
            if amount and lot.left and lot.terms.hold(kind):
                taken = min(lot.left, amount)
                lot.left -= taken
                self.drawn += taken
                amount -= taken
        return amount

    def lapse(self, day: date) -> None:
        kept = [lot for lot in self.lots if lot.left]
        self.lapsed += sum(lot.left for lot in kept if lot.until <= day)
        self.lots = [lot for lot in kept if lot.until > day]


def replay(days: Sequence[Day], *, plan: Plan | None = None, pack: Pack | None = None) -> Replay:
    """This will replay `days`, which follow each other, with a plan from the first of them on, packs, or both.

    Without credits a need is met by packs, if there is one that holds its kind; then by the slow lane; or missed. The
    last period of a plan counts with the part of its days that passed, or of its credits that were used if that is
    more; its credits are granted in full, as they would be.
    """
    pool = _Pool()
    running: _Running | None = None
    packs = missed = slowed = days_without = days_slow = 0
    for day in days:
        if plan and (running is None or day.date >= running.ends):
            running = _begin(pool, plan, running)
        pool.lapse(day.date)
        gap = slow = 0
        for kind in sorted(day.needs):
            rest = pool.draw(kind, day.needs[kind])
            if rest and pack and pack.terms.hold(kind):
                packs += _buy(pool, pack, rest, on=day.date)
                rest = pool.draw(kind, rest)
            if plan and plan.has_slow_lane and plan.terms.hold(kind):
                slow += rest
            else:
                gap += rest
        missed, days_without = missed + gap, days_without + bool(gap)
        slowed, days_slow = slowed + slow, days_slow + bool(slow)
    if running and days:
        _cut(pool, running, end=days[-1].date + A_DAY)
    left = sum(lot.left for lot in pool.lots)
    return Replay(tuple(pool.purchases), pool.drawn, pool.lapsed, left, missed, slowed, days_without, days_slow, packs)


def _order(lot: _Lot) -> tuple[int, date, int]:
    return lot.terms.priority, lot.until, lot.number


def _begin(pool: _Pool, plan: Plan, before: _Running | None) -> _Running:
    """The next period, after what is left of the last one has rolled over."""
    number = before.number + 1 if before else plan.cycle.first
    begins, ends = _days_of(plan.cycle, plan.cycle.period(number))
    if before and plan.rollover_percent and plan.rollover_cycles:
        _roll_over(pool, plan, before)
    share = plan.cycle.first_share() if plan.prorates_first and before is None else Fraction(1)
    terms = plan.terms
    price = terms.price_minor * share.numerator // share.denominator
    credits = divide_up(terms.microcredits * share.numerator, share.denominator)
    pool.purchases.append(Purchase(begins, terms, 1, price, credits))
    lot = pool.add(terms, credits, until=ends)
    return _Running(number, begins, ends, price, lot, len(pool.purchases) - 1)


def _roll_over(pool: _Pool, plan: Plan, ended: _Running) -> None:
    """At most a part of what was granted; the rest lapses. What rolled over once does not do so again."""
    rolled = min(ended.lot.left, ended.lot.granted * plan.rollover_percent // HUNDRED)
    if rolled:
        ended.lot.left -= rolled
        _, until = _days_of(plan.cycle, plan.cycle.period(ended.number + plan.rollover_cycles))
        pool.add(plan.terms, rolled, until=until)


def _buy(pool: _Pool, pack: Pack, missing: int, *, on: date) -> int:
    """As many packs as are needed, one after the other."""
    number = divide_up(missing, pack.terms.microcredits)
    amount = number * pack.terms.microcredits
    pool.add(pack.terms, amount, until=pack.until(on))
    pool.purchases.append(Purchase(on, pack.terms, number, number * pack.terms.price_minor, amount))
    return number


def _cut(pool: _Pool, running: _Running, *, end: date) -> None:
    """What counts of the price of a period that runs on."""
    if end >= running.ends:
        return
    passed = Fraction((end - running.begins).days, (running.ends - running.begins).days)
    used = Fraction(running.lot.granted - running.lot.left, running.lot.granted)
    share = max(passed, used)
    bought = pool.purchases[running.place]
    minor = divide_up(running.price_minor * share.numerator, share.denominator)
    pool.purchases[running.place] = Purchase(bought.date, bought.terms, 1, minor, bought.microcredits)


def _days_of(cycle: Cycle, period: Period) -> tuple[date, date]:
    """Its first day, and the first one after it, by the cycle's clock."""
    return period.active_from.astimezone(cycle.zone).date(), period.active_to.astimezone(cycle.zone).date()
