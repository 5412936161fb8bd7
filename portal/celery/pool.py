"""Gives a worker process one uvloop for its calls: a call waits, it takes no thread and no process."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import django
import orjson
import uvloop
from celery.concurrency.base import BasePool

django.setup()  # Celery asks for the pool before it sets Django up

from models_catalog import upstreams  # noqa: E402 - see above
from portal.celery.intake import MOST_CALLS, Intake  # noqa: E402 - see above
from portal.celery.presence import Presence  # noqa: E402 - see above
from usage import dispatch  # noqa: E402 - see above
from usage.calls import engine  # noqa: E402 - see above

STOP_SECONDS = 120.0
ENDED = (0, "null", 0.0)
"""What Celery expects to be told of a task that ended: not failed, its result, its seconds."""


class CoroutinePool(BasePool):
    """Runs its loop in a thread beside Celery's own; its intake takes the calls from their queues."""

    signal_safe = False
    body_can_be_buffer = True
    task_join_will_block = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit: int = MOST_CALLS
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="calls", daemon=True)
        self.app.steps["consumer"].discard(Presence)  # the intake consumes, so the intake says that it does

    def on_start(self) -> None:
        """This will start the loop, open what its calls share, and take the first calls."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()

    def on_stop(self) -> None:
        """This will let running calls end for a while, have the rest settled, and stop the loop."""
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(STOP_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def on_terminate(self) -> None:
        """This will do what `on_stop` does: no call is dropped without its settlement."""
        self.on_stop()

    def on_apply(
        self,
        target: object,  # noqa: ARG002 - Celery's own way to run a task, which takes a thread
        args: tuple[Any, ...] = (),
        kwargs: object = None,  # noqa: ARG002 - never given
        callback: Callable[..., None] | None = None,
        accept_callback: Callable[..., None] | None = None,
        **_: object,
    ) -> None:
        """This will run a task that came by a queue that Celery itself reads.

        `args` are its name, id, request, body, content type and encoding.
        """
        name, _id, _request, body = args[:4]
        given = body if isinstance(body, list | tuple) else orjson.loads(body)
        if accept_callback is not None:
            accept_callback(os.getpid(), time.monotonic())
        running = asyncio.run_coroutine_threadsafe(self.app.tasks[name].run(*given[0], **given[1]), self._loop)
        if callback is not None:
            running.add_done_callback(lambda _: callback(ENDED))

    async def _open(self) -> None:
        await engine.open_current()
        worker = f"calls@{engine.current().worker}"
        self._intake = Intake(worker=worker, queues=upstreams.queues, perform=self.app.tasks[dispatch.TASK].run)
        self._intake.open()

    async def _close(self) -> None:
        await self._intake.close()
        await engine.close_current()

    def _get_info(self) -> dict[str, Any]:
        return {"max-concurrency": self.limit}
