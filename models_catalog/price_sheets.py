"""A model's price as its page tells it: every class, what counts at certain hours or lengths, and its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_precision

from models_catalog import price_cards, pricing
from models_catalog.histories import Step
from models_catalog.models import CreditPrice, Price, VendorPrice
from models_catalog.price_cards import PriceLine
from models_catalog.pricing import EXAMPLE, INPUT_CLASSES, USAGE_CLASSES, Rates
from portal.kit.units import Microcredits

MILLIONTHS = 6
"""Decimal places of a vendor's price: millionths of its currency."""


@dataclass(frozen=True)
class Charges:
    """The rates that count at one moment, at an offering: all classes, and a whole call as an example.

    `per_call` is microcredits for each call; money is in minor units of `currency`, empty where nothing is sold.
    """

    rates: Rates
    lines: list[PriceLine]
    per_call: Microcredits
    per_call_money: Decimal | None
    example: Microcredits
    example_money: Decimal | None
    currency: str

    @property
    def read(self) -> Microcredits:
        """Microcredits for a million tokens that go in."""
        return Microcredits(self.rates.in_fresh)

    @property
    def written(self) -> Microcredits:
        """Microcredits for a million tokens that come out."""
        return Microcredits(self.rates.out_text)


@dataclass(frozen=True)
class Condition:
    """What counts instead: within `window` (None: always), from `from_input_tokens` on (0: at any length), or both."""

    window: Price | None
    from_input_tokens: int
    charges: Charges


@dataclass(frozen=True)
class Sheet:
    """One price with all its conditions; `active_from` is its moment."""

    step: Step
    charges: Charges
    conditions: list[Condition]


@dataclass(frozen=True)
class Told:
    """What a price history tells: what counts now, what comes next, and every step of it, the last one first."""

    now: Sheet | None
    coming: Sheet | None
    steps: list[Step]


@dataclass(frozen=True)
class ListLine:
    """One class of a vendor's public list, in minor units of its currency (None: not told), or what it is billed as."""

    name: str
    label: str
    amount: Decimal | None
    billed_as: str


@dataclass(frozen=True)
class VendorList:
    """A vendor's public list price, which nobody pays here: its row, and its classes per million tokens."""

    price: VendorPrice
    lines: list[ListLine]
    per_call: Decimal | None


def told(steps: Sequence[Step], *, at: CreditPrice | None) -> Told:
    """This will tell a history at an offering."""
    ordered = sorted(steps, key=lambda step: step.price.active_from, reverse=True)
    now = next((step for step in ordered if step.state == "now"), None)
    coming = [step for step in ordered if step.state == "coming"]
    return Told(
        now=sheet(now, at=at) if now else None,
        coming=sheet(coming[-1], at=at) if coming else None,
        steps=ordered,
    )


def sheet(step: Step, *, at: CreditPrice | None) -> Sheet:
    """This will write one price and every condition under which other rates count."""
    conditions = _tiers(step, step.price, window=None, at=at)
    for window in step.windows:
        conditions.append(Condition(window=window, from_input_tokens=0, charges=charges(window.rates, at=at)))
        conditions += _tiers(step, window, window=window, at=at)
    return Sheet(step=step, charges=charges(step.price.rates, at=at), conditions=conditions)


def charges(rates: Rates, *, at: CreditPrice | None) -> Charges:
    """This will write rates in credits and in money at an offering."""
    example = pricing.cost(EXAMPLE, rates)
    return Charges(
        rates=rates,
        lines=price_cards.lines(rates, at=at),
        per_call=Microcredits(rates.per_request),
        per_call_money=None if at is None else price_cards.in_money(rates.per_request, at=at),
        example=example,
        example_money=None if at is None else price_cards.in_money(example, at=at),
        currency=at.currency if at else "",
    )


def vendor_list(price: VendorPrice | None) -> VendorList | None:
    """This will write a vendor's public list, those classes too that it does not price apart."""
    if price is None:
        return None
    return VendorList(
        price=price,
        lines=[_list_line(price, name) for name in USAGE_CLASSES],
        per_call=_minor(price.per_request, price.currency),
    )


def for_one_unit(thumbs: int, microcredits: int, *, at: CreditPrice) -> Decimal:
    """This will return how many of `thumbs`, which cost so many microcredits, one whole unit of money buys."""
    unit = Decimal(1).scaleb(get_currency_precision(at.currency))
    return thumbs * unit / price_cards.in_money(microcredits, at=at)


def _tiers(step: Step, price: Price, *, window: Price | None, at: CreditPrice | None) -> list[Condition]:
    own = sorted((tier for tier in step.tiers if tier.price_id == price.pk), key=lambda tier: tier.from_input_tokens)
    return [Condition(window, tier.from_input_tokens, charges(tier.rates, at=at)) for tier in own]


def _list_line(price: VendorPrice, name: str) -> ListLine:
    usual = price_cards.INPUT if name in INPUT_CLASSES else price_cards.OUTPUT
    own, instead = getattr(price, name), getattr(price, usual)
    return ListLine(
        name=name,
        label=str(_LABELS[name]),
        amount=_minor(instead if own is None else own, price.currency),
        billed_as=usual if name != usual and own in {None, instead} else "",
    )


def _minor(millionths: int | None, currency: str) -> Decimal | None:
    if millionths is None:
        return None
    return Decimal(millionths).scaleb(get_currency_precision(currency) - MILLIONTHS)


_LABELS = {field.name: field.verbose_name for field in VendorPrice._meta.fields}
