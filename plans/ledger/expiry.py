"""What time does to the ledger: lots roll over and end, money is earned, months get their partitions and go."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from django.conf import settings
from django.db import connection

from portal.kit import database
from portal.kit.units import Microcredits

LOTS_A_RUN = 500
ACCOUNTS_A_RUN = 200
NOTICE_DAYS = (7, 1)
KEYS_A_RUN = 5000
WINDOWS_A_STEP = 20_000
WINDOWS_A_RUN = 1_000_000
MONTHS_A_RUN = 12


@dataclass(frozen=True, kw_only=True)
class PeriodEnd:
    """A lot whose period ends: `cap` microcredits at most go on in a new lot that ends at `expires_at`.

    The rest ends now or, with `keeps_rest`, when the lot does.
    """

    lot_id: int
    account_id: int
    cap: Microcredits
    name: str
    expires_at: datetime
    dedupe_key: str
    keeps_rest: bool = False


@dataclass(frozen=True)
class RolledOver:
    """What became of it: the new lot, if any, and in microcredits what rolled over and what expired."""

    lot_id: int | None
    rolled: Microcredits
    expired: Microcredits


def roll_over(ends: Sequence[PeriodEnd]) -> list[RolledOver]:
    """This will close lots at the end of their period, each once by its dedupe key, in the order asked."""
    given = orjson.dumps([asdict(end) for end in ends]).decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT lot_id, rolled, expired FROM ledger_roll_over(%s::jsonb)", [given])
        return [RolledOver(*row) for row in cursor.fetchall()]


def earn() -> int:
    """This will book what the accounts' use and lapses have earned since the last time; returns how many there were."""
    earned = 0
    while True:
        accounts = database.count("SELECT ledger_earn(%s)", ACCOUNTS_A_RUN)
        earned += accounts
        if accounts < ACCOUNTS_A_RUN:
            return earned


def note_endings() -> int:
    """This will write down which lots end in 7 days and in 1 day, each once, and return how many were new."""
    return sum(database.count("SELECT ledger_note_endings(%s::smallint)", days) for days in NOTICE_DAYS)


def expire() -> int:
    """This will end lots that are past their end and return how many; the next run takes what is left."""
    return database.count("SELECT count(*) FROM ledger_expire(%s)", LOTS_A_RUN)


def forget_keys() -> int:
    """This will forget idempotency keys that are older than a day and return how many."""
    return database.count("SELECT ledger_forget_keys(%s)", KEYS_A_RUN)


def forget_windows() -> int:
    """This will forget windows of minutes and of sessions that are over for a day and return how many."""
    forgotten = gone = database.count("SELECT ledger_forget_windows(%s)", WINDOWS_A_STEP)
    while gone == WINDOWS_A_STEP and forgotten < WINDOWS_A_RUN:
        gone = database.count("SELECT ledger_forget_windows(%s)", WINDOWS_A_STEP)
        forgotten += gone
    return forgotten


def make_partitions() -> int:
    """This will make the partitions of the books for the coming months and return how many were missing."""
    return database.count("SELECT ledger_make_partitions()")


def drop_old_months() -> int:
    """This will drop the months of the books that need not be kept any more, carried forward, and return how many."""
    dropped = 0
    while dropped < MONTHS_A_RUN and database.count("SELECT count(ledger_drop_month(%s))", settings.BOOKS_KEPT_MONTHS):
        dropped += 1
    return dropped
