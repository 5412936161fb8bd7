"""What time does to calls: months ahead have their partitions, kept answers go after their day."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.fixtures import Settings

from models_catalog.pricing import Usage
from plans import ledger
from portal.kit import clock
from tests.plans.ledger import books
from tests.usage import cast, shelves
from tests.usage.cast import Home
from usage import audits, unfolding
from usage.calls import kept, upkeep
from usage.models import AssistantCall, Attempt, Call, Dropped, KeptAnswer, Vote

pytestmark = pytest.mark.django_db


class TestMakePartitions:
    def test_finds_nothing_missing_until_time_goes_on(self) -> None:
        assert upkeep.make_partitions() == 0
        with books.owner(), connection.cursor() as cursor:
            cursor.execute("UPDATE portal_clock SET shift = shift + interval '31 days'")
        assert upkeep.make_partitions() == 3
        assert upkeep.make_partitions() == 0


class TestForgetAnswers:
    def test_forgets_those_whose_day_is_over(self) -> None:
        old, young = uuid.uuid4(), uuid.uuid4()
        with books.owner(), connection.cursor() as cursor:
            for call_id, hours in ((old, -1), (young, 1)):
                cursor.execute(
                    "INSERT INTO usage_keptanswer VALUES (%s, '', clock_timestamp() + make_interval(hours => %s))",
                    [call_id, hours],
                )
        assert kept.answer_of(old) is None
        assert upkeep.forget_answers() == 1
        assert list(KeptAnswer.objects.values_list("call_id", flat=True)) == [young]


class TestDropOldMonths:
    def test_keeps_what_they_came_to(self, home: Home, settings: Settings) -> None:
        settings.CALLS_KEPT_MONTHS = 24
        for tokens in (10, 20):
            cast.called(home.owner, used=Usage(out_text=tokens))
        charged = sum(call.charged_microcredits for call in Call.objects.all())
        for call in Call.objects.all():
            said = {"member": home.owner, "chat_model_id": call.chat_model_id, "voted_at": call.opened_at}
            Vote.objects.create(call_id=call.pk, is_up=True, **said)
        turn_to(timedelta(days=800))
        assert upkeep.drop_old_months() >= 1
        assert not Call.objects.exists()
        assert not Attempt.objects.exists()
        assert not Vote.objects.exists()
        dropped = Dropped.objects.get()
        assert (dropped.calls, dropped.charged_microcredits) == (2, charged)
        assert audits.violations() == []
        cast.called(home.owner, used=Usage(out_text=30))
        assert audits.violations() == []

    def test_forgets_through_which_assistants_they_were_asked(self, home: Home, settings: Settings) -> None:
        settings.CALLS_KEPT_MONTHS = 24
        version = shelves.common("tutor", now=clock.now())
        old = cast.called(home.owner, used=Usage(out_text=10))
        unfolding.note(old.pk, version.pk)
        turn_to(timedelta(days=800))
        young = cast.called(home.owner, used=Usage(out_text=10))
        unfolding.note(young.pk, version.pk)
        assert upkeep.drop_old_months() >= 1
        assert list(AssistantCall.objects.values_list("call_id", flat=True)) == [young.pk]

    def test_adds_up_over_the_months_and_waits_for_the_whole_of_the_last(self, home: Home, settings: Settings) -> None:
        settings.CALLS_KEPT_MONTHS = 24
        cast.called(home.owner, used=Usage(out_text=10))
        turn_to(timedelta(days=40))
        cast.called(home.owner, used=Usage(out_text=20))
        turn_to(timedelta(days=730 - 40))
        assert upkeep.drop_old_months() == 0
        turn_to(timedelta(days=120))
        while upkeep.drop_old_months():
            pass
        assert Dropped.objects.get().calls == 2
        assert audits.violations() == []

    def test_is_refused_before_two_years(self, home: Home, settings: Settings) -> None:
        settings.CALLS_KEPT_MONTHS = 23
        cast.called(home.owner, used=Usage(out_text=10))
        turn_to(timedelta(days=800))
        with pytest.raises(DatabaseError, match="at least 24 months"), transaction.atomic():
            upkeep.drop_old_months()
        assert Call.objects.count() == 1


class TestRow:
    def test_of_a_call_is_small(self, home: Home) -> None:
        """A million calls are to be less than 400 MB, with everything that is said of them."""
        call = cast.called(home.owner, used=Usage(*range(1000, 1010)))
        with books.owner():
            books.run("UPDATE usage_call SET session = repeat('x', 64) WHERE id = %s", call.pk)
        size = "SELECT pg_column_size(c.*) FROM usage_call c WHERE id = %s"
        assert books.fetch(size, call.pk)[0][0] < 400


def turn_to(distance: timedelta) -> None:
    books.run("SET CONSTRAINTS ALL IMMEDIATE")
    books.move_clock(distance)
    ledger.make_partitions()
    upkeep.make_partitions()
