"""Writes endings down: one SQL function over a set, tried again until PostgreSQL is back, harmless when repeated."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
import psycopg
from django.conf import settings
from psycopg_pool import PoolTimeout

from portal.kit import database
from portal.kit.gathering import Gathering
from usage.calls.endings import Ending

TROUBLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    psycopg.errors.UndefinedFunction,  # the functions are being replaced by a migration
    psycopg.errors.FeatureNotSupported,  # a prepared plan met such a new function
)
RETRY_SECONDS = 0.5
MOST_TOGETHER = 16


@dataclass(frozen=True)
class Settled:
    """What became of an ending: ok, already (it had ended before) or fenced (someone else's now)."""

    call_id: UUID
    outcome: str
    charged_microcredits: int | None
    credits_left_microcredits: int | None

    def is_by(self, microcredits: int) -> bool:
        """This will tell whether it ended by this charge: just now, or by an earlier try whose answer was lost."""
        return self.charged_microcredits == microcredits


async def settle(endings: Sequence[Ending]) -> list[Settled]:
    """This will settle a set of calls in one transaction, and answer in the order asked.

    Raises what `TROUBLE` holds when PostgreSQL is away.
    """
    now = time.monotonic()
    body = msgspec.json.encode([ending.as_json(now=now) for ending in endings]).decode()
    rows = await database.fetch("SELECT call_id, outcome, charged, credits_left FROM call_settle(%s::jsonb)", [body])
    told = {
        row["call_id"]: Settled(row["call_id"], row["outcome"], row["charged"], row["credits_left"]) for row in rows
    }
    return [told[ending.call_id] for ending in endings]


async def settle_surely(ending: Ending, *, on_late: Callable[[], None]) -> Settled:
    """This will settle one call, trying for a minute; `on_late` runs once when it takes noticeably long."""
    started, told = time.monotonic(), False
    while True:
        try:
            return await _endings.ask(ending)
        except TROUBLE:
            waited = time.monotonic() - started
            if waited > settings.TIMINGS.settle_retries:
                raise
            if waited > settings.TIMINGS.republish and not told:
                on_late()
                told = True
            await asyncio.sleep(min(RETRY_SECONDS, settings.TIMINGS.republish))


_endings = Gathering(settle, most=MOST_TOGETHER, is_harmless=database.changed_nothing)
