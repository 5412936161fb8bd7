"""More than a quota gives, in the window that runs now; and more minutes of a child's day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

_GIVE = """
SELECT a.quota_id, g.window_id, g.ends_at
FROM unnest(%s::bigint[], %s::bigint[]) AS a (quota_id, amount), ledger_give_extra(a.quota_id, a.amount) g
"""


@dataclass(frozen=True)
class Given:
    """The window that has more now, and when it ends; a lifetime does not."""

    window_id: int
    ends_at: datetime | None


def give_extra(quota_id: int, *, amount: int) -> Given | None:
    """This will add `amount` (in the quota's metric; negative takes away) to the window that runs now.

    None where the quota was ended, or where less would be left than is used and set aside.
    """
    return give_extras({quota_id: amount}).get(quota_id)


def give_extras(amounts: Mapping[int, int]) -> dict[int, Given]:
    """This will do the same to several quotas at once, by their ids; those to which nothing was done are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE, [list(amounts), list(amounts.values())])
        return {quota_id: Given(window_id, ends_at) for quota_id, window_id, ends_at in cursor.fetchall()}


def give_minutes(member_id: int, *, minutes: int) -> None:
    """This will give a child more minutes today."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_give_minutes(%s, %s)", [member_id, minutes])
