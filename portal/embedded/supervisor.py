"""Starts programs, watches them by asking, starts them again when they fall, and ends them in order."""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from portal.embedded import place, programs
from portal.embedded.programs import Program
from portal.embedded.trouble import Trouble

POLL_SECONDS = 0.1
WATCH_SECONDS = 5.0
SILENCE_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0


@dataclass
class _Kept:
    program: Program
    process: Process
    watcher: "asyncio.Task[None] | None" = None


@dataclass
class Supervisor:
    """Keeps programs running; `say` is told, in one line, what a person should know."""

    var_dir: Path
    say: Callable[[str], None]
    _kept: dict[str, _Kept] = field(default_factory=dict)

    async def start(self, *wanted: Program) -> None:
        """This will start the programs side by side and return when all answer; refuses with `Trouble`."""
        async with asyncio.TaskGroup() as group:
            for program in wanted:
                group.create_task(self._start(program))

    async def run(self, program: Program) -> None:
        """This will run a program that ends by itself; anything but a clean end is `Trouble`."""
        process = await self._spawn(program)
        self._kept[program.name] = _Kept(program, process)
        code = await process.wait()
        del self._kept[program.name]
        if code:
            raise Trouble(programs.silence(program))

    async def stop(self, names: Iterable[str]) -> None:
        """This will end the named programs side by side: politely, then with their whole group."""
        ending = [self._kept.pop(name) for name in names if name in self._kept]
        for kept in ending:
            if kept.watcher:
                kept.watcher.cancel()
        await asyncio.gather(*(_end(kept) for kept in ending))

    async def stop_all(self, order: Iterable[Iterable[str]]) -> None:
        """This will end one set of programs after the other, then whatever else runs."""
        for names in order:
            await self.stop(names)
        await self.stop(list(self._kept))

    async def _start(self, program: Program) -> None:
        process = await self._spawn(program)
        kept = self._kept[program.name] = _Kept(program, process)
        deadline = time.monotonic() + program.start_seconds
        while not await asyncio.to_thread(program.is_ready):
            if process.returncode is not None or time.monotonic() > deadline:
                raise Trouble(programs.silence(program))
            await asyncio.sleep(POLL_SECONDS)
        kept.watcher = asyncio.create_task(self._watch(kept))

    async def _spawn(self, program: Program) -> Process:
        with programs.open_log(program) as log:
            options = programs.spawn_options(program)
            process = await asyncio.create_subprocess_exec(*program.command, stdout=log, stderr=log, **options)
        running = {name: kept.process.pid for name, kept in self._kept.items()}
        place.write_private(self.var_dir / "pids.json", running | {program.name: process.pid})
        return process

    async def _watch(self, kept: _Kept) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            await _end_or_silence(kept)
            if time.monotonic() - started > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self.say(f"{kept.program.name} ended ({kept.process.returncode}); starting it again.")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            kept.process = await self._spawn(kept.program)


async def _end_or_silence(kept: _Kept) -> None:
    """Returns when the process is gone, by itself or because it had not answered for too long."""
    last_answer = time.monotonic()
    while kept.process.returncode is None:
        try:
            async with asyncio.timeout(WATCH_SECONDS):
                await kept.process.wait()
        except TimeoutError:
            if await asyncio.to_thread(kept.program.is_ready):
                last_answer = time.monotonic()
            elif time.monotonic() - last_answer > SILENCE_SECONDS:
                programs.end_group(kept.process.pid)
    programs.end_group(kept.process.pid)


async def _end(kept: _Kept) -> None:
    if kept.process.returncode is None:
        _tell(kept.process.pid, kept.program.stop_signal)
    try:
        async with asyncio.timeout(kept.program.stop_seconds):
            await kept.process.wait()
    except TimeoutError:
        pass
    programs.end_group(kept.process.pid)
    await kept.process.wait()


def _tell(pid: int, given: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, given)
