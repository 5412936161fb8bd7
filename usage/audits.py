"""Auditing the books: all of them, or what moved since the last time; what is found is kept, and stops publication."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from models_catalog import prices
from portal.kit import clock
from usage.models import AuditRun

SETTLING = timedelta(minutes=1)
"""What moved so recently may not be visible yet, so the next audit looks at it again."""
LONGEST_PAUSE = timedelta(minutes=15)
"""An audit is due every five minutes; after this long without one somebody has to look why."""
MOST_KEPT = 200
RUNS_KEPT = 2000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Violation:
    """Something in the database that must never be, or that needs a person."""

    kind: str
    subject: str
    details: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject} {self.details}"


def violations(*, since: datetime | None = None) -> list[Violation]:
    """This will return all that the view of violations shows, of one moment; of what moved since then, if given."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL jit = off")  # compiling the whole view takes longer than reading what moved
        cursor.execute("SELECT set_config('audit.since', %s, true)", [since.isoformat() if since else ""])
        cursor.execute("SELECT kind, subject, details FROM violations")
        found = [Violation(*row) for row in cursor.fetchall()]
        cursor.execute("SELECT set_config('audit.since', '', true)")
        return found


def alarms() -> list[Violation]:
    """This will return what needs a person though the books are in order: vendors that count wrong, stale holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind, subject, details FROM alarms")
        return [Violation(*row) for row in cursor.fetchall()]


def audit_all() -> AuditRun:
    """This will audit everything and keep what was found; another audit under way ends first."""
    with _alone():
        return _audit(since=None)


def audit_recent() -> AuditRun:
    """This will audit what moved since the last audit that was clean; where that finds anything, everything."""
    with _alone():
        last = newest()
        if last is None or not last.is_clean:
            return _audit(since=None)
        run = _audit(since=last.looked_until)
        return run if run.is_clean else _audit(since=None)


def newest() -> AuditRun | None:
    """This will return what the last audit found and its `age`; None before the first."""
    return AuditRun.objects.with_age().newest_first().first()


def is_stale(run: AuditRun) -> bool:
    """This will tell whether audits have come to a halt, of the `newest` one."""
    age: timedelta = run.age  # type: ignore[attr-defined]  # which the query has told
    return age > LONGEST_PAUSE


def forget() -> int:
    """This will forget the oldest audits and return how many."""
    kept = AuditRun.objects.newest_first()[:RUNS_KEPT]
    return AuditRun.objects.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()[0]


@contextmanager
def _alone() -> Iterator[None]:
    """Two audits that fold the same stretch into what they remember would find the books wrong from then on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('ciyuan audit'))")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('ciyuan audit'))")


def _audit(*, since: datetime | None) -> AuditRun:
    until = clock.now() - SETTLING
    if since is not None:
        until = max(until, since)
    began = time.monotonic()
    found = violations(since=since)
    milliseconds = int((time.monotonic() - began) * 1000)
    if not found:
        _fold(since, until)
    for violation in found[:MOST_KEPT]:
        logger.error("the books are wrong: %s", violation)
    rung = alarms()
    for alarm in rung[:MOST_KEPT]:
        logger.warning("alarm: %s", alarm)
    run = AuditRun.objects.create(
        is_full=since is None,
        looked_from=since,
        looked_until=until,
        ended_at=clock.now(),
        milliseconds=milliseconds,
        violations=len(found),
        found=[vars(violation) for violation in found[:MOST_KEPT]],
        alarms=[vars(alarm) for alarm in rung[:MOST_KEPT]],
    )
    if run.is_full or run.is_clean:
        prices.hold_back(is_wrong=not run.is_clean, now=run.ended_at)
    return run


def _fold(since: datetime | None, until: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_fold_audit(%s::timestamptz, %s::timestamptz)",
            [since.isoformat() if since else "-infinity", until.isoformat()],
        )
