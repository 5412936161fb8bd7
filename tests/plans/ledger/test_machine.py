"""Any order of grants, calls, quotas and passing time leaves books that equal a model of forty lines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from plans import ledger
from portal.kit import clock
from tests.plans.ledger import books

RUNS = 12
STEPS = 30


@dataclass
class ModelLot:
    """What a lot should be."""

    id: int
    priority: int
    expires_at: datetime | None
    available: int
    held: int = 0
    spent: int = 0
    expired: int = 0

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def rank(self) -> tuple[int, float, int]:
        end = self.expires_at.timestamp() if self.expires_at else float("inf")
        return (self.priority, end, self.id)


class Ledger(RuleBasedStateMachine):
    """One account whose lots and one daily quota are modelled."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        self.member = books.founded()
        self.quota = books.quota(self.member, 5000, window="lifetime")
        self.lots: list[ModelLot] = []
        self.drawn: dict[UUID, list[tuple[ModelLot, int]]] = {}
        self.used = 0

    @rule(amount=st.integers(1, 900), priority=st.sampled_from([-1, 0]), days=st.sampled_from([0, 1, 5]))
    def grant(self, amount: int, priority: int, days: int) -> None:
        ends = clock.now() + timedelta(days=days) if days else None
        lot = books.grant(self.member, amount, priority=priority, expires_at=ends)
        self.lots.append(ModelLot(lot, priority, ends, amount))

    @rule(target=calls, amount=st.integers(0, 1200), floor=st.integers(0, 100))
    def reserve(self, amount: int, floor: int) -> object:
        asked = books.ask(self.member, amount, floor_amount=amount * floor // 100, output_limit=10**6)
        [(outcome, details)] = books.reserve(asked)
        now = clock.now()
        usable = sorted((lot for lot in self.lots if not lot.is_over(now)), key=ModelLot.rank)
        room = 5000 - self.used - sum(amount for lines in self.drawn.values() for _, amount in lines)
        affordable = min(amount, room, sum(lot.available for lot in usable))
        assert (outcome == "ok") is (affordable >= asked.floor_amount), (outcome, affordable)
        if outcome != "ok":
            return multiple()
        assert details["amount"] == affordable
        self.drawn[asked.call_id] = self.draw(usable, affordable)
        return asked

    def draw(self, usable: list[ModelLot], amount: int) -> list[tuple[ModelLot, int]]:
        lines = []
        for lot in usable:
            part = min(lot.available, amount)
            if part:
                lot.available -= part
                lot.held += part
                amount -= part
                lines.append((lot, part))
        return lines

    @rule(asked=consumes(calls), charge=st.integers(-5, 1500), again=st.booleans())
    def settle(self, asked: ledger.Reservation, charge: int, *, again: bool) -> None:
        lines, now = self.drawn.pop(asked.call_id), clock.now()
        closed = books.close(asked, charge)
        left = max(0, min(charge, sum(part for _, part in lines)))
        assert (closed.outcome, closed.charged) == ("ok", left)
        self.used += left
        for lot, part in lines:
            spent = min(left, part)
            left -= spent
            lot.held -= part
            lot.spent += spent
            if lot.is_over(now):
                lot.expired += part - spent
            else:
                lot.available += part - spent
        if again:
            assert books.close(asked, charge).outcome == "already"

    @rule(hours=st.sampled_from([1, 30, 150]))
    def pass_time(self, hours: int) -> None:
        books.move_clock(timedelta(hours=hours))

    @rule()
    def expire(self) -> None:
        now = clock.now()
        over = [lot for lot in self.lots if lot.is_over(now) and lot.available]
        assert ledger.expire() == len(over)
        for lot in over:
            lot.expired += lot.available
            lot.available = 0

    @invariant()
    def books_equal_the_model(self) -> None:
        for lot in self.lots:
            assert books.counters(lot.id) == (lot.available, lot.held, lot.spent, lot.expired)
        assert books.kinds() == set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.rolled_back.__exit__(None, None, None)


@pytest.mark.django_db
class TestLedger:
    def test_equals_its_model(self) -> None:
        run_state_machine_as_test(
            Ledger,
            settings=settings(
                max_examples=RUNS,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
