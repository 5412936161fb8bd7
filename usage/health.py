"""How models do here, written down into the catalog from the calls that have ended: success, first token, speed.

What is a call of a model, and what is its success:

- A call succeeded when its answer came to its end: settled, and without an error code.
- It failed when the vendor or we did: no connection, "not now", our key rejected, no answer, silence, a cut, no worker
  in time, a worker that died; whatever that cost.
- What its caller ended, or what was refused for what was asked, tells nothing of the model and is left out: left or
  stopped by the caller, too long, a bad question, content that a vendor or our own filter holds back.

The first token is timed from when a worker took the call, and only of answers that were streamed: elsewhere the first
token is the whole answer. Speed is output tokens after the first by the time after the first, of answers that were
streamed, counted by the vendor, ended by the first try, and long enough to tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from models_catalog.models import ModelHealth
from models_catalog.providers.base import ContentRefused, Refused, TooLong
from portal.kit import ids
from usage.calls.performing import STOPPED
from usage.guard import CONTENT_FILTER
from usage.models import Call, How

HOURS_KEPT = 25
"""The hour that runs and those before it, so that a whole day is always there."""
DAYS_KEPT = 30
FEWEST_OUTPUT_TOKENS = 10
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
_OF_CALL = "date_trunc('{}', uuid_extract_timestamp(c.id), 'UTC')"

_WRITE = """
MERGE INTO models_catalog_modelhealth h
USING (
  SELECT c.chat_model_id, %(span)s AS span, {starts_at} AS starts_at, count(*) AS calls,
    count(*) FILTER (WHERE e.succeeded) AS succeeded,
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY e.first_token) AS first_token,
    percentile_disc(ARRAY[0.5, 0.05]) WITHIN GROUP (ORDER BY s.speed) AS speed
  FROM usage_call c
  JOIN models_catalog_chatmodel m ON m.id = c.chat_model_id AND m.published_at IS NOT NULL AND m.state <> 'retired'
  LEFT JOIN usage_attempt t ON t.call_id = c.id AND t.position = 0 AND t.outcome = 'ok'
    AND t.id >= %(first)s AND t.id < %(last)s
  CROSS JOIN LATERAL (SELECT c.state = %(settled)s AND c.error_code = '' AS succeeded,
    CASE WHEN c.streamed THEN greatest(c.first_token_milliseconds, 0) END AS first_token,
    c.out_text + c.out_reasoning AS tokens) e
  CROSS JOIN LATERAL (SELECT
    extract(epoch FROM t.ended_at - t.started_at) * 1000 - e.first_token AS milliseconds) r
  CROSS JOIN LATERAL (SELECT CASE
    WHEN e.succeeded AND NOT c.estimated AND e.tokens >= %(fewest)s AND r.milliseconds IS NOT NULL
    THEN least(round((e.tokens - 1) * 1000000 / greatest(r.milliseconds, 1)), 2147483647)::integer END AS speed) s
  WHERE c.id >= %(first)s AND c.id < %(last)s
    AND c.how <> ALL (%(left)s) AND c.finish_reason <> ALL (%(ended)s) AND c.error_code <> ALL (%(refused)s)
  GROUP BY c.chat_model_id, {starts_at}
) n ON n.chat_model_id = h.chat_model_id AND n.span = h.span AND n.starts_at = h.starts_at
WHEN MATCHED THEN UPDATE SET calls = n.calls, succeeded = n.succeeded,
  first_token_p50 = n.first_token[1], first_token_p95 = n.first_token[2],
  speed_p50 = n.speed[1], speed_p95 = n.speed[2]
WHEN NOT MATCHED BY TARGET THEN INSERT
  (chat_model_id, span, starts_at, calls, succeeded, first_token_p50, first_token_p95, speed_p50, speed_p95)
  VALUES (n.chat_model_id, n.span, n.starts_at, n.calls, n.succeeded,
    n.first_token[1], n.first_token[2], n.speed[1], n.speed[2])
WHEN NOT MATCHED BY SOURCE AND h.span = %(span)s THEN DELETE
"""


@dataclass(frozen=True)
class _Window:
    """The calls of one statement, and the start of the row that each belongs to, as SQL."""

    first: datetime
    last: datetime
    starts_at: str


def write_down(now: datetime) -> int:
    """This will write down the health of every published model, and return how many rows stand for it.

    The last 25 hours by the hour, the last 30 days by the day in UTC, the last 24 hours and the last 30 days: rows of
    `ModelHealth`. What is too old or tells of no call is gone afterwards.
    """
    return write_down_hours(now) + _write(
        {
            ModelHealth.Span.DAY: _days(now),
            ModelHealth.Span.LAST_MONTH: _last(now, since=now - DAYS_KEPT * A_DAY),
        }
    )


def write_down_hours(now: datetime) -> int:
    """This will write down the last hours alone, which is quick: by the hour, and the last 24 together."""
    return _write(
        {
            ModelHealth.Span.HOUR: _hours(now),
            ModelHealth.Span.LAST_DAY: _last(now, since=now - A_DAY),
        }
    )


@transaction.atomic
def _write(windows: Mapping[str, _Window]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('model health'))")  # two that merge would collide
        cursor.execute("SET LOCAL work_mem = '64MB'")  # a month of calls is sorted in memory, which halves the time
        for span, window in windows.items():
            cursor.execute(_WRITE.format(starts_at=window.starts_at), _parameters(span, window))
    return ModelHealth.objects.filter(span__in=windows).count()


def _hours(now: datetime) -> _Window:
    running = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return _Window(running - (HOURS_KEPT - 1) * AN_HOUR, running + AN_HOUR, _OF_CALL.format("hour"))


def _days(now: datetime) -> _Window:
    running = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return _Window(running - (DAYS_KEPT - 1) * A_DAY, running + A_DAY, _OF_CALL.format("day"))


def _last(now: datetime, *, since: datetime) -> _Window:
    return _Window(since, now + AN_HOUR, "%(since)s::timestamptz")


def _parameters(span: str, window: _Window) -> dict[str, Any]:
    return {
        "span": span,
        "since": window.first,
        "first": ids.earliest(window.first),
        "last": ids.earliest(window.last),
        "settled": Call.State.SETTLED,
        "fewest": FEWEST_OUTPUT_TOKENS,
        "left": [How.ESTIMATE_LEFT, How.CANCELLED],
        "ended": [STOPPED, CONTENT_FILTER],
        "refused": [Refused.code, TooLong.code, ContentRefused.code],
    }
