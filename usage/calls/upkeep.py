"""What time does to calls: kept answers are forgotten, coming months get their partitions."""

from django.db import connection

ANSWERS_A_RUN = 5000


def forget_answers() -> int:
    """This will forget the answers that were kept for a day, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT call_forget_answers(%s)", [ANSWERS_A_RUN])
        return int(cursor.fetchone()[0])


def make_partitions() -> int:
    """This will make the partitions of the calls for the coming months and return how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT call_make_partitions()")
        return int(cursor.fetchone()[0])
