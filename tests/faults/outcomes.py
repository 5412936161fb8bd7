"""What became of one call: how it ended, what it was charged, and that the books around it are in order."""

from functools import cache

from tests.faults.readers import Reader, can_call, hits
from tests.stand import TIMINGS_SCALE, Stand
from usage import audits

CLOSED_SECONDS = 30 * TIMINGS_SCALE + 5
"""Half a minute by the timers, and the time that a busy machine takes for everything else."""
Row = dict[str, object]


def call_named(stand: Stand, key: str) -> str:
    """This will return the id of the call that a client named so."""
    (row,) = stand.rows("SELECT call_id FROM plans_idempotencykey WHERE key = %s", [key])
    return str(row["call_id"])


def call_row(stand: Stand, call_id: str) -> Row:
    """This will return the row of a call that has ended."""
    (row,) = stand.rows("SELECT * FROM usage_call WHERE id = %s::uuid", [call_id])
    return row


def check_ended(stand: Stand, call_id: str, *, runs: int) -> None:
    """This will check that no call is open for long, and that this one ended and was booked once and ran so often."""
    stand.wait_until(lambda: not stand.rows("SELECT id FROM plans_hold"), seconds=CLOSED_SECONDS)
    row = call_row(stand, call_id)
    booked = stand.rows("SELECT kind FROM plans_journal WHERE id = %s::uuid", [call_id])
    assert [each["kind"] for each in booked] == (["settle"] if row["charged_microcredits"] else [])
    assert hits(stand, call_id)["count"] == runs
    check_audit(stand)


def check_audit(stand: Stand) -> None:
    """This will check what `manage.py audit_ledger` checks, without a process of its own."""
    with stand.inside():
        assert audits.violations() == []


@cache
def exact_charge(stand: Stand, question: str) -> int:
    """This will return what a call costs that nothing happens to, in microcredits."""
    stand.wait_until(lambda: can_call(stand))
    reader = Reader(stand, question)
    reader.read()
    row = call_row(stand, reader.call_id)
    assert row["how"] == "usage"
    return int(str(row["charged_microcredits"]))
