"""The scripted upstream as a real server, and a way to ask it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from pytest_django import Settings

from models_catalog.providers.base import RouteOffer
from tests.scripted import private_host, serving


@pytest.fixture(scope="session")
def upstream_url() -> Iterator[str]:
    """The address of a running scripted upstream."""
    with serving("127.0.0.1") as url:
        yield url


@pytest.fixture(scope="session")
def private_url() -> Iterator[str]:
    """The address of a scripted upstream in the private network that this machine stands in."""
    with serving(private_host()) as url:
        yield url


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
