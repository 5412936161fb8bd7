"""The arithmetic of a call's cost: whole microcredits, rounded up once. Pure: knows no Django."""

from dataclasses import dataclass, fields

from portal.kit.units import TOKENS_PER_PRICE, Microcredits, divide_up


@dataclass(frozen=True, slots=True)
class Usage:
    """The exclusive token classes of a call: every token stands in exactly one."""

    in_fresh: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    in_image: int = 0
    in_audio: int = 0
    out_text: int = 0
    out_reasoning: int = 0
    out_image: int = 0
    out_audio: int = 0

    @property
    def input_tokens(self) -> int:
        """All tokens that went in."""
        return sum(int(getattr(self, name)) for name in INPUT_CLASSES)

    @property
    def output_tokens(self) -> int:
        """All tokens that came out."""
        return sum(int(getattr(self, name)) for name in OUTPUT_CLASSES)


@dataclass(frozen=True, slots=True)
class Rates:
    """Microcredits per million tokens of each class, and microcredits per request."""

    in_fresh: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    in_image: int = 0
    in_audio: int = 0
    out_text: int = 0
    out_reasoning: int = 0
    out_image: int = 0
    out_audio: int = 0
    per_request: int = 0

    @property
    def dearest_input(self) -> int:
        """The largest rate of an input class."""
        return max(int(getattr(self, name)) for name in INPUT_CLASSES)

    @property
    def dearest_output(self) -> int:
        """The largest rate of an output class."""
        return max(int(getattr(self, name)) for name in OUTPUT_CLASSES)


USAGE_CLASSES = tuple(field.name for field in fields(Usage))
INPUT_CLASSES = USAGE_CLASSES[:6]
OUTPUT_CLASSES = USAGE_CLASSES[6:]


def cost(usage: Usage, rates: Rates) -> Microcredits:
    """This will return what a call costs: ⌈Σ tokens × rate / 10⁶⌉ + per_request, with that one rounding up."""
    total = sum(getattr(usage, name) * getattr(rates, name) for name in USAGE_CLASSES)
    return Microcredits(divide_up(total, TOKENS_PER_PRICE) + rates.per_request)


def ceiling(*, prompt_tokens: int, output_tokens: int, rates: Rates) -> Microcredits:
    """This will return the most that a call of at most so many tokens can cost, whatever their classes."""
    total = prompt_tokens * rates.dearest_input + output_tokens * rates.dearest_output
    return Microcredits(divide_up(total, TOKENS_PER_PRICE) + rates.per_request)
