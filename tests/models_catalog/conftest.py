"""The scripted upstream as a real server, and a way to ask it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
import uvicorn
from pytest_django import Settings

from models_catalog.providers.base import RouteOffer
from portal.sandbox import upstream

STARTING_SECONDS = 10
_EXAMPLES = ip_network("192.0.2.0/24")
"""Addresses of documents (RFC 5737): Python calls them private, but nobody's network is one of them."""


@contextmanager
def serving(host: str) -> Iterator[str]:
    """Runs a scripted upstream at an address of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family)
    config = uvicorn.Config(upstream.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + STARTING_SECONDS
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(STARTING_SECONDS)


@pytest.fixture(scope="session")
def upstream_url() -> Iterator[str]:
    """The address of a running scripted upstream."""
    with serving("127.0.0.1") as url:
        yield url


@pytest.fixture(scope="session")
def private_url() -> Iterator[str]:
    """The address of a scripted upstream in the private network that this machine stands in."""
    own = [place for place in map(_own_address, ("10.255.255.254", "fd00::ffff")) if place and place.is_private]
    found = [place for place in own if not place.is_loopback and not place.is_link_local and place not in _EXAMPLES]
    if not found:
        pytest.skip("NOT RUN: this machine stands in no private network, so none can be called")
    with serving(str(found[0])) as url:
        yield url


def _own_address(away: str) -> IPv4Address | IPv6Address | None:
    """The address that this machine would send from; nothing is sent."""
    with socket.socket(socket.AF_INET6 if ":" in away else socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((away, 9))
        except OSError:
            return None
        return ip_address(asking.getsockname()[0])


@pytest.fixture
def route(upstream_url: str) -> Callable[..., RouteOffer]:
    """Makes a route to the scripted upstream; keywords change it."""
    offer = RouteOffer(
        route_id=1,
        upstream_slug="sandbox",
        upstream_model="demo-instant",
        base_url=upstream_url,
        dialect="openai_compatible",
        secret="sk-upstream-secret",
        region="",
        concurrency=64,
        first_byte_timeout_seconds=3,
        idle_timeout_seconds=3,
        hard_deadline_seconds=30,
        loopback=True,
    )
    return lambda **changes: replace(offer, **changes)


@pytest.fixture
def _yuan(settings: Settings) -> None:
    """The portal counts in yuan."""
    settings.CURRENCY = "CNY"
