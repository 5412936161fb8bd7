"""Learns from what vendors counted how much to set aside for a model's prompts."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from models_catalog import catalog
from models_catalog.models import ChatModel
from portal.kit import ids
from portal.kit.units import divide_up

LOOK_BACK = timedelta(days=30)
FEWEST_TO_RAISE = 20
FEWEST_TO_LOWER = 1000
MARGIN_PERCENT = 110
LEAST_PERMILLE = 500
"""Text can be written that has a token to each byte, so however rare it was, half of the bytes are set aside."""
MOST_PERMILLE = 4000
"""A vendor that counts more than this is mistaken, which the alarms say."""

SEEN = """
SELECT chat_model_id, count(*),
  percentile_disc(0.95) WITHIN GROUP (ORDER BY permille), percentile_disc(0.999) WITHIN GROUP (ORDER BY permille)
FROM usage_call c, LATERAL (SELECT
  in_fresh + cache_read + cache_write_5m + cache_write_1h + in_image + in_audio AS tokens) t,
  LATERAL (SELECT ceil(tokens * 1000.0 / prompt_bound)::bigint AS permille) r
WHERE c.id >= %s AND prompt_bound > 0 AND tokens > 0 AND NOT estimated
GROUP BY chat_model_id
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seen:
    """What vendors counted of prompts, in thousandths of the bound: of 95 and of 99.9 percent at most so much."""

    calls: int
    most_have: int
    nearly_all_have: int


def learn(*, now: datetime) -> int:
    """This will set each model's factor from the calls of the last 30 days, and return how many changed."""
    before = dict(ChatModel.objects.values_list("pk", "prompt_permille"))
    changed = 0
    for chat_model_id, seen in _seen(now - LOOK_BACK).items():
        factor = factor_of(seen, before=before[chat_model_id])
        if factor != before[chat_model_id]:
            catalog.learn(chat_model_id, prompt_permille=factor)
            logger.warning("model %s: %s permille set aside for prompts, as learnt", chat_model_id, factor)
            changed += 1
    return changed


def factor_of(seen: Seen, *, before: int) -> int:
    """This will return the factor in permille: what 99.9 percent have and a tenth more.

    It rises once one prompt in twenty is over the bound; only many calls let it fall (reliability: how much to hold).
    """
    learnt = min(max(divide_up(seen.nearly_all_have * MARGIN_PERCENT, 100), LEAST_PERMILLE), MOST_PERMILLE)
    if seen.calls >= FEWEST_TO_LOWER:
        return learnt
    if seen.calls >= FEWEST_TO_RAISE and seen.most_have > before:
        return max(learnt, before)
    return before


def _seen(since: datetime) -> dict[int, Seen]:
    with connection.cursor() as cursor:
        cursor.execute(SEEN, [ids.earliest(since)])
        return {chat_model_id: Seen(*figures) for chat_model_id, *figures in cursor.fetchall()}
