"""A price as people read it: every class, in credits per million tokens and in money at an offering of their choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language

from models_catalog.models import CreditPrice, Price
from models_catalog.pricing import INPUT_CLASSES, USAGE_CLASSES, Rates
from portal.kit.units import Microcredits

INPUT, OUTPUT = "in_fresh", "out_text"
HOUSEHOLD = "household"
"""Whom money is told to as long as nobody knows who looks."""


@dataclass(frozen=True)
class PriceLine:
    """One class of tokens, in microcredits per million and, where credits have a price, in minor units of `currency`.

    `billed_as` is empty for a class with a price of its own, else `in_fresh` or `out_text`.
    """

    name: str
    label: str
    per_million: Microcredits
    billed_as: str
    money: Decimal | None
    currency: str


def lines(rates: Rates, *, at: CreditPrice | None) -> list[PriceLine]:
    """This will write every class of tokens, those that cost what input or output costs too."""
    return [_line(name, rates, at=at) for name in USAGE_CLASSES]


def in_money(microcredits: int, *, at: CreditPrice) -> Decimal:
    """This will return what so many microcredits cost at an offering, in minor units of its currency, not rounded."""
    return Decimal(microcredits) * at.price_minor / at.microcredits


def offerings() -> list[CreditPrice]:
    """This will return the offerings at which credits can be bought now, households' first, as on the shelf."""
    return sorted(CreditPrice.objects.all(), key=lambda one: (one.audience != HOUSEHOLD, one.position, one.slug))


def chosen(among: Sequence[CreditPrice], *, slug: str, audience: str = HOUSEHOLD) -> CreditPrice | None:
    """This will pick an offering by its slug, else the first one that is recommended to `audience`.

    Without one it is their first one, without any for them the first of all; None where nothing is sold.
    """
    named = [one for one in among if one.slug == slug]
    theirs = [one for one in among if one.audience == audience]
    recommended = [one for one in theirs if one.is_recommended]
    return next(iter([*named, *recommended, *theirs, *among]), None)


def name_of(offering: CreditPrice) -> str:
    """This will return what an offering is called in the reader's language."""
    return offering.name_zh if (get_language() or "").startswith("zh") else offering.name


def _line(name: str, rates: Rates, *, at: CreditPrice | None) -> PriceLine:
    usual = INPUT if name in INPUT_CLASSES else OUTPUT
    rate = Microcredits(getattr(rates, name))
    return PriceLine(
        name=name,
        label=str(_LABELS[name]),
        per_million=rate,
        billed_as=usual if name != usual and rate == getattr(rates, usual) else "",
        money=None if at is None else in_money(rate, at=at),
        currency="" if at is None else at.currency,
    )


_LABELS = {field.name: field.verbose_name for field in Price._meta.fields}
