"""What a guardianship computes: the age and its tier, and whether it is quiet."""

from datetime import date, time

import pytest

from accounts.models import Guardianship
from tests.accounts.people import NOW

pytestmark = pytest.mark.django_db


class TestAge:
    @pytest.mark.parametrize(
        ("today", "age"),
        [
            (date(2026, 4, 30), 9),
            (date(2026, 5, 1), 10),
            (date(2027, 4, 30), 10),
            (date(2016, 5, 1), 0),
            (date(2016, 4, 1), -1),
        ],
    )
    def test_counts_from_the_month_of_birth(self, today: date, age: int) -> None:
        assert Guardianship(born_in=date(2016, 5, 1)).age(today) == age

    @pytest.mark.parametrize(
        ("age", "tier"),
        [
            (3, "under_8"),
            (7, "under_8"),
            (8, "under_12"),
            (11, "under_12"),
            (12, "under_16"),
            (15, "under_16"),
            (16, "under_18"),
            (17, "under_18"),
            (30, "under_18"),
        ],
    )
    def test_has_a_tier_that_none_outgrows(self, age: int, tier: str) -> None:
        assert Guardianship(born_in=date(2026 - age, 11, 1)).tier(NOW.date()) == tier


class TestQuietHours:
    @pytest.mark.parametrize(
        ("hours", "quiet", "awake"),
        [
            ((time(22), time(6)), [time(22), time(23, 59), time(0), time(5, 59)], [time(21, 59), time(6), time(12)]),
            ((time(13), time(15)), [time(13), time(14, 59)], [time(12, 59), time(15), time(0)]),
            ((time(0), time(6)), [time(0), time(5, 59)], [time(6), time(23, 59)]),
            ((time(20), time(0)), [time(20), time(23, 59)], [time(0), time(19, 59)]),
            ((None, None), [], [time(0), time(12), time(23)]),
        ],
    )
    def test_begin_with_their_first_minute_and_end_before_their_last(
        self, hours: tuple[time | None, time | None], quiet: list[time], awake: list[time]
    ) -> None:
        line = Guardianship(quiet_from=hours[0], quiet_to=hours[1])
        assert all(line.is_quiet(local) for local in quiet)
        assert not any(line.is_quiet(local) for local in awake)
