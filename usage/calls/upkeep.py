"""What time does to calls: kept answers are forgotten, coming months get their partitions, old ones go."""

from django.conf import settings

from portal.kit import database

ANSWERS_A_RUN = 5000
MONTHS_A_RUN = 12


def forget_answers() -> int:
    """This will forget the answers that were kept for a day, and return how many."""
    return database.count("SELECT call_forget_answers(%s)", ANSWERS_A_RUN)


def make_partitions() -> int:
    """This will make the partitions of the calls for the coming months and return how many were missing."""
    return database.count("SELECT call_make_partitions()")


def drop_old_months() -> int:
    """This will drop the months of calls that are not kept any more, and return how many."""
    dropped = 0
    while dropped < MONTHS_A_RUN and database.count("SELECT count(call_drop_month(%s))", settings.CALLS_KEPT_MONTHS):
        dropped += 1
    return dropped
