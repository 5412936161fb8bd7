"""What the audits cost: of everything, and of what moved since the last one, with very many calls in the books.

    python -m tests.bench.audit FOLDER CALLS

Prints one line of JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import uvloop

from tests.bench import database, tables

if TYPE_CHECKING:
    from tests.bench.calls import Calling

ACCOUNTS = 200
MILLION = 1_000_000
MOVED = 1000
"""Calls between two audits, which are five minutes apart."""
ROUNDS = 7
APART_MINUTES = 5
BUILD, FULL, RECENT = "writing the books", "audit of everything", "audit of what moved"

Figures = dict[str, dict[str, float]]
TARGETS: Mapping[str, Callable[[Figures], bool]] = {
    "auditing what moved takes less than 50 ms": lambda found: found[RECENT]["p50_ms"] < 50,
}


def main(folder: Path, calls: int) -> None:
    """This will write the books, audit them again and again, and print the figures."""
    with database.migrated(folder):
        figures = _measure(calls)
    print(json.dumps(figures))


def table(figures: Figures) -> str:
    """This will return the figures as text in columns."""
    return tables.table("audit", figures)


def _measure(calls: int) -> Figures:
    from tests.bench import calls as calling  # noqa: PLC0415 - Django is ready only now
    from tests.bench import million  # noqa: PLC0415 - as above
    from usage import audits  # noqa: PLC0415 - as above

    callers = calling.ready(ACCOUNTS)
    began = time.perf_counter()
    million.write(callers, calls)
    written = time.perf_counter() - began
    began = time.perf_counter()
    calling.check()
    full = time.perf_counter() - began
    taken = []
    for _ in range(ROUNDS):
        _go_on(callers)
        began = time.perf_counter()
        run = audits.audit_recent()
        taken.append((time.perf_counter() - began) * 1000)
        assert run.is_clean, run.found
        assert not run.is_full
    figures = {BUILD: {"seconds": written, "calls": float(calls)}, FULL: {"seconds": full, "calls": float(calls)}}
    return figures | {RECENT: {"p50_ms": median(taken), "largest_ms": max(taken), "calls": float(MOVED)}}


def _go_on(callers: "list[Calling]") -> None:
    """Five minutes of business; the calls of the last one are looked at again by the next audit."""
    from portal.kit import clock  # noqa: PLC0415 - Django is ready only now
    from tests.plans.ledger import books  # noqa: PLC0415 - as above

    for _ in range(APART_MINUTES):
        uvloop.run(_call(callers[: MOVED // APART_MINUTES], ahead=clock.now() - datetime.now(tz=UTC)))
        books.move_clock(timedelta(minutes=1))
    with books.owner():
        books.run("VACUUM")  # as the server does by itself, but not within the second that this takes


async def _call(callers: "list[Calling]", *, ahead: timedelta) -> None:
    from portal.kit import database as pool  # noqa: PLC0415 - Django is ready only now

    await pool.open_pool()
    try:
        await asyncio.gather(*(each.call(claimed=True, ahead=ahead) for each in callers))
    finally:
        await pool.close_pool()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
