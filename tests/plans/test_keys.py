"""Keys as customers order them: bounds, the brake of a new key, rotation that keeps both, the dead tidied away."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from accounts.api_keys import Wish
from accounts.models import ApiKey, Member
from models_catalog.models import ChatModel
from plans import access, keys, ledger, quotas, standings
from plans.access import Rule
from plans.keys import Bounds
from plans.models import Quota
from portal.kit import clock
from portal.kit.units import credits
from tests import kept
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

POOL = credits(1_000)
SHANGHAI = ZoneInfo("Asia/Shanghai")
ADDRESSES = {"model_url": "", "sandbox_url": "http://127.0.0.1:9"}


@pytest.fixture
def member(now: datetime) -> Member:
    found = books.founded()
    books.grant(found, POOL)
    return found


def issue(member: Member, bounds: Bounds | None = None, **wish: Any) -> ApiKey:
    asked = Wish(label="editor", **wish)
    return keys.issue(member, asked, bounds or Bounds(), by=member.user, now=clock.now())[0]


def rotate(key: ApiKey) -> ApiKey:
    return keys.rotate(key, overlap_seconds=60, by=key.member.user, now=clock.now())[0]


def limits(key: ApiKey) -> dict[str, int]:
    found = Quota.objects.in_force().filter(node_kind="key", node_id=key.pk)
    return dict(found.values_list("window", "limit"))


def move_to(hour: int) -> None:
    """Business time goes on to the next time that clocks in Shanghai show this hour."""
    now = clock.now().astimezone(SHANGHAI)
    then = now.replace(hour=hour, minute=10, second=0, microsecond=0)
    books.move_clock((then if then > now else then + timedelta(days=1)) - now)


def ask(key: ApiKey, amount: int) -> tuple[str, dict[str, Any]]:
    return books.reserve(books.ask(key.member, amount, api_key_id=key.pk))[0]


class TestIssue:
    def test_brakes_a_key_by_what_is_there(self, member: Member) -> None:
        assert limits(issue(member)) == {"day": credits(100), "night_hour": credits(30)}
        assert Quota.objects.filter(is_brake=True, is_slice=False).count() == 2

    def test_brakes_by_the_plan_where_most_of_it_is_used(self, member: Member) -> None:
        books.grant(member, credits(5_000), source="plan", name="Starter")
        books.spent(member, credits(4_000))
        assert limits(issue(member))["day"] == credits(500)

    def test_brakes_also_before_anything_was_bought(self, now: datetime) -> None:
        assert limits(issue(books.founded()))["day"] == keys.POOL_TO_COME // 10

    def test_brakes_no_management_key(self, member: Member) -> None:
        assert limits(issue(member, is_management=True)) == {}

    def test_sets_models_and_a_ceiling(self, member: Member, now: datetime) -> None:
        kept.catalog(now=now, addresses=ADDRESSES)
        model = ChatModel.objects.published()[0]
        key = issue(member, Bounds(rule=Rule(chat_model_ids=(model.pk,)), monthly=credits(7)))
        assert limits(key)["month"] == credits(7)
        assert access.rule_of(keys.node_of(key)).chat_model_ids == (model.pk,)
        (line,) = keys.lines([key], now=now)
        assert (line.state, line.is_braked, line.models) == ("in_use", True, [model])


class TestTheBrake:
    def test_stops_a_key_at_night_until_it_is_lifted(self, member: Member) -> None:
        key = issue(member)
        move_to(2)
        assert ask(key, credits(20))[0] == "ok"
        outcome, details = ask(key, credits(20))
        assert (outcome, details["window"]) == ("quota", "night_hour")
        said = str(quotas.told(ledger.QuotaExceeded(**details), account_id=member.account_id))
        assert "The night brake of editor" in said
        assert "lift the brake on the page of the key" in said
        keys.lift_brake(key, by=member.user, now=clock.now())
        assert ask(key, credits(200))[0] == "ok"
        assert limits(key) == {}

    def test_starts_anew_with_the_hour_and_sleeps_by_day(self, member: Member) -> None:
        key = issue(member)
        move_to(2)
        for _hour in range(2):
            assert ask(key, credits(30))[0] == "ok"
            assert ask(key, credits(1))[0] == "quota"
            books.move_clock(timedelta(hours=1))
        move_to(8)
        assert ask(key, credits(40))[0] == "ok"
        outcome, details = ask(key, credits(1))
        assert (outcome, details["window"]) == ("quota", "day")

    def test_stops_nobody_else(self, member: Member) -> None:
        issue(member)
        move_to(3)
        assert books.reserve(books.ask(member, credits(900)))[0][0] == "ok"


class TestRotate:
    def test_copies_rule_and_quotas_and_counts_what_was_used(self, member: Member, now: datetime) -> None:
        rule = Rule(is_mainland_only=True)
        old = issue(member, Bounds(monthly=credits(50)))
        asked = books.ask(member, credits(20), api_key_id=old.pk)
        books.reserve(asked)
        assert books.close(asked, credits(20)).charged == credits(20)
        access.put(keys.node_of(old), rule, by=member.user, now=now)
        new = rotate(old)
        assert access.rule_of(keys.node_of(new)) == rule
        assert limits(new) == limits(old)
        assert Quota.objects.filter(node_id=new.pk, node_kind="key", is_brake=True).count() == 2
        keys.lift_brake(new, by=member.user, now=now)
        access.put(keys.node_of(new), Rule(), by=member.user, now=now)
        outcome, details = ask(new, credits(31))
        assert (outcome, details["window"]) == ("quota", "month")
        assert ask(new, credits(30))[0] == "ok"

    def test_brings_no_brake_back(self, member: Member) -> None:
        old = issue(member, Bounds(monthly=credits(50)))
        keys.lift_brake(old, by=member.user, now=clock.now())
        assert limits(rotate(old)) == {"month": credits(50)}

    def test_copies_what_is_limited_a_minute_at_once_and_of_one_model(self, member: Member, now: datetime) -> None:
        kept.catalog(now=now, addresses=ADDRESSES)
        old, model = issue(member), ChatModel.objects.published()[0]
        terms: dict[str, Any] = {"kind": "key", "node_id": old.pk}
        books.quota(member, 9, window="month", metric="tokens", chat_model=model, **terms)
        books.quota(member, 3, window="lifetime", metric="at_once", **terms)
        books.quota(member, 5, window="session", metric="calls", **terms)
        assert ask(old, credits(1))[0] == "ok"
        new = rotate(old)
        copied = Quota.objects.filter(node_id=new.pk, node_kind="key", is_brake=False).order_by("limit")
        assert [(each.metric, each.limit, each.chat_model) for each in copied] == [
            ("at_once", 3, None),
            ("calls", 5, None),
            ("tokens", 9, model),
        ]
        [at_once, *_others] = standings.of(copied)
        assert (at_once.taken, at_once.most) == (0, 3)

    def test_moves_what_is_set_aside(self, member: Member) -> None:
        old = issue(member)
        books.quota(member, credits(10), kind="key", node_id=old.pk, window="month", is_slice=True)
        new = rotate(old)
        assert Quota.objects.in_force().get(is_slice=True).node_id == new.pk


class TestWithin:
    def test_keeps_a_key_to_the_models_of_the_one_that_asks(self, member: Member, now: datetime) -> None:
        creator = issue(member, is_management=True)
        access.put(keys.node_of(creator), Rule(chat_model_ids=(1, 2), is_never_trained=True), by=member.user, now=now)
        for wished, given in ((None, (1, 2)), ((2, 3), (2,)), ((3,), ())):
            rule = keys.within(Bounds(rule=Rule(chat_model_ids=wished)), creator).rule
            assert rule == Rule(chat_model_ids=given, is_never_trained=True)


class TestTidy:
    def test_ends_the_quotas_of_dead_keys_alone(self, member: Member, now: datetime) -> None:
        revoked, ended, alive = (issue(member) for _ in range(3))
        ApiKey.objects.filter(pk=revoked.pk).update(revoked_at=now, revoked_by=member.user)
        ApiKey.objects.filter(pk=ended.pk).update(expires_at=now)
        assert keys.tidy(now) == 4
        assert set(Quota.objects.in_force().values_list("node_id", flat=True)) == {alive.pk}
        assert keys.tidy(now) == 0
