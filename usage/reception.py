"""What one web process shares between its calls: Valkey, the inbox of frames, flights, tasks, and the clock."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.kit import database
from usage import watch
from usage.calls.settlement import TROUBLE
from usage.failures import OutOfService
from usage.flights import Flight
from usage.relay import Frame, Inbox
from usage.valkey import Valkey

CLOCK_SECONDS = 5.0


@dataclass
class _Clock:
    """How far business time is ahead of this machine's, asked of the database every few seconds."""

    ahead_seconds: float = 0.0
    asked_at: float = float("-inf")


class Reception:
    """What one web process shares between its calls; it also takes the frames that come in."""

    def __init__(self) -> None:
        self.valkey = Valkey(settings.VALKEY_URL)
        self.inbox = Inbox(settings.VALKEY_URL, reader=self)
        self.flights: dict[UUID, Flight] = {}
        self.clock = _Clock()
        self.room = watch.Room()
        self.tasks: set[asyncio.Task[None]] = set()

    def take(self, frame: Frame) -> None:
        """This will hand a frame to its flight."""
        flight = self.flights.get(UUID(bytes=frame.call))
        if flight is None:
            return
        flight.take(frame)
        if flight.has_gap and len(flight.early) == 1:
            self.spawn(watch.mend(self.valkey, flight))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """This will run a coroutine beside the requests."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def now(self) -> datetime:
        """This will return business time, asked of the database every few seconds. Raises `OutOfService`."""
        if time.monotonic() - self.clock.asked_at > CLOCK_SECONDS:
            try:
                rows = await database.fetch("SELECT extract(epoch FROM app_now())::float8 AS now")
            except TROUBLE as error:
                raise OutOfService from error
            self.clock.ahead_seconds, self.clock.asked_at = rows[0]["now"] - time.time(), time.monotonic()
        return datetime.fromtimestamp(time.time() + self.clock.ahead_seconds, tz=UTC)
