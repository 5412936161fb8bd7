"""What a price is published with beside its rates: windows, tiers, and what its publisher is sure of; what may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from models_catalog.models import ChatModel
from models_catalog.pricing import INPUT_CLASSES, OUTPUT_CLASSES, Rates, Tariff, Tier, ceiling
from models_catalog.timetables import Hours
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS

LARGEST_RATE = 10**15


class EmptyHours(Refusal):
    """Hours without a weekday, or that end when they begin."""

    code = "price_hours_empty"
    status = 409
    sentence = gettext_noop(
        "Hours need a weekday, and an end other than their beginning. A whole day is two lines: 00:00 to 12:00, and "
        "12:00 to 00:00."
    )


class HoursOverlap(Refusal):
    """Some moment of the week lies in two windows of the same price."""

    code = "price_hours_overlap"
    status = 409
    sentence = gettext_noop("Some hours are in two lines. Each hour can have one price only; please part them.")


class TierTwice(Refusal):
    """Two tiers of a price begin at the same length."""

    code = "price_tier_twice"
    status = 409
    sentence = gettext_noop("Two lines begin at {tokens} input tokens. Please keep one of them.")


class TierOutOfReach(Refusal):
    """A tier begins at nothing, or beyond what the model reads."""

    code = "price_tier_out_of_reach"
    status = 409
    sentence = gettext_noop("A tier begins at 1 input token at least and at {most} at most: this model reads no more.")


class RateOutOfRange(Refusal):
    """A rate is negative or larger than the books take."""

    code = "price_rate_out_of_range"
    status = 409
    sentence = gettext_noop("A rate is at least nothing and at most 1,000 credits a token.")


class TooDear(Refusal):
    """The longest call could cost more than the books take for one call."""

    code = "price_too_dear"
    status = 409
    sentence = gettext_noop(
        "At this price one long call could cost more than the books take. Please check the figures."
    )


class NotSaidFree(Refusal):
    """All rates are nothing, and nobody said that this is meant."""

    code = "price_is_free"
    status = 409
    sentence = gettext_noop("All rates are nothing somewhere. If calls are to be free there, please say so.")


@dataclass(frozen=True)
class Window:
    """What is charged in some hours of the week instead."""

    hours: Hours
    tariff: Tariff


@dataclass(frozen=True)
class Terms:
    """What a price has beside its rates, and what its publisher says of it.

    `is_free`: that it costs nothing is meant. `is_sure`: so is a rate twenty times what it was. `accepts_loss`: why it
    may be below what the model costs, in a sentence.
    """

    tiers: tuple[Tier, ...] = ()
    windows: tuple[Window, ...] = ()
    is_free: bool = False
    is_sure: bool = False
    accepts_loss: str = ""


@dataclass(frozen=True)
class Row:
    """One set of rates of a price: of its base, of some hours, or of longer calls in either."""

    rates: Rates
    hours: Hours | None = None
    from_input_tokens: int = 0


def rows(rates: Rates, terms: Terms) -> Iterator[Row]:
    """This will tell all sets of rates, those of the base first."""
    for hours, tariff in [(None, Tariff(rates, terms.tiers)), *((each.hours, each.tariff) for each in terms.windows)]:
        yield Row(tariff.rates, hours)
        yield from (Row(tier.rates, hours, tier.from_input_tokens) for tier in tariff.tiers)


def check_shape(chat_model: ChatModel, rates: Rates, terms: Terms) -> None:
    """This will refuse what makes no sense as a price of this model. Raises the refusals of this room."""
    _check_hours([window.hours for window in terms.windows])
    for tariff in (Tariff(rates, terms.tiers), *(window.tariff for window in terms.windows)):
        _check_tiers(tariff.tiers, most=chat_model.context_tokens)
    for row in rows(rates, terms):
        if not all(0 <= int(getattr(row.rates, name)) <= LARGEST_RATE for name in Rates.__dataclass_fields__):
            raise RateOutOfRange
        if row.rates == Rates() and not terms.is_free:
            raise NotSaidFree
    for tariff in (Tariff(rates, terms.tiers), *(window.tariff for window in terms.windows)):
        if _longest_call(chat_model, tariff) > LARGEST_AMOUNT_MICROCREDITS:
            raise TooDear


def usual_of(name: str) -> str:
    """This will return as what a class is billed that has no price of its own: input or output."""
    return INPUT_CLASSES[0] if name in INPUT_CLASSES else OUTPUT_CLASSES[0]


def _check_hours(hours: list[Hours]) -> None:
    if not all(each.weekdays and each.starts_at != each.ends_at for each in hours):
        raise EmptyHours
    if any(one.overlap(other) for one, other in combinations(hours, 2)):
        raise HoursOverlap


def _check_tiers(tiers: tuple[Tier, ...], *, most: int) -> None:
    begins = [tier.from_input_tokens for tier in tiers]
    for tokens in begins:
        if begins.count(tokens) > 1:
            raise TierTwice(tokens=tokens)
        if not 1 <= tokens <= most:
            raise TierOutOfReach(most=most)


def _longest_call(chat_model: ChatModel, tariff: Tariff) -> int:
    """The whole context and one longest answer: no vendor counts more. Calls that need more are refused by usage."""
    ordered = Tariff(tariff.rates, tuple(sorted(tariff.tiers, key=lambda tier: tier.from_input_tokens)))
    return ceiling(prompt_tokens=chat_model.context_tokens, output_tokens=chat_model.max_output_tokens, tariff=ordered)
