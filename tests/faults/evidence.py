"""What a portal's books and its upstream say of a storm, once it is over."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.faults.storm import Storm
from tests.stand import Stand

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 30.0
_CALLS = """
SELECT id::text, end_user, how, charged_microcredits AS charged, held_microcredits AS held,
  out_text + out_reasoning AS tokens_out,
  extract(epoch FROM opened_at - %(ahead)s)::float8 AS opened, extract(epoch FROM ended_at - %(ahead)s)::float8 AS ended
FROM usage_call WHERE account_id = ANY (%(accounts)s)
"""
_JOURNALS = """
SELECT coalesce(about_id, id)::text AS call_id, count(*) AS journals
FROM plans_journal WHERE kind = 'settle' AND account_id = ANY (%(accounts)s) GROUP BY 1
"""
_SPENT = """
SELECT coalesce(sum(p.amount), 0)::bigint AS spent FROM plans_posting p JOIN plans_journal j ON j.id = p.journal_id
WHERE p.account_code = 'usage' AND j.account_id = ANY (%(accounts)s)
"""


@dataclass(frozen=True)
class Row:
    """A call that has ended, as its receipt tells; moments are of the monotonic clock of whoever asked."""

    id: str
    number: int
    how: str
    charged: int
    held: int
    tokens_out: int
    opened: float
    ended: float


@dataclass(frozen=True)
class Hits:
    """How the upstream was asked for one call; `finished` is when it had told all, 0 when it never did."""

    count: int
    hung_up: int
    finished: float


@dataclass(frozen=True)
class Evidence:
    """All of it: calls, settlements by call, what the books say was spent, hits by call, what is open, violations."""

    rows: list[Row]
    journals: dict[str, int]
    spent: int
    hits: dict[str, Hits]
    open_holds: int
    closed_seconds: float
    violations: list[str]


def known_upstream(stand: Stand) -> set[str]:
    """This will return the ids of all calls that the upstream was asked so far."""
    return set(_told_upstream(stand))


def gather(storm: Storm, *, before: set[str], patience_seconds: float) -> Evidence:
    """This will wait until no hold is open, for so long at most, and read what is written.

    `before` are the calls that the upstream knew before the storm.
    """
    open_holds, closed_seconds = _wait_for_holds(storm.stand, patience_seconds=patience_seconds)
    accounts = [payer.account_id for payer in storm.payers]
    stand, wall = storm.stand, time.time() - time.monotonic()
    ahead = stand.rows("SELECT app_now() - clock_timestamp() AS ahead")[0]["ahead"]
    found = stand.rows(_CALLS, {"accounts": accounts, "ahead": ahead})
    journals = stand.rows(_JOURNALS, {"accounts": accounts})
    audit = stand.run("manage.py", "audit_ledger")
    return Evidence(
        rows=[_row(one, wall=wall) for one in found],
        journals={one["call_id"]: one["journals"] for one in journals},
        spent=stand.rows(_SPENT, {"accounts": accounts})[0]["spent"],
        hits=_hits(stand, before=before, wall=wall),
        open_holds=open_holds,
        closed_seconds=closed_seconds,
        violations=audit.stderr.splitlines() if audit.returncode else [],
    )


def _wait_for_holds(stand: Stand, *, patience_seconds: float) -> tuple[int, float]:
    began = time.monotonic()
    while True:
        left = len(stand.rows("SELECT id FROM plans_hold"))
        waited = time.monotonic() - began
        if not left or waited > patience_seconds:
            return left, waited
        time.sleep(POLL_SECONDS)


def _row(found: dict[str, Any], *, wall: float) -> Row:
    given = found | {"opened": found["opened"] - wall, "ended": found["ended"] - wall}
    return Row(number=int(given.pop("end_user")), **given)


def _hits(stand: Stand, *, before: set[str], wall: float) -> dict[str, Hits]:
    return {
        call_id: Hits(one["count"], one["hung_up"], one["finished_at"] - wall if one["finished"] else 0.0)
        for call_id, one in _told_upstream(stand).items()
        if call_id not in before
    }


def _told_upstream(stand: Stand) -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = httpx.get(f"{stand.sandbox_url}/upstream/hits", timeout=PATIENCE_SECONDS).json()
    return told
