"""Money and lots while the process that moves them is killed: each order grants once, each lot ends once."""

import contextlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.db import OperationalError

from plans import ledger
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.faults.batches import LOT, MINOR, Batch, batch_of, run_job
from tests.faults.failing import Point, after, before, dying
from tests.faults.outcomes import check_audit
from tests.faults.shopping import APPROVES, APPROVES_SOON, Buyer, charges_of, journals, lots_of_order
from tests.plans.ledger import books
from tests.stand import Stand


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
            (before("web", "plans.orders.concluding:conclude"), APPROVES),
            (after("web", "plans.orders.concluding:conclude"), APPROVES),
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


class TestJob:
    def test_that_is_killed_goes_on_in_the_database_and_ends_each_lot_once(self, stand: Stand) -> None:
        batch = batch_of(stand)
        batch.let_end()
        kill_in_mid_batch(stand, batch, "plans.tasks.expire_lots", breaks_off=False)
        run_job(stand, "plans.tasks.expire_lots")
        stand.wait_until(lambda: batch.sums() == (0, 2 * MINOR))
        check_moved(stand, batch, "expire")

    def test_that_is_undone_with_its_process_is_done_once_by_the_next_run(self, stand: Stand) -> None:
        batch = batch_of(stand)
        batch.let_end()
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
