"""How models do: percentiles of calls whose figures are known, and what counts as whose failure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models_catalog.models import ChatModel, ModelHealth
from tests.usage import planted
from tests.usage.cast import Home
from tests.usage.planted import Planted
from usage import health, tasks
from usage.models import How

pytestmark = pytest.mark.django_db

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def terms(**changed: Any) -> tuple[tuple[str, Any], ...]:
    return tuple(changed.items())


def rows(span: str) -> list[ModelHealth]:
    return list(ModelHealth.objects.filter(span=span).order_by("starts_at"))


def write(home: Home, calls: Iterable[Planted], *, now: datetime, span: str = "last_day") -> list[ModelHealth]:
    planted.calls(home.owner, calls)
    health.write_down(now)
    return rows(span)


class TestPercentiles:
    def test_are_those_of_the_calls(self, home: Home, now: datetime) -> None:
        """First tokens after 10, 20 … 1000 ms; 90 tokens after the first in 90, 180 … 9000 ms: 1000 … 10 a second."""
        calls = [
            Planted(now - number * SECOND, first_token=10 * number, took=(10 + 90) * number) for number in range(1, 101)
        ]
        (whole,) = write(home, calls, now=now)
        assert (whole.calls, whole.succeeded) == (100, 100)
        assert (whole.first_token_p50, whole.first_token_p95) == (500, 950)
        assert whole.speed_p50 == round(90 * 1_000_000 / (90 * 51))
        assert whole.speed_p95 == round(90 * 1_000_000 / (90 * 96))

    def test_are_told_by_streams_alone(self, home: Home, now: datetime) -> None:
        calls = [Planted(now - SECOND, first_token=700, terms=terms(streamed=False))]
        (whole,) = write(home, calls, now=now)
        assert (whole.calls, whole.first_token_p50, whole.speed_p50) == (1, None, None)

    @pytest.mark.parametrize(
        ("changed", "speed"),
        [
            pytest.param({"out_text": 9}, None, id="too short to tell"),
            pytest.param({"out_text": 10}, 10_000, id="long enough"),
            pytest.param({"out_text": 4, "out_reasoning": 6}, 10_000, id="thoughts are written too"),
            pytest.param({"estimated": True, "how": How.ESTIMATE}, None, id="nobody counted"),
            pytest.param({"error_code": "upstream_cut"}, None, id="cut off"),
        ],
    )
    def test_of_speed_need_an_answer_that_was_counted(
        self, home: Home, now: datetime, changed: dict[str, Any], speed: int | None
    ) -> None:
        (whole,) = write(home, [Planted(now - SECOND, 100, 1_000, terms=terms(**changed))], now=now)
        assert whole.speed_p50 == whole.speed_p95 == speed

    def test_of_speed_are_of_the_first_try(self, home: Home, now: datetime) -> None:
        (whole,) = write(home, [Planted(now - SECOND, outcome="upstream_unreachable")], now=now)
        assert (whole.succeeded, whole.first_token_p50, whole.speed_p50) == (1, 100, None)

    def test_bear_an_answer_that_came_at_once(self, home: Home, now: datetime) -> None:
        (whole,) = write(home, [Planted(now - SECOND, first_token=500, took=500)], now=now)
        assert whole.speed_p50 == 90_000_000


class TestSuccess:
    @pytest.mark.parametrize(
        ("changed", "counted"),
        [
            pytest.param({}, (1, 1), id="answered"),
            pytest.param({"how": How.USAGE_CAPPED}, (1, 1), id="more than was set aside"),
            pytest.param({"how": How.ESTIMATE}, (1, 1), id="answered, not counted"),
            pytest.param({"how": How.ESTIMATE_CUT, "error_code": "upstream_cut"}, (1, 0), id="cut"),
            pytest.param(
                {"state": "voided", "how": How.REFUSED, "error_code": "upstream_overloaded"}, (1, 0), id="busy"
            ),
            pytest.param({"state": "voided", "how": How.REFUSED, "error_code": "model_unavailable"}, (1, 0), id="key"),
            pytest.param({"state": "voided", "how": How.PLATFORM, "error_code": "platform"}, (1, 0), id="ours"),
            pytest.param({"how": How.SWEEP_PARTIAL, "error_code": "platform"}, (1, 0), id="ours, a part"),
            pytest.param({"state": "voided", "how": How.QUEUE_TIMEOUT}, (1, 0), id="no worker"),
            pytest.param({"how": How.ESTIMATE_LEFT, "finish_reason": "stopped"}, None, id="left"),
            pytest.param({"how": How.USAGE, "finish_reason": "stopped"}, None, id="left, and counted"),
            pytest.param({"state": "voided", "how": How.CANCELLED}, None, id="never started"),
            pytest.param({"finish_reason": "content_filter"}, None, id="held back"),
            pytest.param({"state": "voided", "error_code": "content_policy_violation"}, None, id="its content"),
            pytest.param({"state": "voided", "error_code": "context_length_exceeded"}, None, id="too long"),
            pytest.param({"state": "voided", "error_code": "invalid_request_error"}, None, id="a bad question"),
        ],
    )
    def test_is_not_judged_by_what_callers_do(
        self, home: Home, now: datetime, changed: dict[str, Any], counted: tuple[int, int] | None
    ) -> None:
        found = write(home, [Planted(now - SECOND, terms=terms(**changed))], now=now)
        assert [(row.calls, row.succeeded) for row in found] == ([counted] if counted else [])


class TestSpans:
    @pytest.fixture
    def noon(self, now: datetime) -> datetime:
        return now.astimezone(UTC).replace(hour=12, minute=30, second=0, microsecond=0)

    def test_begin_with_the_hour_and_the_day(self, home: Home, noon: datetime) -> None:
        hour = noon.replace(minute=0)
        moments = [
            hour,
            hour - timedelta(milliseconds=1),
            hour - HOUR,
            hour.replace(hour=0) - timedelta(milliseconds=1),
        ]
        planted.calls(home.owner, map(Planted, moments))
        health.write_down(noon)
        by_hour = {row.starts_at: row.calls for row in rows("hour")}
        assert by_hour == {hour: 1, hour - HOUR: 2, hour.replace(hour=0) - HOUR: 1}
        by_day = {row.starts_at: row.calls for row in rows("day")}
        assert by_day == {hour.replace(hour=0): 3, hour.replace(hour=0) - DAY: 1}

    @pytest.mark.parametrize(
        ("span", "last", "first_not"),
        [
            ("hour", timedelta(hours=24, minutes=30), timedelta(hours=24, minutes=30, seconds=1)),
            ("day", timedelta(days=29, hours=12), timedelta(days=29, hours=13)),
            ("last_day", DAY, DAY + SECOND),
            ("last_month", 30 * DAY, 30 * DAY + SECOND),
        ],
    )
    def test_end_where_they_end(
        self, home: Home, noon: datetime, span: str, last: timedelta, first_not: timedelta
    ) -> None:
        planted.calls(home.owner, [Planted(noon - last), Planted(noon - first_not)])
        health.write_down(noon)
        assert [row.calls for row in rows(span)] == [1]

    def test_leave_nothing_of_what_is_over(self, home: Home, noon: datetime) -> None:
        planted.calls(home.owner, [Planted(noon)])
        health.write_down(noon)
        assert len(rows("hour")) == len(rows("last_day")) == 1
        health.write_down(noon + 2 * DAY)
        assert (len(rows("hour")), len(rows("last_day"))) == (0, 0)
        assert (len(rows("day")), len(rows("last_month"))) == (1, 1)
        health.write_down(noon + 31 * DAY)
        assert not ModelHealth.objects.exists()


class TestWriteDown:
    def test_says_the_same_however_often(self, home: Home, now: datetime) -> None:
        planted.calls(home.owner, [Planted(now - SECOND)])
        assert [health.write_down(now) for _ in range(2)] == [4, 4]
        first = set(ModelHealth.objects.values_list("pk", flat=True))
        planted.calls(home.owner, [Planted(now - SECOND, first_token=300)])
        health.write_down(now)
        assert set(ModelHealth.objects.values_list("pk", flat=True)) == first
        assert {(row.calls, row.first_token_p95) for row in ModelHealth.objects.all()} == {(2, 300)}

    def test_keeps_models_apart_and_tells_of_published_ones(self, home: Home, now: datetime) -> None:
        planted.calls(home.owner, [Planted(now - SECOND)])
        planted.calls(home.owner, [Planted(now - SECOND)] * 2, name="deep")
        health.write_down(now)
        assert sorted(row.calls for row in rows("last_day")) == [1, 2]
        ChatModel.objects.filter(modelhealth__calls=2).update(published_at=None)
        health.write_down(now)
        assert [row.calls for row in rows("last_day")] == [1]

    def test_of_hours_alone_leaves_the_days(self, home: Home, now: datetime) -> None:
        planted.calls(home.owner, [Planted(now - SECOND)])
        health.write_down(now)
        planted.calls(home.owner, [Planted(now - SECOND)])
        assert tasks.write_down_hours() == 2
        counts = {row.span: row.calls for row in ModelHealth.objects.all()}
        assert counts == {"hour": 2, "last_day": 2, "day": 1, "last_month": 1}

    def test_is_empty_without_calls(self, home: Home) -> None:
        assert tasks.write_down_health() == 0
        assert not ModelHealth.objects.exists()
