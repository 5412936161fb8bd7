"""Periods that are paid again and again: ten years of them, from any day, in any zone, under any terms."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from portal.kit.periods import Cycle

YEARS = 10
ZONES = [
    "Asia/Shanghai",
    "America/New_York",  # an hour left out in March, one twice in November
    "Australia/Lord_Howe",  # half an hour of it
    "Africa/Cairo",  # left out at midnight
    "America/Santiago",  # the same, on the other half of the globe
    "Pacific/Apia",  # a whole day left out in December 2011
    "Asia/Kathmandu",
    "UTC",
]
SECONDS = int(datetime(2011, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2032, 12, 31, tzinfo=UTC).timestamp())
MOMENTS = some.integers(*SECONDS).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def cycles(**terms: some.SearchStrategy[object]) -> some.SearchStrategy[Cycle]:
    zones = some.sampled_from(ZONES).map(ZoneInfo)
    return some.builds(Cycle, anchor_at=MOMENTS, zone=zones, first=some.integers(1, 5), **terms)


monthly = cycles(months=some.sampled_from([1, 2, 3, 6, 12]), is_calendar=some.booleans())
daily = cycles(months=some.none(), days=some.integers(2, 90))  # a single day that is left out has no length


def ten_years(cycle: Cycle) -> range:
    length = timedelta(days=cycle.days or 0) if not cycle.months else timedelta(days=30 * cycle.months)
    return range(cycle.first, cycle.first + int(timedelta(days=366 * YEARS) / length) + 1)


@settings(max_examples=50, deadline=None)
@given(cycle=some.one_of(monthly, daily))
def test_periods_tile_ten_years_without_gap_or_overlap(cycle: Cycle) -> None:
    periods = [cycle.period(number) for number in ten_years(cycle)]
    assert periods[0].active_from == cycle.anchor_at
    for one, following in pairwise(periods):
        assert one.active_from < one.active_to == following.active_from
    assert periods[-1].active_to - cycle.anchor_at > timedelta(days=365 * YEARS - 31)


@settings(max_examples=50, deadline=None)
@given(cycle=monthly)
def test_months_keep_the_day_and_the_hour_of_the_anchor(cycle: Cycle) -> None:
    """By the calendar they begin at midnight of the first; an hour that is left out that day is the next one."""
    anchor = cycle.anchor_at.astimezone(cycle.zone)
    for number in ten_years(cycle)[1:]:
        passed = anchor.year * 12 + anchor.month - 1 + (number - cycle.first) * (cycle.months or 0)
        year, month = passed // 12, passed % 12 + 1
        day = 1 if cycle.is_calendar else min(anchor.day, monthrange(year, month)[1])
        hour = time(0) if cycle.is_calendar else anchor.time()
        begins = cycle.period(number).active_from.astimezone(cycle.zone).replace(tzinfo=None)
        meant = datetime.combine(date(year, month, day), hour)
        assert begins == meant or (is_left_out(meant, cycle.zone) and meant < begins <= meant + timedelta(days=1))


def is_left_out(meant: datetime, zone: ZoneInfo) -> bool:
    return meant.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != meant


class TestDays:
    @pytest.mark.parametrize(
        ("anchor", "zone", "days"),
        [
            (
                "2026-12-31T12:00",
                "Asia/Shanghai",
                ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"],
            ),
            ("2028-01-30T23:30", "America/New_York", ["2028-01-30", "2028-02-29", "2028-03-30", "2028-04-30"]),
        ],
    )
    def test_come_back_after_a_short_month(self, anchor: str, zone: str, days: list[str]) -> None:
        cycle = Cycle(
            anchor_at=datetime.fromisoformat(anchor).replace(tzinfo=ZoneInfo(zone)), zone=ZoneInfo(zone), months=1
        )
        begun = [cycle.period(number).active_from.astimezone(cycle.zone) for number in range(1, len(days) + 1)]
        assert [moment.date().isoformat() for moment in begun] == days
        assert {moment.time() for moment in begun} == {time.fromisoformat(anchor[11:])}


class TestParts:
    @pytest.mark.parametrize(("day", "share"), [(1, Fraction(1)), (2, Fraction(30, 31)), (31, Fraction(1, 31))])
    def test_of_a_month_count_the_day_of_purchase(self, day: int, share: Fraction) -> None:
        zone = ZoneInfo("Asia/Shanghai")
        bought = datetime(2026, 12, day, 23, 59, tzinfo=zone)
        cycle = Cycle(anchor_at=bought, zone=zone, months=1, is_calendar=True)
        assert cycle.first_share() == share
        assert cycle.period(1).active_to == datetime(2027, 1, 1, tzinfo=zone)

    def test_are_none_from_the_day_of_purchase_on(self) -> None:
        cycle = Cycle(anchor_at=datetime(2026, 12, 9, tzinfo=UTC), zone=ZoneInfo("UTC"), months=1)
        assert cycle.first_share() == 1
