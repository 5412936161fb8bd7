"""The catalog as pages show it: what can be called first, then what is only announced."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from models_catalog import pricing
from models_catalog.models import Alias, ChatModel, Price, Route
from models_catalog.models.chat_model import CALLABLE_STATES
from models_catalog.pricing import Rates, Usage
from portal.kit.units import Microcredits

LONGEST_LIST = 200
ALWAYS_SHOWN = ("in_fresh", "cache_read", "out_text", "out_reasoning")
EXAMPLE = Usage(in_fresh=400, out_text=600)
"""A question of about a page and an answer of about a page and a half."""


@dataclass(frozen=True)
class PriceLine:
    """One line of a price card: microcredits per million tokens of a class."""

    label: str
    per_million: Microcredits


@dataclass(frozen=True)
class Listed:
    """A model with all that its card says."""

    model: ChatModel
    aliases: tuple[Alias, ...]
    rates: Rates | None
    is_callable: bool

    @property
    def position(self) -> tuple[bool, int, str]:
        """Callable models first, those with an alias before the others, then by name."""
        first = min((alias.position for alias in self.aliases), default=1_000_000)
        return not self.is_callable, first, self.model.name.lower()

    @property
    def price_lines(self) -> list[PriceLine]:
        """The classes that matter for text, and any other one that costs something else."""
        if self.rates is None:
            return []
        labels = {field.name: field.verbose_name for field in Price._meta.fields}
        usual = {self.rates.in_fresh, self.rates.out_text, 0}
        named = [
            name for name in pricing.USAGE_CLASSES if name in ALWAYS_SHOWN or getattr(self.rates, name) not in usual
        ]
        return [PriceLine(str(labels[name]), Microcredits(getattr(self.rates, name))) for name in named]

    @property
    def example_cost(self) -> Microcredits:
        """What `EXAMPLE` costs today."""
        return pricing.cost(EXAMPLE, self.rates or Rates())


def listing(*, words: str = "", callable_only: bool = False, now: datetime) -> list[Listed]:
    """This will list the published models in which all `words` stand, the callable ones first."""
    found = ChatModel.objects.published().like(words).select_related("vendor")[:LONGEST_LIST]
    listed = _listed(list(found), now=now)
    return sorted((one for one in listed if one.is_callable or not callable_only), key=lambda one: one.position)


def page_of(slug: str, *, now: datetime) -> Listed | None:
    """This will return the published model of this id with all that its page says."""
    found = ChatModel.objects.published().filter(slug=slug).select_related("vendor")
    return next(iter(_listed(list(found), now=now)), None)


def _listed(models: list[ChatModel], *, now: datetime) -> list[Listed]:
    ids = [model.pk for model in models]
    routed = set(Route.objects.open().filter(chat_model_id__in=ids).values_list("chat_model_id", flat=True))
    in_force = Price.objects.in_force(now=now).filter(chat_model_id__in=ids)
    rates = {price.chat_model_id: price.rates for price in in_force}
    aliases: dict[int, list[Alias]] = defaultdict(list)
    for alias in Alias.objects.filter(chat_model_id__in=ids):
        aliases[alias.chat_model_id].append(alias)
    return [
        Listed(
            model=model,
            aliases=tuple(aliases[model.pk]),
            rates=rates.get(model.pk),
            is_callable=model.pk in routed and model.pk in rates and model.state in CALLABLE_STATES,
        )
        for model in models
    ]
