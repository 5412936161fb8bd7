"""What a vendor's public list asks, in whole millionths, and which figures a person should look at first."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

MILLIONTHS = 1_000_000
FARTHEST_PERCENT = 20
DEAREST = 10_000 * MILLIONTHS
"""Per million tokens. Lists ask a few hundred at most, so more is probably a figure in the wrong unit."""
LARGEST = 10**15
NEEDED = ("in_fresh", "out_text")

Rates = dict[str, int]


class Unfit(ValueError):
    """A figure that is no price: text, below nothing, or without end."""


def millionths(raw: Any) -> int:
    """This will turn a figure per million tokens into whole millionths, rounded half up: 0.27 is 270,000.

    Raises `Unfit` for text, for what is below nothing and for what no column holds.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        message = f"{raw!r} is no number"
        raise Unfit(message)
    try:
        exact = Decimal(raw)
    except InvalidOperation as error:
        message = f"{raw!r} is no number"
        raise Unfit(message) from error
    if not exact.is_finite() or exact < 0 or exact * MILLIONTHS > LARGEST:
        message = f"{raw} is no price"
        raise Unfit(message)
    return int((exact * MILLIONTHS).quantize(Decimal(1), ROUND_HALF_UP))


def rates_of(raw: Mapping[str, Any]) -> Rates:
    """This will read the classes that a list prices. Raises `Unfit`, which names the class."""
    rates: Rates = {}
    for name, figure in raw.items():
        try:
            rates[name] = millionths(figure)
        except Unfit as error:
            message = f"{name}: {error}"
            raise Unfit(message) from error
    return rates


def doubts(rates: Rates, *, last: Rates | None) -> list[str]:
    """This will say what a person should look at before these rates are noted after the `last` ones."""
    found = [f"{name}: nothing is asked" for name in dict.fromkeys((*NEEDED, *rates)) if not rates.get(name)]
    found += [f"{name}: {shown(rate)} is far more than lists ask" for name, rate in rates.items() if rate > DEAREST]
    for name, before in (last or {}).items():
        after = rates.get(name, 0)
        if after and abs(after - before) * 100 > FARTHEST_PERCENT * before:
            found.append(f"{name}: {shown(before)} → {shown(after)} is more than {FARTHEST_PERCENT} % away")
    return found


def shown(figure: int) -> str:
    """This will write whole millionths as lists do: 0.27."""
    return f"{(Decimal(figure) / MILLIONTHS).normalize():f}"
