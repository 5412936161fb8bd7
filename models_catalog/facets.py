"""The sides by which the list of models is narrowed, and how many models each choice would leave."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.utils.translation import gettext_lazy as _

from models_catalog.entries import EXAMPLE, Entry
from models_catalog.models import Capability, DataRegion, State
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

    def lets_through(self, entry: Entry, ticked: Collection[str]) -> bool:
        """This will say whether the model has what is ticked; nothing ticked lets everything through."""
        if not ticked:
            return True
        return (all if self.way is Way.ALL else any)(value in self.values(entry) for value in ticked)


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
    tokens = EXAMPLE.input_tokens + EXAMPLE.output_tokens
    per_permille = tokens * MICROCREDITS_PER_CREDIT // 1000
    met = [name for name, permille in BURNS.items() if entry.example_cost <= permille * per_permille]
    return met or [ABOVE]


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
    ticked = [(facet, chosen[facet.name]) for facet in FACETS if chosen.get(facet.name)]
    return [entry for entry in entries if all(facet.lets_through(entry, values) for facet, values in ticked)]


def sides(entries: Sequence[Entry], *, among: Sequence[Entry], chosen: Chosen) -> list[Side]:
    """This will count for every value how many of `entries` would be left with it; `among` names the values."""
    counts: dict[str, Counter[str]] = {facet.name: Counter() for facet in FACETS}
    ticked = [(facet, chosen[facet.name]) for facet in FACETS if chosen.get(facet.name)]
    for entry in entries:
        kept_out = [facet for facet, values in ticked if not facet.lets_through(entry, values)]
        if len(kept_out) > 1:
            continue
        for facet in kept_out or FACETS:
            if not kept_out or facet.way is not Way.ALL:
                counts[facet.name].update(facet.values(entry))
    return [_side(facet, counts[facet.name], among=among, ticked=chosen.get(facet.name, ())) for facet in FACETS]


def label_of(facet: Facet, value: str, *, among: Iterable[Entry]) -> str:
    """This will return what a value is called."""
    return dict(_labels(facet, among)).get(value, value)


def known(facet: Facet, *, among: Iterable[Entry]) -> set[str]:
    """This will return the values that may be ticked."""
    return {value for value, _label in _labels(facet, among)}


def _side(facet: Facet, counted: Counter[str], *, among: Sequence[Entry], ticked: Collection[str]) -> Side:
    options = tuple(
        Option(value, label, counted[value], value in ticked, f"{facet.name}-{number}")
        for number, (value, label) in enumerate(_labels(facet, among))
    )
    return Side(facet.name, str(facet.label), facet.way is Way.ONE, options)


def _labels(facet: Facet, among: Iterable[Entry]) -> list[tuple[str, str]]:
    """What is fixed as it stands, where some model has it; vendors by how many models they have."""
    seen = Counter(value for entry in among for value in facet.values(entry))
    if facet.labels is not None:
        return [(value, str(label)) for value, label in facet.labels.items() if value in seen]
    names = {entry.vendor_slug: entry.vendor for entry in among}
    return [(slug, names[slug]) for slug, _count in sorted(seen.items(), key=lambda item: (-item[1], names[item[0]]))]
