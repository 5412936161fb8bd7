"""What credits mean in life, at today's price of the model that the Everyday name points to.

How many tokens one of these things takes is measured here, as `LifeAverage` says. Where too little was asked yet to
tell, `TABLE` stands in for it:

- A homework question, 1,900 in and 3,300 out: asked, explained and asked about twice more. That makes three answers of
  about 1,100 tokens, and each round reads what was said before it.
- A letter, 5,200 in and 4,800 out: a page and a half, drafted and changed twice. That makes three answers of about
  1,600 tokens; the later ones read the earlier drafts.
- A translated page, 1,100 in and 500 out: a page is 500 tokens written, some 1,800 letters of English or 800 Chinese
  characters. It is read with a sentence of instruction and the page before it, whose words it must keep.
- An hour of a coding agent, 1,250,000 in and 60,000 out: about sixty calls that read some twenty thousand tokens of
  code and write a thousand each.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from models_catalog import catalog, pricing
from models_catalog.models import LifeAverage
from models_catalog.pricing import Usage
from portal.kit.units import Microcredits

MODEL = "everyday"
HOMEWORK_QUESTION, LETTER, PAGE, AGENT_HOUR = "homework", "letter", "page", "agent_hour"
PAGE_TOKENS = 500
TABLE: Mapping[str, Usage] = {
    HOMEWORK_QUESTION: Usage(in_fresh=1_900, out_text=3_300),
    LETTER: Usage(in_fresh=5_200, out_text=4_800),
    PAGE: Usage(in_fresh=1_100, out_text=PAGE_TOKENS),
    AGENT_HOUR: Usage(in_fresh=1_250_000, out_text=60_000),
}
KINDS_OF: Mapping[str, tuple[str, ...]] = {
    "household": (HOMEWORK_QUESTION, LETTER, PAGE),
    "business": (LETTER, PAGE, AGENT_HOUR),
}
"""Which of these say something to whom, in the order that they are said."""
REMEMBERED_SECONDS = 60.0


@dataclass(frozen=True)
class Average:
    """What one thing takes: measured from so many `calls`, or from the table, which knows of none."""

    used: Usage
    calls: int = 0
    measured_at: datetime | None = None


@dataclass(frozen=True)
class Meaning:
    """How many of each kind an amount of credits pays for, rounded down to two digits that count."""

    counts: Mapping[str, int]
    is_own: bool
    """Whether one of them is as the account's own were."""


_remembered: list[tuple[float, Mapping[str, Average]]] = []


def of(
    microcredits: Microcredits, *, kinds: Sequence[str] = tuple(TABLE), own: Mapping[str, Average] | None = None
) -> Meaning | None:
    """This will tell what `microcredits` pay for; nothing while the Everyday name leads to no model.

    `own` are the averages of the account that asks, which know better than those of everybody.
    """
    costs = costs_of(kinds, own=own)
    if costs is None:
        return None
    own = own or {}
    counts = {kind: _round_down(microcredits // cost) if cost else 0 for kind, cost in costs.items()}
    return Meaning(counts, is_own=any(kind in own for kind in kinds))


def costs_of(kinds: Sequence[str], *, own: Mapping[str, Average] | None = None) -> dict[str, Microcredits] | None:
    """This will tell what one thing of each kind costs today; nothing while the Everyday name leads to no model."""
    try:
        rates = catalog.offer(MODEL).rates
    except (catalog.UnknownModel, catalog.NotConnected):
        return None
    everybody, own = averages(), own or {}
    return {kind: pricing.cost((own.get(kind) or everybody[kind]).used, rates) for kind in kinds}


def averages() -> Mapping[str, Average]:
    """This will return what each kind takes on average, at most a minute old."""
    if not _remembered or time.monotonic() - _remembered[0][0] > REMEMBERED_SECONDS:
        _remembered[:] = [(time.monotonic(), _known())]
    return _remembered[0][1]


def forget() -> None:
    """This will make the next question look into the database again."""
    _remembered.clear()


def _known() -> dict[str, Average]:
    measured = {
        row.kind: Average(Usage(in_fresh=row.in_fresh, out_text=row.out_text), row.calls, row.measured_at)
        for row in LifeAverage.objects.filter(kind__in=TABLE)
    }
    return {kind: measured.get(kind) or Average(used) for kind, used in TABLE.items()}


def _round_down(number: int) -> int:
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return number // step * step
