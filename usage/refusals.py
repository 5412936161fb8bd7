"""What was refused, to whom and why: written down as it was then, for who asks later."""

from datetime import datetime, timedelta

from accounts.callers import Caller
from portal.kit import clock
from portal.kit.refusals import Refusal
from usage.models import Refused

KEPT = timedelta(days=90)
MOST_A_SECOND = 5
"""A program that asks in a loop fills no table: more of one account in a second are not written down."""
LONGEST_NAME = 120
BATCH = 10_000


def note(refusal: Refusal, caller: Caller, *, source: str, model_name: str) -> None:
    """This will write down that a call was refused."""
    now = clock.now()
    fresh = Refused.objects.filter(account_id=caller.account_id, refused_at__gt=now - timedelta(seconds=1))
    if fresh.count() >= MOST_A_SECOND:
        return
    Refused.objects.create(
        account_id=caller.account_id,
        member_id=caller.member_id,
        api_key_id=caller.api_key_id,
        source=source,
        model_name=model_name[:LONGEST_NAME],
        code=refusal.code,
        sentence=refusal.sentence,
        details=dict(refusal.details),
        refused_at=now,
    )


def forget(now: datetime) -> int:
    """This will delete what is too old, a batch at a time, and return how many rows that were."""
    old = Refused.objects.filter(refused_at__lt=now - KEPT).values_list("pk", flat=True)[:BATCH]
    deleted, _ = Refused.objects.filter(pk__in=list(old)).delete()
    return deleted
