"""What the sweeper is shown: which open calls are past which deadline, and what else it has to know."""

from datetime import timedelta
from uuid import UUID

import pytest

from accounts.models import Member
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db
UNCLAIMED_SECONDS = 3.0
MOST = 10


def queued(member: Member, *, deadline_seconds: float = 15) -> UUID:
    asked = books.ask(member, queue_deadline_seconds=deadline_seconds)
    assert books.reserve(asked)[0][0] == "ok"
    return asked.call_id


def running(member: Member) -> UUID:
    call_id = queued(member)
    assert books.claim(call_id) == [(1,)]
    return call_id


def change(call_id: UUID, column: str) -> None:
    """This will let a moment of an open call be just over."""
    with books.owner():
        books.run(f"UPDATE plans_hold SET {column} = clock_timestamp() WHERE id = %s", call_id)  # noqa: S608 - ours


def overdue(*, most: int = MOST) -> dict[UUID, str]:
    rows = books.fetch("SELECT call_id, kind FROM call_overdue(%s, %s)", UNCLAIMED_SECONDS, most)
    return dict(rows)


@pytest.fixture
def member() -> Member:
    member = books.founded()
    books.grant(member, 10_000)
    return member


class TestOverdue:
    def test_leaves_alone_what_is_in_time(self, member: Member) -> None:
        queued(member)
        running(member)
        assert overdue() == {}

    @pytest.mark.parametrize("column", ["lease_until", "hard_deadline"])
    def test_is_a_running_call_past_its_lease_or_its_deadline(self, member: Member, column: str) -> None:
        call_id = running(member)
        change(call_id, column)
        assert overdue() == {call_id: "dead"}

    def test_is_a_queued_call_past_its_deadline(self, member: Member) -> None:
        call_id = queued(member)
        change(call_id, "queue_deadline")
        change(queued(member), "hard_deadline")
        assert overdue() == {call_id: "expired"}

    def test_is_a_queued_call_that_nobody_claims(self, member: Member) -> None:
        call_id = queued(member, deadline_seconds=60)
        books.move_clock(timedelta(seconds=UNCLAIMED_SECONDS + 1))
        running(member)
        assert overdue() == {call_id: "unclaimed"}

    def test_is_so_many_of_each_kind_and_the_oldest_first(self, member: Member) -> None:
        dead = sorted(running(member) for _ in range(3))
        for call_id in dead:
            change(call_id, "lease_until")
        expired = sorted(queued(member, deadline_seconds=0) for _ in range(3))
        found = overdue(most=2)
        assert [call_id for call_id, kind in found.items() if kind == "dead"] == dead[:2]
        assert [call_id for call_id, kind in found.items() if kind == "expired"] == expired[:2]

    def test_tells_how_many_run_and_how_many_of_them_look_dead(self, member: Member) -> None:
        queued(member, deadline_seconds=0)
        for _ in range(3):
            change(running(member), "lease_until")
        running(member)
        rows = books.fetch("SELECT running_calls, dead_calls FROM call_overdue(%s, 1)", UNCLAIMED_SECONDS)
        assert set(rows) == {(4, 3)}
