"""Books with very many settled calls, written set by set: as if the functions had been called for each."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from models_catalog.pricing import cost
from tests.bench.calls import REQUEST, USED, Calling
from tests.plans.ledger import books
from usage import metering

DAYS = 60
"""So long the calls go on for; then they lie behind, in three months' partitions."""

MADE = """
CREATE TEMPORARY TABLE made AS
SELECT uuidv7(m.moment - clock_timestamp()) AS id, m.moment, m.number, c.*, %(charge)s::bigint AS charge,
  (m.number - 1) / %(accounts)s AS earlier, m.moment AT TIME ZONE c.time_zone AS local_time
FROM (
  SELECT n AS number, app_now() + n * %(days)s * interval '1 day' / (%(calls)s + 1) AS moment
  FROM generate_series(1, %(calls)s) n
) m
JOIN (
  SELECT row_number() OVER (ORDER BY l.id) - 1 AS place, l.account_id, l.id AS lot_id, l.available,
    a.time_zone, (SELECT min(q.node_id) FROM plans_quota q
      WHERE q.account_id = l.account_id AND q.node_kind = 'member') AS member_id
  FROM plans_lot l JOIN accounts_account a ON a.id = l.account_id WHERE l.account_id = ANY (%(account_ids)s)
) c ON c.place = m.number %% %(accounts)s
"""

CALLS = """
INSERT INTO usage_call (
  id, account_id, member_id, departments, end_user, chat_model_id, price_id, route_id, source, streamed, state, how,
  prompt_bound, held_microcredits, charged_microcredits, estimated,
  in_fresh, cache_read, cache_write_5m, cache_write_1h, in_image, in_audio,
  out_text, out_reasoning, out_image, out_audio, finish_reason, error_code, opened_at, accepted_at, ended_at, day)
SELECT id, account_id, member_id, '{}', '', %(model)s, %(price)s, 1, 'api', false, 'settled', 'usage',
  %(prompt)s, charge, charge, false,
  %(tokens_in)s, 0, 0, 0, 0, 0, %(tokens_out)s, 0, 0, 0, 'stop', '', moment, moment, moment, local_time::date
FROM made ORDER BY moment
"""

LINES = """
INSERT INTO usage_calllot (
  call_id, ord, lot_id, amount_microcredits, available_before_microcredits, available_after_microcredits)
SELECT id, 1, lot_id, charge, available - earlier * charge, available - (earlier + 1) * charge
FROM made ORDER BY moment
"""

JOURNALS = """
INSERT INTO plans_journal (id, kind, account_id, reason, moved_at)
SELECT id, 'settle', account_id, '', moment FROM made ORDER BY moment
"""

POSTINGS = """
INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
SELECT m.id, p.code, 'µ', m.lot_id, p.amount
FROM made m, LATERAL (VALUES ('avail:' || m.account_id, -charge), ('usage', charge)) AS p(code, amount)
ORDER BY m.moment
"""

LOTS = """
UPDATE plans_lot l SET available = l.available - s.amount, spent = l.spent + s.amount
FROM (SELECT lot_id, sum(charge) AS amount FROM made GROUP BY 1) s WHERE l.id = s.lot_id
"""

WINDOWS = """
INSERT INTO plans_quotawindow (quota_id, starts_at, ends_at, used, held)
SELECT q.id, w.starts_at, w.ends_at, sum(charge), 0
FROM made m JOIN plans_quota q ON q.account_id = m.account_id,
  LATERAL ledger_window(q."window", m.moment, m.time_zone) w
GROUP BY 1, 2, 3
"""

TOTALS = """
INSERT INTO usage_dailytotal (
  account_id, day, member_id, departments, end_user, chat_model_id, calls, charged_microcredits,
  input_tokens, output_tokens)
SELECT account_id, local_time::date, member_id, '{}', '', %(model)s, count(*), sum(charge),
  count(*) * %(tokens_in)s, count(*) * %(tokens_out)s
FROM made GROUP BY 1, 2, 3
"""

PROFILES = """
INSERT INTO usage_hourprofile (account_id, weekday, hour, calls, charged_microcredits)
SELECT account_id, extract(isodow FROM local_time), extract(hour FROM local_time), count(*), sum(charge)
FROM made GROUP BY 1, 2, 3
"""


def write(callers: Sequence[Calling], calls: int) -> None:
    """This will write down so many calls over the coming days, and let the days pass."""
    offer = callers[0].offer
    given = {
        "accounts": len(callers),
        "account_ids": [each.caller.account_id for each in callers],
        "calls": calls,
        "days": DAYS,
        "model": offer.chat_model_id,
        "price": offer.price_id,
        "charge": cost(USED, offer.rates),
        "prompt": metering.prompt_bound(REQUEST),
        "tokens_in": USED.input_tokens,
        "tokens_out": USED.output_tokens,
    }
    with books.owner():
        _write(given)
    books.move_clock(timedelta(days=DAYS))
    with books.owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as the server does by itself after a while


@transaction.atomic
def _write(given: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # every line would be checked by itself
        for statement in (MADE, CALLS, LINES, JOURNALS, POSTINGS, LOTS, WINDOWS, TOTALS, PROFILES):
            cursor.execute(statement, given)
        cursor.execute("DROP TABLE made")
