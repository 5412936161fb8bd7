"""What a worker process remembers of the catalog: prices, which never change, and routes for a few seconds."""

import time

from models_catalog import catalog
from models_catalog.pricing import Tariff
from models_catalog.providers.base import RouteOffer
from portal.kit import database

_tariffs: dict[int, Tariff] = {}
_routes: dict[int, tuple[float, tuple[RouteOffer, ...]]] = {}


async def tariff_of(price_id: int) -> Tariff:
    """This will return what a price row charges."""
    if price_id not in _tariffs:
        _tariffs[price_id] = await database.in_thread(catalog.tariff_of, price_id)
    return _tariffs[price_id]


async def routes_of(chat_model_id: int) -> tuple[RouteOffer, ...]:
    """This will return the open routes of a model, the preferred one first, at most 5 seconds old."""
    read_at, routes = _routes.get(chat_model_id, (0.0, ()))
    if not routes or time.monotonic() - read_at > catalog.REMEMBERED_SECONDS:
        routes = await database.in_thread(catalog.routes_of, chat_model_id)
        _routes[chat_model_id] = (time.monotonic(), routes)
    return routes
