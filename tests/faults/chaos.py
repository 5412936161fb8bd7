"""A long run of chance: calls of all kinds while parts of a portal are killed, then the books are audited.

    make chaos SEED=7 CALLS=300 KILLS=10 SCALE=1

Starts a portal of its own, with real timers at SCALE=1, and ends with status 1 if any promise was broken.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from tests.ports import free_ports
from tests.stand import PORTS_IN_A_ROW, ROOT, START_SECONDS, Stand, environment_of

READERS = 12
LEAVING_SHARE = 0.1
STREAM_SHARE = 0.7
PAUSE_SECONDS = 0.5
KILL_SECONDS = (2.0, 8.0)
RECOVERY_SECONDS = 90.0
FROZEN_SECONDS = 25.0
HOLDS_CLOSE_SECONDS = 60.0
LONGEST_SILENCE_SECONDS = 20.0
CALL_SECONDS = 180.0
END_SECONDS = 120.0
FAULTS = ("", "", "", "", "", "no_usage", "negative", "tenfold", "zero", "cut")
VICTIMS = ("calls", "web", "valkey", "postgres", "sweep", "frozen calls")


@dataclass
class Asked:
    """One call as its client saw it."""

    began: float
    ended: float = 0.0
    end: str = ""
    call_id: str = ""
    silence: float = 0.0


@dataclass
class Run:
    """What one run does and has seen."""

    stand: Stand
    chance: random.Random
    calls: int
    kills: int
    scale: float
    asked: list[Asked] = field(default_factory=list)
    killed: list[tuple[float, str]] = field(default_factory=list)
    is_over: bool = False

    async def read(self, client: httpx.AsyncClient) -> None:
        """This will ask one call after the other until all kills are done and enough was asked."""
        while not (self.is_over and len(self.asked) >= self.calls):
            asked = Asked(time.monotonic())
            self.asked.append(asked)
            try:
                asked.end = await self._ask(client, asked)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                asked.end = "not there"
            except httpx.TransportError as error:
                asked.end = "silent" if isinstance(error, httpx.TimeoutException) else "cut"
            asked.ended = time.monotonic()
            if asked.end in {"not there", "status 503"}:
                await asyncio.sleep(PAUSE_SECONDS)

    async def kill(self) -> None:
        """This will kill one part after the other, each once the portal has recovered from the last."""
        for number in range(self.kills):
            await asyncio.sleep(self.chance.uniform(*KILL_SECONDS))
            victim = VICTIMS[number % len(VICTIMS)]
            self.killed.append((time.monotonic(), victim))
            if victim == "frozen calls":
                pid = self.stand.kill("calls", how=signal.SIGSTOP)
                await asyncio.sleep(FROZEN_SECONDS * self.scale)
                os.kill(pid, signal.SIGCONT)
            else:
                self.stand.kill(victim, how=signal.SIGQUIT if victim == "postgres" else signal.SIGKILL)
            await self._recover()
        self.is_over = True

    async def _recover(self) -> None:
        deadline = time.monotonic() + RECOVERY_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(PAUSE_SECONDS)
            if await asyncio.to_thread(self.stand.is_ready):
                return

    async def _ask(self, client: httpx.AsyncClient, asked: Asked) -> str:
        words, gap = self.chance.randint(5, 60), self.chance.randint(10, 60)
        fault = self.chance.choice(FAULTS)
        script = f"[[script words={words} gap_ms={gap}{f' fail={fault}' if fault else ''}]] Go on."
        body = {
            "model": "fast",
            "messages": [{"role": "user", "content": script}],
            "stream": self.chance.random() < STREAM_SHARE,
        }
        leaves = self.chance.random() < LEAVING_SHARE
        headers = {"idempotency-key": uuid4().hex} if self.chance.random() < LEAVING_SHARE else {}
        async with client.stream("POST", "/chat/completions", json=body, headers=headers) as answer:
            asked.call_id = answer.headers.get("x-request-id", "")
            if not body["stream"] or answer.status_code != httpx.codes.OK:
                await answer.aread()
                return f"status {answer.status_code}"
            return await _end_of(answer, asked, leaves=leaves)


async def _end_of(answer: httpx.Response, asked: Asked, *, leaves: bool) -> str:
    end, heard = "cut", time.monotonic()
    async for line in answer.aiter_lines():
        now = time.monotonic()
        asked.silence, heard = max(asked.silence, now - heard), now
        if line.startswith('data: {"error"'):
            end = "error event" if end == "cut" else "two ends"
        elif line == "data: [DONE]":
            end = "done" if end == "cut" else "two ends"
        elif leaves and line.startswith("data:"):
            return "left"
    return end


def _broken(run: Run) -> list[str]:
    """This will name every promise that was not kept."""
    broken = []
    for asked in run.asked:
        falls = [at for at, victim in run.killed if victim == "web"]
        web_fell = any(asked.began - PAUSE_SECONDS <= at <= asked.ended for at in falls)
        if asked.end in {"two ends", "silent", ""} or (asked.end == "cut" and not web_fell):
            broken.append(f"{asked.call_id} ended with {asked.end or 'nothing'}")
        if asked.silence > LONGEST_SILENCE_SECONDS:
            broken.append(f"{asked.call_id} was silent for {asked.silence:.0f} s")
    hits = httpx.get(f"{run.stand.sandbox_url}/upstream/hits").json()
    broken += [f"{name} ran {found['count']} times" for name, found in hits.items() if found["count"] > 1]
    return broken


def _wait_for_holds(stand: Stand) -> float:
    began = time.monotonic()
    while stand.rows("SELECT id FROM plans_hold"):
        if time.monotonic() - began > HOLDS_CLOSE_SECONDS:
            break
        time.sleep(PAUSE_SECONDS)
    return time.monotonic() - began


async def _run(run: Run) -> None:
    key = run.stand.demo["api_keys"][-1]["key"]
    client = httpx.AsyncClient(
        base_url=run.stand.api_base, headers={"authorization": f"Bearer {key}"}, timeout=CALL_SECONDS
    )
    async with client, asyncio.TaskGroup() as group:
        group.create_task(run.kill())
        for _ in range(READERS):
            group.create_task(run.read(client))


def _report(run: Run, *, seconds: float, holds: float) -> list[str]:
    broken = _broken(run)
    hows = run.stand.rows("SELECT how, count(*) AS calls FROM usage_call GROUP BY how ORDER BY how")
    left = run.stand.rows("SELECT id FROM plans_hold")
    if left:
        broken.append(f"{len(left)} holds are open after {holds:.0f} s")
    print(f"calls    {len(run.asked)} in {seconds:.0f} s, {READERS} at once, timers x {run.scale}")
    print(f"kills    {len(run.killed)}: " + ", ".join(victim for _, victim in run.killed))
    print(f"ends     {dict(Counter(asked.end for asked in run.asked))}")
    print(f"settled  { {row['how']: row['calls'] for row in hows} }")
    print(f"silence  at most {max(asked.silence for asked in run.asked):.1f} s; holds closed after {holds:.1f} s")
    return broken


def main() -> int:
    """This will start a portal, run, report and stop it."""
    given = {name: os.environ.get(name, "") for name in ("SEED", "CALLS", "KILLS", "SCALE")}
    scale = float(given["SCALE"] or 1)
    with tempfile.TemporaryDirectory(prefix="ciyuan-chaos-") as folder:
        var_dir, port = Path(folder), free_ports(PORTS_IN_A_ROW)
        env = environment_of(var_dir, port, scale=scale)
        supervisor = subprocess.Popen([sys.executable, "manage.py", "demo"], cwd=ROOT, env=env)
        try:
            deadline = time.monotonic() + START_SECONDS
            while not (var_dir / "demo.json").exists():
                assert supervisor.poll() is None, "the portal did not start"
                assert time.monotonic() < deadline, "the portal is not ready in time"
                time.sleep(PAUSE_SECONDS)
            stand = Stand(var_dir, port, supervisor, None)
            run = Run(
                stand,
                random.Random(int(given["SEED"] or 1)),
                calls=int(given["CALLS"] or 300),
                kills=int(given["KILLS"] or 12),
                scale=scale,
            )
            began = time.monotonic()
            asyncio.run(_run(run))
            seconds = time.monotonic() - began
            broken = _report(run, seconds=seconds, holds=_wait_for_holds(stand))
            print(f"books    {stand.manage('audit_ledger').strip()}")
        finally:
            supervisor.terminate()
            supervisor.wait(END_SECONDS)
    print("\n".join(f"BROKEN   {each}" for each in broken) or "kept     every promise")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
