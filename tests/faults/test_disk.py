"""The disk of PostgreSQL is full: calls are refused, what was told stands, and all heals once there is room again."""

import contextlib
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.askers import Asker, check_refused
from tests.faults.behind import Behind
from tests.faults.charges import check_charges, check_told, told_answers, told_readers
from tests.faults.readers import begin, check, finish

EARLIER = 3
SEGMENTS = 8
"""More than PostgreSQL keeps ready of its log."""
PIECE = bytes(1 << 16)
MAY_MOUNT = 1 << 21
"""CAP_SYS_ADMIN, which root of a container may lack."""


@pytest.mark.filterwarnings("default:a disk of its own")
class TestFullDisk:
    def test_under_the_log_crashes_it_and_loses_no_charge(self, portal: Behind) -> None:
        disk, log = disk_of(portal), portal.var_dir / "logs" / "postgres.log"
        told = told_answers([Asker(portal).ask() for _ in range(EARLIER)])
        log_bytes = log.stat().st_size
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        with full(disk):
            use_up_the_log(portal)
            check_refused(Asker(portal).ask())
        portal.wait_until(lambda: is_back(portal))
        finish(threads)
        said = log.read_bytes()[log_bytes:].decode()
        assert re.search(r"PANIC: .*No space left on device", said), said
        assert "database system was not properly shut down" in said
        check(portal, readers, allowed={"done", "error"})
        check_charges(portal, readers)
        assert len(told) == EARLIER
        check_told(portal, told | told_readers(readers))


def is_back(portal: Behind) -> bool:
    """PostgreSQL recovers by itself, or ends because it cannot and is started again as a supervisor does."""
    portal.postgres.come_back()
    return portal.is_ready()


def disk_of(portal: Behind) -> Path:
    """Nobody is to believe that this was tried where it was not."""
    if portal.disk is None:
        missing = "a disk of its own needs the right to mount one; the full disk is NOT tested here"
        assert not may_mount(), "this user may mount a disk, and yet there is none"
        warnings.warn(missing, stacklevel=2)
        pytest.skip(missing)
    return portal.disk


def may_mount() -> bool:
    """This will tell whether this process has the right to mount: root outside of containers, and in some."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    rights = int(re.findall(r"CapEff:\s+(\w+)", status)[0], 16)
    return os.geteuid() == 0 and bool(rights & MAY_MOUNT)


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """Within this there is no room on the disk."""
    ballast = disk / "ballast"
    try:
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(PIECE):
                pass
        yield
    finally:
        ballast.unlink()


def use_up_the_log(portal: Behind) -> None:
    """This will go on to new segments of the log until there is no more."""
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(portal.database_url, autocommit=True) as connection,
    ):
        for _ in range(SEGMENTS):
            connection.execute("SELECT pg_logical_emit_message(true, 'full', 'x')")
            connection.execute("SELECT pg_switch_wal()")
