"""Assistants as people choose among them: what each is for, on which model, and what an occasion costs about."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from accounts import callers
from accounts.callers import Caller
from accounts.models import Account, Member
from models_catalog import catalog, pricing
from models_catalog.catalog import Offer, UnknownModel
from models_catalog.models import Alias, ChatModel
from models_catalog.pricing import Usage
from plans import access, offerings
from plans.models import OfferingVersion
from portal.kit.refusals import Refusal
from portal.kit.units import Microcredits
from usage import metering, unfolding
from usage.models import Assistant, AssistantVersion
from usage.models.assistant import AssistantQuerySet, may_make

LONGEST_LIST = 200


@dataclass(frozen=True)
class Shown:
    """One assistant with its newest version; without an offer its model is not connected here.

    `plan` is the cheapest plan of those whom it is for, or None. It may be meant for other accounts than the viewer's,
    and its model may be kept from the viewer.
    """

    assistant: Assistant
    version: AssistantVersion
    offer: Offer | None
    model: ChatModel | None
    alias: Alias | None
    plan: OfferingVersion | None
    is_own: bool
    is_meant: bool
    is_allowed: bool

    @property
    def model_name(self) -> str:
        """What people call its model."""
        named = str(self.alias or self.version.model_name)
        if self.model is None:
            return named
        return f"{named} · {self.model.name}" if self.alias else self.model.name

    @property
    def can_start(self) -> bool:
        """Whether the viewer can ask it now."""
        is_standing = self.offer is not None and self.assistant.withdrawn_at is None
        return self.is_meant and self.is_allowed and is_standing

    @property
    def usual_input_tokens(self) -> int:
        """What goes in on a usual occasion; nobody has counted the instructions of an account's own."""
        told = metering.estimated_prompt(len(self.version.prompt.encode())) if self.is_own else 0
        return self.assistant.usual_input_tokens + told

    @cached_property
    def cost(self) -> Microcredits:
        """What a usual occasion costs today, its prompt and all its turns together."""
        usual = Usage(in_fresh=self.usual_input_tokens, out_text=self.assistant.usual_output_tokens)
        return pricing.cost(usual, self.offer.tariff) if self.offer else Microcredits(0)

    @property
    def times(self) -> int:
        """How often a month of the plan pays for that, rounded down to two digits that count."""
        if self.plan is None or not self.cost:
            return 0
        times = self.plan.microcredits // self.cost
        step: int = 10 ** max(len(str(times)) - 2, 0)
        return times // step * step


@dataclass(frozen=True)
class Shelf:
    """What the shelf shows: the account's own first, and whether the viewer may make more."""

    own: Sequence[Shown]
    common: Sequence[Shown]
    may_make: bool


def shelf(viewer: Member | None, *, audience: str = "", words: str = "") -> Shelf:
    """This will return the assistants that `viewer` sees, of one audience if named, in which all `words` stand."""
    seen = Assistant.objects.seen_by(viewer).in_order()
    if audience:
        seen = seen.filter(audience__in=(audience, Assistant.Audience.EVERYONE))
    found = [each for each in seen[:LONGEST_LIST] if _holds(each, words)]
    shown = _shown(found, viewer)
    return Shelf(
        own=[each for each in shown if each.is_own],
        common=[each for each in shown if not each.is_own],
        may_make=viewer is not None and may_make(viewer),
    )


def page_of(slug: str, viewer: Member | None) -> Shown | None:
    """This will return the assistant that `viewer` means by a slug, their own account's first; None where none is."""
    found = named(slug, viewer).first()
    return _shown([found], viewer)[0] if found else None


def named(slug: str, viewer: Member | None) -> AssistantQuerySet:
    """This will keep what `viewer` sees under a slug, the one that they mean first."""
    account_id = viewer.account_id if viewer else None
    return Assistant.objects.seen_by(viewer).named(slug, account_id=account_id)


def seen_version(name: str, caller: Caller) -> AssistantVersion:
    """This will return the version that `name` means to a caller who sees its assistant. Raises as `unfolding.find`."""
    version = unfolding.find(name, caller)
    if not Assistant.objects.seen_by(_member_of(caller)).filter(pk=version.assistant_id).exists():
        raise UnknownModel(model=name[: unfolding.LONGEST_TOLD])
    return version


def callable_by(caller: Caller) -> list[tuple[AssistantVersion, Offer]]:
    """This will return the newest versions of the assistants that a key may call, in the order of the shelf.

    No rule keeps their models from what their calls are for.
    """
    seen = Assistant.objects.seen_by(_member_of(caller)).on_shelf().in_order()[:LONGEST_LIST]
    meant = [each for each in seen if unfolding.is_for(each, caller)]
    versions = _newest(meant)
    offers = {name: _offer(name) for name in {version.model_name for version in versions.values()}}
    allowed = _allowed(caller, versions.values())
    return [
        (version, offer)
        for version in (versions[each.pk] for each in meant)
        if (offer := offers[version.model_name]) and offer.chat_model_id in allowed[version.pk]
    ]


def is_meant_for(assistant: Assistant, viewer: Member | None) -> bool:
    """This will tell whether it is for the account of `viewer`; who has none may look and not start."""
    if viewer is None:
        return False
    return assistant.account_id is not None or assistant.audience in {
        Assistant.Audience.EVERYONE,
        viewer.account.kind,
    }


def _holds(assistant: Assistant, words: str) -> bool:
    texts = (assistant.name, assistant.name_zh, assistant.summary, assistant.summary_zh, assistant.slug)
    text = " ".join(texts).casefold()
    return all(word in text for word in words.casefold().split())


def _shown(found: Sequence[Assistant], viewer: Member | None) -> list[Shown]:
    versions = _newest(found)
    offers = {version.model_name: _offer(version.model_name) for version in versions.values()}
    models = ChatModel.objects.select_related("vendor").in_bulk(
        {offer.chat_model_id for offer in offers.values() if offer}
    )
    aliases = {alias.slug: alias for alias in Alias.objects.filter(slug__in=offers)}
    allowed = _allowed(callers.of_member(viewer), versions.values()) if viewer and found else {}
    plans = {kind: _cheapest_plan(kind) for kind in Account.Kind.values} if found else {}
    return [
        Shown(
            assistant=each,
            version=versions[each.pk],
            offer=(offer := offers[versions[each.pk].model_name]),
            model=models[offer.chat_model_id] if offer else None,
            alias=aliases.get(versions[each.pk].model_name),
            plan=plans[_kind(each, viewer)],
            is_own=each.account_id is not None,
            is_meant=is_meant_for(each, viewer),
            is_allowed=viewer is None or offer is None or offer.chat_model_id in allowed[versions[each.pk].pk],
        )
        for each in found
    ]


def _member_of(caller: Caller) -> Member:
    return Member.objects.select_related("account", "guardianship").get(pk=caller.member_id)


def _newest(found: Iterable[Assistant]) -> dict[int, AssistantVersion]:
    versions = AssistantVersion.objects.filter(assistant__in=found).select_related("assistant__scenario")
    newest = versions.order_by("assistant", "-version").distinct("assistant")
    return {version.assistant_id: version for version in newest}


def _offer(name: str) -> Offer | None:
    try:
        return catalog.offer(name)
    except Refusal:
        return None


def _allowed(caller: Caller, versions: Collection[AssistantVersion]) -> dict[int, frozenset[int]]:
    """By version, the models that no rule keeps from its calls; by the same policy as each of them."""
    meant = {version.pk: unfolding.spoken_by(version, caller).scenario_id for version in versions}
    visible = access.visible_for(caller, set(meant.values()))
    return {pk: visible[scenario_id] for pk, scenario_id in meant.items()}


def _kind(assistant: Assistant, viewer: Member | None) -> str:
    if assistant.audience != Assistant.Audience.EVERYONE:
        return assistant.audience
    return viewer.account.kind if viewer else Account.Kind.HOUSEHOLD


def _cheapest_plan(kind: str) -> OfferingVersion | None:
    return min(offerings.on_sale(audience=kind), key=lambda each: each.price_minor, default=None)
