"""A storm over a running portal: many clients ask while its parts are killed, frozen, emptied and crashed."""

import asyncio
import contextlib
import itertools
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import httpx

from tests.faults import asking
from tests.faults.asking import Asked
from tests.faults.forecast import CALLS, FROZEN, POSTGRES, Fault, Forecast, Question
from tests.payers import Payer
from tests.stand import Stand

CLIENTS = 64
PAUSE_SECONDS = 0.25
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 90.0
AFTERWARDS_SECONDS = 30.0
FROZEN_SECONDS = 25.0
KEPT_ALIVE_SECONDS = 2.0
"""Well below the server's five, so that no client sends on a connection that is just being closed."""
_COMES_AGAIN = {asking.LOST, asking.LEFT, asking.IN_PROGRESS}


@dataclass(frozen=True)
class Struck:
    """A part that was hurt from `at` to `until`, which differ only where it was frozen; of the monotonic clock."""

    at: float
    until: float
    victim: str


@dataclass
class Storm:
    """What one storm does to a stand, and what its clients saw."""

    stand: Stand
    forecast: Forecast
    payers: list[Payer]
    asked: list[Asked] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    _last_pids: dict[str, int] = field(default_factory=dict)

    async def rage(self) -> None:
        """This will ask every call and strike every blow of the forecast, and return when all have ended."""
        self.began = time.monotonic()
        numbers = iter(range(self.forecast.calls))
        async with self._client() as client, asyncio.TaskGroup() as group:
            group.create_task(self._strike_all())
            for _ in range(CLIENTS):
                group.create_task(self._ask_on(client, numbers))
        self.ended = time.monotonic()

    async def ask_afterwards(self) -> None:
        """This will ask good calls, one after the other, until one is answered well or half a minute is over."""
        deadline = time.monotonic() + AFTERWARDS_SECONDS
        async with self._client() as client:
            for number in itertools.count(self.forecast.calls):
                question = self.forecast.question(number)
                self.asked.append(await asking.ask(client, question, headers=self._headers(question)))
                if self.asked[-1].is_whole or time.monotonic() > deadline:
                    return
                await asyncio.sleep(PAUSE_SECONDS)

    def _client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, keepalive_expiry=KEPT_ALIVE_SECONDS)
        return httpx.AsyncClient(base_url=self.stand.api_base, limits=limits)

    async def _ask_on(self, client: httpx.AsyncClient, numbers: Iterator[int]) -> None:
        for number in numbers:
            question = self.forecast.question(number)
            await self._sleep_until(question.due_seconds)
            async with asyncio.TaskGroup() as group:
                for _ in range(2 if question.is_doubled else 1):
                    group.create_task(self._ask(client, question))

    async def _ask(self, client: httpx.AsyncClient, question: Question) -> None:
        """Who finds nobody there tries again, and so does who gave the call a name and has no answer yet."""
        headers = self._headers(question)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            asked = await asking.ask(client, question, headers=headers)
            self.asked.append(asked)
            again = asked.end == asking.NOT_THERE or (question.is_named and asked.end in _COMES_AGAIN)
            if not again or time.monotonic() > deadline:
                return
            await asyncio.sleep(PAUSE_SECONDS)
            if asked.end == asking.LEFT:
                question = replace(question, leaves=False)

    def _headers(self, question: Question) -> dict[str, str]:
        payer = self.payers[question.number % len(self.payers)]
        named = {"idempotency-key": f"call-{question.number}"} if question.is_named else {}
        return {"authorization": f"Bearer {payer.key}"} | named

    async def _strike_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for fault in self.forecast.faults:
                await self._sleep_until(fault.at_seconds)
                await self._strike(fault, group)

    async def _strike(self, fault: Fault, group: asyncio.TaskGroup) -> None:
        name = CALLS if fault.victim == FROZEN else fault.victim
        pid = await self._pid_of(name)
        at = time.monotonic()
        if fault.victim == FROZEN:
            os.kill(pid, signal.SIGSTOP)
            group.create_task(self._thaw(pid, at))
            return
        self.struck.append(Struck(at, at, fault.victim))
        self._last_pids[name] = pid
        os.kill(pid, signal.SIGQUIT if fault.victim == POSTGRES else signal.SIGKILL)

    async def _thaw(self, pid: int, at: float) -> None:
        await asyncio.sleep(FROZEN_SECONDS * self.forecast.scale)
        if self._last_pids.get(CALLS) != pid:  # else it was killed in its sleep
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.struck.append(Struck(at, time.monotonic(), FROZEN))

    async def _pid_of(self, name: str) -> int:
        """Who was killed a moment ago may not be back: only a process that was not struck before is struck."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (pid := self.stand.pid(name)) == self._last_pids.get(name):
            assert time.monotonic() < deadline, f"{name} does not come back"
            await asyncio.sleep(POLL_SECONDS)
        return pid

    async def _sleep_until(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, self.began + seconds - time.monotonic()))
