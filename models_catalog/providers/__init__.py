"""The clients of upstreams: one file and one row make a new vendor."""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from httpx_aiohttp import AiohttpTransport

from models_catalog.providers import openai_compatible
from models_catalog.providers.base import Client, RouteOffer
from portal.kit import egress

MOST_CLIENTS = 1000
_DIALECTS = {"openai_compatible": openai_compatible.Client}
_Address = tuple[str, str, bool, bool]


@dataclass
class _Kept:
    """What one event loop keeps: a transport for each upstream, a client for each route."""

    transports: dict[_Address, AiohttpTransport] = field(default_factory=dict)
    clients: dict[RouteOffer, Client] = field(default_factory=dict)


_kept: WeakKeyDictionary[asyncio.AbstractEventLoop, _Kept] = WeakKeyDictionary()


def client_for(route: RouteOffer) -> Client:
    """This will return a client of the route that shares its upstream's connections in the running loop.

    Raises `egress.AddressRefused` when the upstream's address is not one that may be called.
    """
    kept = _kept.setdefault(asyncio.get_running_loop(), _Kept())
    client = kept.clients.get(route)
    if client is None:
        if len(kept.clients) >= MOST_CLIENTS:
            kept.clients.clear()
        client = _DIALECTS[route.dialect](route, _transport_of(route, kept))
        kept.clients[route] = client
    return client


async def close_clients() -> None:
    """This will close every connection of the running loop."""
    for transport in _kept.pop(asyncio.get_running_loop(), _Kept()).transports.values():
        await transport.aclose()


def _transport_of(route: RouteOffer, kept: _Kept) -> AiohttpTransport:
    address = (route.upstream_slug, route.base_url, route.loopback, route.private)
    if address not in kept.transports:
        policy = egress.Policy(loopback=route.loopback, private=route.private)
        kept.transports[address] = egress.open_transport(route.base_url, policy=policy)
    return kept.transports[address]
