"""What is run: a command, how it is known to answer, and how it ends."""

import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from portal.embedded.trouble import Trouble

LOG_LINES_SHOWN = 15
POLL_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """One long-running command in a session of its own; `is_ready` asks it a real question."""

    name: str
    command: tuple[str, ...]
    log: Path
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    start_seconds: float = 30.0
    stop_seconds: float = 10.0


def spawn_options(program: Program) -> dict[str, Any]:
    """This will return the keyword arguments with which any kind of Popen starts `program`, log apart."""
    return {
        "stdin": subprocess.DEVNULL,
        "cwd": program.folder,
        "env": {**os.environ, **program.environment},
        "start_new_session": True,
        "preexec_fn": functools.partial(_die_with_parent, program.orphan_signal),
        **identity(program.user),
    }


def identity(user: str | None) -> dict[str, Any]:
    """This will return the keyword arguments that run a command as `user`, none for ourselves."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def open_log(program: Program) -> IO[bytes]:
    """This will open the log of `program` for its output, at the end."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    return program.log.open("ab")


def start(program: Program) -> subprocess.Popen[bytes]:
    """This will start `program`, wait until it answers and return its process; refuses with `Trouble`."""
    with open_log(program) as log:
        process = subprocess.Popen(program.command, stdout=log, stderr=log, **spawn_options(program))
    deadline = time.monotonic() + program.start_seconds
    while not program.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(program, process)
            raise Trouble(silence(program))
        time.sleep(POLL_SECONDS)
    return process


def stop(program: Program, process: subprocess.Popen[bytes]) -> None:
    """This will end the process, at first politely, and its whole group when that takes too long."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(program.stop_seconds)
    end_group(process.pid)
    process.wait()


def end_group(pid: int) -> None:
    """This will kill what is left of the process group that `pid` led."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def silence(program: Program) -> str:
    """This will return the sentence for a program that did not come up, with the end of its log."""
    lines = program.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "\n".join([f"{program.name} did not start; the end of {program.log} says:", *lines])


def _die_with_parent(orphan_signal: signal.Signals) -> None:
    """Linux ends the child itself when the supervisor is killed; elsewhere the next start cleans up."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
