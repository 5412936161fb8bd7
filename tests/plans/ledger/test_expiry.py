"""What time ends a batch at a time: the oldest first, nothing that is not due, and nothing that somebody is at."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from accounts.models import Member
from plans import ledger
from plans.models import IdempotencyKey, LotNotice
from portal.kit import clock, database
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


def ending(member: Member, hours: int) -> int:
    """This will grant a lot that ends in so many hours."""
    return books.grant(member, 100, expires_at=clock.now() + timedelta(hours=hours))


def ended(most: int) -> list[int]:
    """This will end at most so many lots and return which."""
    return [lot_id for (lot_id,) in books.fetch("SELECT lot_id FROM ledger_expire(%s)", most)]


class TestExpire:
    def test_ends_the_oldest_of_those_with_anything_left(self) -> None:
        member = books.founded()
        used, second, first, _ = (ending(member, hours) for hours in (1, 3, 2, 9))
        books.spent(member, 100)
        books.move_clock(timedelta(hours=4))
        assert ended(1) == [first]
        assert ended(5) == [second]
        assert books.counters(used) == (0, 0, 100, 0)
        assert books.kinds() == set()

    @pytest.mark.django_db(transaction=True)
    def test_leaves_an_account_that_is_busy_to_the_next_run(self) -> None:
        member = books.founded()
        ending(member, 1)
        books.move_clock(timedelta(hours=2))
        with books.another_connection() as other:
            other.execute("SELECT FROM plans_wallet FOR UPDATE")
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = '5s'")
            assert ledger.expire() == 0
        assert ledger.expire() == 1


class TestNoteEndings:
    def test_notes_nothing_that_has_ended_or_is_used_up(self) -> None:
        member = books.founded()
        ending(member, 8 * 24)
        books.move_clock(timedelta(days=8, hours=1))
        assert ledger.note_endings() == 0
        lot = ending(member, 8 * 24)
        books.spent(member, 100)
        books.move_clock(timedelta(days=2))
        assert ledger.note_endings() == 0
        assert not LotNotice.objects.filter(lot_id=lot).exists()


class TestForgetKeys:
    def test_forgets_the_oldest_of_those_that_are_a_day_old(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        calls = [self.named(member, name) for name in ("one", "two", "three")]
        assert ledger.forget_keys() == 0
        for hours, call_id in zip((25, 26, 23), calls, strict=True):
            with books.owner():
                books.run(
                    "UPDATE plans_idempotencykey SET created_at = created_at - make_interval(hours => %s)"
                    " WHERE call_id = %s",
                    hours,
                    call_id,
                )
        assert database.count("SELECT ledger_forget_keys(1)") == 1
        assert self.left() == {calls[0], calls[2]}
        assert ledger.forget_keys() == 1
        assert self.left() == {calls[2]}

    def named(self, member: Member, name: str) -> UUID:
        asked = books.ask(member, 1, idempotency=ledger.Idempotency("key:1", name, "hash"))
        assert books.reserve(asked)[0][0] == "ok"
        return asked.call_id

    def left(self) -> set[UUID]:
        return set(IdempotencyKey.objects.values_list("call_id", flat=True))
