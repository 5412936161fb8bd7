"""The models that the chat offers to choose from: the stable names first, every callable model one click further."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from accounts import callers
from accounts.models import Member
from models_catalog import catalog
from models_catalog.catalog import Offer
from models_catalog.models import Alias, ChatModel
from plans import access
from portal.kit.refusals import Refusal
from usage.models import AssistantVersion


@dataclass(frozen=True)
class Choice:
    """One model to choose; the burns are microcredits per million tokens."""

    slug: str
    name: str
    vendor: str
    burn_in: int
    burn_out: int
    region: str
    retention: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Picker:
    """What the picker shows; `chosen` is empty when nothing can be called."""

    aliases: tuple[Choice, ...]
    choices: tuple[Choice, ...]
    chosen: Choice | None


def for_member(member: Member, *, chosen: str = "") -> Picker:
    """This will return what `member` may choose; an unknown `chosen` falls back to the first."""
    seen = access.visible(callers.of_member(member)).select_related("vendor")
    models = {model.pk: model for model in seen}
    aliases = [
        _choice(alias.slug, str(alias), models[alias.chat_model_id])
        for alias in Alias.objects.filter(chat_model_id__in=models)
    ]
    named = _existing(aliases)
    others = _existing(_choice(model.slug, model.name, model) for model in models.values())
    return _choose(named, others, chosen)


def of_assistant(version: AssistantVersion, *, name: str) -> Picker:
    """This will return what a conversation with an assistant asks: it alone, at the price of its model.

    By `name` it is asked: one with a version for a conversation that keeps it, else whatever is newest.
    """
    try:
        offer = catalog.offer(version.model_name)
    except Refusal:
        return Picker((), (), None)
    model = ChatModel.objects.select_related("vendor").get(pk=offer.chat_model_id)
    choice = _choice(version.model_name, str(version.assistant), model)
    return Picker((), (), choice and replace(choice, slug=name, is_chosen=True))


def _choose(aliases: tuple[Choice, ...], choices: tuple[Choice, ...], slug: str) -> Picker:
    offered = [*aliases, *choices]
    chosen = next((choice for choice in offered if choice.slug == slug), offered[0] if offered else None)

    def mark(choice: Choice) -> Choice:
        return replace(choice, is_chosen=chosen is not None and choice.slug == chosen.slug)

    return Picker(tuple(map(mark, aliases)), tuple(map(mark, choices)), chosen and mark(chosen))


def _existing(choices: Iterable[Choice | None]) -> tuple[Choice, ...]:
    return tuple(choice for choice in choices if choice is not None)


def _choice(slug: str, name: str, model: ChatModel) -> Choice | None:
    offer = _offer(slug)
    if offer is None:
        return None
    return Choice(
        slug=slug,
        name=name,
        vendor=str(model.vendor),
        burn_in=offer.rates.in_fresh,
        burn_out=offer.rates.out_text,
        region=model.get_data_region_display(),
        retention=model.get_retention_display(),
    )


def _offer(slug: str) -> Offer | None:
    try:
        return catalog.offer(slug)
    except Refusal:
        return None
