"""The clients of upstreams: one file and one row make a new vendor."""

import asyncio
from weakref import WeakKeyDictionary

from httpx_aiohttp import AiohttpTransport

from models_catalog.providers import openai_compatible
from models_catalog.providers.base import Client, RouteOffer
from portal.kit import egress

_DIALECTS = {"openai_compatible": openai_compatible.Client}
_Address = tuple[str, str, bool]

_transports: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Address, AiohttpTransport]] = WeakKeyDictionary()


def client_for(route: RouteOffer) -> Client:
    """This will return a client of the route that shares its upstream's connections in the running loop.

    Raises `egress.AddressRefused` when the upstream's address is not one that may be called.
    """
    return _DIALECTS[route.dialect](route, _transport_of(route))


async def close_clients() -> None:
    """This will close every connection of the running loop."""
    for transport in _transports.pop(asyncio.get_running_loop(), {}).values():
        await transport.aclose()


def _transport_of(route: RouteOffer) -> AiohttpTransport:
    transports = _transports.setdefault(asyncio.get_running_loop(), {})
    address = (route.upstream_slug, route.base_url, route.loopback)
    if address not in transports:
        policy = egress.Policy(loopback=route.loopback)
        transports[address] = egress.open_transport(route.base_url, policy=policy)
    return transports[address]
