"""What a model cost, costs and will cost: its price rows from the newest to the oldest."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models_catalog import tariffs
from models_catalog.models import ChatModel, Price, PriceTier

LONGEST_HISTORY = 100

When = Literal["past", "now", "coming"]


@dataclass(frozen=True)
class Step:
    """A price from its `active_from` on, what counts instead of it in some hours, and the tiers of longer calls.

    `tiers` holds those of the windows too: each names its price row.
    """

    price: Price
    windows: list[Price]
    tiers: list[PriceTier]
    state: When


def history_of(chat_model: ChatModel, *, now: datetime) -> list[Step]:
    """This will return the announced prices, the one in force and the past ones, the newest first, 100 at most."""
    rows = list(Price.objects.filter(chat_model=chat_model, base=None).order_by("-active_from")[:LONGEST_HISTORY])
    windows = tariffs.windows_of(row.pk for row in rows)
    tiers: dict[int, list[PriceTier]] = defaultdict(list)
    whole = [row.pk for row in rows] + [window.pk for row in rows for window in windows[row.pk]]
    for tier in PriceTier.objects.filter(price__in=whole).order_by("from_input_tokens"):
        tiers[tier.price_id].append(tier)
    in_force = next((row.pk for row in rows if row.active_from <= now), None)
    return [
        Step(
            price=row,
            windows=windows[row.pk],
            tiers=[tier for part in (row, *windows[row.pk]) for tier in tiers[part.pk]],
            state=_state(row, in_force=in_force, now=now),
        )
        for row in rows
    ]


def _state(row: Price, *, in_force: int | None, now: datetime) -> When:
    if row.active_from > now:
        return "coming"
    return "now" if row.pk == in_force else "past"
