"""Credits and money as whole numbers: microcredits (a millionth of a credit) and minor units with a currency."""

from dataclasses import dataclass
from typing import NewType

Microcredits = NewType("Microcredits", int)

MICROCREDITS_PER_CREDIT = 1_000_000
TOKENS_PER_PRICE = 1_000_000
LARGEST_AMOUNT_MICROCREDITS = 10**15
"""No single hold or charge is larger, so that sums of many fit a signed 64-bit column."""


def credits(whole: int) -> Microcredits:
    """This will return `whole` credits in microcredits."""
    return Microcredits(whole * MICROCREDITS_PER_CREDIT)


def divide_up(dividend: int, divisor: int) -> int:
    """This will divide two non-negative whole numbers and round up."""
    return -(-dividend // divisor)


@dataclass(frozen=True)
class Money:
    """An amount of money: `minor` units (fen, cents) of `currency` (ISO 4217)."""

    minor: int
    currency: str
