"""The public burn table: how many credits one token of each model costs, class by class, now and as announced."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from models_catalog import tariffs
from models_catalog.models import ChatModel, Price
from models_catalog.models.price import RATE_NAMES
from models_catalog.price_terms import usual_of
from models_catalog.pricing import USAGE_CLASSES, Rates, Tariff
from models_catalog.timetables import Step, Timetable
from portal.kit.units import MICROCREDITS_PER_CREDIT, TOKENS_PER_PRICE

COLUMNS = (
    "model",
    "in_force_from",
    "state",
    "weekdays",
    "hours_from",
    "hours_until",
    "from_input_tokens",
    *(f"credits_per_{name}" for name in RATE_NAMES),
)
"""Of the CSV: credits a token of each class, and credits a call."""
CALL = "per_request"


@dataclass(frozen=True)
class Burn:
    """One set of rates of a model: of its base, of some hours (the account's clock), or of longer calls in either."""

    model: ChatModel
    active_from: datetime
    is_coming: bool
    rates: Rates
    window: Price | None = None
    from_input_tokens: int = 0

    @property
    def is_base(self) -> bool:
        """Whether it is what counts where nothing else does."""
        return self.window is None and not self.from_input_tokens


@dataclass(frozen=True)
class Table:
    """All that counts and all that is announced; `version` is when any of it last changed or was announced."""

    burns: list[Burn]
    version: datetime | None


def table(*, now: datetime) -> Table:
    """This will return the burn of every published model that has a price, by name."""
    timetables = tariffs.timetables(now=now)
    models = ChatModel.objects.published().filter(pk__in=timetables).order_by("name", "slug")
    windows = {row.pk: row for row in Price.objects.filter(base__in=_rows(timetables.values()))}
    burns = [
        burn
        for model in models
        for step in timetables[model.pk].steps
        for burn in _burns(model, step, windows=windows, now=now)
    ]
    return Table(burns, _version([model.pk for model in models], now=now))


@dataclass(frozen=True)
class Line:
    """A line of the page: a burn, and the rates that differ from those of input and output, with their labels."""

    burn: Burn
    further: list[tuple[str, int]]


def by_model(found: Table) -> list[tuple[ChatModel, list[Line]]]:
    """This will put the lines of each model together, in the order of the table."""
    each = groupby(found.burns, key=lambda burn: burn.model)
    return [(model, [Line(burn, _further(burn.rates)) for burn in lines]) for model, lines in each]


def as_json(found: Table) -> dict[str, Any]:
    """This will write the table for programs; credits are decimal strings."""
    return {
        "object": "list",
        "version": found.version,
        "unit": "credits per token; per_request in credits per call",
        "data": [_as_row(burn) for burn in found.burns],
    }


def as_csv(found: Table) -> str:
    """This will write the table for sheets: a line for each set of rates, the hours by the clock of the account."""
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(COLUMNS)
    for burn in found.burns:
        row = _as_row(burn)
        hours = row["hours"] or {"weekdays": [], "from": "", "until": ""}
        spans = (" ".join(map(str, hours["weekdays"])), hours["from"], hours["until"])
        rates = row["credits"].values()
        began = burn.active_from.isoformat()
        lines.writerow((row["model"], began, row["state"], *spans, burn.from_input_tokens, *rates))
    return written.getvalue()


def in_credits(name: str, rate: int) -> str:
    """This will write a rate as credits a token, or a call, exactly: 0.3."""
    per = MICROCREDITS_PER_CREDIT * (1 if name == CALL else TOKENS_PER_PRICE)
    return f"{(Decimal(rate) / per).normalize():f}"


def _further(rates: Rates) -> list[tuple[str, int]]:
    """What costs as much as input or output is not told again."""
    labels = {field.name: str(field.verbose_name) for field in Price._meta.fields}
    return [
        (labels[name], rate)
        for name in USAGE_CLASSES
        if (rate := int(getattr(rates, name))) != getattr(rates, usual_of(name)) and name != usual_of(name)
    ]


def _as_row(burn: Burn) -> dict[str, Any]:
    window = burn.window
    return {
        "model": burn.model.slug,
        "in_force_from": burn.active_from,
        "state": "coming" if burn.is_coming else "now",
        "hours": window
        and {"weekdays": window.weekdays, "from": f"{window.starts_at:%H:%M}", "until": f"{window.ends_at:%H:%M}"},
        "from_input_tokens": burn.from_input_tokens,
        "credits": {name: in_credits(name, getattr(burn.rates, name)) for name in RATE_NAMES},
    }


def _rows(timetables: Iterable[Timetable]) -> list[int]:
    return [step.entry.price_id for each in timetables for step in each.steps]


def _burns(model: ChatModel, step: Step, *, windows: dict[int, Price], now: datetime) -> Iterator[Burn]:
    is_coming = step.active_from > now
    for entry in step.entries():
        window = windows.get(entry.price_id)
        tariff: Tariff = entry.tariff
        yield Burn(model, step.active_from, is_coming, tariff.rates, window)
        for tier in tariff.tiers:
            yield Burn(model, step.active_from, is_coming, tier.rates, window, tier.from_input_tokens)


def _version(models: list[int], *, now: datetime) -> datetime | None:
    rows = Price.objects.filter(chat_model_id__in=models, base=None, published_at__lte=now)
    moments = [moment for pair in rows.values_list("published_at", "active_from") for moment in pair if moment <= now]
    return max(moments, default=None)
