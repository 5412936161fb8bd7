"""A stream loses nothing, whenever the sign of life is due."""

import asyncio
import time
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import override_settings

from models_catalog.providers.base import ChatRequest
from portal.kit import ids
from portal.kit.timings import Timings
from usage.api import chat_completions, serving
from usage.events import Chunk, Delta, Event, Failed
from usage.flights import Flight

KEEP_ALIVE_SECONDS = 0.05
BUSY_SECONDS = 0.02


def flight() -> Flight:
    one = Flight(ids.uuid7(datetime.now(UTC)), account_id=1, member_id=1, model="m")
    one.request = ChatRequest(model="m", messages=[], stream=True)
    return one


def together_with_the_sign_of_life(one: Flight, event: Event) -> None:
    """The loop is busy just then, so that it finds both due at once, the sign of life first."""
    loop = asyncio.get_running_loop()
    loop.call_later(KEEP_ALIVE_SECONDS - BUSY_SECONDS / 2, time.sleep, BUSY_SECONDS)
    loop.call_later(KEEP_ALIVE_SECONDS + BUSY_SECONDS / 4, one.add, event)


async def streamed(one: Flight, event: Event) -> bytes:
    """This will return the body of a stream in which `event` comes when the sign of life is due."""
    sent: list[bytes] = []

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message.get("body", b""))

    one.add(Delta(Chunk(text="first")))
    together_with_the_sign_of_life(one, event)
    asyncio.get_running_loop().call_later(KEEP_ALIVE_SECONDS * 3, one.add, Failed("late", "Too late.", 503))
    async with asyncio.timeout(5):
        await serving.stream(one, chat_completions.DIALECT, receive, send)
    return b"".join(sent)


class TestStream:
    @pytest.fixture(autouse=True)
    def often(self) -> Iterator[None]:
        with override_settings(TIMINGS=Timings(keep_alive=KEEP_ALIVE_SECONDS)):
            yield

    def test_tells_of_an_end_that_comes_with_the_sign_of_life(self) -> None:
        assert b'"code":"platform"' in asyncio.run(streamed(flight(), Failed("platform", "Broken.", 503)))

    def test_passes_on_a_word_that_comes_with_the_sign_of_life(self) -> None:
        body = asyncio.run(streamed(flight(), Delta(Chunk(text="second"))))
        assert b"second" in body
        assert b'"code":"late"' in body
