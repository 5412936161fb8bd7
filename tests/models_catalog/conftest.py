"""The scripted upstream as a real server, and a way to ask it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import uvicorn
from pytest_django import Settings

from models_catalog.providers.base import RouteOffer
from portal.sandbox import upstream

STARTING_SECONDS = 10


@pytest.fixture(scope="session")
def upstream_url() -> Iterator[str]:
    """The address of a running scripted upstream."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(upstream.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + STARTING_SECONDS
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(STARTING_SECONDS)


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
