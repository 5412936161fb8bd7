"""Which price counts when: Python guesses what SQL decides, in every zone, over midnight and over daylight saving."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models_catalog import tariffs
from models_catalog.models import ChatModel, Price, PriceTier, Vendor
from models_catalog.pricing import Rates, Tariff, Tier
from models_catalog.timetables import Entry, Hours, Step, Timetable
from portal.kit import database

ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu")
WEEK = 7 * 24 * 60
MONDAY = datetime(2026, 11, 23)  # noqa: DTZ001 - what the clock on a wall shows
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))
WEEKDAYS = st.frozensets(st.integers(1, 7), min_size=1)
HOURS = st.builds(Hours, WEEKDAYS, MINUTES, MINUTES).filter(lambda hours: hours.starts_at != hours.ends_at)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - given UTC
SPRING = datetime(2027, 3, 14, 6, 30, tzinfo=UTC)
"""Half an hour before the clocks of New York jump."""
NIGHT = Hours(frozenset(range(1, 8)), time(22), time(8))


@pytest.fixture
def model(db: None) -> ChatModel:
    vendor = Vendor.objects.create(slug="v", name="V", country="CN")
    return ChatModel.objects.create(slug="m", name="M", vendor=vendor, context_tokens=9, max_output_tokens=9)


def price(model: ChatModel, active_from: datetime, base: Price | None = None, hours: Hours | None = None) -> Price:
    clock = (
        {"weekdays": sorted(hours.weekdays), "starts_at": hours.starts_at, "ends_at": hours.ends_at} if hours else {}
    )
    return Price.objects.create(chat_model=model, active_from=active_from, published_at=active_from, base=base, **clock)


def decided(model: ChatModel, moment: datetime, zone: str) -> int | None:
    found: int | None = database.value("SELECT catalog_price_at(%s, %s, %s)", model.pk, moment, zone)
    return found


def guessed(model: ChatModel, moment: datetime, zone: str | None) -> int | None:
    table = tariffs.timetables(now=datetime(2020, 1, 1, tzinfo=UTC)).get(model.pk, Timetable())
    entry = table.at(moment, time_zone=zone)
    return None if entry is None else entry.price_id


class TestPriceAt:
    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
    @given(
        starts=st.lists(MOMENTS, min_size=1, max_size=3, unique=True),
        hours=st.lists(HOURS, max_size=3),
        moments=st.lists(MOMENTS, min_size=8, max_size=8),
        zone=st.sampled_from(ZONES),
    )
    def test_is_guessed_by_the_same_rule(
        self, model: ChatModel, starts: list[datetime], hours: list[Hours], moments: list[datetime], zone: str
    ) -> None:
        model = ChatModel.objects.create(
            slug=f"m{ChatModel.objects.count()}", name="M", vendor=model.vendor, context_tokens=9, max_output_tokens=9
        )
        for moment in starts:
            base = price(model, moment)
            for each in hours:
                price(model, moment, base, each)
        for moment in [*moments, *starts]:
            assert guessed(model, moment, zone) == decided(model, moment, zone)

    @pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe"])
    def test_is_guessed_through_every_hour_of_two_clock_changes(self, model: ChatModel, zone: str) -> None:
        base = price(model, SPRING - timedelta(days=300))
        for begins, ends in ((1, 2), (2, 3), (23, 1)):
            price(model, base.active_from, base, Hours(frozenset({1, 6, 7}), time(begins, 15), time(ends, 45)))
        table = tariffs.timetables(now=SPRING)[model.pk]
        for day in (SPRING, datetime(2026, 11, 1, 6, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)):
            for quarter in range(-20, 20):
                moment = day + quarter * timedelta(minutes=15)
                entry = table.at(moment, time_zone=zone)
                assert (entry and entry.price_id) == decided(model, moment, zone), moment

    def test_begins_at_its_very_moment(self, model: ChatModel) -> None:
        old, new = price(model, SPRING), price(model, SPRING + timedelta(hours=1))
        for moment, found in (
            (SPRING - timedelta(microseconds=1), None),
            (SPRING, old.pk),
            (new.active_from - timedelta(microseconds=1), old.pk),
            (new.active_from, new.pk),
        ):
            assert decided(model, moment, "UTC") == guessed(model, moment, "UTC") == found

    def test_runs_over_midnight_by_the_clock_of_the_account(self, model: ChatModel) -> None:
        base = price(model, SPRING - timedelta(days=9))
        friday = Hours(frozenset({5}), time(22), time(8))
        night = price(model, base.active_from, base, friday)
        local = datetime(2027, 3, 12, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Friday
        for hour, found in ((21.99, base), (22, night), (24, night), (31.99, night), (32, base), (7, base)):
            assert decided(model, local + timedelta(hours=hour), "Asia/Shanghai") == found.pk
        assert decided(model, local + timedelta(hours=23), "UTC") == base.pk  # still Friday afternoon there

    def test_without_a_zone_is_what_counts_outside_all_hours(self, model: ChatModel) -> None:
        base = price(model, SPRING)
        price(model, SPRING, base, Hours(frozenset(range(1, 8)), time(0), time(23, 59)))
        assert guessed(model, SPRING, None) == base.pk

    def test_of_a_model_without_a_price_is_nothing(self, model: ChatModel) -> None:
        assert decided(model, SPRING, "UTC") is None


class TestHours:
    @given(HOURS, HOURS)
    def test_overlap_exactly_where_some_minute_is_in_both(self, one: Hours, other: Hours) -> None:
        week = [MONDAY + timedelta(minutes=minute) for minute in range(WEEK)]
        shared = any(one.has(minute) and other.has(minute) for minute in week)
        assert one.overlap(other) == other.overlap(one) == shared

    def test_end_before_their_end(self) -> None:
        assert [NIGHT.has(MONDAY + timedelta(hours=hour)) for hour in (0, 7.99, 8, 21.99, 22)] == [
            True, True, False, False, True,
        ]  # fmt: skip


class TestTimetable:
    def test_knows_its_rows_by_their_ids(self) -> None:
        night, day, later = (Entry(number, Tariff(Rates(in_fresh=number))) for number in (1, 2, 3))
        table = Timetable((Step(SPRING, day, ((NIGHT, night),)), Step(SPRING + timedelta(1), later)))
        assert [table.entry_of(number) for number in (1, 2, 3, 4, None)] == [night, day, later, None, None]


class TestTariffOf:
    def test_has_its_tiers_in_their_order(self, model: ChatModel) -> None:
        row = price(model, SPRING)
        for begin in (9, 3):
            PriceTier.objects.create(price=row, from_input_tokens=begin, out_text=begin)
        tiers = (Tier(3, Rates(out_text=3)), Tier(9, Rates(out_text=9)))
        assert tariffs.tariff_of(row.pk) == Tariff(Rates(), tiers)
