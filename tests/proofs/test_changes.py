"""Each change of the proof by hand still fits the SQL that it changes: no proof runs on what is not there."""

from pathlib import Path

import pytest

from tests.proofs.changes import CHANGES
from tests.proofs.copies import NEAREST, ROOT


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_fits_in_one_place(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for before, after in CHANGES[name]:
        assert text.count(before) == 1, before
        assert after != before


def test_each_file_has_tests_that_run_first() -> None:
    python = {path.stem for path in ROOT.glob("plans/ledger/*.py")} - {"__init__"}
    assert {Path(name).stem for name in CHANGES} | python == set(NEAREST)
    for places in NEAREST.values():
        assert all((ROOT / f"tests/{place}.py").is_file() for place in places)
