"""What a model could cost here: its vendor's public list price and a margin, at the cheapest credits on sale."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Context, Decimal
from fractions import Fraction

from babel.numbers import get_currency_precision
from django.conf import settings

from models_catalog.models import ChatModel, CreditPrice, VendorPrice
from models_catalog.models.price import RATE_NAMES
from models_catalog.pricing import INPUT_CLASSES, OUTPUT_CLASSES, Rates

MARGIN_PERCENT = 20
LARGEST_RATE = 10**15
NOTED_PER_UNIT = 1_000_000
"""List prices are noted in millionths of their currency."""
_NEAT = Context(prec=3, rounding=ROUND_UP)


@dataclass(frozen=True)
class Proposal:
    """Rates that earn at least the margin, and the list price that they come from."""

    rates: Rates
    listed: VendorPrice


def propose(among: Iterable[ChatModel], *, margin_percent: int, now: datetime) -> dict[int, Proposal]:
    """This will propose rates for the models that have a list price, by the model's key.

    money a million × exchange rate × credits for that money, where they are cheapest × (1 + margin), rounded up
    to three digits. Without credits on sale in the portal's currency nothing is proposed.
    """
    credit = cheapest()
    if credit is None:
        return {}
    margin = Decimal(100 + margin_percent) / 100
    proposals: dict[int, Proposal] = {}
    for listed in listed_prices(among, now=now):
        rates = _rates_of(listed, per_unit=_microcredits_for(credit) * listed.exchange_rate * margin)
        if rates is not None:
            proposals[listed.chat_model_id] = Proposal(rates, listed)
    return proposals


def listed_prices(among: Iterable[ChatModel], *, now: datetime) -> list[VendorPrice]:
    """This will return the public list price of each model that has one in force."""
    noted = VendorPrice.objects.filter(chat_model__in=among, upstream=None, active_from__lte=now)
    return list(noted.order_by("chat_model_id", "-active_from").distinct("chat_model_id"))


def cheapest() -> CreditPrice | None:
    """This will return the offering whose credits cost least money, in the portal's currency."""
    on_sale = CreditPrice.objects.filter(currency=settings.CURRENCY, price_minor__gt=0)
    return min(on_sale, key=lambda one: Fraction(one.price_minor, one.microcredits), default=None)


def _microcredits_for(credit: CreditPrice) -> Decimal:
    """How many microcredits one whole unit of the portal's currency buys."""
    minor = Decimal(10) ** get_currency_precision(credit.currency)
    return minor * credit.microcredits / credit.price_minor


def _rates_of(listed: VendorPrice, *, per_unit: Decimal) -> Rates | None:
    if listed.in_fresh is None or listed.out_text is None:
        return None
    usual = dict.fromkeys(INPUT_CLASSES, listed.in_fresh) | dict.fromkeys(OUTPUT_CLASSES, listed.out_text)
    noted = {name: getattr(listed, name) for name in RATE_NAMES}
    said = usual | {name: value for name, value in noted.items() if value is not None}
    rates = {name: _neat(Decimal(value) / NOTED_PER_UNIT * per_unit) for name, value in said.items()}
    return Rates(**rates) if max(rates.values()) <= LARGEST_RATE else None


def _neat(rate: Decimal) -> int:
    return int(_NEAT.plus(rate).to_integral_value(ROUND_UP))
