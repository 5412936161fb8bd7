"""The offerings on sale as ways to have what was used: a plan, a plan with packs, or packs alone, each replayed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from accounts.models import Account, Member
from plans import offerings
from plans.models import OfferingVersion
from portal.kit.periods import Cycle
from portal.kit.units import divide_up
from usage.advisor import replays
from usage.advisor.demands import Demand
from usage.advisor.replays import Day, Pack, Plan, Replay, Terms

DAYS_A_YEAR, MONTHS = 365, 12
MOST_PACKS = 10
"""Nobody is told to buy more packs than this in a month."""


@dataclass(frozen=True)
class Way:
    """A plan (or None) with a pack that follows when it is used up (or None), and how the days would have gone."""

    plan: OfferingVersion | None
    pack: OfferingVersion | None
    replay: Replay
    days: int
    has_room: bool = True
    """Whether the plan is for as many people as the account has."""
    is_own: bool = False
    """Whether the account has this plan now."""

    @property
    def version(self) -> OfferingVersion:
        """What it is called by, and bought first."""
        named = self.plan or self.pack
        assert named is not None
        return named

    @property
    def label(self) -> str:
        """What is bought, in the reader's language: “Starter + 3 × Pack 400,000”."""
        packs = f"{self.replay.packs} × {self.pack.label}" if self.pack else ""
        return " + ".join(filter(None, (self.plan.label if self.plan else "", packs)))

    @property
    def currency(self) -> str:
        """What it is paid in."""
        return self.version.currency

    @property
    def serves_all(self) -> bool:
        """Whether there is no day without service and none in the slow lane."""
        return not (self.replay.days_without or self.replay.days_slow)

    @property
    def is_handy(self) -> bool:
        """Whether it takes so few packs that somebody would really buy them."""
        return self.replay.packs * DAYS_A_YEAR <= MOST_PACKS * self.days * MONTHS

    @property
    def cost_minor(self) -> int:
        """What the days would have cost."""
        return self.replay.cost_minor

    @property
    def monthly_minor(self) -> int:
        """What that is in a month on average, rounded up."""
        return divide_up(self.cost_minor * DAYS_A_YEAR, self.days * MONTHS)


@dataclass(frozen=True)
class Shelf:
    """What an audience can buy in one currency: plans, and packs that may be bought as often as one likes."""

    plans: Sequence[OfferingVersion]
    packs: Sequence[OfferingVersion]


@dataclass(frozen=True)
class Asker:
    """For whom it is replayed: the people of the account now, its clock, and the plan that it has."""

    people: int
    zone: str
    own: OfferingVersion | None = None


def shelf_for(audience: str, *, currency: str) -> Shelf:
    """This will return what can be bought; what is for newcomers alone is left out."""
    plans = [each for each in offerings.on_sale(audience=audience) if _is_for_all(each, currency)]
    packs = [each for each in offerings.packs(audience=audience) if _is_for_all(each, currency)]
    return Shelf(plans, [each for each in packs if each.most_per_account is None])


def people_of(account: Account) -> int:
    """This will return how many people use the account now."""
    return Member.objects.active().filter(account=account).count()


def replayed(demand: Demand, shelf: Shelf, *, who: Asker) -> list[Way]:
    """This will replay the demand through every way, in the order of the shelf, the account's own terms first.

    A plan whose credits would not have lasted is told as its terms are, and once more with the pack that makes up for
    it at the least cost; where the terms name the pack, with that one alone.
    """
    plans = [*([who.own] if who.own else []), *(each for each in shelf.plans if each != who.own)]
    kinds = _kinds(demand, [*plans, *shelf.packs])
    days = _days(demand, kinds)
    packs = {pack: _pack(pack, kinds) for pack in shelf.packs}
    found: list[Way] = []
    for version in plans:
        facts = {"has_room": version.seats >= who.people, "is_own": version == who.own}
        anchor_at = datetime.combine(demand.first, time(), ZoneInfo(who.zone))
        plan = plan_of(version, anchor_at=anchor_at, zone=who.zone, kinds=kinds)
        found += [
            Way(version, pack, replay, demand.days, **facts) for pack, replay in _of_plan(days, version, plan, packs)
        ]
    alone = ((pack, replays.replay(days, pack=terms)) for pack, terms in packs.items())
    found += [Way(None, pack, replay, demand.days) for pack, replay in alone if replay.packs]
    return found


def _of_plan(
    days: Sequence[Day], version: OfferingVersion, plan: Plan, packs: Mapping[OfferingVersion, Pack]
) -> Iterator[tuple[OfferingVersion | None, Replay]]:
    if version.after_exhaustion == OfferingVersion.AfterExhaustion.PACK:
        named = next((pack for pack in packs if pack.offering.slug == version.exhaustion_pack), None)
        replay = replays.replay(days, plan=plan, pack=packs[named] if named else None)
        yield (named if replay.packs else None), replay
        return
    alone = replays.replay(days, plan=plan)
    yield None, alone
    if alone.days_without or alone.days_slow:
        made_up = [(pack, replays.replay(days, plan=plan, pack=terms)) for pack, terms in packs.items()]
        helping = [(pack, replay) for pack, replay in made_up if replay.packs]
        if helping:
            yield min(helping, key=lambda each: (each[1].days_without + each[1].days_slow, each[1].cost_minor))


def _is_for_all(version: OfferingVersion, currency: str) -> bool:
    return version.currency == currency and not version.is_for_new


def _days(demand: Demand, kinds: Mapping[str, str]) -> list[Day]:
    days = []
    for offset in range(demand.days):
        day = date.fromordinal(demand.first.toordinal() + offset)
        needs: dict[str, int] = {}
        for slug, amount in demand.needs.get(day, {}).items():
            needs[kinds[slug]] = needs.get(kinds[slug], 0) + amount
        days.append(Day(day, needs))
    return days


def _kinds(demand: Demand, versions: Sequence[OfferingVersion]) -> dict[str, str]:
    """Models that every offering treats alike are one kind, so that there is little to replay."""
    sets = sorted({tuple(version.model_patterns) for version in versions})
    return {
        slug: "".join("1" if offerings.holds(patterns, slug) else "0" for patterns in sets) for slug in demand.models
    }


def _terms(version: OfferingVersion, kinds: Mapping[str, str]) -> Terms:
    held = {kind for slug, kind in kinds.items() if offerings.holds(version.model_patterns, slug)}
    only = frozenset(held) if version.model_patterns else None
    return Terms(version.price_minor, version.microcredits, version.priority, only)


def plan_of(
    version: OfferingVersion, *, anchor_at: datetime, zone: str, kinds: Mapping[str, str] | None = None
) -> Plan:
    """This will return the terms of a plan as they are replayed; `kinds` names the kind of each model."""
    cycle = Cycle(
        anchor_at=anchor_at,
        zone=ZoneInfo(zone),
        months=version.valid_months,
        days=version.valid_days,
        is_calendar=version.cycle == OfferingVersion.Cycle.CALENDAR,
    )
    return Plan(
        _terms(version, kinds or {}),
        cycle,
        prorates_first=version.prorates_first,
        rollover_percent=version.rollover_percent,
        rollover_cycles=version.rollover_cycles,
        has_slow_lane=version.after_exhaustion == OfferingVersion.AfterExhaustion.SLOW_LANE,
    )


def _pack(version: OfferingVersion, kinds: Mapping[str, str]) -> Pack:
    return Pack(_terms(version, kinds), version.valid_days, version.valid_months)
