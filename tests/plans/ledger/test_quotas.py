"""Quotas: which one refuses, in which window, and what it counts."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Account, Department
from plans.models import QuotaWindow
from portal.kit import clock
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")


def window(kind: str, moment: datetime, zone: str) -> tuple[datetime, datetime | None]:
    return books.fetch("SELECT starts_at, ends_at FROM ledger_window(%s, %s, %s)", kind, moment, zone)[0]


class TestWindow:
    @pytest.mark.parametrize(
        ("kind", "zone", "starts", "ends"),
        [
            ("day", "Asia/Shanghai", "2026-03-07T16:00", "2026-03-08T16:00"),
            ("week", "Asia/Shanghai", "2026-03-01T16:00", "2026-03-08T16:00"),
            ("month", "Asia/Shanghai", "2026-02-28T16:00", "2026-03-31T16:00"),
            ("day", "America/New_York", "2026-03-08T05:00", "2026-03-09T04:00"),  # an hour short
            ("month", "America/New_York", "2026-03-01T05:00", "2026-04-01T04:00"),
            ("day", "UTC", "2026-03-08T00:00", "2026-03-09T00:00"),
        ],
    )
    def test_is_the_calendars_in_the_accounts_zone(self, kind: str, zone: str, starts: str, ends: str) -> None:
        moment = datetime(2026, 3, 8, 9, tzinfo=UTC)
        expected = tuple(datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (starts, ends))
        assert window(kind, moment, zone) == expected

    def test_of_a_lifetime_has_no_end(self) -> None:
        assert window("lifetime", clock.now(), "UTC") == (datetime(1970, 1, 1, tzinfo=UTC), None)


class TestQuota:
    def test_counts_what_is_held_and_then_what_is_charged(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        daily = books.quota(member, 1000)
        asked = books.ask(member, 300)
        books.reserve(asked)
        assert (books.window_of(daily).held, books.window_of(daily).used) == (300, 0)
        books.close(asked, 120)
        assert (books.window_of(daily).held, books.window_of(daily).used) == (0, 120)
        assert books.kinds() == set()

    def test_refuses_and_names_itself(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        books.quota(member, 10**5)
        books.quota(member, 250, kind="member", node_id=member.pk)
        outcomes = books.reserve(*[books.ask(member, 100) for _ in range(3)])
        assert [outcome for outcome, _ in outcomes] == ["ok", "ok", "quota"]
        details = outcomes[2][1]
        assert (details["node_kind"], details["node_id"]) == ("member", member.pk)
        assert (details["window"], details["used"], details["held"], details["limit"]) == ("day", 0, 200, 250)
        midnight = clock.now().astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        assert datetime.fromisoformat(details["resets_at"]) == midnight + timedelta(days=1)

    def test_tells_when_it_resets_before_its_first_call(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        books.quota(member, 1)
        outcome, details = books.reserve(books.ask(member, 100))[0]
        assert outcome == "quota"
        assert datetime.fromisoformat(details["resets_at"]) > clock.now()
        assert not QuotaWindow.objects.exists()

    def test_of_every_department_above_counts(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        terms = {"account_id": member.account_id, "created_at": clock.now()}
        top = Department.objects.create(name="Top", **terms)
        leaf = Department.objects.create(name="Leaf", parent=top, **terms)
        beside = Department.objects.create(name="Beside", **terms)
        quotas = [books.quota(member, 1000, kind="department", node_id=each.pk, window="month") for each in (top, leaf)]
        books.quota(member, 0, kind="department", node_id=beside.pk)
        books.reserve(books.ask(member, 70, departments=(leaf.pk, top.pk)))
        assert [books.window_of(each).held for each in quotas] == [70, 70]

    def test_of_a_key_counts_that_keys_calls_alone(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        key, other = books.key_of(member), books.key_of(member)
        books.quota(member, 150, kind="key", node_id=key.pk, window="lifetime")
        asked = [books.ask(member, 100, api_key_id=each.pk) for each in (key, other, key)]
        outcomes = books.reserve(*asked)
        assert [outcome for outcome, _ in outcomes] == ["ok", "ok", "quota"]
        assert outcomes[2][1]["resets_at"] is None

    def test_cuts_the_output_down_to_the_floor(self) -> None:
        member = books.founded()
        lot = books.grant(member, 10**6)
        daily = books.quota(member, 60)
        asked = books.ask(member, 100, floor_amount=40)
        assert books.reserve(asked) == [("ok", {"amount": 60, "output_limit": 60})]
        assert books.window_of(daily).held == 60
        assert books.counters(lot)[1] == 60
        assert books.reserve(books.ask(member, 100, floor_amount=40))[0][0] == "quota"

    def test_opens_a_new_window_the_next_day_and_settles_in_the_old_one(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        daily = books.quota(member, 100)
        asked = books.ask(member, 100)
        books.reserve(asked)
        old = books.window_of(daily)
        books.move_clock(timedelta(days=1))
        assert books.reserve(books.ask(member, 100))[0][0] == "ok"
        books.close(asked, 40)
        old.refresh_from_db()
        assert (old.used, old.held) == (40, 0)
        assert (books.window_of(daily).used, books.window_of(daily).held) == (0, 100)
        assert books.window_of(daily).starts_at == old.ends_at

    def test_lowered_below_what_is_used_refuses_new_calls_only(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        daily = books.quota(member, 1000)
        asked = books.ask(member, 500)
        books.reserve(asked)
        daily.limit = 100
        daily.save()
        assert books.reserve(books.ask(member, 1))[0][0] == "quota"
        assert books.close(asked, 500).charged == 500
        assert books.kinds() == set()

    def test_follows_a_new_zone_from_its_next_window_on(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        daily = books.quota(member, 1000)
        books.reserve(books.ask(member, 10))
        first = books.window_of(daily)
        Account.objects.filter(pk=member.account_id).update(time_zone="Pacific/Auckland")
        books.reserve(books.ask(member, 10))
        assert books.window_of(daily).pk == first.pk
        assert first.ends_at is not None
        books.move_clock(first.ends_at - clock.now() + timedelta(seconds=1))
        books.reserve(books.ask(member, 10))
        second = books.window_of(daily)
        assert second.pk != first.pk
        assert second.starts_at >= first.ends_at
        assert second.ends_at == window("day", clock.now(), "Pacific/Auckland")[1]


class TestFiveHours:
    def test_begin_with_the_first_call(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        short = books.quota(member, 100, window="five_hours")
        assert books.reserve(books.ask(member, 100))[0][0] == "ok"
        first = books.window_of(short)
        assert first.ends_at is not None
        assert first.ends_at - first.starts_at == timedelta(hours=5)
        books.move_clock(timedelta(hours=4, minutes=59))
        outcome, details = books.reserve(books.ask(member, 1))[0]
        assert outcome == "quota"
        assert datetime.fromisoformat(details["resets_at"]) == first.ends_at
        books.move_clock(timedelta(minutes=2))
        assert books.reserve(books.ask(member, 100))[0][0] == "ok"
        assert books.window_of(short).starts_at > first.ends_at


class TestCalls:
    def test_are_counted_as_such(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        daily = books.quota(member, 2, metric="calls")
        first, second, third = (books.ask(member, 100) for _ in range(3))
        outcomes = [outcome for outcome, _ in books.reserve(first, second, third)]
        assert outcomes == ["ok", "ok", "quota"]
        assert (books.window_of(daily).held, books.window_of(daily).used) == (2, 0)
        assert books.kinds() == set()
        books.close(first, 100, state="settled")
        books.close(second, 0, state="voided")
        assert (books.window_of(daily).held, books.window_of(daily).used) == (0, 1)
        assert books.reserve(third)[0][0] == "ok"
        outcome, details = books.reserve(books.ask(member, 1))[0]
        assert (outcome, details["metric"], details["limit"]) == ("quota", "calls", 2)

    def test_and_credits_may_be_limited_at_once(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        books.quota(member, 10, metric="calls")
        books.quota(member, 150)
        outcomes = books.reserve(books.ask(member, 100), books.ask(member, 100))
        assert [outcome for outcome, _ in outcomes] == ["ok", "quota"]
        assert outcomes[1][1]["metric"] == "microcredits"


class TestGrace:
    def test_lets_calls_go_on_for_so_many_percent(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        books.quota(member, 100, grace_percent=20)
        outcomes = books.reserve(books.ask(member, 100), books.ask(member, 20), books.ask(member, 1))
        assert [outcome for outcome, _ in outcomes] == ["ok", "ok", "quota"]
        assert (outcomes[2][1]["limit"], outcomes[2][1]["grace_percent"]) == (100, 20)

    def test_tells_each_call_past_the_limit(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        books.quota(member, 100, grace_percent=20)
        books.quota(member, 2, metric="calls", grace_percent=100)
        within, last, over = books.reserve(books.ask(member, 99), books.ask(member, 1), books.ask(member, 10))
        assert "over" not in within[1] | last[1]
        told = {each["metric"]: (each["node_kind"], each["window"], each["held"]) for each in over[1]["over"]}
        assert told == {"microcredits": ("account", "day", 100), "calls": ("account", "day", 2)}

    def test_is_nothing_to_tell_of_a_hard_quota(self) -> None:
        member = books.founded()
        books.grant(member, 100)
        books.quota(member, 100)
        _, free = books.reserve(books.ask(member, 100), books.ask(member, 0))
        assert free == ("ok", {"amount": 0, "output_limit": 100})
