"""The key radar: what breaks out is slowed and asked about, what is usual is left alone."""

from datetime import timedelta

import pytest

from accounts.models import ApiKey, Member, Notification
from models_catalog.pricing import Usage
from plans import keys
from plans.models import Quota
from portal.kit import clock
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import radar

pytestmark = pytest.mark.django_db

MUCH = 400_000
"""Tokens out: more than a hundredth of what the account has."""


@pytest.fixture
def key(home: Home) -> ApiKey:
    return books.key_of(home.owner)


def used(home: Home, key: ApiKey, tokens: int) -> None:
    cast.called(home.owner, used=Usage(out_text=tokens), api_key_id=key.pk)


def a_day_later() -> None:
    books.run("SET CONSTRAINTS ALL IMMEDIATE")
    books.move_clock(timedelta(days=1))


class TestLook:
    def test_slows_a_key_that_uses_more_in_minutes_than_on_any_day(self, home: Home, key: ApiKey) -> None:
        used(home, key, 10)
        a_day_later()
        used(home, key, MUCH)
        assert [radar.look(clock.now()) for _ in range(2)] == [1, 0]
        brake = Quota.objects.in_force().get(node_kind="key", node_id=key.pk)
        assert (brake.window, brake.is_brake) == ("five_hours", True)
        told = Notification.objects.get(member=home.owner, kind="key_slowed")
        assert "Is this you?" in str(told)
        assert told.path == f"/keys/{key.pk}/"
        keys.lift_brake(key, by=home.owner.user, now=clock.now())
        assert radar.look(clock.now()) == 0  # asked within a day

    def test_leaves_alone_what_is_usual(self, home: Home, key: ApiKey) -> None:
        used(home, key, MUCH)
        a_day_later()
        used(home, key, MUCH)
        assert radar.look(clock.now()) == 0

    def test_leaves_a_young_key_to_its_brake(self, home: Home, key: ApiKey) -> None:
        used(home, key, MUCH)
        assert radar.look(clock.now()) == 0

    def test_knows_no_break_in_what_is_little(self, home: Home, key: ApiKey) -> None:
        books.grant(home.owner, 10**15)
        used(home, key, 10)
        a_day_later()
        used(home, key, 20)
        assert radar.look(clock.now()) == 0
        assert not Member.objects.filter(notifications__kind="key_slowed").exists()
