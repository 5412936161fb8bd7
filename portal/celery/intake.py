"""Takes calls from the queues of the upstreams and runs them, all on the one loop of a worker process."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from portal.celery import presence
from portal.kit import database
from usage import dispatch
from usage.valkey import RETRY_SECONDS, Unavailable, Valkey

MOST_CALLS = 512
"""How many calls one kill can hurt."""
READ_WAIT_SECONDS = 2

logger = logging.getLogger(__name__)


class Intake:
    """Reads ordinary Celery messages with one blocking command for all queues.

    Celery's own consumer takes a message with two commands and a thread, hands it to the loop by a system call,
    and has a history of living on without consuming after a restart of Valkey. A message that is lost here, as
    it may be there, does no harm: whoever waits for its calls pushes them again.
    """

    def __init__(
        self, *, worker: str, queues: Callable[[], list[str]], perform: Callable[..., Coroutine[Any, Any, None]]
    ) -> None:
        self._worker, self._names, self._perform = worker, queues, perform
        self._valkey = Valkey(settings.VALKEY_URL)
        self._queues: deque[str] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._calls = 0
        self._changed = asyncio.Event()
        self._told_at = float("-inf")
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """This will start to take calls."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._look()), loop.create_task(self._read())]

    async def close(self) -> None:
        """This will take no more, and wait for a while until those that run have ended."""
        for task in self._tasks:
            task.cancel()
        self._valkey.close()
        if self._running:
            await asyncio.wait(self._running, timeout=settings.TIMINGS.restart_grace)

    async def _look(self) -> None:
        """Upstreams are added while the worker runs."""
        while True:
            try:
                names = await database.in_thread(self._names)
            except DatabaseError:
                logger.warning("PostgreSQL is away; the queues are those known so far")
            else:
                self._queues.extend(name for name in names if name not in self._queues)
                self._changed.set()
            await asyncio.sleep(settings.TIMINGS.queue_refresh)

    async def _read(self) -> None:
        while True:
            try:
                self._tell()
                if self._queues and self._calls + dispatch.MOST_TOGETHER <= MOST_CALLS:
                    await self._take()
                else:
                    await self._wait()
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= presence.EVERY_SECONDS and self._valkey.send(*presence.sign_of(self._worker)):
            self._told_at = now

    async def _take(self) -> None:
        found: Any = await self._valkey.command(
            "BRPOP", *self._queues, READ_WAIT_SECONDS, wait_seconds=READ_WAIT_SECONDS
        )
        if found is None:
            return
        queue, message = found
        if len(self._queues) > 1:  # the first queue that holds anything is served, so each gets its turn
            self._queues.remove(queue.decode())
            self._queues.append(queue.decode())
        self._begin(message)

    async def _wait(self) -> None:
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), READ_WAIT_SECONDS)

    def _begin(self, message: bytes) -> None:
        given = dispatch.arguments_of(message)
        if given is None:
            logger.error("a message that is no call was dropped")
            return
        calls = len(given["calls"])
        self._calls += calls
        task = asyncio.get_running_loop().create_task(self._perform(**given))
        self._running.add(task)
        task.add_done_callback(lambda ended: self._end(ended, calls))

    def _end(self, task: asyncio.Task[None], calls: int) -> None:
        self._running.discard(task)
        self._calls -= calls
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            logger.error("a call's task broke", exc_info=error)
