"""Runs the long proofs and writes `prove.json` into var; ends with status 1 if one of them fails.

python -m tests.proofs [--only sql,python,operator,storm,million,journeys]

The first two count which changes of the ledger its tests notice; the third says 2,640 things to the sandbox operator
that its specifications allow or forbid; the storm passes three times at full size; then books of a million calls are
audited, and every journey is made in every look. All of them together take hours.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict

from tests.proofs import python_mutants, sql_mutants
from tests.proofs.copies import ROOT
from tests.proofs.score import Score

SEEDS = (1, 2, 3)
STORM = {"CALLS": "10000", "KILLS": "100"}
OPERATOR = ("pytest", "-q", "-s", "tests/portal/operator/test_fuzz.py")
JOURNEYS = ("pytest", "-q", "tests/journeys")
MILLION = ("tests.bench", "--only", "audit", "--calls", "1000000")
MUTANTS: dict[str, Callable[[], Score]] = {"sql": sql_mutants.prove, "python": python_mutants.prove}


def main() -> int:
    """This will run the proofs that are wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs")
    parser.add_argument("--only", default="sql,python,operator,storm,million,journeys")
    wanted = parser.parse_args().only.split(",")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that everything started is ended too
    scores = [prove() for name, prove in MUTANTS.items() if name in wanted]
    for score in scores:
        print(
            f"{score.language}: {score.percent:.1f} % of {score.mutants} changes noticed", *score.survivors, sep="\n  "
        )
    _write(scores)
    operator = _passes(*OPERATOR, OPERATOR_EXAMPLES="120") if "operator" in wanted else True
    storms = [_passes("tests.faults.chaos", **STORM, SEED=str(seed)) for seed in SEEDS if "storm" in wanted]
    million = _passes(*MILLION) if "million" in wanted else True
    journeys = _passes(*JOURNEYS, JOURNEYS="all") if "journeys" in wanted else True
    return 0 if all([*(score.is_enough for score in scores), *storms, operator, million, journeys]) else 1


def _passes(module: str, *arguments: str, **environment: str) -> bool:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode == 0


def _write(scores: list[Score]) -> None:
    told = [asdict(score) | {"percent": round(score.percent, 1)} for score in scores]
    (ROOT / "var").mkdir(exist_ok=True)
    (ROOT / "var" / "prove.json").write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
