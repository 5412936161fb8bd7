"""Assistants are made, revised, published and withdrawn; what shapes an answer becomes a version that stays."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from accounts import audit
from accounts.models import Account, Member, Scenario, User
from portal.kit.refusals import Refusal, gettext_noop
from usage import unfolding
from usage.models import Assistant, AssistantVersion
from usage.models.assistant import may_make

MOST_ASSISTANTS = 40
MOST_VERSIONS = 500
TAKEN = frozenset({"new"})
"""What an address of ours says where a slug could stand."""


class NotAMaker(Refusal):
    """Who makes assistants leads a business or a department of one."""

    code = "not_a_maker"
    status = 403
    sentence = gettext_noop(
        "Owners, bill payers and heads of departments make assistants of their business. Nothing was changed."
    )


class TooManyAssistants(Refusal):
    """Every list has an end."""

    code = "too_many_assistants"
    status = 409
    sentence = gettext_noop("This account has {most} assistants. Withdraw one that nobody needs, then try again.")


class TooManyVersions(Refusal):
    """Every list has an end."""

    code = "too_many_versions"
    status = 409
    sentence = gettext_noop("This assistant was changed {most} times. Make a new one instead; nothing was changed.")


class SlugTaken(Refusal):
    """Another assistant that the account sees has this id."""

    code = "slug_taken"
    status = 409
    sentence = gettext_noop("“{slug}” is the id of another assistant. Choose another id; nothing was changed.")


@dataclass(frozen=True, kw_only=True)
class Card:
    """What people see of an assistant; texts in Chinese may be empty."""

    name: str
    summary: str
    name_zh: str = ""
    summary_zh: str = ""
    opening: str = ""
    opening_zh: str = ""
    examples: tuple[str, ...] = ()
    examples_zh: tuple[str, ...] = ()
    icon: str = "sparkles"
    scenario: Scenario | None = None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What shapes an answer; None sets no bound of its own."""

    prompt: str
    model_name: str
    prompt_zh: str = ""
    max_output_tokens: int | None = None
    temperature: Decimal | None = None
    longest_question_characters: int | None = None


def check_maker(member: Member) -> None:
    """This will refuse all who do not make assistants of their account. Raises `NotAMaker`."""
    if not may_make(member):
        raise NotAMaker


def current(assistant: Assistant) -> AssistantVersion:
    """This will return the version that counts: the newest."""
    return assistant.versions.select_related("assistant").latest("version")


@transaction.atomic
def make(slug: str, *, card: Card, terms: Terms, by: Member, now: datetime) -> AssistantVersion:
    """This will make an assistant of the account of `by`, which its makers see until it is published.

    Raises `NotAMaker`, `TooManyAssistants` and `SlugTaken`.
    """
    _check_room(by)
    mine_or_common = Q(account=by.account_id) | Q(account=None)
    if slug in TAKEN or Assistant.objects.filter(mine_or_common, slug=slug).exists():
        raise SlugTaken(slug=slug)
    made = Assistant.objects.create(
        account=by.account, slug=slug, audience=Assistant.Audience.BUSINESS, created_at=now, **_columns(card)
    )
    audit.record("assistant.make", subject=made.name, account=by.account, by=by.user, now=now, slug=slug)
    return add_version(made, terms=terms, by=by, now=now)


@transaction.atomic
def revise(assistant: Assistant, *, card: Card, terms: Terms, by: Member, now: datetime) -> AssistantVersion:
    """This will change what people see, and add a version where the answers change; conversations keep theirs.

    Raises `NotAMaker` and `TooManyVersions`.
    """
    check_maker(by)
    Assistant.objects.filter(pk=assistant.pk).update(**_columns(card))
    locked = Assistant.objects.select_for_update().get(pk=assistant.pk)
    version = current(locked)
    if terms_of(version) != terms:
        if version.version >= MOST_VERSIONS:
            raise TooManyVersions(most=MOST_VERSIONS)
        version = add_version(locked, terms=terms, by=by, now=now)
    audit.record(
        "assistant.revise", subject=card.name, account=by.account, by=by.user, now=now, version=version.version
    )
    return version


@transaction.atomic
def publish(assistant: Assistant, *, by: User | None, reason: str, now: datetime) -> None:
    """This will let all whom it is for start it, from now on or again. Raises `TooManyAssistants`."""
    if assistant.withdrawn_at is not None and assistant.account is not None:
        _check_number(assistant.account)
    waiting = Q(published_at=None) | Q(withdrawn_at__isnull=False)
    first = Coalesce("published_at", Value(now))
    if Assistant.objects.filter(waiting, pk=assistant.pk).update(published_at=first, withdrawn_at=None):
        _record("assistant.publish", assistant, by=by, reason=reason, now=now)


@transaction.atomic
def withdraw(assistant: Assistant, *, by: User | None, reason: str, now: datetime) -> None:
    """This will let nobody start it or ask it any more, drafts included; what it answered stays."""
    if Assistant.objects.filter(pk=assistant.pk, withdrawn_at=None).update(withdrawn_at=now):
        _record("assistant.withdraw", assistant, by=by, reason=reason, now=now)


def add_version(assistant: Assistant, *, terms: Terms, by: Member | None, now: datetime) -> AssistantVersion:
    """This will let an assistant answer by other terms from now on."""
    transaction.on_commit(unfolding.forget)
    last = assistant.versions.order_by("-version").values_list("version", flat=True).first() or 0
    return AssistantVersion.objects.create(
        assistant=assistant, version=last + 1, created_at=now, created_by=by, **asdict(terms)
    )


def terms_of(version: AssistantVersion) -> Terms:
    """This will return the terms of a version, to be compared with others."""
    return Terms(**{name: getattr(version, name) for name in Terms.__dataclass_fields__})


def _check_room(by: Member) -> None:
    check_maker(by)
    _check_number(by.account)


def _check_number(account: Account) -> None:
    """Under the lock of the account: one changes them at a time."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    if Assistant.objects.filter(account=account, withdrawn_at=None).count() >= MOST_ASSISTANTS:
        raise TooManyAssistants(most=MOST_ASSISTANTS)


def _columns(card: Card) -> dict[str, object]:
    columns = {name: getattr(card, name) for name in Card.__dataclass_fields__}
    return columns | {"examples": list(card.examples), "examples_zh": list(card.examples_zh)}


def _record(verb: str, assistant: Assistant, *, by: User | None, reason: str, now: datetime) -> None:
    audit.record(
        verb, subject=assistant.name, account=assistant.account, by=by, reason=reason, now=now, slug=assistant.slug
    )
    transaction.on_commit(unfolding.forget)
