"""Assistants as people choose among them: what each is for, on which model, and what an occasion costs about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from accounts import callers
from accounts.callers import Caller
from accounts.models import Account, Member
from models_catalog import catalog, pricing
from models_catalog.catalog import Offer
from models_catalog.models import Alias, ChatModel
from models_catalog.pricing import Usage
from plans import access, offerings
from plans.models import OfferingVersion
from portal.kit.refusals import Refusal
from portal.kit.units import Microcredits
from usage import metering
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


def callable_by(caller: Caller) -> list[AssistantVersion]:
    """This will return the newest versions of the assistants that a key may name, in the order of the shelf."""
    member = Member.objects.select_related("account", "guardianship").get(pk=caller.member_id)
    seen = Assistant.objects.seen_by(member).on_shelf().in_order()[:LONGEST_LIST]
    meant = [each for each in seen if is_meant_for(each, member)]
    versions = _newest(meant)
    return [versions[each.pk] for each in meant]


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
    allowed = _allowed(viewer, offered=set(models))
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
            is_allowed=offer is None or offer.chat_model_id in allowed,
        )
        for each in found
    ]


def _newest(found: Iterable[Assistant]) -> dict[int, AssistantVersion]:
    versions = AssistantVersion.objects.filter(assistant__in=found).select_related("assistant")
    newest = versions.order_by("assistant", "-version").distinct("assistant")
    return {version.assistant_id: version for version in newest}


def _offer(name: str) -> Offer | None:
    try:
        return catalog.offer(name)
    except Refusal:
        return None


def _allowed(viewer: Member | None, *, offered: set[int]) -> set[int]:
    """Of these models those that no rule keeps from the viewer; by the same policy as each call."""
    if viewer is None or not offered:
        return offered
    visible = access.visible(callers.of_member(viewer)).filter(pk__in=offered)
    return set(visible.values_list("pk", flat=True))


def _kind(assistant: Assistant, viewer: Member | None) -> str:
    if assistant.audience != Assistant.Audience.EVERYONE:
        return assistant.audience
    return viewer.account.kind if viewer else Account.Kind.HOUSEHOLD


def _cheapest_plan(kind: str) -> OfferingVersion | None:
    return min(offerings.on_sale(audience=kind), key=lambda each: each.price_minor, default=None)
