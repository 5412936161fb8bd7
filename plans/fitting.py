"""Which plan fits: three answers turned into credits a month, and the cheapest way on the shelf to have them.

How often is counted for each person and month, `TIMES`: what a working day or a school day brings, times the days of
a month. What one thing costs is what `meaning` measured, at today's price of the Everyday model.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from models_catalog import catalog
from models_catalog.models import ChatModel
from plans import meaning, offerings
from plans.meaning import AGENT_HOUR, HOMEWORK_QUESTION, LETTER, PAGE
from plans.models import OfferingVersion
from portal.kit.units import Microcredits, divide_up

NOW_AND_THEN, DAILY, ALL_DAY = "sometimes", "daily", "often"
TIMES: Mapping[str, Mapping[str, int]] = {
    HOMEWORK_QUESTION: {NOW_AND_THEN: 12, DAILY: 60, ALL_DAY: 300},
    LETTER: {NOW_AND_THEN: 4, DAILY: 22, ALL_DAY: 110},
    PAGE: {NOW_AND_THEN: 10, DAILY: 66, ALL_DAY: 440},
    AGENT_HOUR: {NOW_AND_THEN: 2, DAILY: 22, ALL_DAY: 110},
}
PEOPLE_OF: Mapping[str, tuple[int, ...]] = {"household": (1, 2, 4, 6), "business": (1, 5, 10, 20, 50)}
"""How many people can be answered, by audience."""
MOST_PACKS = 10
"""Nobody is told to buy more packs than this in a month."""


@dataclass(frozen=True)
class Answers:
    """For whom, how many people, what for (a kind of `meaning`), and how often."""

    audience: str
    people: int
    use: str
    often: str

    @property
    def times(self) -> int:
        """How many of these things all of them together ask for in a month."""
        return self.people * TIMES[self.use][self.often]


@dataclass(frozen=True)
class Way:
    """A way to have so many credits a month: a plan, packs, or both, at `minor` units of `currency` a month."""

    plan: OfferingVersion | None
    pack: OfferingVersion | None
    packs: int
    minor: int
    currency: str
    microcredits: int

    @property
    def name(self) -> str:
        """What it is called, by its plan or else by its pack."""
        named = self.plan or self.pack
        assert named is not None
        return named.label


@dataclass(frozen=True)
class Fit:
    """What fits: `needed` microcredits a month at `each` a thing, the cheapest way, and the others, cheapest first."""

    answers: Answers
    needed: Microcredits
    each: Microcredits
    best: Way
    others: tuple[Way, ...]


def fit(answers: Answers) -> Fit | None:
    """This will find the cheapest way to have what the answers need; None where nothing on the shelf is enough.

    None as well while the Everyday name leads to no model: then nobody knows what things cost.
    """
    costs = meaning.costs_of([answers.use])
    if costs is None:
        return None
    needed = Microcredits(answers.times * costs[answers.use])
    ways = sorted(_ways(answers, needed), key=lambda way: (way.minor, way.packs, way.name))
    if not ways:
        return None
    return Fit(answers, needed, costs[answers.use], ways[0], tuple(ways[1:]))


def _ways(answers: Answers, needed: int) -> Iterator[Way]:
    packs = _usable([each for each in offerings.packs(audience=answers.audience) if _may_be_repeated(each)])
    for plan in _usable(offerings.on_sale(audience=answers.audience)):
        if plan.seats < answers.people:
            continue
        months = plan.valid_months or 1
        monthly = Way(plan, None, 0, divide_up(plan.price_minor, months), plan.currency, plan.microcredits // months)
        if monthly.microcredits >= needed:
            yield monthly
        else:
            yield from _with_packs(monthly, packs, missing=needed - monthly.microcredits)
    yield from _with_packs(Way(None, None, 0, 0, settings.CURRENCY, 0), packs, missing=needed)


def _with_packs(way: Way, packs: Sequence[OfferingVersion], *, missing: int) -> Iterator[Way]:
    """The cheapest kind of pack that makes up for what is missing."""
    counted = [(divide_up(missing, pack.microcredits), pack) for pack in packs]
    able = [(count * pack.price_minor, count, pack) for count, pack in counted if 0 < count <= MOST_PACKS]
    if able:
        minor, count, pack = min(able, key=lambda each: (each[0], each[1], each[2].pk))
        total = way.microcredits + count * pack.microcredits
        yield Way(way.plan, pack, count, way.minor + minor, way.currency, total)


def _usable(versions: Sequence[OfferingVersion]) -> list[OfferingVersion]:
    """What is paid in the portal's own currency and is good for the Everyday model."""
    everyday = ChatModel.objects.filter(slug=catalog.offer(meaning.MODEL).slug).get()
    sold = [version for version in versions if version.currency == settings.CURRENCY]
    return offerings.holding(everyday, sold)


def _may_be_repeated(pack: OfferingVersion) -> bool:
    return pack.most_per_account is None and not pack.is_for_new
