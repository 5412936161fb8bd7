"""What a reader of a stream is sent, where the moment matters."""

import asyncio
import time
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any

from pytest_django.fixtures import Settings

from models_catalog.pricing import Usage
from models_catalog.providers.base import ChatRequest
from portal.kit import ids
from portal.kit.timings import Timings
from usage.api import chat_completions, serving
from usage.events import Chunk, Delta, Finished
from usage.flights import Flight

KEEP_ALIVE_SECONDS = 0.1


class TestStream:
    def test_loses_nothing_that_comes_as_time_is_up(self, settings: Settings) -> None:
        """In the turn of the loop in which a sign of life is due, the end of the answer arrives."""
        settings.TIMINGS = Timings(keep_alive=KEEP_ALIVE_SECONDS)
        one = Flight(ids.uuid7(datetime.now(UTC)), account_id=1, member_id=1, model="m")
        one.request = ChatRequest(model="m", messages=[], stream=True)
        sent: list[bytes] = []

        async def receive() -> MutableMapping[str, Any]:
            loop = asyncio.get_running_loop()
            loop.call_later(KEEP_ALIVE_SECONDS / 2, time.sleep, KEEP_ALIVE_SECONDS)  # both are due after it
            loop.call_later(KEEP_ALIVE_SECONDS, one.add, Delta(Chunk(text="word1")))
            loop.call_later(KEEP_ALIVE_SECONDS, one.add, Finished(Usage(), 0, 0, "usage", "stop"))
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message.get("body", b""))

        asyncio.run(serving.stream(one, chat_completions.DIALECT, receive, send))

        assert b"word1" in b"".join(sent)
        assert b"".join(sent).endswith(b"data: [DONE]\n\n")
