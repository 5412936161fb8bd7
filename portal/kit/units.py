"""Credits and money as whole numbers: microcredits (a millionth of a credit) and minor units with a currency."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NewType

from babel.numbers import format_currency, get_currency_precision

Microcredits = NewType("Microcredits", int)

MICROCREDITS_PER_CREDIT = 1_000_000
TOKENS_PER_PRICE = 1_000_000
BASIS_POINTS = 10_000
"""So many of them are the whole."""
LARGEST_AMOUNT_MICROCREDITS = 10**15
"""No single hold or charge is larger, so that sums of many fit a signed 64-bit column."""


def credits(whole: int) -> Microcredits:
    """This will return `whole` credits in microcredits."""
    return Microcredits(whole * MICROCREDITS_PER_CREDIT)


def divide_up(dividend: int, divisor: int) -> int:
    """This will divide two non-negative whole numbers and round up."""
    return -(-dividend // divisor)


def tax_inside(gross_minor: int, *, basis_points: int) -> int:
    """This will return the tax that a price contains, in minor units, at a rate on top of the net price.

    ⌊gross × rate / (1 + rate)⌉, a half to the even neighbor: nobody gains by it over many prices. At rates whose
    1 + rate has no even part, as 3, 6, 9 and 13 percent, there is no half, and it equals the common rounding up.
    """
    return round(Fraction(gross_minor * basis_points, BASIS_POINTS + basis_points))


@dataclass(frozen=True)
class Money:
    """An amount of money: `minor` units (fen, cents) of `currency` (ISO 4217)."""

    minor: int
    currency: str

    def __str__(self) -> str:
        """The amount as sentences say it in every language: ¥9.90."""
        whole = Decimal(self.minor).scaleb(-get_currency_precision(self.currency))
        return format_currency(whole, self.currency, locale="en").replace("CN¥", "¥")
