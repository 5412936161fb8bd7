"""What a storm comes to: a compact table for people and one file for machines."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults import promises
from tests.faults.promises import Found

Json = dict[str, Any]


def figures(found: Found, broken: list[str]) -> Json:
    """This will return everything that can be counted."""
    storm, evidence = found.storm, found.evidence
    forecast = storm.forecast
    return {
        "seed": forecast.seed,
        "scale": forecast.scale,
        "seconds": round(storm.ended - storm.began, 1),
        "calls": {"asked": forecast.calls, "tries": len(storm.asked), "opened": len(evidence.rows)},
        "faults": dict(Counter(struck.victim for struck in storm.struck)),
        "whole_shares": {kind: round(part, 4) for kind, part in found.whole_shares.items()},
        "longest_drought_seconds": round(found.longest_drought, 2),
        "afterwards": [asked.end for asked in found.asked_afterwards],
        "ends": dict(Counter(asked.end for asked in storm.asked).most_common()),
        "settled": dict(Counter(row.how for row in evidence.rows).most_common()),
        "violations": len(evidence.violations),
        "double_charges": sum(count > 1 for count in evidence.journals.values()),
        "charged_microcredits": sum(row.charged for row in evidence.rows),
        "spent_microcredits": evidence.spent,
        "most_runs_of_a_call": max((hits.count for hits in evidence.hits.values()), default=0),
        "open_holds": evidence.open_holds,
        "holds_after_first_faults": _spread(found.seconds_after_first_faults),
        "holds_after_last_faults": _spread(found.seconds_after_last_faults),
        "longest_silence_seconds": round(found.longest_silence, 2),
        "longest_wait_seconds": round(found.longest_wait, 2),
        "usage_lost": {
            "calls": len(found.usage_lost),
            "share": len(found.usage_lost) / forecast.calls,
            "ids": [row.id for row in found.usage_lost],
        },
        "broken": broken,
        "forecast": [asdict(fault) for fault in forecast.faults],
        "struck": [{"at_seconds": round(one.at - storm.began, 2), "victim": one.victim} for one in storm.struck],
    }


def tries(found: Found) -> Json:
    """This will return what each client saw and what each receipt says, in seconds since the beginning."""
    began = found.storm.began
    return {
        "asked": [
            {
                "number": asked.question.number,
                "call_id": asked.call_id,
                "seconds": [round(asked.began - began, 3), round(asked.ended - began, 3)],
                "end": asked.end,
            }
            for asked in found.storm.asked
        ],
        "receipts": [
            asdict(row) | {"opened": round(row.opened - began, 3), "ended": round(row.ended - began, 3)}
            for row in found.evidence.rows
        ],
        "hits": {
            call_id: asdict(hits) | {"finished": round(hits.finished and hits.finished - began, 3)}
            for call_id, hits in found.evidence.hits.items()
        },
    }


def write(told: Json, path: Path) -> None:
    """This will write the figures into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1), encoding="utf-8")


def _spread(seconds: Sequence[float]) -> Json:
    return {
        "count": len(seconds),
        "p50_seconds": round(promises.share(seconds, 0.5), 2),
        "p99_seconds": round(promises.share(seconds, promises.MOSTLY), 2),
        "worst_seconds": round(promises.share(seconds, 1.0), 2),
    }


def _closed(spread: Json) -> str:
    return f"{spread['p50_seconds']} s (p50), {spread['p99_seconds']} s (p99), {spread['worst_seconds']} s (worst)"


def table(told: Json) -> str:
    """This will put the figures into lines that fit on a screen."""
    lost = told["usage_lost"]
    lines = {
        "storm": f"seed {told['seed']}, timers x {told['scale']}, {told['seconds']:.0f} s",
        "calls": f"{told['calls']['asked']} asked in {told['calls']['tries']} tries, {told['calls']['opened']} opened",
        "faults": _listed(told["faults"]),
        "ends": _listed(told["ends"]),
        "whole": ", ".join(f"{part:.1%} of {kind}" for kind, part in told["whole_shares"].items())
        + f"; at most {told['longest_drought_seconds']} s without any",
        "after": f"{told['afterwards'][-1]} at try {len(told['afterwards'])}",
        "settled": _listed(told["settled"]),
        "books": (
            f"{told['violations']} violations, {told['double_charges']} double charges, "
            f"charged {told['charged_microcredits']} µ, spent {told['spent_microcredits']} µ"
        ),
        "runs": f"each call at most {told['most_runs_of_a_call']} times",
        "holds": f"{told['open_holds']} open; {told['holds_after_first_faults']['count']} met faults",
        "closed": f"{_closed(told['holds_after_first_faults'])} after their first one",
        "": f"{_closed(told['holds_after_last_faults'])} after their last one",
        "silence": f"{told['longest_silence_seconds']} s in a stream, {told['longest_wait_seconds']} s for one piece",
        "usage": f"{lost['calls']} calls not charged by the usage that was seen ({lost['share']:.2%})",
    }
    told_lines = [f"{name:<8} {line}" for name, line in lines.items()]
    return "\n".join(told_lines + ([f"BROKEN   {each}" for each in told["broken"]] or ["kept     every promise"]))


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
