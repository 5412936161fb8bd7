"""What time does to the ledger: lots end, old keys are forgotten, coming months get their partitions."""

from django.db import connection

LOTS_A_RUN = 500
KEYS_A_RUN = 5000


def expire() -> int:
    """This will end lots that are past their end and return how many; the next run takes what is left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_expire(%s)", [LOTS_A_RUN])
        return int(cursor.fetchone()[0])


def forget_keys() -> int:
    """This will forget idempotency keys that are older than a day and return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_forget_keys(%s)", [KEYS_A_RUN])
        return int(cursor.fetchone()[0])


def make_partitions() -> int:
    """This will make the partitions of the books for the coming months and return how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_make_partitions()")
        return int(cursor.fetchone()[0])
