"""Changes of the ledger's Python, which cosmic-ray makes in a copy, one at a time."""

import json
import re
import subprocess
import sys
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

from tests.proofs import copies
from tests.proofs.score import Score

SESSION = "session.sqlite"
CONFIG = "cosmic-ray.toml"
IN_TYPES = "core/ReplaceBinaryOperator_BitOr_.*"
"""The bars of our types, which no program computes."""
IN_DECORATORS = "core/ReplaceTrueWithFalse"
"""What is frozen may be changed and what is named may stand in order: nobody does either."""
IN_SIGNATURES = "core/ReplaceBinaryOperator_Mul_.*"
"""The star before parameters that have to be named, which is no product."""
CONSTANT = re.compile(r"[A-Z_]+ = [0-9_]+$")
"""How many at once, how often again: numbers to tune, of which no promise hangs."""
SETTINGS = f"""
[cosmic-ray]
module-path = ["plans/ledger"]
timeout = {copies.RUN_SECONDS + 30.0}
excluded-modules = []
test-command = "{sys.executable} -m tests.proofs.copies"
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = ["{IN_TYPES}", "{IN_SIGNATURES}", "{IN_DECORATORS}"]
"""


def prove() -> Score:
    """This will let each change live once, and return which of them no test noticed."""
    with copies.copied() as copy:
        (copy.folder / CONFIG).write_text(SETTINGS, encoding="utf-8")
        _run(copy, "cosmic-ray", "init", CONFIG, SESSION)
        _run(copy, "cr-filter-operators", SESSION, CONFIG)
        _leave_out_constants(copy.folder)
        _run(copy, "cosmic-ray", "exec", CONFIG, SESSION)
        found = [json.loads(line) for line in _run(copy, "cosmic-ray", "dump", SESSION).splitlines()]
    tried = [(item, result) for item, result in found if result["worker_outcome"] != "skipped"]
    survivors = [_named(item) for item, result in tried if result["test_outcome"] == "survived"]
    return Score("python", len(tried), tuple(survivors))


def _leave_out_constants(folder: Path) -> None:
    left_out = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)
    with use_db(str(folder / SESSION), WorkDB.Mode.open) as work:
        for item in list(work.pending_work_items):
            lines = (folder / item.mutations[0].module_path).read_text(encoding="utf-8").splitlines()
            if CONSTANT.match(lines[item.mutations[0].start_pos[0] - 1]):
                work.set_result(item.job_id, left_out)


def _named(item: dict[str, list[dict[str, object]]]) -> str:
    change = item["mutations"][0]
    return f"{change['module_path']}:{change['start_pos']} {change['operator_name']} {change['occurrence']}"


def _run(copy: copies.Copy, program: str, *arguments: str) -> str:
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    return subprocess.run(
        command, cwd=copy.folder, env=copy.environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
