"""List prices that an import would note: beside the last one, with what is doubtful about them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.conf import settings

from models_catalog.importing import list_prices
from models_catalog.importing.list_prices import Rates, Unfit
from models_catalog.importing.seed_files import ListPrice, Seed, SeedModel
from models_catalog.models import ChatModel, VendorPrice
from models_catalog.models.price import RATE_NAMES

PRICE_RECORD = "list_price"
"""Under this name `ChatModel.imported` keeps the list price that an import noted last."""


@dataclass(frozen=True)
class Note:
    """A vendor's list price: `noted` as a new row, `held` back for its `doubts`, or the one here is `kept`."""

    slug: str
    price: ListPrice
    fate: Literal["noted", "held", "kept"]
    last: VendorPrice | None = None
    rates: Rates = field(default_factory=dict)
    exchange_rate: Decimal = Decimal(1)
    doubts: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        old = _shown(rates_in(self.last), self.last.currency) if self.last else "nothing"
        return f"{self.slug}: list price: {old} → {_shown(self.rates, self.price.currency)}"

    @property
    def record(self) -> dict[str, Any]:
        """What `ChatModel.imported` keeps of it."""
        value = _value(self.price.currency, self.rates, self.exchange_rate)
        return {"value": value, "source": self.price.source, "date": self.price.date.isoformat()}


def last_of(models: Iterable[ChatModel]) -> dict[str, VendorPrice]:
    """This will return the newest list price of each model by its slug."""
    found = (
        VendorPrice.objects.filter(upstream=None, chat_model__in=list(models))
        .select_related("chat_model")
        .order_by("chat_model_id", "-active_from", "-pk")
        .distinct("chat_model_id")
    )
    return {price.chat_model.slug: price for price in found}


def rates_in(row: VendorPrice) -> Rates:
    """This will return the classes that a row prices, in millionths of its currency per million tokens."""
    return {name: getattr(row, name) for name in RATE_NAMES if getattr(row, name) is not None}


def between(
    model: SeedModel, here: ChatModel | None, *, last: VendorPrice | None, seed: Seed, accepted: bool
) -> Note | None:
    """This will compare the list price in the file with the last one; None where there is nothing to say."""
    price = model.list_price
    if price is None:
        return None
    exchange_rate = _exchange_rate(price.currency, seed)
    try:
        rates = list_prices.rates_of(price.rates)
    except Unfit as error:
        return Note(slug=model.slug, price=price, fate="held", last=last, doubts=[str(error)])
    if last is not None and exchange_rate is not None and _is_told(last, price.currency, rates, exchange_rate):
        return None
    fate, doubts = _judge(here, last, price.currency, rates)
    if accepted:
        fate, doubts = "noted", []
    if exchange_rate is None:
        fate, doubts = "held", [f"no rate of exchange from {price.currency} to {settings.CURRENCY}"]
    return Note(model.slug, price, fate, last, rates, exchange_rate or Decimal(1), doubts)


def row_of(note: Note, chat_model: ChatModel, *, by: int | None, now: datetime) -> VendorPrice:
    """This will make the row of a note, not yet written."""
    return VendorPrice(
        chat_model=chat_model,
        active_from=now,
        noted_at=now,
        noted_by=by,
        currency=note.price.currency,
        exchange_rate=note.exchange_rate,
        source=note.price.source,
        source_date=note.price.date,
        **note.rates,
    )


def _judge(
    here: ChatModel | None, last: VendorPrice | None, currency: str, rates: Rates
) -> tuple[Literal["noted", "held", "kept"], list[str]]:
    if last is None:
        doubts = list_prices.doubts(rates, last=None)
    elif here is not None and not _is_ours(last, here):
        return "kept", []
    elif last.currency != currency:
        doubts = [f"{last.currency} became {currency}"]
    else:
        doubts = list_prices.doubts(rates, last=rates_in(last))
    return ("held" if doubts else "noted"), doubts


def _is_ours(last: VendorPrice, here: ChatModel) -> bool:
    """Whether an import noted the last row; otherwise somebody did here."""
    value = here.imported.get(PRICE_RECORD, {}).get("value")
    return bool(value == _value(last.currency, rates_in(last), last.exchange_rate))


def _value(currency: str, rates: Rates, exchange_rate: Decimal) -> dict[str, Any]:
    return {"currency": currency, "rates": rates, "exchange_rate": f"{exchange_rate.normalize():f}"}


def _is_told(last: VendorPrice, currency: str, rates: Rates, exchange_rate: Decimal) -> bool:
    return (last.currency, rates_in(last), last.exchange_rate) == (currency, rates, exchange_rate)


def _exchange_rate(currency: str, seed: Seed) -> Decimal | None:
    if currency == settings.CURRENCY:
        return Decimal(1)
    wanted = (currency, settings.CURRENCY)
    return next((one.rate for one in seed.exchange_rates if (one.base, one.quote) == wanted), None)


def _shown(rates: Rates, currency: str) -> str:
    return f"{', '.join(f'{name} {list_prices.shown(rate)}' for name, rate in rates.items()) or '?'} {currency}"
