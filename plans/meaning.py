"""What credits mean in life, at today's price of the model that the Everyday name points to."""

from dataclasses import dataclass

from models_catalog import catalog, pricing
from models_catalog.pricing import Usage
from portal.kit.units import Microcredits

MODEL = "everyday"

# How many tokens one of these takes on average, all its turns together. A homework question is asked,
# explained and asked about twice more; a long letter is drafted and changed twice; an hour of a coding agent
# is about sixty requests with some twenty thousand tokens of code each. An operator replaces these by the
# averages of its own customers.
HOMEWORK_QUESTION = Usage(in_fresh=1_900, out_text=3_300)
LONG_LETTER = Usage(in_fresh=5_200, out_text=4_800)
AGENT_HOUR = Usage(in_fresh=1_250_000, out_text=60_000)


@dataclass(frozen=True)
class Meaning:
    """How many of each an amount of credits pays for, rounded down to two digits that count."""

    homework_questions: int
    long_letters: int
    agent_hours: int


def of(microcredits: Microcredits) -> Meaning | None:
    """This will tell what `microcredits` pay for; nothing while the Everyday name leads to no model."""
    try:
        rates = catalog.offer(MODEL).rates
    except (catalog.UnknownModel, catalog.NotConnected):
        return None
    each = [pricing.cost(usage, rates) for usage in (HOMEWORK_QUESTION, LONG_LETTER, AGENT_HOUR)]
    return Meaning(*(_round_down(microcredits // cost) if cost else 0 for cost in each))


def _round_down(number: int) -> int:
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return number // step * step
