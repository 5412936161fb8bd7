"""Business time: the database's clock plus the shift that the demo and the tests may set."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """This will return business time, aware and in UTC, as `app_now()` of the database tells it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_now()")
        moment: datetime = cursor.fetchone()[0]
    return moment
