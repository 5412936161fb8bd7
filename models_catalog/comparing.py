"""Up to four models side by side: what differs is marked, and nothing that is known is hidden."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from models_catalog import price_cards, price_sheets
from models_catalog.entries import Entry
from models_catalog.histories import Step
from models_catalog.models import Capability, ChatModel, CreditPrice, DataRegion, ModelHealth, Price, Retention
from models_catalog.price_cards import PriceLine
from models_catalog.price_sheets import Condition, Sheet
from models_catalog.pricing import EXAMPLE
from portal.kit.units import TOKENS_PER_PRICE

MOST = 4


@dataclass(frozen=True)
class Sum:
    """Microcredits where there is a price here, and what they cost in minor units of `currency`."""

    microcredits: int | None
    money: Decimal | None
    currency: str


@dataclass(frozen=True)
class Success:
    """How many per cent of the calls succeeded, cut to one place so that 100 means all of them."""

    percent: Decimal
    calls: int


@dataclass(frozen=True)
class Column:
    """One of the models, with all that its cells say; `price` is None for a model that is not connected."""

    entry: Entry
    model: ChatModel
    price: Price | None
    health: ModelHealth | None
    at: CreditPrice | None

    @cached_property
    def sheet(self) -> Sheet | None:
        """Its price with every condition under which other rates count."""
        if self.price is None:
            return None
        windows = list(self.price.windows.all())
        tiers = [tier for part in (self.price, *windows) for tier in part.tiers.all()]
        return price_sheets.sheet(Step(self.price, windows, tiers, "now"), at=self.at)

    @cached_property
    def lines(self) -> dict[str, PriceLine]:
        """Its price by class of tokens."""
        return {line.name: line for line in self.sheet.charges.lines} if self.sheet else {}

    @property
    def conditions(self) -> list[Condition] | None:
        """When other rates count; None without a price."""
        return self.sheet.conditions if self.sheet else None

    @property
    def request_sum(self) -> Sum | None:
        """What each call costs beside its tokens."""
        return self._sum(self.price.per_request) if self.price else None

    @property
    def example(self) -> Sum | None:
        """What `EXAMPLE` costs; in money alone, by the vendor's list, where there is no price here."""
        if self.price is not None:
            return self._sum(self.entry.example_cost or 0)
        listed = self.entry.list_price
        if listed is None:
            return None
        minor = (listed.given * EXAMPLE.in_fresh + listed.answered * EXAMPLE.out_text) / TOKENS_PER_PRICE
        return Sum(None, minor, "")

    def _sum(self, microcredits: int) -> Sum:
        money = price_cards.in_money(microcredits, at=self.at) if self.at else None
        return Sum(microcredits, money, self.at.currency if self.at else "")


@dataclass(frozen=True)
class Line:
    """One row: `kind` tells the page how to write the cells, which stand in the order of the columns."""

    label: str
    kind: str
    cells: tuple[Any, ...]
    is_different: bool


@dataclass(frozen=True)
class Part:
    """Rows that belong together."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Comparison:
    """The table; `left_out` are names beyond the fourth, `unknown` what is no model here."""

    columns: tuple[Column, ...]
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_full(self) -> bool:
        """Whether no further model fits."""
        return len(self.columns) >= MOST

    @property
    def heads(self) -> list[tuple[Column, str]]:
        """Each column with the query of the comparison without it."""
        slugs = [column.entry.slug for column in self.columns]
        return [
            (column, urlencode([("model", other) for other in slugs if other != slug]))
            for column, slug in zip(self.columns, slugs, strict=True)
        ]


def compare(slugs: Iterable[str], *, among: Sequence[Entry], at: CreditPrice | None, now: datetime) -> Comparison:
    """This will put the first four of the models named side by side; money is told at the offering `at`."""
    known = {entry.slug: entry for entry in among}
    asked = [slug for slug in dict.fromkeys(slugs) if slug]
    found = [known[slug] for slug in asked if slug in known]
    columns = _columns(found[:MOST], at=at, now=now)
    return Comparison(
        columns=columns,
        parts=tuple(part for part in _parts(columns) if part.lines) if columns else (),
        left_out=tuple(entry.name for entry in found[MOST:]),
        unknown=tuple(slug[:120] for slug in asked if slug not in known),
    )


def _columns(found: list[Entry], *, at: CreditPrice | None, now: datetime) -> tuple[Column, ...]:
    pks = [entry.pk for entry in found]
    models = {model.pk: model for model in ChatModel.objects.filter(pk__in=pks).select_related("vendor")}
    in_force = Price.objects.in_force(now=now).filter(chat_model_id__in=pks)
    prices = {price.chat_model_id: price for price in in_force.prefetch_related("tiers", "windows__tiers")}
    last_day = ModelHealth.objects.filter(chat_model_id__in=pks, span=ModelHealth.Span.LAST_DAY)
    health = {each.chat_model_id: each for each in last_day.order_by("starts_at")}
    return tuple(
        Column(each, models[each.pk], prices.get(each.pk) if each.is_callable else None, health.get(each.pk), at)
        for each in found
    )


def _parts(columns: tuple[Column, ...]) -> list[Part]:
    return [
        Part(_("The model"), _model_lines(columns)),
        Part(_("Can do"), _capability_lines(columns)),
        Part(_("Price in credits per million tokens, and in money"), _price_lines(columns)),
        Part(_("The last 24 hours"), _health_lines(columns)),
        Part(_("Your data"), _data_lines(columns)),
    ]


def _line(
    label: object, kind: str, columns: Sequence[Column], read: Callable[[Column], Any], *, weigh: Any = None
) -> Line:
    """Cells differ when what is known of them differs, or what `weigh` makes of it."""
    cells = tuple(read(column) for column in columns)
    weighed = [weigh(cell) if weigh and cell is not None else cell for cell in cells]
    known = [each for each in weighed if each is not None and each != ""]
    text = str(label)
    return Line(text[:1].upper() + text[1:], kind, cells, any(each != known[0] for each in known))


def _model_lines(columns: tuple[Column, ...]) -> tuple[Line, ...]:
    return (
        _line(_("Id"), "code", columns, lambda column: column.entry.slug),
        _line(_("Vendor"), "text", columns, lambda column: column.entry.vendor),
        _line(_("Family"), "text", columns, lambda column: column.model.family),
        _line(_("Released"), "day", columns, lambda column: column.entry.released_date),
        _line(_("State"), "state", columns, lambda column: column.entry, weigh=_state),
        _line(_("Context"), "tokens", columns, lambda column: column.entry.context_tokens or None),
        _line(_("Longest answer"), "tokens", columns, lambda column: column.model.max_output_tokens or None),
    )


def _state(entry: Entry) -> tuple[object, ...]:
    return entry.is_callable, entry.is_resting, entry.state, entry.retires_date


def _capability_lines(columns: tuple[Column, ...]) -> tuple[Line, ...]:
    known = [each for each in Capability if any(each.value in column.entry.capabilities for column in columns)]
    return tuple(_line(each.label, "tick", columns, partial(_can, name=each.value)) for each in known)


def _can(column: Column, *, name: str) -> bool | None:
    """What is not noted of a model that was never connected is not known."""
    return name in column.entry.capabilities or (False if column.entry.is_known else None)


def _price_lines(columns: tuple[Column, ...]) -> tuple[Line, ...]:
    lines: list[Line] = []
    labels = {name: line.label for column in columns for name, line in column.lines.items()}
    if labels:
        lines += [_line(labels[name], "price", columns, partial(_price, name=name), weigh=_rate) for name in labels]
        lines.append(_line(_("Each request"), "sum", columns, lambda column: column.request_sum))
    if any(column.conditions for column in columns):
        lines.append(_line(_("At other times and lengths"), "conditions", columns, _conditions, weigh=_terms))
    if any(column.entry.list_price for column in columns):
        lines.append(_line(_("Vendor's list price"), "list_price", columns, lambda column: column.entry.list_price))
    lines.append(_line(_("A typical question"), "sum", columns, lambda column: column.example))
    return tuple(lines)


def _price(column: Column, *, name: str) -> PriceLine | None:
    return column.lines.get(name)


def _rate(line: PriceLine) -> int:
    return line.per_million


def _conditions(column: Column) -> list[Condition] | None:
    return column.conditions


def _terms(conditions: list[Condition]) -> list[tuple[object, ...]]:
    return [(one.window and one.window.hours_label, one.from_input_tokens, one.charges.rates) for one in conditions]


def _health_lines(columns: tuple[Column, ...]) -> tuple[Line, ...]:
    if not any(column.health for column in columns):
        return ()
    return (
        _line(_("Speed, median"), "speed", columns, lambda column: column.entry.tokens_a_second),
        _line(_("First token, median"), "wait", columns, lambda column: _read(column.health, "first_token_p50")),
        _line(
            _("First token, 95 of 100 calls"), "wait", columns, lambda column: _read(column.health, "first_token_p95")
        ),
        _line(_("Calls that succeeded"), "share", columns, _success, weigh=_percent),
    )


def _read(health: ModelHealth | None, name: str) -> int | None:
    return getattr(health, name) if health else None


def _success(column: Column) -> Success | None:
    health = column.health
    if health is None or not health.calls:
        return None
    return Success(Decimal(health.succeeded * 1000 // health.calls) / 10, health.calls)


def _percent(success: Success) -> Decimal:
    return success.percent


def _data_lines(columns: tuple[Column, ...]) -> tuple[Line, ...]:
    return (
        _line(_("What you send"), "text", columns, lambda column: column.entry.region, weigh=_told),
        _line(_("Kept there"), "text", columns, lambda column: column.model.get_retention_display(), weigh=_told),
        _line(_("Used for training"), "yes", columns, lambda column: column.model.trains_on_data),
        _line(_("Operated by"), "text", columns, lambda column: column.model.operated_by),
        _line(_("Contract"), "text", columns, lambda column: column.model.contract),
        _line(_("Generative-AI filing"), "text", columns, lambda column: column.model.filing),
    )


def _told(text: str) -> str:
    return "" if text in {str(DataRegion.UNKNOWN.label), str(Retention.UNKNOWN.label)} else text
