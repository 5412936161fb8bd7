"""Whatever happens to messages and to workers that sleep: each call runs once at most and ends once."""

import os
import signal
import time
from collections.abc import Callable

import redis

from tests.faults.readers import Reader, begin, check, finish, read_through
from tests.stand import Stand

FROZEN_SECONDS = 5.0
HANDED_OVER_SECONDS = 0.8
COPIES = 3
FORGET = """
WITH forgotten AS (DELETE FROM plans_hold RETURNING id), drawn AS (
  DELETE FROM plans_holdlot WHERE hold_id IN (SELECT id FROM forgotten) RETURNING lot_id, amount
), freed AS (SELECT lot_id, sum(amount)::bigint AS amount FROM drawn GROUP BY lot_id)
UPDATE plans_lot l SET held = held - f.amount, available = available + f.amount FROM freed f WHERE l.id = f.lot_id
"""


def tamper(stand: Stand, change: Callable[["redis.Redis", bytes], object]) -> list[Reader]:
    """This will freeze the worker while calls are handed over, change what lies in their queue, and let it go on."""
    broker = redis.Redis.from_url(stand.valkey_url)
    pid = stand.kill("calls", how=signal.SIGSTOP)
    try:
        readers, threads = begin(stand)
        time.sleep(HANDED_OVER_SECONDS)
        for queue in broker.scan_iter("calls.*", _type="list"):
            change(broker, queue)
    finally:
        os.kill(pid, signal.SIGCONT)
        broker.close()
    finish(threads)
    return readers


def copy(broker: "redis.Redis", queue: bytes) -> None:
    for message in broker.lrange(queue, 0, -1):
        broker.lpush(queue, *[message] * COPIES)


class TestMessages:
    def test_that_come_again_run_nothing_twice(self, stand: Stand) -> None:
        readers = tamper(stand, copy)
        check(stand, readers, allowed={"done", "status 503"})
        assert any(reader.ends == ["done"] for reader in readers)

    def test_that_are_lost_are_sent_again(self, stand: Stand) -> None:
        readers = tamper(stand, lambda broker, queue: broker.delete(queue))
        check(stand, readers, allowed={"done", "status 503"})
        assert any(reader.ends == ["done"] for reader in readers)


class TestForgotten:
    """What a crash of the database does to a call that was opened just before, and which nobody has claimed."""

    def test_calls_are_opened_again_by_who_waits_for_them(self, stand: Stand) -> None:
        pid = stand.kill("calls", how=signal.SIGSTOP)
        try:
            readers, threads = begin(stand)
            stand.wait_until(lambda: len(stand.rows("SELECT id FROM plans_hold")) == len(readers))
            stand.rows(FORGET)
        finally:
            os.kill(pid, signal.SIGCONT)
        finish(threads)
        check(stand, readers, allowed={"done"})


class TestSleep:
    def test_of_a_worker_beyond_its_lease_fences_it(self, stand: Stand) -> None:
        def sleep() -> None:
            pid = stand.kill("calls", how=signal.SIGSTOP)
            time.sleep(FROZEN_SECONDS)
            os.kill(pid, signal.SIGCONT)

        readers = read_through(stand, sleep)
        check(stand, readers, allowed={"error", "status 503", "done"})
        ids = [reader.call_id for reader in readers if reader.ends == ["error"]]
        assert ids
        late = "SELECT call_id FROM usage_lateevidence WHERE call_id = ANY(%s::uuid[])"
        stand.wait_until(lambda: bool(stand.rows(late, [ids])))
