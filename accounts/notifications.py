"""Telling members something: on the page of news at once; mail and text messages follow (`accounts.outbox`)."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Member, Notification


def tell(
    members: Iterable[Member], *, kind: str, sentence: str, path: str, now: datetime, **details: object
) -> list[Notification]:
    """This will tell each of `members` one sentence, marked for translation and filled from `details`.

    `path` is where it leads to. Mail and text messages follow, sent by a task.
    """
    return Notification.objects.bulk_create(
        Notification(member=member, kind=kind, sentence=sentence, details=details, path=path, created_at=now)
        for member in members
    )


def see(member: Member, *, now: datetime) -> None:
    """This will note that a member has looked at all of it."""
    Notification.objects.of(member).unseen().update(seen_at=now)
