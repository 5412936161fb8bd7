"""Each change of the proof by hand still fits the SQL that it changes: no proof runs on what is not there."""

import pytest

from tests.proofs.changes import CHANGES
from tests.proofs.copies import ROOT


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_fits_in_one_place(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for before, after in CHANGES[name]:
        assert text.count(before) == 1, before
        assert after != before
