"""What the ledger does: opening and settling calls by the verbs of web process and worker, two quotas on each.

    python -m tests.bench.ledger FOLDER SECONDS

Prints one line of JSON. A call alone shows what each verb takes; many at once go together in sets, as they do in
the product.
"""

import asyncio
import itertools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

import uvloop

from tests.bench import database, tables

if TYPE_CHECKING:
    from tests.bench.calls import Calling

ACCOUNTS = 50
AT_ONCE = 64
WARM_UP_CALLS = 300
RESERVE, CLAIM, SETTLE = "reserve, 1 at a time", "claim, 1 at a time", "settle, 1 at a time"
MANY, HOT = f"{AT_ONCE} at once, {ACCOUNTS} accounts", f"{AT_ONCE} at once, 1 account"
CLAIMED = f"{AT_ONCE} at once, {ACCOUNTS} accounts, claimed too"

Figures = dict[str, dict[str, float]]
TARGETS: Mapping[str, Callable[[Figures], bool]] = {
    "reserving alone at most 1 ms at p50": lambda found: found[RESERVE]["p50_ms"] <= 1,
    "settling alone at most 1 ms at p50": lambda found: found[SETTLE]["p50_ms"] <= 1,
    f"{AT_ONCE} at once: at least 1500 calls a second on {ACCOUNTS} accounts": lambda found: (
        found[MANY]["calls_per_second"] >= 1500
    ),
    f"{AT_ONCE} at once: at least 500 calls a second on 1 account": lambda found: found[HOT]["calls_per_second"] >= 500,
}


def main(folder: Path, seconds: float) -> None:
    """This will measure everything, look that the books are right, and print the figures."""
    with database.migrated(folder):
        from tests.bench import calls  # noqa: PLC0415 - Django is ready only now

        callers = calls.ready(ACCOUNTS)
        figures = uvloop.run(_measure(callers, seconds))
        calls.check()
    print(json.dumps(figures))


def table(figures: Figures) -> str:
    """This will return the figures as text in columns."""
    return tables.table("ledger", figures)


async def _measure(callers: "list[Calling]", seconds: float) -> Figures:
    from portal.kit import database as pool  # noqa: PLC0415 - Django is ready only now
    from portal.kit import heap  # noqa: PLC0415 - as above

    await pool.open_pool()
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
        await pool.close_pool()


async def _alone(callers: "list[Calling]", seconds: float) -> Figures:
    taken: dict[str, list[float]] = defaultdict(list)
    deadline = time.monotonic() + seconds
    turns = itertools.cycle(callers)
    while time.monotonic() < deadline:
        marks = await next(turns).call(claimed=True)
        for name, (began, ended) in zip((RESERVE, CLAIM, SETTLE), itertools.pairwise(marks), strict=True):
            taken[name].append((ended - began) * 1000)
    return {name: _spread(each) for name, each in taken.items()}


async def _together(callers: "list[Calling]", seconds: float, *, claimed: bool = False) -> dict[str, float]:
    taken: list[float] = []
    began = time.monotonic()
    turns = itertools.cycle(callers)
    await asyncio.gather(*(_go_on(turns, began + seconds, taken, claimed=claimed) for _ in range(AT_ONCE)))
    return {"calls_per_second": len(taken) / (time.monotonic() - began)} | _spread(taken)


async def _go_on(turns: "Iterator[Calling]", deadline: float, taken: list[float], *, claimed: bool) -> None:
    while time.monotonic() < deadline:
        began, *_, ended = await next(turns).call(claimed=claimed)
        taken.append((ended - began) * 1000)


def _spread(milliseconds: list[float]) -> dict[str, float]:
    parts = quantiles(milliseconds, n=100)
    return {"p50_ms": parts[49], "p95_ms": parts[94], "calls": float(len(milliseconds))}


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
