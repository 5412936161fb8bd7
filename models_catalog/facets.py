"""The sides by which the list of models is narrowed, and how many models each choice would leave."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Any

from django.utils.translation import gettext_lazy as _

from models_catalog.entries import Entry
from models_catalog.models import Capability, DataRegion, State
from models_catalog.pricing import EXAMPLE
from portal.kit.units import MICROCREDITS_PER_CREDIT

MODALITIES = (
    Capability.TEXT,
    Capability.IMAGES,
    Capability.AUDIO,
    Capability.VIDEO,
    Capability.FILES,
    Capability.IMAGE_OUTPUT,
    Capability.AUDIO_OUTPUT,
)
ABILITIES = (
    Capability.TOOLS,
    Capability.REASONING,
    Capability.STRUCTURED,
    Capability.CACHING,
    Capability.CHINESE,
    Capability.CODE,
    Capability.OPEN_WEIGHTS,
)
ROOMS = {"32k": 32_000, "128k": 128_000, "200k": 200_000, "1m": 1_000_000}
"""Tokens of context, at least."""
BURNS = {"0.5": 500, "1": 1000, "3": 3000, "10": 10_000}
"""Thousandths of a credit for each token of `EXAMPLE`, at most."""
ABOVE = "above"
_MOST = {
    name: permille * (EXAMPLE.input_tokens + EXAMPLE.output_tokens) * MICROCREDITS_PER_CREDIT // 1000
    for name, permille in BURNS.items()
}

Chosen = Mapping[str, Collection[str]]
"""What is ticked, by facet."""


class Way(Enum):
    """What several ticks of one facet mean; with ONE the last tick takes the place of the one before."""

    ANY = "any"
    ALL = "all"
    ONE = "one"


@dataclass(frozen=True)
class Facet:
    """One side: its name in the address, how its ticks go together, and which of its values a model has."""

    name: str
    label: Any
    way: Way
    values: Callable[[Entry], Collection[str]]
    labels: Mapping[str, Any] | None
    """What each value is called; None where the models name them."""

    def is_met(self, values: Collection[str], ticked: Collection[str]) -> bool:
        """This will say whether a model with these values has what is ticked; something is."""
        found = [each in values for each in ticked]
        return all(found) if self.way is Way.ALL else any(found)


@dataclass(frozen=True)
class Option:
    """One value to tick; `count` is how many models there are with it, all other facets as they are."""

    value: str
    label: str
    count: int
    is_chosen: bool
    anchor: str


@dataclass(frozen=True)
class Side:
    """A facet with its options, as the page shows it."""

    name: str
    label: str
    is_single: bool
    options: tuple[Option, ...]

    @property
    def ticked(self) -> int:
        """How many of its options are chosen."""
        return sum(option.is_chosen for option in self.options)


def _rooms(entry: Entry) -> list[str]:
    return [name for name, tokens in ROOMS.items() if entry.context_tokens >= tokens]


def _burns(entry: Entry) -> list[str]:
    if entry.example_cost is None:
        return []
    return [name for name, most in _MOST.items() if entry.example_cost <= most] or [ABOVE]


FACETS = (
    Facet("vendor", _("Vendor"), Way.ANY, lambda entry: (entry.vendor_slug,), None),
    Facet(
        "modality",
        _("Reads and writes"),
        Way.ALL,
        lambda entry: entry.capabilities,
        {each.value: each.label for each in MODALITIES},
    ),
    Facet(
        "ability",
        _("Can do"),
        Way.ALL,
        lambda entry: entry.capabilities,
        {each.value: each.label for each in ABILITIES},
    ),
    Facet(
        "context",
        _("Context"),
        Way.ONE,
        _rooms,
        {
            "32k": _("at least 32,000 tokens"),
            "128k": _("at least 128,000 tokens"),
            "200k": _("at least 200,000 tokens"),
            "1m": _("at least 1 million tokens"),
        },
    ),
    Facet(
        "price",
        _("Credits a token"),
        Way.ONE,
        _burns,
        {
            "0.5": _("cheap: up to ×0.5"),
            "1": _("up to ×1"),
            "3": _("up to ×3"),
            "10": _("up to ×10"),
            ABOVE: _("above ×10"),
        },
    ),
    Facet("region", _("Your data"), Way.ANY, lambda entry: (entry.data_region,), dict(DataRegion.choices)),
    Facet(
        "state",
        _("State"),
        Way.ANY,
        lambda entry: (entry.state,),
        {value: label for value, label in State.choices if value != State.RETIRED},
    ),
)


def narrow(entries: Iterable[Entry], *, chosen: Chosen) -> list[Entry]:
    """This will leave the models that have what is ticked."""
    ticked = _ticked(chosen)
    return [each for each in entries if all(facet.is_met(facet.values(each), values) for facet, values in ticked)]


def sides(entries: Sequence[Entry], *, among: Sequence[Entry], chosen: Chosen) -> list[Side]:
    """This will count for every value how many of `entries` would be left with it; `among` names the values."""
    counts: dict[str, Counter[str]] = {facet.name: Counter() for facet in FACETS}
    ticked = _ticked(chosen)
    for entry in entries:
        kept_out = [facet for facet, values in ticked if not facet.is_met(facet.values(entry), values)]
        if not kept_out:
            for facet in FACETS:
                counts[facet.name].update(facet.values(entry))
        elif len(kept_out) == 1 and kept_out[0].way is not Way.ALL:
            counts[kept_out[0].name].update(kept_out[0].values(entry))
    return [_side(facet, counts[facet.name], among=among, ticked=chosen.get(facet.name, ())) for facet in FACETS]


def labels(facet: Facet, *, among: Iterable[Entry]) -> dict[str, str]:
    """This will return what each value that may be ticked is called."""
    if facet.labels is not None:
        return {value: str(label) for value, label in facet.labels.items()}
    return {entry.vendor_slug: entry.vendor for entry in among}


def _ticked(chosen: Chosen) -> list[tuple[Facet, Collection[str]]]:
    return [(facet, chosen[facet.name]) for facet in FACETS if chosen.get(facet.name)]


def _side(facet: Facet, counted: Counter[str], *, among: Sequence[Entry], ticked: Collection[str]) -> Side:
    """What is fixed as it stands, where some model has it; vendors by how many models they have."""
    seen = Counter(chain.from_iterable(map(facet.values, among)))
    named = [(value, label) for value, label in labels(facet, among=among).items() if value in seen]
    if facet.labels is None:
        named.sort(key=lambda item: (-seen[item[0]], item[1]))
    options = tuple(
        Option(value, label, counted[value], value in ticked, f"{facet.name}-{number}")
        for number, (value, label) in enumerate(named)
    )
    return Side(facet.name, str(facet.label), facet.way is Way.ONE, options)
