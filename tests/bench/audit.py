"""What the audits cost: of everything, and of what moved since the last one, with very many calls in the books."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from statistics import median

import uvloop

from portal.kit import clock, database
from tests.bench import calls, million
from tests.bench.alone import BUILD, FULL, RECENT, Figures
from tests.bench.calls import Calling
from tests.plans.ledger import books
from usage import audits

ACCOUNTS = 200
MOVED = 1000
"""Calls between two audits, which are five minutes apart."""
ROUNDS = 7
APART_MINUTES = 5


def measure(size: float) -> Figures:
    """This will write so many calls into the books and audit them again and again."""
    callers = calls.ready(ACCOUNTS)
    began = time.perf_counter()
    million.write(callers, int(size))
    written = time.perf_counter() - began
    began = time.perf_counter()
    calls.check()
    full = time.perf_counter() - began
    taken = []
    for _ in range(ROUNDS):
        _go_on(callers)
        began = time.perf_counter()
        run = audits.audit_recent()
        taken.append((time.perf_counter() - began) * 1000)
        assert run.is_clean, run.found
        assert not run.is_full
    figures = {BUILD: {"seconds": written, "calls": size}, FULL: {"seconds": full, "calls": size}}
    return figures | {RECENT: {"p50_ms": median(taken), "largest_ms": max(taken), "calls": float(MOVED)}}


def _go_on(callers: list[Calling]) -> None:
    """Five minutes of business; the calls of the last one are looked at again by the next audit."""
    for _ in range(APART_MINUTES):
        uvloop.run(_call(callers[: MOVED // APART_MINUTES], ahead=clock.now() - datetime.now(tz=UTC)))
        books.move_clock(timedelta(minutes=1))
    with books.owner():
        books.run("VACUUM")  # as the server does by itself, but not within the second that this takes


async def _call(callers: list[Calling], *, ahead: timedelta) -> None:
    await database.open_pool()
    try:
        await asyncio.gather(*(each.call(claimed=True, ahead=ahead) for each in callers))
    finally:
        await database.close_pool()
