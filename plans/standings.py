"""How a node's quotas stand now: used, set aside, left, and when each starts anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from plans.models import Quota

_NOW = """
SELECT q.id, coalesce(o.used, 0) AS used, coalesce(o.held, 0) AS held, coalesce(o.extra, 0) AS extra,
  ledger_resets_at(q."window", o.ends_at, app_now(), a.time_zone) AS resets_at,
  (SELECT coalesce(sum(r.microcredits), 0)::bigint FROM plans_reclaim r
   WHERE r.window_id = o.id AND r.returned_at IS NULL) AS reclaimed
FROM plans_quota q
JOIN accounts_account a ON a.id = q.account_id
LEFT JOIN LATERAL (
  SELECT o.id, o.used, o.held, o.extra, o.ends_at FROM plans_quotawindow o
  WHERE o.quota_id = q.id AND o.starts_at <= app_now() AND (o.ends_at > app_now() OR o.ends_at IS NULL)
  ORDER BY CASE q."window" WHEN 'session' THEN o.used + o.held END DESC, o.starts_at DESC LIMIT 1
) o ON true
WHERE q.id = ANY (%s)
"""


@dataclass(frozen=True)
class Standing:
    """One quota as it stands; figures are in the quota's metric, `extra` is what it has on top of its limit.

    What flowed back unused (`reclaimed`) is in `extra` as less than nothing.
    Of a quota of sessions it is the one that has used most.
    """

    quota: Quota
    used: int
    held: int
    extra: int
    resets_at: datetime | None
    reclaimed: int = 0

    @property
    def most(self) -> int:
        """What may be used in this window, grace aside."""
        return max(self.quota.limit + self.extra, 0)

    @property
    def on_top(self) -> int:
        """What was lent, borrowed and given on top, whatever flowed back."""
        return self.extra + self.reclaimed

    @property
    def taken(self) -> int:
        """What is used and set aside for calls under way."""
        return self.used + self.held

    @property
    def left(self) -> int:
        """What may still be used, grace aside."""
        return max(self.most - self.taken, 0)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self.taken >= self.most

    @property
    def is_near(self) -> bool:
        """Whether less than a fifth is left."""
        return not self.is_over and 5 * self.left < self.most


def of(quotas: Iterable[Quota]) -> list[Standing]:
    """This will tell how each of these quotas stands, in their order."""
    asked = list(quotas)
    with connection.cursor() as cursor:
        cursor.execute(_NOW, [[quota.pk for quota in asked]])
        rows = {key: figures for key, *figures in cursor.fetchall()}
    return [Standing(quota, *rows[quota.pk]) for quota in asked if quota.pk in rows]
