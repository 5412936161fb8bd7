"""Whatever happens to messages and to workers that sleep: each call runs once at most and ends once."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import redis

from models_catalog import catalog
from tests.faults.charges import check_charges, check_told, told_readers
from tests.faults.readers import Reader, begin, check, finish, read_through
from tests.stand import Stand
from usage import dispatch

COPIES = 3
CHARGED = "SELECT id::text, how, charged_microcredits FROM usage_call"
FORGET = """
WITH forgotten AS (DELETE FROM plans_hold RETURNING id), drawn AS (
  DELETE FROM plans_holdlot WHERE hold_id IN (SELECT id FROM forgotten) RETURNING lot_id, amount
), freed AS (SELECT lot_id, sum(amount)::bigint AS amount FROM drawn GROUP BY lot_id)
UPDATE plans_lot l SET held = held - f.amount, available = available + f.amount FROM freed f WHERE l.id = f.lot_id
"""


Change = Callable[["redis.Redis", str], Counter[str]]


def tamper(stand: Stand, change: Change) -> tuple[list[Reader], Counter[str]]:
    """This will let calls wait in the queue of a frozen worker, change what lies there, and let the worker go on.

    Returns the readers, and how often `change` said that it had found or left each call in the queue.
    """
    with stand.inside():
        queue = catalog.offer("fast").queue
    with redis.Redis.from_url(stand.valkey_url) as broker, frozen(stand, "calls"):
        broker.lpush(queue, dispatch.message(queue=queue, arguments={"calls": []}))  # for whoever reads it already
        readers, threads = begin(stand)
        stand.wait_until(lambda: len(calls_in(broker.lrange(queue, 0, -1))) == len(readers))
        changed = change(broker, queue)
    finish(threads)
    return readers, changed


def copy(broker: "redis.Redis", queue: str) -> Counter[str]:
    """This will put each message there three times more, and return how often each call is in the queue then."""
    for message in broker.lrange(queue, 0, -1):
        broker.lpush(queue, *[message] * COPIES)
    return calls_in(broker.lrange(queue, 0, -1))


def lose(broker: "redis.Redis", queue: str) -> Counter[str]:
    """This will empty the queue and return how often each call was in it."""
    with broker.pipeline(transaction=True) as both:
        both.lrange(queue, 0, -1)
        both.delete(queue)
        messages, deleted = both.execute()
    assert deleted
    return calls_in(messages)


def calls_in(messages: Iterable[bytes | str]) -> Counter[str]:
    """This will return how often each call is named by messages."""
    written = [message for message in messages if isinstance(message, bytes)]
    found = [dispatch.arguments_of(message) or {"calls": []} for message in written]
    return Counter(call["call"] for arguments in found for call in arguments["calls"])


@contextmanager
def frozen(stand: Stand, name: str) -> Iterator[None]:
    """Within this a process sleeps."""
    pid = stand.kill(name, how=signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class TestMessages:
    def test_that_come_again_run_nothing_twice(self, stand: Stand) -> None:
        readers, copied = tamper(stand, copy)
        check(stand, readers, allowed={"done", "status 503"})
        check_charges(stand, readers)
        done = told_readers(readers)
        check_told(stand, done)
        assert all(copied[call_id] > COPIES for call_id in done), copied

    def test_that_are_lost_are_sent_again(self, stand: Stand) -> None:
        readers, lost = tamper(stand, lose)
        check(stand, readers, allowed={"done", "status 503"})
        check_charges(stand, readers)
        done = told_readers(readers)
        check_told(stand, done)
        assert done.keys() <= lost.keys(), lost


class TestForgotten:
    """What a crash of the database does to a call that was opened just before, and which nobody has claimed."""

    def test_calls_are_opened_again_by_who_waits_for_them(self, stand: Stand) -> None:
        with frozen(stand, "calls"):
            readers, threads = begin(stand)
            stand.wait_until(lambda: len(stand.rows("SELECT id FROM plans_hold")) == len(readers))
            stand.rows(FORGET)
        finish(threads)
        check(stand, readers, allowed={"done"})
        check_charges(stand, readers)


class TestSleep:
    def test_of_a_worker_beyond_its_lease_fences_it(self, stand: Stand) -> None:
        """What it says when it wakes up is kept as evidence and changes no charge."""
        found: list[dict[str, object]] = []

        def sleep() -> None:
            with frozen(stand, "calls"):
                stand.wait_until(lambda: not stand.rows("SELECT id FROM plans_hold"))
                found.extend(stand.rows(CHARGED))

        readers = read_through(stand, sleep)
        check(stand, readers, allowed={"error", "status 503", "done"})
        ids = [reader.call_id for reader in readers if reader.ends == ["error"]]
        assert ids
        late = "SELECT call_id FROM usage_lateevidence WHERE call_id = ANY(%s::uuid[])"
        stand.wait_until(lambda: bool(stand.rows(late, [ids])))
        check_charges(stand, readers)
        swept = {row["id"]: row for row in found}
        after = {row["id"]: row for row in stand.rows(CHARGED) if row["id"] in ids}
        assert after == {call_id: swept[call_id] for call_id in ids}
