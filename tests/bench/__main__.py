"""Runs the benchmark: every contender in turn, three times, before the same upstream; then the ledger by itself.

python -m tests.bench [--rounds 3] [--only nginx,litellm,portal,ledger,audit,catalog] [--seconds 4] [--calls 100000]
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench import alone, contenders, tables, wire
from tests.bench.contenders import TOP, Contender, Missing

LONGEST_SECONDS = 11 * 60.0
LOAD_PATIENCE_SECONDS = 60.0
SETTLE_SECONDS = 0.4
WARM_UP_SECONDS = 1.0
RACERS = ("nginx", "litellm", "portal")
FEW_CALLS = 100_000
"""A million takes minutes: `make prove`."""
FEW_PAGES = 50


@dataclass(frozen=True)
class Scenario:
    """One load: so many connections ask this model, for a while."""

    name: str
    connections: int
    model: str = wire.INSTANT
    streamed: bool = False
    longer: float = 1.0


SCENARIOS = (
    Scenario("plain 1", 1),
    Scenario("plain 16", 16),
    Scenario("plain 64", 64),
    Scenario("stream 1", 1, wire.PACED, streamed=True, longer=2.0),
    Scenario("stream 64", 64, wire.PACED, streamed=True),
    Scenario("patient 32", 32, wire.PATIENT),
)
TARGETS: dict[str, Callable[[tables.Results], bool]] = {
    "CPU at 64 connections at most 0.5 x LiteLLM": lambda found: _cpu_ratio(found, "plain 64") <= 0.5,
    "CPU at 1 connection at most 0.6 x LiteLLM": lambda found: _cpu_ratio(found, "plain 1") <= 0.6,
    "first token at 64 streams at most 30 ms later": lambda found: (
        found["stream 64"][tables.PORTAL]["added_first_token_ms"] <= 30
    ),
}


def main() -> None:
    """This will run everything and write `bench.json` into the folder of this machine's data."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--only", default=",".join([*RACERS, *alone.TARGETS]))
    parser.add_argument("--calls", type=int, default=FEW_CALLS, help="in the books that are audited")
    options = parser.parse_args()
    wanted = options.only.split(",")
    var_dir = Path(os.environ.get("VAR_DIR", TOP / "var")).resolve()
    folder = var_dir / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that everything started is ended too
    found: dict[str, object] = {}
    if set(RACERS) & set(wanted):
        found |= _race(folder, wanted=wanted, rounds=options.rounds, seconds=options.seconds)
    for part, size in {"ledger": options.seconds, "audit": options.calls, "catalog": FEW_PAGES}.items():
        if part in wanted:
            figures, targets = alone.run(part, folder / part, size)
            _tell(targets)
            found[part] = {"figures": figures, "targets": targets}
    _write(found, var_dir / "bench.json")


def _race(folder: Path, *, wanted: list[str], rounds: int, seconds: float) -> dict[str, object]:
    with ExitStack() as stack:
        entrants = _start(stack, folder, wanted=wanted)
        results = _measure(entrants, rounds=rounds, seconds=seconds)
        memory = {one.name: round(one.group.memory_megabytes()) for one in entrants[1:]}
    return _report(results, memory)


def _start(stack: ExitStack, folder: Path, *, wanted: list[str]) -> list[Contender]:
    upstream = contenders.upstream(folder)
    stack.callback(upstream.group.stop)
    started = [upstream]
    for start in (contenders.nginx, contenders.litellm, contenders.portal):
        if start.__name__ not in wanted:
            continue
        try:
            one = start(folder, upstream_port=upstream.port)
        except Missing as missing:
            print(f"Without {start.__name__}: {missing}", flush=True)
            continue
        stack.callback(one.group.stop)
        started.append(one)
    return started


def _measure(entrants: list[Contender], *, rounds: int, seconds: float) -> tables.Results:
    deadline = time.monotonic() + LONGEST_SECONDS
    for one in entrants:
        _load(one, SCENARIOS[1], seconds=WARM_UP_SECONDS)
        _load(one, SCENARIOS[3], seconds=WARM_UP_SECONDS)
    results: tables.Results = {}
    for scenario in SCENARIOS:
        runs: dict[str, list[tables.Run]] = {one.name: [] for one in entrants}
        for number in range(rounds):
            if number and time.monotonic() > deadline:
                print("Time is up; fewer rounds.", flush=True)
                break
            for one in entrants:
                runs[one.name].append(_load(one, scenario, seconds=seconds * scenario.longer))
        results[scenario.name] = {name: tables.medians(seen) for name, seen in runs.items()}
        tables.add_first_token(results)
        print(tables.table(scenario.name, results[scenario.name]), flush=True)
        print(tables.parts(results[scenario.name].get(tables.PORTAL, {})), flush=True)
    return results


def _load(one: Contender, scenario: Scenario, *, seconds: float) -> tables.Run:
    job = {
        "port": one.port,
        "keys": one.keys,
        "model": scenario.model,
        "streamed": scenario.streamed,
        "connections": scenario.connections,
        "seconds": seconds,
    }
    before = one.group.cpu_seconds()
    command = [sys.executable, "-m", "tests.bench.load", json.dumps(job)]
    patience = seconds + LOAD_PATIENCE_SECONDS
    answer = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=patience, check=True)
    figures: dict[str, object] = json.loads(answer.stdout)
    time.sleep(SETTLE_SECONDS)  # what a call still costs after its answer counts too
    spent = one.group.cpu_seconds()
    spent.subtract(before)
    calls = max(int(str(figures["calls"])), 1)
    if figures["errors"]:
        print(f"{one.name}, {scenario.name}: {figures['errors']} errors: {figures['first_error']}", flush=True)
    parts = {f"cpu {part}": seconds_spent * 1000 / calls for part, seconds_spent in spent.items()}
    return figures | parts | {"cpu_seconds_per_1000": sum(parts.values())}


def _report(results: tables.Results, memory: dict[str, int]) -> dict[str, object]:
    ratios = tables.ratios(results)
    for name, value in ratios.items():
        print(f"{value:10.3f}  {name}")
    print("Memory (PSS, MB):", memory)
    targets = {}
    if all(tables.PORTAL in found and tables.LITELLM in found for found in results.values()):
        targets = {name: reached(results) for name, reached in TARGETS.items()}
    _tell(targets)
    return {"results": results, "ratios": ratios, "memory_mb": memory, "targets": targets}


def _tell(targets: dict[str, bool]) -> None:
    for name, reached in targets.items():
        print("reached" if reached else "MISSED ", name)


def _write(found: dict[str, object], path: Path) -> None:
    """What was not measured this time stays as it was."""
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    path.write_text(json.dumps(earlier | {"machine": machine} | found, indent=1), encoding="utf-8")
    print(f"Written to {path}")


def _cpu_ratio(found: tables.Results, scenario: str) -> float:
    ours, theirs = found[scenario][tables.PORTAL], found[scenario][tables.LITELLM]
    return ours["cpu_seconds_per_1000"] / theirs["cpu_seconds_per_1000"]


if __name__ == "__main__":
    main()
