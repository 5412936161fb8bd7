"""Medians, ratios and the tables that people read."""

from collections.abc import Mapping, Sequence
from statistics import median

Run = Mapping[str, object]
Results = dict[str, dict[str, dict[str, float]]]
"""Scenario, contender, figure."""

COLUMNS = {
    "cpu_seconds_per_1000": "CPU s / 1000",
    "calls_per_second": "calls / s",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "largest_ms": "largest ms",
    "cpu_p50_ms": "CPU p50 ms",
    "queries": "queries",
    "seconds": "seconds",
    "first_token_p50_ms": "first token p50",
    "added_first_token_ms": "added p50",
    "gap_p99_ms": "gap p99 ms",
    "errors": "errors",
}
SMALLEST_PART = 0.01
PORTAL, LITELLM, NGINX, DIRECT = "portal", "litellm", "nginx", "direct"


def medians(runs: Sequence[Run]) -> dict[str, float]:
    """This will return the median of every figure that all runs have, and the sum of their errors."""
    names = {name for run in runs for name, value in run.items() if isinstance(value, int | float)}
    figures = {}
    for name in sorted(names):
        values = [float(str(run[name])) for run in runs if isinstance(run.get(name), int | float)]
        figures[name] = sum(values) if name == "errors" else median(values)
    return figures


def add_first_token(results: Results) -> None:
    """This will note how much later than without anyone between the first token came."""
    for contenders in results.values():
        direct = contenders.get(DIRECT, {}).get("first_token_p50_ms")
        for figures in contenders.values():
            if direct is not None and "first_token_p50_ms" in figures:
                figures["added_first_token_ms"] = figures["first_token_p50_ms"] - direct


def ratios(results: Results) -> dict[str, float]:
    """This will return this portal's figures over those of LiteLLM and nginx, by scenario and figure."""
    found = {}
    for scenario, contenders in results.items():
        for other in (LITELLM, NGINX):
            for name in ("cpu_seconds_per_1000", "calls_per_second", "p50_ms", "added_first_token_ms"):
                ours, theirs = contenders.get(PORTAL, {}).get(name), contenders.get(other, {}).get(name)
                if name == "added_first_token_ms" and other == NGINX:
                    continue  # it adds less than the noise
                if ours is not None and theirs:
                    found[f"{scenario} {name} {PORTAL}/{other}"] = round(ours / theirs, 4)
    return found


def table(scenario: str, contenders: Mapping[str, Mapping[str, float]]) -> str:
    """This will return one scenario as text in columns."""
    shown = [name for name in COLUMNS if any(name in figures for figures in contenders.values())]
    rows = [[scenario, *(COLUMNS[name] for name in shown)]]
    for contender, figures in contenders.items():
        rows.append([contender, *(_number(figures.get(name)) for name in shown)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:], ""])


def parts(figures: Mapping[str, float]) -> str:
    """This will return where the CPU seconds of 1000 calls went, the dearest part first."""
    spent = {name.removeprefix("cpu "): value for name, value in figures.items() if name.startswith("cpu ")}
    shown = sorted(spent.items(), key=lambda item: -item[1])
    return "  ".join(f"{name} {value:.2f}" for name, value in shown if value >= SMALLEST_PART) + "\n"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"
