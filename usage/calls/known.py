"""What a worker process remembers of the catalog: prices, which never change, and routes for a few seconds."""

import time

from models_catalog import catalog
from models_catalog.models import Price
from models_catalog.pricing import Rates
from models_catalog.providers.base import RouteOffer
from portal.kit import database

_rates: dict[int, Rates] = {}
_routes: dict[int, tuple[float, tuple[RouteOffer, ...]]] = {}


async def rates_of(price_id: int) -> Rates:
    """This will return the rates of a price row."""
    if price_id not in _rates:
        _rates[price_id] = await database.in_thread(_read_rates, price_id)
    return _rates[price_id]


async def routes_of(chat_model_id: int) -> tuple[RouteOffer, ...]:
    """This will return the open routes of a model, the preferred one first, at most 5 seconds old."""
    read_at, routes = _routes.get(chat_model_id, (0.0, ()))
    if not routes or time.monotonic() - read_at > catalog.REMEMBERED_SECONDS:
        routes = await database.in_thread(catalog.routes_of, chat_model_id)
        _routes[chat_model_id] = (time.monotonic(), routes)
    return routes


def _read_rates(price_id: int) -> Rates:
    return Price.objects.get(pk=price_id).rates
