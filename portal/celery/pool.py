"""Hands each task's coroutine to one uvloop per worker process: a call waits, it takes no thread and no process."""

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import django
import orjson
import uvloop
from celery import bootsteps
from celery.concurrency.base import BasePool
from celery.worker.strategy import default
from django.conf import settings
from django.db import DatabaseError, close_old_connections

django.setup()  # Celery asks for the pool before it sets Django up

from models_catalog.models import Upstream  # noqa: E402 - see above
from usage import dispatch  # noqa: E402 - see above
from usage.calls import engine  # noqa: E402 - see above

MOST_CALLS = 512
MOST_WAITING = 64
STOP_SECONDS = 120.0
JSON = "application/json"
ENDED = (0, "null", 0.0)
"""What Celery expects to be told of a task that ended: not failed, its result, its seconds."""


class Job(NamedTuple):
    """One task, which runs `calls` calls, and what Celery wants to hear of it."""

    work: Coroutine[Any, Any, None]
    calls: int
    on_ended: Callable[..., None] | None
    on_accepted: Callable[..., None] | None


class CoroutinePool(BasePool):
    """Runs about `MOST_CALLS` calls at once and takes a few more, so that none of its places stays empty."""

    signal_safe = False
    body_can_be_buffer = True
    task_join_will_block = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit: int = MOST_CALLS
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="calls", daemon=True)
        self._running: set[asyncio.Task[None]] = set()
        self._waiting: deque[Job] = deque()
        self._taken = 0  # written by Celery's thread alone
        self._ended = 0  # written by the loop's thread alone
        self.app.steps["consumer"].add(UpstreamQueues)

    def on_start(self) -> None:
        """This will start the loop and open what its calls share."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(engine.open_current(), self._loop).result()

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
        """This will run one task; `args` are its name, id, request, body, content type and encoding."""
        name, _id, _request, body = args[:4]
        self.take(name, body if isinstance(body, list | tuple) else orjson.loads(body), callback, accept_callback)

    def take(
        self,
        name: str,
        given: Any,
        on_ended: Callable[..., None] | None = None,
        on_accepted: Callable[..., None] | None = None,
    ) -> None:
        """This will run the task `name` with the arguments of a message, at once or when a place is free."""
        calls = len(given[1].get("calls", ())) or 1
        job = Job(self.app.tasks[name].run(*given[0], **given[1]), calls, on_ended, on_accepted)
        has_place = self._taken - self._ended < self.limit
        self._taken += calls
        if has_place:
            _accept(job)
            self._loop.call_soon_threadsafe(self._begin, job)
        else:
            self._waiting.append(job)

    async def _close(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=settings.TIMINGS.restart_grace)
        await engine.close_current()

    def _begin(self, job: Job) -> None:
        task = self._loop.create_task(job.work)
        self._running.add(task)
        task.add_done_callback(lambda ended: self._end(ended, job))

    def _end(self, task: asyncio.Task[None], job: Job) -> None:
        self._running.discard(task)
        self._ended += job.calls
        if not task.cancelled() and (error := task.exception()):
            self._loop.call_exception_handler({"message": "a call's task broke", "exception": error})
        if job.on_ended is not None:
            job.on_ended(ENDED)
        if self._waiting:
            following = self._waiting.popleft()
            _accept(following)
            self._begin(following)

    def has_room(self) -> bool:
        """This will tell whether one more message should be taken from the queues."""
        return self._taken - self._ended < self.limit + MOST_WAITING

    def _get_info(self) -> dict[str, Any]:
        return {"max-concurrency": self.limit, "running": len(self._running)}


def strategy(task: Any, app: Any, consumer: Any) -> Callable[..., None]:
    """This will return what Celery hands each message of `task` to: the pool itself, with what a call needs.

    Celery's own strategy makes a request object of every message, for acknowledgements, retries, time limits,
    revoking and events, of which calls use none; it is left what is not the JSON that the web process sends.
    """
    ordinary = default(task, app, consumer)
    if not isinstance(consumer.pool, CoroutinePool):
        return ordinary

    def hand_over(message: Any, *others: Any) -> None:
        try:
            given = orjson.loads(message.body) if message.content_type == JSON else None
        except orjson.JSONDecodeError:
            given = None
        if isinstance(given, list) and not message.headers.get("eta") and not message.headers.get("expires"):
            consumer.pool.take(task.name, given)
        else:
            ordinary(message, *others)

    return hand_over


class UpstreamQueues(bootsteps.StartStopStep):
    """Takes from the queue of every upstream, also of those that are added while the worker runs.

    Messages are not kept until they are acknowledged, which costs two round trips each: a call whose message is
    lost is pushed again. How many are taken is then up to the pool.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def include_if(self, parent: Any) -> bool:
        """Only workers of calls take from these queues."""
        return isinstance(parent.pool, CoroutinePool)

    def start(self, parent: Any) -> None:
        """This will look now and every few seconds."""
        self._taken: set[str] = set()
        parent.strategies[dispatch.TASK] = strategy(parent.app.tasks[dispatch.TASK], parent.app, parent)
        kept = parent.task_consumer.channel.qos
        kept.can_consume = parent.pool.has_room
        kept.append = kept.ack = _keep_nothing
        self._look(parent)
        self._entry = parent.timer.call_repeatedly(settings.TIMINGS.queue_refresh, self._look, (parent,))

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        """This will look no more."""
        if entry := getattr(self, "_entry", None):
            entry.cancel()

    def shutdown(self, parent: Any) -> None:
        """This will do what `stop` does."""
        self.stop(parent)

    def _look(self, consumer: Any) -> None:
        close_old_connections()
        try:
            slugs = list(Upstream.objects.filter(disabled_at=None).values_list("slug", flat=True))
        except DatabaseError:
            return
        for name in sorted({f"calls.{slug}" for slug in slugs} - self._taken):
            consumer.add_task_queue(name, routing_key=name)
            self._taken.add(name)


def _keep_nothing(*_: object) -> None:
    """This will do what a queue without acknowledgements does."""


def _accept(job: Job) -> None:
    if job.on_accepted is not None:
        job.on_accepted(os.getpid(), time.monotonic())
