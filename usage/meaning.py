"""Credits in life: what a homework question, a letter or a piece of code costs at a model's price. Pure."""

from dataclasses import dataclass

from models_catalog import pricing
from models_catalog.pricing import Rates, Usage
from portal.kit.units import Microcredits


@dataclass(frozen=True)
class Occasion:
    """Something people ask a model for, with the tokens that it takes on average."""

    name: str
    input_tokens: int
    output_tokens: int


HOMEWORK = Occasion("homework", input_tokens=350, output_tokens=450)
"""A question of two or three sentences with the turn before it, and half a page of explanation."""
LETTER = Occasion("letter", input_tokens=400, output_tokens=800)
"""A few notes, and a page to customers or an office."""
CODE = Occasion("code", input_tokens=6_000, output_tokens=1_200)
"""One step of a coding agent: two or three files read, a change of some fifty lines written."""
OCCASIONS = (HOMEWORK, LETTER, CODE)


def cost_of(occasion: Occasion, *, rates: Rates) -> Microcredits:
    """This will return what an average occasion costs at `rates`."""
    return pricing.cost(Usage(in_fresh=occasion.input_tokens, out_text=occasion.output_tokens), rates)


def how_often(occasion: Occasion, *, credits: Microcredits, rates: Rates) -> int:
    """This will return how many average occasions `credits` pay for, rounded down to two digits that count."""
    cost = cost_of(occasion, rates=rates)
    times = credits // cost if cost else 0
    step = 10 ** max(len(str(times)) - 2, 0)
    return times // step * step
