"""The portal's own assistants, as a reviewed file says them: loaded as drafts, and published by whoever answers."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Scenario
from usage import assistants
from usage.assistants import Terms
from usage.models import Assistant

SHELF = Path(__file__).with_name("assistants.json")
REASON = "As reviewed in the file of assistants."

Item = dict[str, Any]


@transaction.atomic
def load(*, now: datetime) -> list[Assistant]:
    """This will load the assistants of `assistants.json` and return them; a second run changes what the file changed.

    New ones are drafts; what was published or withdrawn stays so. New terms of one that is published hold at once.
    """
    shelf: list[Item] = json.loads(SHELF.read_text(encoding="utf-8"))
    return [_put(item, position=position, now=now) for position, item in enumerate(shelf, start=1)]


@transaction.atomic
def open_all(*, now: datetime) -> None:
    """This will load them and publish those that never were."""
    for assistant in load(now=now):
        if assistant.published_at is None and assistant.withdrawn_at is None:
            assistants.publish(assistant, by=None, reason=REASON, now=now)


def _put(item: Item, *, position: int, now: datetime) -> Assistant:
    slug, terms = item.pop("slug"), _terms(item.pop("terms"))
    columns = item | {"scenario": _scenario(item["scenario"], now=now), "position": position}
    known = Assistant.objects.select_related("scenario").filter(account=None, slug=slug).first()
    if known is None:
        made = Assistant.objects.create(account=None, slug=slug, created_at=now, **columns)
        assistants.add_version(made, terms=terms, by=None, now=now)
        return made
    changed = {name: value for name, value in columns.items() if getattr(known, name) != value}
    if changed or assistants.terms_of(assistants.current(known)) != terms:
        _revise(known, changed, terms=terms, now=now)
    return known


def _revise(assistant: Assistant, changed: Item, *, terms: Terms, now: datetime) -> None:
    for name, value in changed.items():
        setattr(assistant, name, value)
    assistant.save(update_fields=list(changed))
    version = assistants.current(assistant)
    if assistants.terms_of(version) != terms:
        version = assistants.add_version(assistant, terms=terms, by=None, now=now)
    audit.record(
        "assistant.revise",
        subject=assistant.name,
        account=None,
        by=None,
        reason=REASON,
        now=now,
        slug=assistant.slug,
        version=version.version,
        changed=sorted(changed),
    )


def _terms(written: Item) -> Terms:
    temperature = written.pop("temperature", None)
    prompt, prompt_zh = ("\n".join(written.pop(name)) for name in ("prompt", "prompt_zh"))
    return Terms(
        prompt=prompt, prompt_zh=prompt_zh, temperature=Decimal(temperature) if temperature else None, **written
    )


def _scenario(name: str, *, now: datetime) -> Scenario:
    """One of those that every account is offered."""
    found, _ = Scenario.objects.get_or_create(account=None, name=name, defaults={"created_at": now})
    return found
