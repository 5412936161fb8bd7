"""A business with people of every role, and assistants of its own and of the portal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Member, Scenario
from tests.accounts import people
from usage import assistants
from usage.assistants import Card, Terms
from usage.models import Assistant, AssistantVersion

PROMPT = "You answer for the tea shop. Never promise a refund."
CARD = Card(name="Tea replies", summary="Answers to guests of the tea shop.", examples=("Is the oolong organic?",))
TERMS = Terms(prompt=PROMPT, model_name="fast", max_output_tokens=300)


@dataclass(frozen=True)
class Maker:
    """Who makes assistants of a business, and who only uses them."""

    owner: Member
    payer: Member
    head: Member
    clerk: Member
    auditor: Member
    rival: Member


def firm(*, name: str = "tea") -> Maker:
    """This will found a business with its people, and another one."""
    owner = people.found(f"{name}@example.com", kind="business", name="Tea & Co")
    staffed = people.staffed(owner)
    rival = people.found(f"rival-{name}@example.com", kind="business", name="Coffee & Co")
    return Maker(owner, staffed.bill_payer, staffed.head, staffed.clerk, staffed.auditor, rival)


def made(by: Member, *, slug: str = "tea-replies", now: datetime, **terms: Any) -> AssistantVersion:
    """This will make a draft of the account of `by`."""
    return assistants.make(slug, card=CARD, terms=Terms(**{**vars(TERMS), **terms}), by=by, now=now)


def published(by: Member, *, slug: str = "tea-replies", now: datetime, **terms: Any) -> AssistantVersion:
    """This will make one that everybody of the account may start."""
    version = made(by, slug=slug, now=now, **terms)
    assistants.publish(version.assistant, by=by.user, reason="", now=now)
    version.refresh_from_db()
    return version


def common(slug: str, *, now: datetime, scenario: str = "Homework", **columns: Any) -> AssistantVersion:
    """This will put one of the portal's own on the shelf."""
    told = {"name": slug.title(), "summary": "Helps.", "created_at": now, "published_at": now, **columns}
    chosen = Scenario.objects.get(account=None, name=scenario)
    made = Assistant.objects.create(account=None, slug=slug, scenario=chosen, **told)
    return assistants.add_version(made, terms=TERMS, by=None, now=now)
