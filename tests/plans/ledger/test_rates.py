"""Quotas of a minute, in tokens, in calls at once, and of one model: what each counts, and when it lets go."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Member
from models_catalog.models import ChatModel
from plans.models import QuotaWindow
from portal.kit import clock
from tests import kept
from tests.plans.ledger import books
from tests.usage.cast import ADDRESSES

pytestmark = pytest.mark.django_db

SHORT = timedelta(seconds=20)
"""Enough for a test to stay within one minute."""


@pytest.fixture
def member() -> Member:
    """Somebody with plenty of credits, early in a minute."""
    found = books.founded()
    books.grant(found, 10**9)
    into = clock.now().second
    if into > 60 - SHORT.seconds:
        books.move_clock(timedelta(seconds=60 - into))
    return found


def outcomes(*answers: tuple[str, dict[str, Any]]) -> list[str]:
    return [outcome for outcome, _ in answers]


class TestAMinute:
    def test_lets_so_many_calls_in_and_then_the_next_minute(self, member: Member) -> None:
        quota = books.quota(member, 3, window="minute", metric="calls")
        answers = books.reserve(*[books.ask(member) for _ in range(4)])
        assert outcomes(*answers) == ["ok", "ok", "ok", "quota"]
        first = books.window_of(quota)
        assert first.ends_at == first.starts_at + timedelta(minutes=1)
        assert (first.starts_at.second, first.starts_at.microsecond) == (0, 0)
        assert datetime.fromisoformat(answers[3][1]["resets_at"]) == first.ends_at
        books.move_clock(timedelta(minutes=1))
        assert outcomes(*books.reserve(books.ask(member))) == ["ok"]
        assert books.window_of(quota).starts_at >= first.ends_at
        assert books.kinds() == set()

    @pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Europe/Berlin"])
    def test_is_the_same_in_every_zone(self, zone: str) -> None:
        twice = datetime.fromisoformat("2026-10-25T00:30:07+00:00")  # half past two, the first of two in Berlin
        [(starts, ends)] = books.fetch("SELECT * FROM ledger_window('minute', %s, %s)", twice, zone)
        assert (starts, ends) == (twice.replace(second=0), twice.replace(minute=31, second=0))

    def test_of_an_hour_that_clocks_repeat_there_are_two(self) -> None:
        asked = "SELECT * FROM ledger_window('night_hour', %s, 'Europe/Berlin')"
        for hour in (0, 1):  # both are half past two there
            moment = datetime.fromisoformat(f"2026-10-25T0{hour}:30:07+00:00")
            [(starts, ends)] = books.fetch(asked, moment)
            assert (starts, ends) == (
                moment.replace(minute=0, second=0),
                moment.replace(hour=hour + 1, minute=0, second=0),
            )

    def test_tells_what_is_left_of_it(self, member: Member) -> None:
        books.quota(member, 5, window="minute", metric="calls")
        books.quota(member, 1000, window="minute", metric="tokens")
        _, [_, told] = books.reserve(books.ask(member), books.ask(member))
        assert {each["metric"]: each["held"] for each in told["minutes"]} == {"calls": 1, "tokens": 110}
        assert told["tokens"] == 110
        assert 0 < told["minute_left"] <= 60

    def test_of_credits_counts_credits(self, member: Member) -> None:
        books.quota(member, 150, window="minute")
        [first, second] = books.reserve(books.ask(member, 100), books.ask(member, 100))
        assert outcomes(first, second) == ["ok", "quota"]
        assert (second[1]["metric"], second[1]["needed"]) == ("microcredits", 100)

    def test_holds_for_a_member_whatever_the_key(self, member: Member) -> None:
        """Fifty keys of one member do not make fifty limits."""
        quota = books.quota(member, 10, kind="member", node_id=member.pk, window="minute", metric="calls")
        asked = [books.ask(member, api_key_id=books.key_of(member).pk) for _ in range(50)]
        assert outcomes(*books.reserve(*asked)) == ["ok"] * 10 + ["quota"] * 40
        assert books.window_of(quota).held == 10


class TestTokens:
    def test_are_held_at_most_and_then_what_was_used(self, member: Member) -> None:
        quota = books.quota(member, 1000, metric="tokens")
        first, second = books.ask(member, tokens=110), books.ask(member, tokens=110)
        books.reserve(first, second)
        assert (books.window_of(quota).held, books.window_of(quota).used) == (220, 0)
        assert books.kinds() == set()
        books.close(first, 100, state="settled", tokens=37)
        books.close(second, 0, state="voided", tokens=99)
        assert (books.window_of(quota).held, books.window_of(quota).used) == (0, 37)

    def test_that_are_too_few_refuse_who_named_a_length(self, member: Member) -> None:
        books.quota(member, 109, metric="tokens")
        [(outcome, told)] = books.reserve(books.ask(member))
        assert (outcome, told["metric"], told["needed"], told["limit"]) == ("quota", "tokens", 110, 109)

    @pytest.mark.parametrize(
        ("limit", "choices", "length", "held"),
        [
            (110, 1, 100, 110),
            (109, 1, 99, 109),
            (60, 1, 50, 60),
            (310, 3, 100, 310),
            (309, 3, 99, 307),
            (100, 3, 30, 100),
        ],
    )
    def test_that_are_too_few_cut_each_answer_alike(
        self, member: Member, limit: int, choices: int, length: int, held: int
    ) -> None:
        """Each of 100 tokens at most, after a question of 10."""
        quota = books.quota(member, limit, metric="tokens")
        asked = books.ask(member, tokens=10 + 100 * choices, floor_tokens=10 + 30 * choices, choices=choices)
        assert books.reserve(asked) == [("ok", {"amount": 100, "output_limit": length})]
        assert books.window_of(quota).held == held
        assert books.kinds() == set()

    def test_that_are_fewer_than_the_floor_refuse(self, member: Member) -> None:
        books.quota(member, 99, metric="tokens")
        asked = books.ask(member, tokens=310, floor_tokens=100, choices=3)
        assert outcomes(*books.reserve(asked)) == ["quota"]

    def test_go_by_the_tightest_of_several(self, member: Member) -> None:
        books.quota(member, 90, metric="tokens")
        books.quota(member, 70, metric="tokens", kind="member", node_id=member.pk)
        books.quota(member, 80, metric="tokens", window="month")
        asked = books.ask(member, floor_tokens=20)
        assert books.reserve(asked) == [("ok", {"amount": 100, "output_limit": 60})]

    def test_and_credits_cut_the_answer_to_the_shorter(self, member: Member) -> None:
        books.quota(member, 60)
        quota = books.quota(member, 100, metric="tokens")
        [(outcome, told)] = books.reserve(books.ask(member, 100, floor_amount=10, floor_tokens=20))
        assert (outcome, told["amount"], told["output_limit"]) == ("ok", 60, 60)
        assert books.window_of(quota).held == 70


class TestCallsAtOnce:
    def test_come_back_when_one_has_ended(self, member: Member) -> None:
        quota = books.quota(member, 2, window="lifetime", metric="at_once")
        first, second, third = (books.ask(member) for _ in range(3))
        answers = books.reserve(first, second, third)
        assert outcomes(*answers) == ["ok", "ok", "quota"]
        assert (answers[2][1]["held"], answers[2][1]["resets_at"]) == (2, None)
        books.close(first, 50, state="settled", tokens=9)
        assert (books.window_of(quota).held, books.window_of(quota).used) == (1, 0)
        assert outcomes(*books.reserve(third)) == ["ok"]
        books.close(second, 0, state="voided")
        books.close(third, 1, state="settled")
        assert (books.window_of(quota).held, books.window_of(quota).used) == (0, 0)
        assert books.kinds() == set()

    def test_cannot_be_given_more_for_a_while(self, member: Member) -> None:
        quota = books.quota(member, 2, window="lifetime", metric="at_once")
        assert books.fetch("SELECT * FROM ledger_give_extra(%s, 1)", quota.pk) == []


class TestOneModel:
    def test_is_limited_alone(self, member: Member) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        [fast, deep] = ChatModel.objects.order_by("pk")[:2]
        quota = books.quota(member, 1, metric="calls", chat_model=fast)
        both = books.quota(member, 3, metric="calls")
        asked = [books.ask(member, chat_model_id=model.pk) for model in (fast, deep, fast, deep, deep)]
        answers = books.reserve(*asked)
        assert outcomes(*answers) == ["ok", "ok", "quota", "ok", "quota"]
        assert [answers[place][1]["chat_model_id"] for place in (2, 4)] == [fast.pk, None]
        assert (books.window_of(quota).held, books.window_of(both).held) == (1, 3)
        assert books.kinds() == set()


class TestASession:
    def test_has_a_quota_of_its_own(self, member: Member) -> None:
        quota = books.quota(member, 2, window="session", metric="calls")
        names = ["a", "a", "a", "b", "", "", ""]
        answers = books.reserve(*[books.ask(member, session=name) for name in names])
        assert outcomes(*answers) == ["ok", "ok", "quota", "ok", "ok", "ok", "quota"]
        assert (answers[2][1]["window"], answers[2][1]["resets_at"]) == ("session", None)
        held = QuotaWindow.objects.filter(quota=quota).values_list("session", "held")
        assert dict(held) == {"a": 2, "b": 1, "": 2}
        assert books.kinds() == set()

    def test_is_nothing_to_other_quotas(self, member: Member) -> None:
        quota = books.quota(member, 10, metric="calls")
        books.reserve(*[books.ask(member, session=name) for name in ("a", "b", "")])
        assert books.window_of(quota).held == 3

    def test_lasts_until_sixty_days_after_its_last_call(self, member: Member) -> None:
        quota = books.quota(member, 2, window="session", metric="calls")
        for days in (0, 59):
            books.move_clock(timedelta(days=days))
            asked = books.ask(member, session="a")
            assert outcomes(*books.reserve(asked)) == ["ok"]
            books.close(asked, 5, state="settled")
        books.move_clock(timedelta(days=59))
        assert outcomes(*books.reserve(books.ask(member, session="a"))) == ["quota"]
        books.move_clock(timedelta(days=2))
        assert outcomes(*books.reserve(books.ask(member, session="a"))) == ["ok"]
        assert QuotaWindow.objects.filter(quota=quota, session="a").count() == 2

    def test_cannot_be_given_more(self, member: Member) -> None:
        quota = books.quota(member, 2, window="session", metric="calls")
        assert books.fetch("SELECT * FROM ledger_give_extra(%s, 1)", quota.pk) == []
