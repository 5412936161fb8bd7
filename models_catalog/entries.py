"""Every published model as one light row: what the list of models finds, sorts and shows."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils.translation import get_language

from models_catalog import pricing
from models_catalog.models import (
    Alias,
    ChatModel,
    CreditPrice,
    DataRegion,
    ModelHealth,
    Price,
    Route,
    State,
    VendorPrice,
)
from models_catalog.models.chat_model import CALLABLE_STATES
from models_catalog.pricing import EXAMPLE, Rates
from portal.kit.units import TOKENS_PER_PRICE, Microcredits

LARGEST_CATALOG = 2000
_COLUMNS = (
    "pk",
    "slug",
    "name",
    "vendor__slug",
    "vendor__name",
    "vendor__name_zh",
    "summary",
    "summary_zh",
    "capabilities",
    "context_tokens",
    "data_region",
    "state",
    "retires_date",
    "released_date",
)
_PLAIN = ("slug", "name", "context_tokens", "data_region", "state", "retires_date", "released_date")
_SPOKEN = ("slug", "name", "vendor__name", "vendor__name_zh", "summary", "summary_zh")


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What a vendor's public list asks per million tokens that go in and come out: minor units of our currency."""

    given: Decimal
    answered: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the list, in the reader's language.

    `example_cost` is what `EXAMPLE` costs in microcredits: here, or for a model that is not connected what credits
    for its list price would be; None where nobody names a price. `speed` is in thousandths of a token a second and
    `first_token` in milliseconds, both medians of the last 24 hours. A model is resting while it has all that calls
    need, but for a connection that is switched on.
    """

    pk: int
    slug: str
    name: str
    vendor_slug: str
    vendor: str
    summary: str
    capabilities: frozenset[str]
    context_tokens: int
    data_region: str
    state: str
    retires_date: date | None
    released_date: date | None
    is_callable: bool
    is_resting: bool
    aliases: tuple[str, ...]
    position: int
    rates: Rates | None
    list_price: ListPrice | None
    example_cost: int | None
    speed: int | None
    first_token: int | None
    words: str

    @property
    def tokens_a_second(self) -> int | None:
        """The speed in whole tokens a second."""
        return None if self.speed is None else round(self.speed / 1000)

    @property
    def is_known(self) -> bool:
        """Whether what is not noted of it is not so: of an announced model nobody has noted all."""
        return self.state != State.ANNOUNCED

    @property
    def region(self) -> str:
        """Where what is sent goes, in words."""
        return str(DataRegion(self.data_region).label)

    @property
    def state_label(self) -> str:
        """Where it stands in its life, in words."""
        return str(State(self.state).label)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What other tables say, by model."""

    at: CreditPrice | None
    rates: dict[int, Rates]
    list_prices: dict[int, ListPrice]
    health: dict[int, tuple[int | None, int | None]]
    aliases: dict[int, list[Alias]]


def entries(*, at: CreditPrice | None, now: datetime) -> list[Entry]:
    """This will load every published model, by name; `at` is where credits are bought, to weigh list prices."""
    beside = _Beside(at, _rates(now), _list_prices(now), _health(), _aliases())
    is_routed = Exists(Route.objects.open().filter(chat_model=OuterRef("pk")))
    rows = ChatModel.objects.published().order_by("name", "pk").values_list(*_COLUMNS, is_routed)[:LARGEST_CATALOG]
    chinese = (get_language() or "").startswith("zh")
    return [_entry(dict(zip(_COLUMNS, row, strict=False)), beside, is_routed=row[-1], chinese=chinese) for row in rows]


def _entry(row: dict[str, Any], beside: _Beside, *, is_routed: bool, chinese: bool) -> Entry:
    pk = row["pk"]
    is_ready = pk in beside.rates and row["state"] in CALLABLE_STATES
    is_callable = is_ready and is_routed
    rates = beside.rates[pk] if is_callable else None
    list_price = None if is_callable else beside.list_prices.get(pk)
    aliases = beside.aliases.get(pk, [])
    speed, first_token = beside.health.get(pk, (None, None))
    return Entry(
        pk=pk,
        vendor_slug=row["vendor__slug"],
        vendor=(chinese and row["vendor__name_zh"]) or row["vendor__name"],
        summary=(chinese and row["summary_zh"]) or row["summary"],
        capabilities=frozenset(row["capabilities"]),
        is_callable=is_callable,
        is_resting=is_ready and not is_routed,
        aliases=tuple(alias.local_name for alias in aliases),
        position=min((alias.position for alias in aliases), default=LARGEST_CATALOG),
        rates=rates,
        list_price=list_price,
        example_cost=_example_cost(rates, list_price, at=beside.at),
        speed=speed,
        first_token=first_token,
        words=_words(row, aliases),
        **{name: row[name] for name in _PLAIN},
    )


def _words(row: dict[str, Any], aliases: list[Alias]) -> str:
    named = [word for alias in aliases for word in (alias.slug, alias.name, alias.name_zh)]
    return "\n".join([*(row[name] for name in _SPOKEN), *named]).casefold()


def _rates(now: datetime) -> dict[int, Rates]:
    rows = Price.objects.in_force(now=now).values_list("chat_model_id", "in_fresh", "out_text", "per_request")
    return {pk: Rates(in_fresh=given, out_text=answered, per_request=each) for pk, given, answered, each in rows}


def _list_prices(now: datetime) -> dict[int, ListPrice]:
    rows = (
        VendorPrice.objects.filter(upstream=None, active_from__lte=now)
        .order_by("chat_model_id", "-active_from")
        .distinct("chat_model_id")
        .values_list("chat_model_id", "exchange_rate", "in_fresh", "out_text")
    )
    minor = Decimal(1).scaleb(get_currency_precision(settings.CURRENCY) - 6)
    return {
        pk: ListPrice(given * exchange * minor, answered * exchange * minor)
        for pk, exchange, given, answered in rows
        if given is not None and answered is not None
    }


def _health() -> dict[int, tuple[int | None, int | None]]:
    rows = (
        ModelHealth.objects.filter(span=ModelHealth.Span.LAST_DAY)
        .order_by("chat_model_id", "-starts_at")
        .distinct("chat_model_id")
        .values_list("chat_model_id", "speed_p50", "first_token_p50")
    )
    return {pk: (speed, first_token) for pk, speed, first_token in rows}


def _aliases() -> dict[int, list[Alias]]:
    found: dict[int, list[Alias]] = defaultdict(list)
    for alias in Alias.objects.all()[:LARGEST_CATALOG]:
        found[alias.chat_model_id].append(alias)
    return found


def _example_cost(own: Rates | None, of_list: ListPrice | None, *, at: CreditPrice | None) -> Microcredits | None:
    if own is not None:
        return pricing.cost(EXAMPLE, own)
    if of_list is None or at is None or not at.price_minor:
        return None
    minor = (of_list.given * EXAMPLE.in_fresh + of_list.answered * EXAMPLE.out_text) / TOKENS_PER_PRICE
    return Microcredits(int(minor * at.microcredits / at.price_minor))
