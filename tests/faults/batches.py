"""Lots that a job changes together, a job that can be held up among them, and who sends jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from celery import Celery

from portal.kit import clock
from tests.plans.ledger import books
from tests.stand import Stand

ENDS_SOON = timedelta(seconds=1)
WITHIN_A_WEEK, WITHIN_A_DAY, LONG = timedelta(days=6), timedelta(hours=20), timedelta(days=30)
LOT = 1_000_000
MINOR = 990


@dataclass(frozen=True)
class Batch:
    """Lots of two accounts that a job changes together, one of which it has to wait for."""

    stand: Stand
    lot_ids: list[int]

    def let_end(self) -> None:
        """This will wait until the lots are over."""
        open_ones = "SELECT id FROM plans_lot WHERE id = ANY(%s) AND expires_at > app_now()"
        self.stand.wait_until(lambda: not self.stand.rows(open_ones, [self.lot_ids]))

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
        buyers = [books.founded() for _ in range(2)]
        bought = [books.buy(each, LOT, MINOR, expires_at=clock.now() + ENDS_SOON) for each in buyers]
    return Batch(stand, bought)


def about_to_end(stand: Stand) -> list[int]:
    """This will grant two lots, both usable for long: one ends within a week, the other within a day."""
    with stand.inside():
        member, now = books.founded(), clock.now()
        return [
            books.grant(member, LOT, effective_at=now - LONG, expires_at=now + left)
            for left in (WITHIN_A_WEEK, WITHIN_A_DAY)
        ]


def notices(stand: Stand, lot_ids: list[int]) -> list[tuple[int, int]]:
    """This will return which lots were noted, and how many days before their end."""
    question = "SELECT lot_id, days_before FROM plans_lotnotice WHERE lot_id = ANY(%s) ORDER BY lot_id, days_before"
    return [(row["lot_id"], row["days_before"]) for row in stand.rows(question, [lot_ids])]


def run_job(stand: Stand, job: str) -> None:
    """This will do what the timetable does."""
    with Celery(broker=stand.valkey_url) as timetable:
        timetable.send_task(job, queue="jobs")
