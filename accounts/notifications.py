"""Telling members something: on the page of news at once; mail and text messages follow (`accounts.outbox`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Member, Notification


@dataclass(frozen=True)
class News:
    """What one member is told: where it leads to, and what the sentence is filled from."""

    member: Member
    path: str
    details: Mapping[str, object]


def tell(
    members: Iterable[Member], *, kind: str, sentence: str, path: str, now: datetime, **details: object
) -> list[Notification]:
    """This will tell each of `members` one sentence, marked for translation and filled from `details`.

    `path` is where it leads to. Mail and text messages follow, sent by a task.
    """
    return tell_each([News(member, path, details) for member in members], kind=kind, sentence=sentence, now=now)


def tell_each(news: Iterable[News], *, kind: str, sentence: str, now: datetime) -> list[Notification]:
    """This will tell members the same sentence, each filled from details of its own."""
    return Notification.objects.bulk_create(
        Notification(
            member=each.member,
            kind=kind,
            sentence=sentence,
            details=dict(each.details),
            path=each.path,
            created_at=now,
        )
        for each in news
    )


def see(member: Member, *, now: datetime) -> None:
    """This will note that a member has looked at all of it."""
    Notification.objects.of(member).unseen().update(seen_at=now)
