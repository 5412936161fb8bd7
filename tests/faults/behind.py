"""A second portal, every process of which speaks to its servers through proxies, and whose servers a test can hurt.

Its PostgreSQL lies on a small disk of its own where this user may mount one, so that the disk can be filled.
Its timers run at a quarter: that is slow enough for the patience of clients, which no scale shortens.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from portal.embedded import postgres, programs, valkey
from portal.embedded.programs import Program
from tests.faults.proxy import Proxy
from tests.ports import free_ports
from tests.stand import PORTS_IN_A_ROW, STOP_SECONDS, Stand, environment_of, supervised

SCALE = 0.25
DISK = "200m"
_FEW_LOGS = ("ALTER SYSTEM SET max_wal_size = '48MB'", "ALTER SYSTEM SET min_wal_size = '32MB'")
"""So that the small disk is not full of old log."""


class Server:
    """A server that this process started: it can be killed, frozen and started again on the same data."""

    def __init__(self, program: Program, process: "subprocess.Popen[bytes]") -> None:
        self._program, self._process = program, process

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """This will end it at once, and return when it is gone."""
        self._process.send_signal(how)
        self._process.wait(STOP_SECONDS)

    def start(self) -> None:
        """This will start it again, and return when it answers."""
        self._process = programs.start(self._program)

    def come_back(self) -> None:
        """This will start it again if it has ended by itself."""
        if self._process.poll() is not None:
            self.start()

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Within this it is dead; then it is started again."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Within this it does not get the processor: its sockets take everything and nothing answers."""
        pids = [self._process.pid]
        os.kill(pids[0], signal.SIGSTOP)  # from now on it makes no more children
        pids += _children(pids[0])
        for pid in pids[1:]:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def stop(self) -> None:
        """This will end it as a supervisor does."""
        programs.stop(self._program, self._process)


@dataclass(frozen=True)
class Behind(Stand):
    """The second portal; `rows` and `broker` go to its servers past the proxies."""

    postgres: Server
    valkey: Server
    to_postgres: Proxy
    to_valkey: Proxy
    disk: Path | None

    @property
    def database_url(self) -> str:
        """The database, as its owner and without a proxy."""
        return postgres.url(self.var_dir / "postgres")

    @property
    def broker(self) -> "redis.Redis":
        """A client of Valkey, without a proxy."""
        place = urlsplit(self.valkey_url)
        server = valkey.url(self.var_dir / "valkey", port=self.port + PORTS_IN_A_ROW)
        assert place.password
        return redis.Redis.from_url(server, socket_timeout=STOP_SECONDS)


@contextmanager
def running(var_dir: Path, blocker: Any) -> Iterator[Behind]:
    """Within this the second portal runs in `var_dir`, which holds its secrets."""
    port = free_ports(PORTS_IN_A_ROW + 1)
    with _disk(var_dir / "postgres") as disk:
        cluster = postgres.start(var_dir / "postgres")
        _save_room(cluster.url)
        cache = valkey.start(var_dir / "valkey", port=port + PORTS_IN_A_ROW)
        servers = Server(cluster.program, cluster.process), Server(cache.program, cache.process)
        socket_path = postgres.socket_folder(var_dir / "postgres") / postgres.SOCKET_NAME
        try:
            with Proxy(socket_path) as first, Proxy(("127.0.0.1", port + PORTS_IN_A_ROW)) as second:
                own = {
                    "DATABASE_URL": f"postgresql://{postgres.SUPERUSER}@127.0.0.1:{first.port}/{postgres.DATABASE}",
                    "VALKEY_URL": f"redis://:{urlsplit(cache.url).password}@127.0.0.1:{second.port}/0",
                }
                with supervised(var_dir, environment_of(var_dir, port, scale=SCALE) | own):
                    yield Behind(var_dir, port, SCALE, blocker, *servers, first, second, disk)
        finally:
            for server in servers:
                server.stop()


@contextmanager
def _disk(folder: Path) -> Iterator[Path | None]:
    """A disk in memory at `folder`; None where this user may not mount one."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", str(folder)]
    is_mounted = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield folder if is_mounted else None
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _save_room(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _FEW_LOGS:
            connection.execute(statement.encode())
        connection.execute("SELECT pg_reload_conf()")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
