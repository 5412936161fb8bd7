"""Thumbs up and down for answers: each is said by the reader whose call it was, and may be changed and taken back."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.http import Http404

from accounts.models import Member
from usage.models import Call, Turn, Vote

ANSWERED = (Turn.KEPT, Turn.STOPPED)


def cast(call_id: UUID, *, is_up: bool, by: Member, now: datetime) -> Vote:
    """This will say that the answer of a call was good, or was not; what was said of it before is replaced.

    Raises `Http404` for what is no answer of a call of `by`, is not there yet, or failed.
    """
    call = _answered(call_id, by=by)
    said = {"member": by, "chat_model_id": call.chat_model_id, "is_up": is_up, "voted_at": now}
    return Vote.objects.update_or_create(call_id=call_id, defaults=said)[0]


def withdraw(call_id: UUID, *, by: Member) -> None:
    """This will take back what was said of an answer. Raises `Http404` as `cast` does."""
    Vote.objects.filter(pk=_answered(call_id, by=by).pk).delete()


def of(calls: Iterable[UUID]) -> dict[UUID, bool]:
    """This will return what was said of the answers of these calls: whether the thumb was up."""
    return dict(Vote.objects.filter(pk__in=list(calls)).values_list("call_id", "is_up"))


def may_vote(turn: Turn, call: Call | None) -> bool:
    """This will tell whether something arrived that can be judged, by whom it was charged to."""
    return call is not None and call.state == Call.State.SETTLED and turn.state in ANSWERED


def _answered(call_id: UUID, *, by: Member) -> Call:
    """A chat that was handed over keeps the answers that others asked for, and what those said of them."""
    turn = Turn.objects.filter(call_id=call_id, conversation__member=by).first()
    call = Call.objects.of_account(by.account_id).filter(pk=call_id, member_id=by.pk).first()
    if turn is None or call is None or not may_vote(turn, call):
        raise Http404
    return call
