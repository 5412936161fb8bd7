"""What was refused, to whom and why: written down as it was then, for who asks later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.urls import reverse

from accounts.callers import Caller
from accounts.models import ApiKey, Member
from plans import access, extras, ledger, quotas
from plans.models import Quota
from portal.kit import clock, sentences
from portal.kit.refusals import Refusal
from usage import guard
from usage.models import Refused

KEPT = timedelta(days=90)
MOST_A_SECOND = 5
"""A program that asks in a loop fills no table: more of one account in a second are not written down."""
LONGEST_NAME = 120
BATCH = 10_000
LOCK = 0x7265  # of all locks those of this room


@dataclass(frozen=True)
class Told:
    """A refusal as its page shows it; `ask_path` and `quota_path` lead to more, for whom they lead anywhere."""

    row: Refused
    who: str
    key: str
    sentence: str
    ask_path: str
    quota_path: str


def in_words(refusal: Refusal, caller: Caller, *, chat_model_id: int) -> Refusal:
    """This will say a refusal of the ledger with what it is about: whose quota, or which offer has the model."""
    if isinstance(refusal, ledger.QuotaExceeded):
        return quotas.told(refusal, account_id=caller.account_id)
    if isinstance(refusal, ledger.NotInPlan):
        return access.told(refusal, account_id=caller.account_id, chat_model_id=chat_model_id)
    return refusal


@transaction.atomic
def note(refusal: Refusal, caller: Caller, *, source: str, model_name: str) -> None:
    """This will write down that a call was refused; of a question that was held back not why: that tells of it."""
    with connection.cursor() as cursor:  # many at once are counted one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s::integer)", [LOCK, caller.account_id % 2**31])
    now = clock.now()
    fresh = Refused.objects.filter(account_id=caller.account_id, refused_at__gt=now - timedelta(seconds=1))
    if fresh.count() >= MOST_A_SECOND:
        return
    is_held_back = isinstance(refusal, guard.HeldBack)
    Refused.objects.create(
        account_id=caller.account_id,
        member_id=caller.member_id,
        api_key_id=caller.api_key_id,
        source=source,
        model_name=model_name[:LONGEST_NAME],
        code=refusal.code,
        sentence=guard.HeldBack.sentence if is_held_back else refusal.sentence,
        details={} if is_held_back else dict(refusal.details),
        refused_at=now,
    )


def forget(now: datetime) -> int:
    """This will delete what is too old, a batch at a time, and return how many rows that were."""
    old = Refused.objects.filter(refused_at__lt=now - KEPT).values_list("pk", flat=True)[:BATCH]
    deleted, _ = Refused.objects.filter(pk__in=list(old)).delete()
    return deleted


def latest(viewer: Member, *, before: int | None, size: int) -> Sequence[Refused]:
    """This will return up to `size` of the refusals that `viewer` may see, newest first, older than `before`."""
    rows = Refused.objects.seen_by(viewer).order_by("-pk")
    return list((rows.filter(pk__lt=before) if before else rows)[:size])


def told(rows: Sequence[Refused], *, viewer: Member, now: datetime) -> list[Told]:
    """This will say refusals in words, and lead who was refused to asking for more, and owners to the quota."""
    people = dict(Member.objects.filter(pk__in={row.member_id for row in rows}).values_list("pk", "name"))
    keys = dict(ApiKey.objects.filter(pk__in={row.api_key_id for row in rows}).values_list("pk", "label"))
    asked = {row.details.get("quota_id") for row in rows}
    quotas = Quota.objects.in_force().filter(account=viewer.account_id, pk__in=asked - {None}).in_bulk()
    return [
        Told(
            row=row,
            who=people.get(row.member_id, ""),
            key=keys.get(row.api_key_id or 0, ""),
            sentence=sentence_of(row),
            ask_path=_ask_path(row, viewer, quotas, now=now),
            quota_path=_quota_path(row, viewer, quotas),
        )
        for row in rows
    ]


def sentence_of(row: Refused) -> str:
    """This will say a refusal with the figures of then, in the reader's language."""
    return sentences.say(row.sentence, row.details)


def _recalled(row: Refused) -> Refusal:
    """The refusal as it was raised, by its code and details."""
    kind = type("Recalled", (Refusal,), {"code": row.code, "sentence": row.sentence})
    recalled: Refusal = kind(**row.details)
    return recalled


def _ask_path(row: Refused, viewer: Member, quotas: Mapping[Any, Quota], *, now: datetime) -> str:
    """Only for oneself, only while the window still runs, and not where one decides oneself."""
    if row.member_id != viewer.pk or viewer.owns():
        return ""
    ends = row.details.get("resets_at")
    if ends and datetime.fromisoformat(ends) <= now:
        return ""
    quota_id = row.details.get("quota_id")
    return extras.path_for(_recalled(row)) if quota_id is None or quota_id in quotas else ""


def _quota_path(row: Refused, viewer: Member, quotas: Mapping[Any, Quota]) -> str:
    quota = quotas.get(row.details.get("quota_id"))
    if quota is None or not viewer.owns():
        return ""
    return reverse("plans:quotas", args=[quota.node_kind, quota.node_id])
