"""Price rows, their windows and tiers, read from the tables as plain values."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from models_catalog.models import Price, PriceTier
from models_catalog.pricing import Tariff, Tier
from models_catalog.timetables import Entry, Hours, Step, Timetable


def tariff_of(price_id: int) -> Tariff:
    """This will return what a price row charges."""
    return tariffs_of([Price.objects.get(pk=price_id)])[price_id]


def tariffs_of(rows: Iterable[Price]) -> dict[int, Tariff]:
    """This will return what each of these price rows charges, by its id."""
    prices = {row.pk: row for row in rows}
    tiers: dict[int, list[Tier]] = defaultdict(list)
    for tier in PriceTier.objects.filter(price_id__in=prices).order_by("from_input_tokens"):
        tiers[tier.price_id].append(Tier(tier.from_input_tokens, tier.rates))
    return {pk: Tariff(row.rates, tuple(tiers[pk])) for pk, row in prices.items()}


def windows_of(bases: Iterable[int]) -> dict[int, list[Price]]:
    """This will return the windows of each of these price rows, by the id of their base."""
    windows: dict[int, list[Price]] = defaultdict(list)
    for window in Price.objects.filter(base_id__in=list(bases)).order_by("pk"):
        windows[window.base_id or 0].append(window)
    return windows


def hours_of(window: Price) -> Hours:
    """This will return the hours in which a price row with a base counts."""
    assert window.starts_at is not None
    assert window.ends_at is not None
    return Hours(frozenset(window.weekdays), window.starts_at, window.ends_at)


def timetables(*, now: datetime, of: Collection[int] | None = None) -> dict[int, Timetable]:
    """This will return the prices in force and those to come of every model, or of those named, by its id."""
    prices = Price.objects.all() if of is None else Price.objects.filter(chat_model_id__in=of)
    coming = Q(active_from__gt=now, base=None)
    in_force = Q(pk__in=list(prices.in_force(now=now).values_list("pk", flat=True)))
    bases = list(prices.filter(coming | in_force).order_by("active_from"))
    windows = windows_of(row.pk for row in bases)
    tariffs = tariffs_of([*bases, *(window for each in windows.values() for window in each)])
    steps: dict[int, list[Step]] = defaultdict(list)
    for row in bases:
        hours = tuple((hours_of(window), Entry(window.pk, tariffs[window.pk])) for window in windows[row.pk])
        steps[row.chat_model_id].append(Step(row.active_from, Entry(row.pk, tariffs[row.pk]), hours))
    return {chat_model_id: Timetable(tuple(each)) for chat_model_id, each in steps.items()}
