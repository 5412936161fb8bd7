"""What may flow back of slices: never what is used, protected or kept inside, and the same part only once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans import slices
from plans.models import Quota
from plans.slices import Slice
from portal.kit import periods
from portal.kit.units import credits

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONTH = periods.month_of(datetime(2026, 11, 15, tzinfo=SHANGHAI), zone=SHANGHAI)
WHOLE = credits(1)


def one(
    amount: int,
    *,
    day: int = 1,
    kind: str = "department",
    number: int = 1,
    window: str = "month",
    **figures: int | None,
) -> Slice:
    """A slice of so many credits that was made on a day of the month."""
    made = MONTH.active_from.replace(day=day)
    quota = Quota(
        pk=number, node_kind=kind, node_id=number, window=window, limit=credits(amount), created_at=made, is_slice=True
    )
    inside = figures.pop("inside", None)
    return Slice(quota=quota, inside=inside, **{name: credits(each or 0) for name, each in figures.items()})


def idle(*found: Slice, day: int, floor: int = 0) -> list[int]:
    amounts = slices.idle(found, month=MONTH, moment=MONTH.active_from.replace(day=day), floor_percent=floor)
    return [amounts[each.quota.pk] // WHOLE for each in found]


class TestIdle:
    @pytest.mark.parametrize(
        ("standing", "amount"),
        [
            (one(3000), 900),
            (one(3000, taken=600), 300),
            (one(3000, taken=900), 0),
            (one(3000, taken=2500), 0),
            (one(3000, day=4), 600),
            (one(3000, day=20), 0),
            (one(3000, extra=-1000), 600),
            (one(3000, extra=1000), 900),
            (one(3000, extra=-500, reclaimed=500), 400),
            (one(3000, extra=0, reclaimed=500, returned=500), 400),
            (one(100), 30),
            (one(10, window="week"), 0),
            (one(0), 0),
        ],
    )
    def test_is_what_was_not_used_of_nine_days_of_thirty(self, standing: Slice, amount: int) -> None:
        assert idle(standing, day=10) == [amount]

    @pytest.mark.parametrize(("floor", "amount"), [(0, 2400), (20, 2400), (50, 1500), (100, 0)])
    def test_leaves_the_floor(self, floor: int, amount: int) -> None:
        assert idle(one(3000), day=25, floor=floor) == [amount]

    def test_leaves_whole_credits_in_favor_of_the_slice(self) -> None:
        assert idle(one(7), day=10) == [2]

    def test_counts_from_when_it_was_raised(self) -> None:
        raised = one(3000)
        raised.quota.raised_at = MONTH.active_from.replace(day=8)
        assert idle(raised, day=10) == [200]
        raised.quota.raised_at = MONTH.active_from - timedelta(days=8)
        assert idle(raised, day=10) == [900]

    def test_leaves_what_stands_inside(self) -> None:
        outer = one(3000)
        assert idle(outer, one(2700, number=2, inside=1, day=28), day=10) == [300, 0]
        assert idle(outer, one(1000, number=2, inside=1), day=10) == [900, 300]
        member = one(2800, kind="member", number=1, inside=1, day=28)
        assert idle(outer, replace(member, quota=_renumbered(member.quota, 2)), day=10) == [200, 0]
        assert idle(outer, one(2900, number=2, inside=1, window="week"), day=10) == [100, 0]


def _renumbered(quota: Quota, number: int) -> Quota:
    quota.pk = number
    return quota


@st.composite
def standings(draw: st.DrawFn) -> list[Slice]:
    """Up to six slices, each perhaps inside of an earlier one, as a month may leave them."""
    made: list[Slice] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        amount, reclaimed = draw(st.integers(0, 5000)), draw(st.integers(0, 500))
        returned = draw(st.integers(0, reclaimed))
        figures: dict[str, Any] = {
            "extra": returned - reclaimed + draw(st.integers(-300, 300)),
            "taken": draw(st.integers(0, amount)),
            "reclaimed": reclaimed,
            "returned": returned,
            "inside": draw(st.one_of(st.none(), st.integers(1, number - 1))) if number > 1 else None,
        }
        window = draw(st.sampled_from(["month", "month", "week"]))
        made.append(one(amount, number=number, day=draw(st.integers(1, 28)), window=window, **figures))
    return made


class TestAnyMonth:
    @given(standings(), st.integers(2, 28), st.integers(0, 100), st.integers(0, 86_399))
    def test_takes_nothing_that_is_not_free_and_nothing_twice(
        self, found: list[Slice], day: int, floor: int, second: int
    ) -> None:
        moment = MONTH.active_from.replace(day=day) + timedelta(seconds=second)
        amounts = slices.idle(found, month=MONTH, moment=moment, floor_percent=floor)
        after = [
            replace(
                each,
                extra=each.extra - amounts[each.quota.pk],
                reclaimed=each.reclaimed + amounts[each.quota.pk],
            )
            for each in found
        ]
        for old, new in zip(found, after, strict=True):
            taken = amounts[old.quota.pk]
            assert taken >= 0
            assert taken % WHOLE == 0
            assert new.whole == old.whole
            if taken:
                assert old.quota.window == "month"
                assert new.most >= new.taken
                assert new.most * 100 >= new.whole * floor
                assert new.rest >= sum(max(0, each.rest) for each in after if each.inside == old.quota.node_id)
                assert new.reclaimed + new.taken <= new.whole
        again = slices.idle(after, month=MONTH, moment=moment, floor_percent=floor)
        assert set(again.values()) == {0}
