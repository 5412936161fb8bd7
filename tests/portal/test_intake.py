"""The intake of a worker process: it takes from every queue, never too much at once, and outlives its connection."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from django.conf import settings

from portal.celery.intake import MOST_CALLS, Intake
from usage import dispatch
from usage.valkey import Valkey

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.02


class Worker:
    """Counts what the intake gives it; calls end when `done` is set."""

    def __init__(self, *queues: str) -> None:
        self.queues = list(queues)
        self.name = f"calls@test-{uuid4().hex}"
        self.seen: list[str] = []
        self.running = self.most = 0
        self.done = asyncio.Event()
        self.valkey = Valkey(settings.VALKEY_URL)

    async def perform(self, *, calls: list[dict[str, Any]]) -> None:
        self.running += len(calls)
        self.most = max(self.most, self.running)
        self.seen += [one["call"] for one in calls]
        await self.done.wait()
        self.running -= len(calls)

    async def send(self, queue: str, *names: str) -> None:
        calls = [{"call": name, "request": {}, "keep": False} for name in names]
        await self.valkey.command("LPUSH", queue, dispatch.message(queue=queue, arguments={"calls": calls}))

    async def cut(self, intake: Intake) -> None:
        """Of all that speak to this Valkey its connection alone: tests beside this one have theirs."""
        wire = intake._valkey._wire
        assert wire is not None
        assert wire._transport is not None
        host, port = wire._transport.get_extra_info("sockname")[:2]
        assert await self.valkey.command("CLIENT", "KILL", "ADDR", f"{host}:{port}") == 1

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 - any condition at all
                await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def at_work(worker: Worker) -> AsyncIterator[Intake]:
    intake = Intake(worker=worker.name, queues=lambda: worker.queues, perform=worker.perform)
    intake.open()
    try:
        yield intake
    finally:
        worker.done.set()
        await intake.close()
        worker.valkey.close()


def run(act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(act())


def queue() -> str:
    return f"calls.test-{uuid4().hex}"


class TestIntake:
    def test_serves_every_queue_in_turn(self) -> None:
        async def act() -> None:
            busy, quiet = queue(), queue()
            worker = Worker(busy, quiet)
            for number in range(20):
                await worker.send(busy, f"busy {number}")
            await worker.send(quiet, "quiet")
            async with at_work(worker):
                await worker.until(lambda: len(worker.seen) == 21)
            assert worker.seen.index("quiet") <= 1
            assert [name for name in worker.seen if name != "quiet"] == [f"busy {number}" for number in range(20)]

        run(act)

    def test_leaves_in_the_queue_what_is_too_much(self) -> None:
        async def act() -> None:
            name = queue()
            worker = Worker(name)
            messages = MOST_CALLS // dispatch.MOST_TOGETHER + 2
            for number in range(messages):
                await worker.send(name, *[f"{number}.{place}" for place in range(dispatch.MOST_TOGETHER)])
            async with at_work(worker):
                await worker.until(lambda: worker.running == MOST_CALLS)
                assert await worker.valkey.command("LLEN", name) == 2
                assert await worker.valkey.command("EXISTS", f"worker:{worker.name}") == 1
                worker.done.set()
                await worker.until(lambda: len(worker.seen) == messages * dispatch.MOST_TOGETHER)
            assert worker.most == MOST_CALLS

        run(act)

    def test_goes_on_after_its_connection_was_cut(self) -> None:
        async def act() -> None:
            name = queue()
            worker = Worker(name)
            async with at_work(worker) as intake:
                await worker.send(name, "before")
                await worker.until(lambda: worker.seen == ["before"])
                await worker.cut(intake)
                await worker.send(name, "after")
                await worker.until(lambda: worker.seen == ["before", "after"])

        run(act)

    def test_drops_what_is_no_call_and_goes_on(self) -> None:
        async def act() -> None:
            name = queue()
            worker = Worker(name)
            async with at_work(worker):
                await worker.valkey.command("LPUSH", name, "no message")
                await worker.send(name, "call")
                await worker.until(lambda: worker.seen == ["call"])

        run(act)
