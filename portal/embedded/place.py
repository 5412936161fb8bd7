"""Where a portal lives: its folder, its ports, and which servers are somebody's own."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.embedded import postgres, valkey
from portal.embedded.trouble import Trouble
from portal.kit import environment

LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """Everything that two portals on one machine must not share; ports follow from the first one."""

    var_dir: Path
    port: int
    own_database: str = ""
    own_valkey: str = ""

    @property
    def sandbox_port(self) -> int:
        """The sandbox: scripted upstream and operator."""
        return self.port + 1

    @property
    def model_port(self) -> int:
        """The small model."""
        return self.port + 2

    @property
    def valkey_port(self) -> int:
        """Valkey."""
        return self.port + 3

    @property
    def database_url(self) -> str:
        """The database, as its owner."""
        return self.own_database or postgres.url(self.var_dir / "postgres")

    @property
    def valkey_url(self) -> str:
        """The broker and relay."""
        return self.own_valkey or valkey.url(self.var_dir / "valkey", port=self.valkey_port)

    @property
    def url(self) -> str:
        """Where people go."""
        return environment.text("BASE_URL", f"http://{LOCAL}:{self.port}").rstrip("/")


def from_environment() -> Place:
    """This will return the place that VAR_DIR, PORT, DATABASE_URL and VALKEY_URL describe."""
    return Place(
        var_dir=Path(environment.text("VAR_DIR", "var")).resolve(),
        port=int(environment.number("PORT", 8000)),
        own_database=environment.text("DATABASE_URL"),
        own_valkey=environment.text("VALKEY_URL") or environment.text("REDIS_URL"),
    )


@contextmanager
def held(place: Place) -> Iterator[None]:
    """This will keep any other supervisor away from the folder; refuses with `Trouble`."""
    place.var_dir.mkdir(parents=True, exist_ok=True)
    (place.var_dir / "secrets").mkdir(mode=0o700, exist_ok=True)
    with (place.var_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            message = f"{place.var_dir} is in use by process {lock.read().strip()}; stop it or set VAR_DIR."
            raise Trouble(message) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def refuse_busy(ports: Mapping[str, int]) -> None:
    """This will refuse to start when somebody else listens on one of the ports, by the part that wants it."""
    for part, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOCAL, port))
            except OSError as error:
                message = f"Port {port} ({part}) is busy; set PORT to another number, four in a row are used."
                raise Trouble(message) from error


def write_down(place: Place, addresses: Mapping[str, str]) -> None:
    """This will write `run.json`, from which the settings of every process learn the addresses."""
    write_private(place.var_dir / "run.json", dict(addresses))


def write_private(path: Path, content: object) -> None:
    """This will write `content` as JSON in one step, readable by nobody else."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.touch(mode=0o600)
    scratch.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    scratch.replace(path)


def read(path: Path) -> dict[str, Any]:
    """This will return what `write_private` wrote."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
