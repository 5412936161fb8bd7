"""Settling when the answer of PostgreSQL is lost: who asked must be told the end all the same."""

from uuid import uuid4

import pytest

from usage.calls.settlement import Settled


class TestSettled:
    @pytest.mark.parametrize(
        ("outcome", "charged", "is_told"),
        [("ok", 7, True), ("already", 7, True), ("already", 0, False), ("fenced", None, False)],
    )
    def test_is_told_when_it_ended_by_this_charge(self, outcome: str, charged: int | None, is_told: bool) -> None:  # noqa: FBT001 - what is expected
        assert Settled(uuid4(), outcome, charged, None).is_by(7) is is_told
