"""The supervisor: starts, watches, starts again, and leaves no process behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.embedded.programs import Program
from portal.embedded.supervisor import Supervisor
from portal.embedded.trouble import Trouble

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(60)
"""
ORPHANING = """
import asyncio, sys
from pathlib import Path
from tests.portal.test_supervisor import sleeper
from portal.embedded.supervisor import Supervisor

async def main():
    await Supervisor(Path(sys.argv[1]), print).start(sleeper(Path(sys.argv[1])))
    await asyncio.sleep(60)

asyncio.run(main())
"""
WAIT_SECONDS = 10.0


def sleeper(folder: Path, *command: str, **changes: float) -> Program:
    """This will return a program that sleeps, or `command`, ready at once."""
    given = command or ("sleep", "60")
    return Program("sleeper", given, log=folder / "sleeper.log", is_ready=lambda: True, **changes)  # type: ignore[arg-type] # seconds only


def pid_in(folder: Path) -> int:
    """This will return the process id that the supervisor wrote down."""
    return int(json.loads((folder / "pids.json").read_text())["sleeper"])


def is_gone(pid: int) -> bool:
    """This will return whether the process is no more, or only a zombie that nobody has reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition: Callable[[], bool]) -> None:
    """This will return when `condition` holds, or fail."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class TestStart:
    def test_refuses_with_the_end_of_the_log(self, tmp_path: Path) -> None:
        command = (sys.executable, "-c", "print('no bread today'); raise SystemExit(3)")
        program = Program("baker", command, log=tmp_path / "baker.log", is_ready=lambda: False)

        async def attempt() -> None:
            await Supervisor(tmp_path, print).start(program)

        with pytest.RaisesGroup(pytest.RaisesExc(Trouble, match="no bread today")):
            asyncio.run(attempt())


class TestWatch:
    def test_starts_a_killed_program_again(self, tmp_path: Path) -> None:
        said: list[str] = []

        async def attempt() -> tuple[int, int]:
            supervisor = Supervisor(tmp_path, said.append)
            await supervisor.start(sleeper(tmp_path))
            first = pid_in(tmp_path)
            os.kill(first, signal.SIGKILL)
            await asyncio.sleep(1)
            second = pid_in(tmp_path)
            await supervisor.stop_all([])
            return first, second

        first, second = asyncio.run(attempt())

        assert first != second
        assert said == ["sleeper ended (-9); starting it again."]
        assert is_gone(second)


class TestStop:
    def test_takes_children_of_a_stubborn_program_along(self, tmp_path: Path) -> None:
        note = tmp_path / "child"
        program = sleeper(tmp_path, sys.executable, "-c", STUBBORN, str(note), stop_seconds=0.3)

        async def attempt() -> None:
            supervisor = Supervisor(tmp_path, print)
            await supervisor.start(program)
            while not (note.exists() and note.read_text()):  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.05)
            await supervisor.stop(["sleeper"])

        asyncio.run(attempt())

        assert is_gone(pid_in(tmp_path))
        wait_until(lambda: is_gone(int(note.read_text())))


class TestOrphans:
    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
    def test_end_with_a_supervisor_that_was_killed(self, tmp_path: Path) -> None:
        parent = subprocess.Popen([sys.executable, "-c", ORPHANING, str(tmp_path)])
        wait_until((tmp_path / "pids.json").exists)
        child = pid_in(tmp_path)

        parent.kill()
        parent.wait()

        wait_until(lambda: is_gone(child))
