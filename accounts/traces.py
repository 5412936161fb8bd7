"""Where the records of an account name a person, and how the name is taken out of them: news and audit events."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.audit import LONGEST_SUBJECT
from accounts.models import Account, AuditEvent, Notification


@transaction.atomic
def erase(account: Account, names: Collection[str], *, instead: str) -> None:
    """This will write `instead` wherever news and audit events of the account say one of these names.

    A name is a subject or a detail by itself, or stands before a colon as where a device is named after it. It is not
    looked for inside of other words, in lists, which hold kinds and amounts, nor in reasons, which people have typed.
    """
    known = {name for name in names if name}
    for told in _saying(Notification.objects.filter(member__account=account), known):
        told.details = _without(told.details, known, instead)
        told.save(update_fields=["details"])
    events = AuditEvent.objects.filter(account=account)
    subjects = Q(subject__in=known)
    for name in known:
        subjects |= Q(subject__startswith=f"{name}: ")
    found = {event.pk: event for each in (events.filter(subjects), _saying(events, known)) for event in each}
    _let_events_change(is_so="on")
    for event in found.values():
        for name in known:
            if event.subject == name or event.subject.startswith(f"{name}: "):
                event.subject = f"{instead}{event.subject.removeprefix(name)}"[:LONGEST_SUBJECT]
        event.details = _without(event.details, known, instead)
        event.save(update_fields=["subject", "details"])
    _let_events_change(is_so="off")


def _saying(rows: Any, names: Collection[str]) -> Any:
    """Those whose details may say a name; which do is seen value by value."""
    said = Q(pk=None)
    for name in names:
        said |= Q(words__contains=json.dumps(name, ensure_ascii=False))
    return rows.annotate(words=Cast("details", TextField())).filter(said)


def _without(details: Mapping[str, Any], names: Collection[str], instead: str) -> dict[str, Any]:
    return {key: instead if isinstance(said, str) and said in names else said for key, said in details.items()}


def _let_events_change(*, is_so: str) -> None:
    """Subjects and details of audit events alone, until the transaction ends: see the guard in the migrations."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('accounts.erasing', %s, true)", [is_so])
