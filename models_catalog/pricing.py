"""The arithmetic of a call's cost: whole microcredits, rounded up once. Pure: knows no Django."""

from collections.abc import Iterator
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


@dataclass(frozen=True, slots=True)
class Tier:
    """The rates of a whole call from so many input tokens on, all input classes together."""

    from_input_tokens: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a price row charges: its rates, and the tiers of longer calls, the lowest first."""

    rates: Rates = Rates()
    tiers: tuple[Tier, ...] = ()

    def tier_of(self, input_tokens: int) -> Tier | None:
        """This will return the tier that rates a call of so many input tokens; None where the base rates do."""
        return next((tier for tier in reversed(self.tiers) if tier.from_input_tokens <= input_tokens), None)

    def rates_of(self, input_tokens: int) -> Rates:
        """This will return the rates of a call of so many input tokens."""
        tier = self.tier_of(input_tokens)
        return self.rates if tier is None else tier.rates

    def reachable(self, input_tokens: int) -> Iterator[tuple[int, Rates]]:
        """This will tell each rates that a call of at most so many input tokens can have, and its most of them."""
        steps = [(0, self.rates), *((tier.from_input_tokens, tier.rates) for tier in self.tiers)]
        ends = [*(begin - 1 for begin, _ in steps[1:]), input_tokens]
        for (begin, rates), end in zip(steps, ends, strict=True):
            if begin <= input_tokens:
                yield min(end, input_tokens), rates

    def dearest_output(self, input_tokens: int) -> int:
        """This will return the largest rate of output of a call of at most so many input tokens."""
        return max(rates.dearest_output for _, rates in self.reachable(input_tokens))


USAGE_CLASSES = tuple(field.name for field in fields(Usage))
INPUT_CLASSES = USAGE_CLASSES[:6]
OUTPUT_CLASSES = USAGE_CLASSES[6:]
EXAMPLE = Usage(in_fresh=400, out_text=600)
"""A question of about a page and an answer of about a page and a half: what pages show as an example."""


def cost(usage: Usage, price: Rates | Tariff) -> Microcredits:
    """This will return what a call costs: ⌈Σ tokens × rate / 10⁶⌉ + per_request, with that one rounding up."""
    rates = price.rates_of(usage.input_tokens) if isinstance(price, Tariff) else price
    total = sum(getattr(usage, name) * getattr(rates, name) for name in USAGE_CLASSES)
    return Microcredits(divide_up(total, TOKENS_PER_PRICE) + rates.per_request)


def ceiling(*, prompt_tokens: int, output_tokens: int, tariff: Tariff) -> Microcredits:
    """This will return the most that a call of at most so many tokens can cost, whatever their classes.

    It grows by `tariff.dearest_output` with every output token, so that a call cut shorter is cheaper by as much.
    """
    reachable = list(tariff.reachable(prompt_tokens))
    total = max(tokens * rates.dearest_input for tokens, rates in reachable)
    total += output_tokens * max(rates.dearest_output for _, rates in reachable)
    return Microcredits(divide_up(total, TOKENS_PER_PRICE) + max(rates.per_request for _, rates in reachable))
