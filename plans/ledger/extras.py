"""More than a quota gives, in the window that runs now; and more minutes of a child's day."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True)
class Given:
    """The window that has more now, and when it ends; a lifetime does not."""

    window_id: int
    ends_at: datetime | None


def give_extra(quota_id: int, *, amount: int) -> Given | None:
    """This will add `amount` (in the quota's metric; negative takes away) to the window that runs now.

    None where the quota was ended, or where less would be left than is used and set aside.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT window_id, ends_at FROM ledger_give_extra(%s, %s)", [quota_id, amount])
        row = cursor.fetchone()
    return Given(*row) if row else None


def give_minutes(member_id: int, *, minutes: int) -> None:
    """This will give a child more minutes today."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_give_minutes(%s, %s)", [member_id, minutes])
