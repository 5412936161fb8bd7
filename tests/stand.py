"""The stand: one whole running product a test process, with a cluster, ports and processes of its own.

    def test_something(stand: Stand) -> None:
        httpx.post(f"{stand.api_base}/chat/completions", ...)
        stand.kill("calls")                       # SIGKILL, by the supervisor's name of the process
        stand.rows("SELECT * FROM plans_hold")    # as the owner of the database
        with stand.inside():                      # Django's ORM, settings and async pool speak to the stand
            ...

Its timers run at a tenth. Nothing is ever flushed: each test founds its own account.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from psycopg.rows import dict_row

from portal.embedded import probes
from portal.kit.timings import Timings
from tests import payers
from tests.payers import Payer
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parent.parent
FAIL_POINTS = ROOT / "tests" / "faults" / "points"
TIMINGS_SCALE = 0.1
START_SECONDS = 200.0
RESTART_SECONDS = 40.0
STOP_SECONDS = 90.0
POLL_SECONDS = 0.05
PORTS_IN_A_ROW = 4
OWN = {"DATABASE_URL", "VALKEY_URL", "PYTHONDONTWRITEBYTECODE"}
"""What is not handed down: processes that start many times need not be compiled every time."""


@dataclass(frozen=True)
class Stand:
    """The running product: where it answers, what it remembers, and how to hurt it."""

    var_dir: Path
    port: int
    scale: float
    _blocker: Any

    @property
    def base_url(self) -> str:
        """Where people go."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_base(self) -> str:
        """Where machines go."""
        return f"{self.base_url}/v1"

    @property
    def sandbox_url(self) -> str:
        """Where the scripted upstream (/upstream) and the operator (/operator) answer."""
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def database_url(self) -> str:
        """The database, as its owner."""
        return str(self._running()["database_url"])

    @property
    def valkey_url(self) -> str:
        """The broker and relay."""
        return str(self._running()["valkey_url"])

    @property
    def demo(self) -> dict[str, Any]:
        """What `var/demo.json` says: people, passwords, keys."""
        return _read(self.var_dir / "demo.json")

    def rows(self, statement: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[dict[str, Any]]:
        """This will run one statement as the owner of the database and return its rows."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def manage(self, *arguments: str) -> str:
        """This will run a management command on the stand and return what it prints."""
        done = self.run("manage.py", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """This will run a Python program with the settings of the stand, to its end."""
        env = environment_of(self.var_dir, self.port, scale=self.scale)
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    def found_payers(self, count: int) -> list[Payer]:
        """This will found accounts that can pay for anything."""
        done = self.run("-m", "tests.payers", str(count))
        assert done.returncode == 0, done.stderr
        return payers.read(done.stdout)

    def pid(self, name: str) -> int:
        """This will return the process id of web, calls, jobs, sweep, beat, sandbox, model and so on."""
        return int(_read(self.var_dir / "pids.json")[name])

    def kill(self, name: str, *, how: signal.Signals = signal.SIGKILL) -> int:
        """This will send a signal to a process and return its id; the supervisor starts a new one."""
        pid = self.pid(name)
        os.kill(pid, how)
        return pid

    def restart(self, name: str, *, how: signal.Signals = signal.SIGKILL) -> None:
        """This will kill a process, wait for the new one, and return when the whole portal is ready again."""
        old = self.kill(name, how=how)
        self.wait_until(lambda: self.pid(name) != old)
        self.wait_until(self.is_ready)

    def is_ready(self) -> bool:
        """This will return whether /readyz says that calls can be made."""
        return probes.answers(f"{self.base_url}/readyz")

    def wait_until(self, condition: Callable[[], bool], *, seconds: float = RESTART_SECONDS) -> None:
        """This will return when `condition` holds, or fail after `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited {seconds} s; see {self.var_dir / 'logs'}"
            time.sleep(POLL_SECONDS)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This will let Django in this process work on the stand: its ORM, its verbs, its timings."""
        before = dict(connection.settings_dict)
        connection.close()
        connection.settings_dict.update(_database(self.database_url))
        timings = Timings().scaled(self.scale)
        changed = override_settings(VALKEY_URL=self.valkey_url, TIMINGS=timings, DEMO=True, BASE_URL=self.base_url)
        with self._blocker.unblock(), changed:
            try:
                yield
            finally:
                connection.close()
                connection.settings_dict.update(before)

    def _running(self) -> dict[str, Any]:
        return _read(self.var_dir / "run.json")


def environment_of(var_dir: Path, port: int, *, scale: float = TIMINGS_SCALE) -> dict[str, str]:
    """This will return the environment of a portal of its own in `var_dir`, with all its timers times `scale`."""
    inherited = {name: value for name, value in os.environ.items() if name not in OWN}
    own = {"VAR_DIR": str(var_dir), "PORT": str(port), "TIMINGS_SCALE": str(scale), "DEMO": "on"}
    return inherited | {"DJANGO_SETTINGS_MODULE": "portal.settings"} | own


@contextmanager
def running(var_dir: Path, *, scale: float = TIMINGS_SCALE, blocker: Any = None) -> Iterator[Stand]:
    """This will run a portal of its own in `var_dir`, with all its timers times `scale`, and end it afterwards."""
    port = free_ports(PORTS_IN_A_ROW)
    environment = environment_of(var_dir, port, scale=scale) | {"PYTHONPATH": str(FAIL_POINTS)}
    with supervised(var_dir, environment):
        yield Stand(var_dir, port, scale, blocker)


@contextmanager
def supervised(var_dir: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Within this a supervisor runs a portal in `var_dir`, which is ready; what it says is in its log."""
    with (var_dir / "supervisor.log").open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            _await_start(supervisor, var_dir)
            yield
        finally:
            supervisor.terminate()
            supervisor.wait(STOP_SECONDS)


@pytest.fixture(scope="session")
def stand(django_db_blocker: Any) -> Iterator[Stand]:
    """The one stand of this process, started by the first test that asks for it."""
    var_dir = settings.VAR_DIR / f"stand-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    shutil.copytree(settings.VAR_DIR / "secrets", var_dir / "secrets")
    with running(var_dir, blocker=django_db_blocker) as started:
        yield started


def _await_start(supervisor: "subprocess.Popen[bytes]", var_dir: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (var_dir / "demo.json").exists():
        said = (var_dir / "supervisor.log").read_text(encoding="utf-8", errors="replace")
        assert supervisor.poll() is None, f"the portal did not start:\n{said}"
        assert time.monotonic() < deadline, f"the portal is not ready after {START_SECONDS} s:\n{said}"
        time.sleep(POLL_SECONDS)


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "HOST": parse_qs(parts.query)["host"][0],
        "OPTIONS": {"assume_role": settings.APP_ROLE},
    }


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
