"""What the ledger does: opening and settling calls by the verbs of web process and worker, two quotas on each.

A call alone shows what each verb takes; many at once go together in sets, as they do in the product.
"""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator
from statistics import quantiles

import uvloop

from portal.kit import database, heap
from tests.bench import calls
from tests.bench.alone import ACCOUNTS, AT_ONCE, CLAIM, CLAIMED, HOT, MANY, RESERVE, SETTLE, Figures
from tests.bench.calls import Calling

WARM_UP_CALLS = 300


def measure(seconds: float) -> Figures:
    """This will measure everything, so long each, and look that the books are right."""
    callers = calls.ready(ACCOUNTS)
    figures = uvloop.run(_measure(callers, seconds))
    calls.check()
    return figures


async def _measure(callers: list[Calling], seconds: float) -> Figures:
    await database.open_pool()
    heap.freeze()
    try:
        for _ in range(WARM_UP_CALLS):
            await callers[0].call(claimed=True)
        return await _alone(callers, seconds) | {
            MANY: await _together(callers, seconds),
            CLAIMED: await _together(callers, seconds, claimed=True),
            HOT: await _together(callers[:1], seconds),
        }
    finally:
        await database.close_pool()


async def _alone(callers: list[Calling], seconds: float) -> Figures:
    taken: dict[str, list[float]] = defaultdict(list)
    deadline = time.monotonic() + seconds
    turns = itertools.cycle(callers)
    while time.monotonic() < deadline:
        marks = await next(turns).call(claimed=True)
        for name, (began, ended) in zip((RESERVE, CLAIM, SETTLE), itertools.pairwise(marks), strict=True):
            taken[name].append((ended - began) * 1000)
    return {name: _spread(each) for name, each in taken.items()}


async def _together(callers: list[Calling], seconds: float, *, claimed: bool = False) -> dict[str, float]:
    taken: list[float] = []
    began = time.monotonic()
    turns = itertools.cycle(callers)
    await asyncio.gather(*(_go_on(turns, began + seconds, taken, claimed=claimed) for _ in range(AT_ONCE)))
    return {"calls_per_second": len(taken) / (time.monotonic() - began)} | _spread(taken)


async def _go_on(turns: Iterator[Calling], deadline: float, taken: list[float], *, claimed: bool) -> None:
    while time.monotonic() < deadline:
        began, *_, ended = await next(turns).call(claimed=claimed)
        taken.append((ended - began) * 1000)


def _spread(milliseconds: list[float]) -> dict[str, float]:
    parts = quantiles(milliseconds, n=100)
    return {"p50_ms": parts[49], "p95_ms": parts[94], "calls": float(len(milliseconds))}
