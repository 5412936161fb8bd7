"""Parts without a contender: each measures the product itself on a database of its own, and has targets.

A part is a module with `measure(size)`, which runs in a process of its own: there Django is set up first.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.bench import tables

Figures = dict[str, dict[str, float]]
TOP = Path(__file__).parents[2]
LONGEST_SECONDS = 15 * 60.0

AT_ONCE, ACCOUNTS = 64, 50
RESERVE, CLAIM, SETTLE = "reserve, 1 at a time", "claim, 1 at a time", "settle, 1 at a time"
MANY, HOT = f"{AT_ONCE} at once, {ACCOUNTS} accounts", f"{AT_ONCE} at once, 1 account"
CLAIMED = f"{AT_ONCE} at once, {ACCOUNTS} accounts, claimed too"
LIST, CHOSEN, PAGE = "list", "list, narrowed", "page of a model"
BUILD, FULL, RECENT = "writing the books", "audit of everything", "audit of what moved"

TARGETS: Mapping[str, Mapping[str, Callable[[Figures], bool]]] = {
    "ledger": {
        "reserving alone at most 1 ms at p50": lambda found: found[RESERVE]["p50_ms"] <= 1,
        "settling alone at most 1 ms at p50": lambda found: found[SETTLE]["p50_ms"] <= 1,
        f"{MANY}: at least 1500 calls a second": lambda found: found[MANY]["calls_per_second"] >= 1500,
        f"{HOT}: at least 500 calls a second": lambda found: found[HOT]["calls_per_second"] >= 500,
    },
    "catalog": {
        f"{name} in less than 60 ms at p50": lambda found, name=name: found[name]["p50_ms"] < 60  # type: ignore[misc]
        for name in (LIST, CHOSEN, PAGE)
    },
    "audit": {"auditing what moved takes less than 50 ms": lambda found: found[RECENT]["p50_ms"] < 50},
}


def run(part: str, folder: Path, size: float) -> tuple[Figures, dict[str, bool]]:
    """This will measure a part, print its table and return its figures and which targets it reached."""
    command = [sys.executable, "-m", "tests.bench.database", f"tests.bench.{part}", str(folder), str(size)]
    answer = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, text=True, timeout=LONGEST_SECONDS, check=True)
    figures: Figures = json.loads(answer.stdout.splitlines()[-1])
    print(tables.table(part, figures), flush=True)
    return figures, {name: reached(figures) for name, reached in TARGETS[part].items()}
