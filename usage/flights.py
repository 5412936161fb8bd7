"""A call as a web process sees it: its events in order, whole even when some were lost on the way."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from models_catalog.providers.base import ChatRequest
from plans.ledger import Rate, Reservation
from portal.kit import ids
from usage.events import Accepted, Answer, Delta, Event, Failed, Finished, KeepAlive
from usage.relay import Frame, Snapshot

OUT_OF_BAND = 0
"""The sequence of an event that somebody else than the worker sends: it ends the call at once."""


class Flight:
    """One call that somebody here waits for. `position` counts its events, so that a reader may come back."""

    def __init__(self, call_id: UUID, *, account_id: int, member_id: int, model: str) -> None:
        self.call_id = call_id
        self.account_id = account_id
        self.member_id = member_id
        self.model = model
        self.events: list[Event] = []
        self.answer = Answer()
        self.end: Finished | Failed | None = None
        self.served_model = ""
        self.sunset: datetime | None = None
        self.request: ChatRequest | None = None
        self.reservation: Reservation | None = None
        self.queue = ""
        self.keep = False
        self.output_limit = 0
        self.over: tuple[Mapping[str, Any], ...] = ()
        self.rates: tuple[Rate, ...] = ()
        self.pushes = 0
        self.began_at = self.heard_at = self.pushed_at = self.checked_at = time.monotonic()
        self.ended_at = 0.0
        self.seen_ended = False
        self._sequence = 0
        self.early: list[Frame] = []
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def opened_at(self) -> datetime:
        """When the call was opened, which its id carries."""
        return ids.moment_of(self.call_id)

    @property
    def text(self) -> str:
        """What has arrived of the answer's text."""
        return self.answer.text

    @property
    def has_gap(self) -> bool:
        """Whether later frames wait for one that has not come."""
        return bool(self.early) and self.end is None

    @property
    def is_heard(self) -> bool:
        """Whether its worker has said anything."""
        return self._sequence > 0 or bool(self.early)

    def take(self, frame: Frame) -> None:
        """This will take a frame: in its turn at once, too early until the gap is mended, twice never."""
        if self.end is not None:
            return
        self.heard_at = time.monotonic()
        if frame.sequence in {self._sequence + 1, OUT_OF_BAND}:
            self._sequence = max(self._sequence, frame.sequence)
            self.add(frame.event)
        elif frame.sequence > self._sequence:
            self.early.append(frame)

    def mend(self, snapshot: Snapshot) -> None:
        """This will fill what was lost from a snapshot, and go on with the frames that came too early."""
        if snapshot.sequence > self._sequence and self.end is None:
            if snapshot.served_model and not self.served_model:
                self.add(Accepted(snapshot.served_model))
            for chunk in snapshot.answer.rest_after(self.answer):
                if chunk.text or chunk.reasoning or chunk.tool_calls or chunk.finish_reason:
                    self.add(Delta(chunk))
            self._sequence = snapshot.sequence
            if isinstance(snapshot.end, Finished | Failed):
                self.add(snapshot.end)
        early, self.early = sorted(self.early, key=lambda frame: frame.sequence), []
        for frame in early:
            self.take(frame)

    def add(self, event: Event) -> None:
        """This will append an event and wake whoever waits for it."""
        if self.end is not None:
            return
        match event:
            case Delta(chunk=chunk):
                self.answer.add(chunk)
            case Accepted(served_model=name):
                self.served_model = name
            case Finished() | Failed():
                self.end, self.ended_at = event, time.monotonic()
        self.events.append(event)
        self.nudge()

    def nudge(self) -> None:
        """This will wake whoever waits, to look again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def news(self, position: int, *, keep_alive_seconds: float) -> bool:
        """This will wait until there are events from `position` on; False when time is up."""
        if len(self.events) > position:
            return True
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append(future)
        timer = loop.call_later(keep_alive_seconds, future.cancel)
        try:
            await future
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return False
        finally:
            timer.cancel()
        return True

    async def follow(self, *, from_position: int, keep_alive_seconds: float) -> AsyncIterator[Event]:
        """This will yield all events from a position on until the call ends, and a sign of life in between."""
        position = from_position
        while True:
            if not await self.news(position, keep_alive_seconds=keep_alive_seconds):
                yield KeepAlive()
                continue
            while position < len(self.events):
                yield self.events[position]
                position += 1
            if self.end is not None:
                return
