"""What the calls of one worker process share: connections, the heartbeat, stops, limits of upstreams."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections import defaultdict
from uuid import UUID

from django.conf import settings

from models_catalog import providers
from models_catalog.providers.base import RouteOffer
from plans import ledger
from portal.kit import database, heap
from usage import relay
from usage.calls.endings import LEFT, OURS
from usage.calls.runs import Run
from usage.calls.settlement import TROUBLE
from usage.relay import Publisher
from usage.valkey import Valkey

LONGEST_STOP_LIST = 10_000

logger = logging.getLogger(__name__)


class Engine:
    """Opened once on the loop of a worker process."""

    def __init__(self) -> None:
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self.runs: dict[UUID, Run] = {}
        self.valkey = Valkey(settings.VALKEY_URL)
        self.publisher = Publisher(self.valkey)
        self._stops: dict[UUID, None] = {}
        self._limits: dict[str, asyncio.Semaphore] = {}
        self._idle = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """This will connect and start the heartbeat."""
        await database.open_pool()
        loop = asyncio.get_running_loop()
        hearing = relay.hear_stops(settings.VALKEY_URL, on_stop=self.stop, on_again=self._catch_up_on_stops)
        self._tasks = [loop.create_task(each) for each in (self._beat(), self._take_snapshots(), hearing)]
        for task in self._tasks:
            task.add_done_callback(_end_process)
        heap.freeze()

    async def close(self) -> None:
        """This will stop what still runs, wait for its settlement, and disconnect."""
        for run in list(self.runs.values()):
            run.stop(OURS)
        if self.runs:
            self._idle.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), settings.TIMINGS.connect)
        await self.publisher.flush()
        await providers.close_clients()
        for task in self._tasks:
            task.cancel()
        self.valkey.close()
        await database.close_pool()

    def begin(self, run: Run) -> None:
        """This will count a call among the running ones, so that it is kept alive and may be stopped."""
        self.runs[run.call_id] = run
        if run.call_id in self._stops:
            run.stop(LEFT)

    def end(self, run: Run) -> None:
        """This will forget a call."""
        self.runs.pop(run.call_id, None)
        self._stops.pop(run.call_id, None)
        if not self.runs:
            self._idle.set()

    def limit_of(self, route: RouteOffer) -> asyncio.Semaphore:
        """This will return what keeps this process from asking an upstream too much at once."""
        if route.upstream_slug not in self._limits:
            self._limits[route.upstream_slug] = asyncio.Semaphore(route.concurrency)
        return self._limits[route.upstream_slug]

    def stop(self, call_id: UUID) -> None:
        """This will stop a call, also one that is only about to run here."""
        self._stops[call_id] = None
        while len(self._stops) > LONGEST_STOP_LIST:
            self._stops.pop(next(iter(self._stops)))
        if run := self.runs.get(call_id):
            run.stop(LEFT)

    async def _catch_up_on_stops(self) -> None:
        for call_id in list(self.runs):
            if await relay.is_asked_to_stop(self.valkey, call_id):
                self.stop(call_id)

    @staticmethod
    def _stop_soon(run: Run) -> None:
        """What has already arrived, while this process slept, is read first: the vendor's usage may be in it."""
        asyncio.get_running_loop().call_later(settings.TIMINGS.snapshot, run.stop, OURS)

    async def _take_snapshots(self) -> None:
        while True:
            await asyncio.sleep(settings.TIMINGS.snapshot)
            if self.runs and (self.publisher.refused_seconds or not self.valkey.is_open):
                await self.publisher.probe()
            for run in list(self.runs.values()):
                if run.cannot_be_told:
                    run.stop(OURS)
                run.keep_snapshot()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(settings.TIMINGS.heartbeat)
            runs = list(self.runs.values())
            if not runs:
                continue
            try:
                ours = await ledger.heartbeat(
                    [run.call_id for run in runs],
                    accepted=[run.call_id for run in runs if run.accepted is not None],
                    worker=self.worker,
                )
                for run in runs:
                    if run.call_id not in ours:  # closed by the sweeper: what still comes is nobody's
                        self._stop_soon(run)
            except TROUBLE:
                logger.warning("PostgreSQL is away; the lease of %s calls runs on", len(runs))


def _end_process(task: asyncio.Task[None]) -> None:
    """A worker without its heartbeat would do harm; the supervisor starts a sound one."""
    if not task.cancelled():
        logger.critical("the worker's engine broke", exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)


_engines: dict[asyncio.AbstractEventLoop, Engine] = defaultdict(Engine)


def current() -> Engine:
    """This will return the engine of the running loop, which `open` has opened."""
    return _engines[asyncio.get_running_loop()]


async def open_current() -> None:
    """This will open the engine of the running loop."""
    await current().open()


async def close_current() -> None:
    """This will close the engine of the running loop."""
    await _engines.pop(asyncio.get_running_loop()).close()
