"""What time does to calls: months ahead have their partitions, kept answers go after their day."""

import uuid

import pytest
from django.db import connection

from tests.plans.ledger import books
from usage.calls import kept, upkeep
from usage.models import KeptAnswer

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
