"""The disk of PostgreSQL is full: calls are refused or end late, and all heals by itself when there is room again."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.faults.askers import Asker, check_refused
from tests.faults.behind import Behind
from tests.faults.readers import begin, check, check_books, finish

CROWD = 400
AT_ONCE = 8
SEGMENTS = 8
"""More than PostgreSQL keeps ready of its log."""
PIECE = bytes(1 << 16)


class TestFullDisk:
    def test_refuses_calls_until_there_is_room(self, portal: Behind) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        with full(disk_of(portal)), ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda _: Asker(portal).ask(), range(CROWD)))
        finish(threads)
        refused = [answer for answer in answers if answer.status_code != httpx.codes.OK]
        assert refused
        for answer in refused:
            check_refused(answer)
        check(portal, readers, allowed={"done", "error"})
        check_books(portal, [answer.headers["x-request-id"] for answer in answers if answer not in refused])

    def test_under_the_log_crashes_it_and_loses_no_charge(self, portal: Behind) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        with full(disk_of(portal)):
            use_up_the_log(portal)
            check_refused(Asker(portal).ask())
        portal.wait_until(lambda: is_back(portal))
        finish(threads)
        check(portal, readers, allowed={"done", "error"})


def is_back(portal: Behind) -> bool:
    """PostgreSQL recovers by itself, or ends because it cannot and is started again as a supervisor does."""
    portal.postgres.come_back()
    return portal.is_ready()


def disk_of(portal: Behind) -> Path:
    if portal.disk is None:
        pytest.skip("a disk of its own needs the right to mount one")
    return portal.disk


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
