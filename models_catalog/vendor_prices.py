"""What models cost us, noted as vendors say it: in their currency, with its rate, source and date; never edited."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from django.conf import settings
from django.db import IntegrityError, transaction

from models_catalog.models import ChatModel, Upstream, VendorPrice
from models_catalog.models.price import RATE_NAMES
from portal.kit.refusals import Refusal, gettext_noop

LARGEST_RATE = 10**15


class UnknownCurrency(Refusal):
    """Nobody pays in that."""

    code = "unknown_currency"
    status = 409
    sentence = gettext_noop("“{currency}” is no currency. Please write three letters, such as CNY or USD.")


class WrongExchangeRate(Refusal):
    """What one unit of the currency is worth must be more than nothing, and exactly one of the portal's own."""

    code = "wrong_exchange_rate"
    status = 409
    sentence = gettext_noop(
        "The rate says what 1 {currency} is worth in {own}. It is more than nothing, and 1 where both are the same."
    )


class WrongVendorRate(Refusal):
    """A price is negative, or larger than anybody asks; or there is none at all."""

    code = "wrong_vendor_rate"
    status = 409
    sentence = gettext_noop("A vendor's price has at least one figure; none is negative or above a billion a million.")


class VendorPriceExists(Refusal):
    """There is a note for this very moment."""

    code = "vendor_price_exists"
    status = 409
    sentence = gettext_noop("There is a vendor's price from that moment on already. Please choose another moment.")


class NoSource(Refusal):
    """A price without a source cannot be checked."""

    code = "vendor_price_without_source"
    status = 409
    sentence = gettext_noop("Please say where the vendor's price stands: a page, a contract, an invoice.")


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a vendor asks: millionths of `currency` per million tokens by class, and per request.

    Classes that are missing are billed as input or output. `exchange_rate` is what one unit of `currency` is worth in
    the portal's own. Without an upstream it is the public list.
    """

    rates: dict[str, int]
    currency: str
    exchange_rate: Decimal
    source: str
    source_date: date
    active_from: datetime
    upstream: Upstream | None = None


def note(chat_model: ChatModel, noted: Note, *, by: int | None, now: datetime) -> VendorPrice:
    """This will write down what a model costs from a moment on, be it past or to come.

    Raises `UnknownCurrency`, `WrongExchangeRate`, `WrongVendorRate`, `NoSource` and `VendorPriceExists`.
    """
    check(noted)
    try:
        with transaction.atomic():
            return VendorPrice.objects.create(
                chat_model=chat_model,
                upstream=noted.upstream,
                active_from=noted.active_from,
                noted_at=now,
                noted_by=by,
                currency=noted.currency,
                exchange_rate=noted.exchange_rate,
                source=noted.source,
                source_date=noted.source_date,
                **noted.rates,
            )
    except IntegrityError as error:
        raise VendorPriceExists from error


def check(noted: Note) -> None:
    """This will refuse a note that says nothing that one could reckon with. Raises as `note` does."""
    if noted.currency not in Locale("en").currencies:
        raise UnknownCurrency(currency=noted.currency)
    is_own = noted.currency == settings.CURRENCY
    if not noted.exchange_rate > 0 or (is_own and noted.exchange_rate != 1):
        raise WrongExchangeRate(currency=noted.currency, own=settings.CURRENCY)
    if not noted.rates or noted.rates.keys() - {*RATE_NAMES}:
        raise WrongVendorRate
    if not all(0 <= rate <= LARGEST_RATE for rate in noted.rates.values()):
        raise WrongVendorRate
    if not noted.source.strip():
        raise NoSource
