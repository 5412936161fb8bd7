"""Hangs up on an upstream that says nothing for too long, at the price of one timer a call."""

import asyncio
from types import TracebackType
from typing import Self

import httpx

from models_catalog.providers.base import RouteOffer


class Watch:
    """Counts the silence since the last piece; a piece only writes down the moment.

    The timer looks at that moment when it rings and goes to sleep again if there was a piece since. When the
    silence is too long, or the whole call is, it closes the answer, which wakes whoever reads it.
    """

    __slots__ = ("_closing", "_hard_stop", "_idle", "_limit", "_loop", "_response", "_timer", "fired")

    def __init__(self, response: httpx.Response, *, route: RouteOffer, hard_stop: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._response = response
        self._idle = route.idle_timeout_seconds
        self._hard_stop = hard_stop
        self._limit = min(self._loop.time() + route.first_byte_timeout_seconds, hard_stop)
        self._closing: asyncio.Task[None] | None = None
        self.fired = False

    def __enter__(self) -> Self:
        self._timer = self._loop.call_at(self._limit, self._ring)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def heard(self) -> None:
        """This will note that the upstream just said something."""
        self._limit = self._loop.time() + self._idle

    def _ring(self) -> None:
        limit = min(self._limit, self._hard_stop)
        if self._loop.time() < limit:
            self._timer = self._loop.call_at(limit, self._ring)
            return
        self.fired = True
        self._closing = self._loop.create_task(self._response.stream.aclose())  # type: ignore[union-attr] # an async transport's stream
