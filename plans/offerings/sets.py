"""Model sets: for which models the credits of an offering are good, said as patterns over their ids."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from models_catalog import catalog
from models_catalog.models import ChatModel
from models_catalog.models.chat_model import ChatModels
from models_catalog.pricing import Rates
from plans.models import OfferingVersion
from portal.kit.refusals import Refusal
from portal.kit.units import MICROCREDITS_PER_CREDIT, TOKENS_PER_PRICE

ONE_CREDIT_A_TOKEN = MICROCREDITS_PER_CREDIT * TOKENS_PER_PRICE


def holds(patterns: Sequence[str], slug: str) -> bool:
    """This will tell whether a set has a model; a set without patterns has every one."""
    return not patterns or any(fnmatchcase(slug, pattern) for pattern in patterns)


def models_of(patterns: Sequence[str]) -> ChatModels:
    """This will return the published models of a set, by name."""
    published = ChatModel.objects.published().select_related("vendor").order_by("name", "pk")
    return published.filter(pk__in=_ids(patterns)) if patterns else published


def chat_model_ids_of(version: OfferingVersion) -> tuple[int, ...] | None:
    """This will return the models that credits bought now are good for: those of the set, or None for every model."""
    return tuple(sorted(_ids(version.model_patterns))) if version.model_patterns else None


def holding(chat_model: ChatModel, among: Iterable[OfferingVersion]) -> list[OfferingVersion]:
    """This will keep the offerings whose credits are good for a model."""
    return [version for version in among if holds(version.model_patterns, chat_model.slug)]


def may_say_tokens(patterns: Sequence[str]) -> bool:
    """This will tell whether a set has a model that can be called at one credit a token or less, in and out."""
    return any(_is_cheap(rates) for rates in map(_rates, models_of(patterns).values_list("slug", flat=True)) if rates)


def _ids(patterns: Sequence[str]) -> list[int]:
    published = ChatModel.objects.published().values_list("pk", "slug")
    return [pk for pk, slug in published if holds(patterns, slug)]


def _rates(slug: str) -> Rates | None:
    try:
        return catalog.offer(slug).rates
    except Refusal:
        return None


def _is_cheap(rates: Rates) -> bool:
    return max(rates.in_fresh, rates.out_text) <= ONE_CREDIT_A_TOKEN and not rates.per_request
