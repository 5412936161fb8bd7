"""What readers said of each model's answers, and what those cost, written down into the catalog."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from models_catalog.models import Approval
from portal.kit import ids

LOOK_BACK = timedelta(days=90)

_WRITE = """
MERGE INTO models_catalog_approval a
USING (
  SELECT v.chat_model_id, count(*) FILTER (WHERE v.is_up) AS up, count(*) FILTER (WHERE NOT v.is_up) AS down,
    sum(c.charged_microcredits)::bigint AS microcredits
  FROM usage_vote v JOIN usage_call c ON c.id = v.call_id
  WHERE v.call_id >= %(first)s AND c.id >= %(first)s
  GROUP BY v.chat_model_id
) n ON n.chat_model_id = a.chat_model_id
WHEN MATCHED THEN UPDATE SET up = n.up, down = n.down, microcredits = n.microcredits, measured_at = %(now)s
WHEN NOT MATCHED BY TARGET THEN INSERT (chat_model_id, up, down, microcredits, measured_at)
  VALUES (n.chat_model_id, n.up, n.down, n.microcredits, %(now)s)
WHEN NOT MATCHED BY SOURCE THEN DELETE
"""


@transaction.atomic
def write_down(now: datetime) -> int:
    """This will write down the votes on answers of the last 90 days, and return of how many models there are some.

    `Approval.microcredits` is what the answers cost that were voted on, up or down.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('approvals'))")  # two that merge would collide
        cursor.execute(_WRITE, {"first": ids.earliest(now - LOOK_BACK), "now": now})
    return Approval.objects.count()
