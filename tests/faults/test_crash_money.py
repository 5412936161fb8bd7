"""Money and lots while the process that moves them is killed: each order grants once, each lot ends once."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest
from celery import Celery
from django.db import OperationalError

from plans import ledger
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.faults.failing import Point, after, before, dying
from tests.faults.outcomes import check_audit
from tests.faults.shopping import Buyer, charges_of, journals, lots_of_order
from tests.plans.cast import scripted
from tests.plans.ledger import books
from tests.stand import Stand

APPROVES, APPROVES_SOON = scripted("00"), scripted("01")
ENDS_SOON = timedelta(seconds=1)
LOT = 1_000_000
MINOR = 990


@pytest.fixture
def buyer(stand: Stand) -> Iterator[Buyer]:
    found = Buyer(stand)
    yield found
    found.close()


class TestOrder:
    @pytest.mark.parametrize(
        ("point", "phone"),
        [
            (before("web", "plans.payments:ask"), APPROVES),
            (before("jobs", "plans.ledger:grant"), APPROVES_SOON),
            (before("web", "plans.orders:_conclude"), APPROVES),
            (after("web", "plans.orders:_conclude"), APPROVES),
        ],
        ids=str,
    )
    def test_is_charged_and_granted_once_whoever_dies(
        self, stand: Stand, buyer: Buyer, point: Point, phone: str
    ) -> None:
        asked_before = charges_of(stand, phone)
        form = buyer.fill_in(phone=phone)
        with dying(stand, point), contextlib.suppress(httpx.TransportError):
            buyer.send(form)
        let_time_pass(stand, buyer)
        stand.wait_until(lambda: buyer.orders() == ["paid"])
        assert "Your credits are here" in buyer.send(form)
        assert buyer.orders() == ["paid"]
        assert len(lots_of_order(stand, buyer.member.account_id)) == 1
        assert charges_of(stand, phone) == asked_before + 1
        check_audit(stand)


@dataclass(frozen=True)
class Batch:
    """Lots of two accounts that a job changes together, one of which it has to wait for."""

    stand: Stand
    lot_ids: list[int]

    def is_stuck(self) -> bool:
        """This will tell whether the job waits for the lot."""
        return bool(self._stuck())

    def break_off(self) -> None:
        """This will wait for the job to get stuck and end its connection in the middle of its transaction."""
        self.stand.wait_until(self.is_stuck)
        for row in self._stuck():
            self.stand.rows("SELECT pg_terminate_backend(%s)", [row["pid"]])

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Within this the second lot is locked."""
        with psycopg.connect(self.stand.database_url) as connection:
            connection.execute("SELECT FROM plans_lot WHERE id = %s FOR UPDATE", [self.lot_ids[-1]])
            yield

    def sums(self) -> tuple[int, int]:
        """This will return what is left of all lots, and the money in them that is not earned."""
        question = "SELECT sum(available) AS left, sum(deferred_minor) AS money FROM plans_lot WHERE id = ANY(%s)"
        (row,) = self.stand.rows(question, [self.lot_ids])
        return int(row["left"]), int(row["money"])

    def _stuck(self) -> list[dict[str, object]]:
        return self.stand.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND strpos(query, 'ledger_') > 0"
        )


def batch_of(stand: Stand) -> Batch:
    """This will let two accounts buy a lot each that ends in a moment."""
    with stand.inside():
        ends_at = clock.now() + ENDS_SOON
        bought = [books.buy(books.founded(), LOT, MINOR, expires_at=ends_at) for _ in range(2)]
    return Batch(stand, bought)


class TestJob:
    def test_that_is_killed_goes_on_in_the_database_and_ends_each_lot_once(self, stand: Stand) -> None:
        batch = batch_of(stand)
        time.sleep(ENDS_SOON.total_seconds())
        kill_in_mid_batch(stand, batch, "plans.tasks.expire_lots", breaks_off=False)
        run_job(stand, "plans.tasks.expire_lots")
        stand.wait_until(lambda: batch.sums() == (0, 2 * MINOR))
        check_moved(stand, batch, "expire")

    def test_that_is_undone_with_its_process_is_done_once_by_the_next_run(self, stand: Stand) -> None:
        batch = batch_of(stand)
        time.sleep(ENDS_SOON.total_seconds())
        run_job(stand, "plans.tasks.expire_lots")
        stand.wait_until(lambda: batch.sums() == (0, 2 * MINOR))
        kill_in_mid_batch(stand, batch, "plans.tasks.earn", breaks_off=True)
        assert batch.sums() == (0, 2 * MINOR)
        run_job(stand, "plans.tasks.earn")
        stand.wait_until(lambda: batch.sums() == (0, 0))
        check_moved(stand, batch, "earn")


class TestRollingOver:
    def test_that_breaks_off_in_mid_batch_moves_nothing_and_then_everything_once(self, stand: Stand) -> None:
        with stand.inside():
            members = [books.founded() for _ in range(2)]
            ends_at = clock.now() + timedelta(days=1)
            batch = Batch(stand, [books.buy(each, LOT, MINOR, expires_at=ends_at) for each in members])
            ends = [
                ledger.PeriodEnd(
                    lot_id=lot_id,
                    account_id=member.account_id,
                    cap=Microcredits(LOT // 2),
                    name="Rolled over",
                    expires_at=ends_at + timedelta(days=30),
                    dedupe_key=f"roll:{uuid4()}",
                )
                for member, lot_id in zip(members, batch.lot_ids, strict=True)
            ]
            breaking = threading.Thread(target=batch.break_off)
            with batch.held_up():
                breaking.start()
                with pytest.raises(OperationalError):
                    ledger.roll_over(ends)
            breaking.join()
            assert batch.sums() == (2 * LOT, 2 * MINOR)
        with stand.inside():
            assert [(each.rolled, each.expired) for each in ledger.roll_over(ends)] == [(LOT // 2, LOT // 2)] * 2
            assert [(each.rolled, each.expired) for each in ledger.roll_over(ends)] == [(0, 0)] * 2
        check_moved(stand, batch, "roll_over")


def kill_in_mid_batch(stand: Stand, batch: Batch, job: str, *, breaks_off: bool) -> None:
    """This will kill the worker of jobs while its statement is under way, and that statement too if it is to."""
    with batch.held_up():
        run_job(stand, job)
        stand.wait_until(batch.is_stuck)
        pid = stand.kill("jobs")
        if breaks_off:
            batch.break_off()
            stand.wait_until(lambda: not batch.is_stuck())
    stand.wait_until(lambda: stand.pid("jobs") != pid)


def run_job(stand: Stand, job: str) -> None:
    """This will do what the timetable does."""
    with Celery(broker=stand.valkey_url) as timetable:
        timetable.send_task(job, queue="jobs")


def let_time_pass(stand: Stand, buyer: Buyer) -> None:
    """This will bring forward when the operator is asked about what the buyer's open payments came to."""
    stand.rows(
        "UPDATE plans_payment p SET check_at = app_now() FROM plans_order o"
        " WHERE o.id = p.order_id AND o.account_id = %s AND p.state = 'processing'",
        [buyer.member.account_id],
    )


def check_moved(stand: Stand, batch: Batch, kind: str) -> None:
    """This will check that each lot moved once, and the books."""
    assert [journals(stand, [lot_id], kind) for lot_id in batch.lot_ids] == [1, 1]
    check_audit(stand)
