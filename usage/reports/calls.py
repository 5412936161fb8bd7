"""The calls whose figures a member may look at, and their receipts."""

from collections.abc import Sequence
from uuid import UUID

from accounts.models import Member
from usage.models import Call
from usage.models.call import CallQuerySet
from usage.reports import walls


def latest_calls(member: Member, *, before: UUID | None, size: int) -> Sequence[Call]:
    """This will return up to `size` of the calls that `member` may see, newest first, older than `before`."""
    calls = _calls_seen_by(member).newest_first().select_related("chat_model", "member")
    if before:
        calls = calls.filter(id__lt=before)
    return list(calls[:size])


def call_of(member: Member, call_id: UUID) -> Call | None:
    """This will return one call that has ended, if `member` may see its figures."""
    rows = ("chat_model__vendor", "member", "price", "api_key", "project", "scenario")
    return _calls_seen_by(member).filter(pk=call_id).select_related(*rows).first()


def _calls_seen_by(member: Member) -> CallQuerySet:
    return Call.objects.filter(walls.figures_seen_by(member))
