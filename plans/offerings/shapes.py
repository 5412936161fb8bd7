"""The shape of a file of offers (JSON, UTF-8), and reading one: whatever is wrong with it is said with its place.

    {"format": "ciyuan-offers/1", "offerings": [
      {"slug": "starter", "audience": "household" | "business", "kind": "plan" | "pack" | "bundle",
       "position": 10, "is_recommended": false, "is_withdrawn": false,
       "source": "where the figures come from; for those who read the file, shown to nobody",
       "active_from": "2027-01-01T00:00:00+08:00",
       "terms": {"name": "Starter", "name_zh": "入门套餐", "price_minor": 990, "currency": "CNY",
         "credits": 10000000, "valid_months": 1,
         "unit": "credits" | "tokens" | "points", "credits_a_unit": 1,
         "summary": "…", "summary_zh": "…", "features": [{"en": "…", "zh": "…"}], "terms": "…", "terms_zh": "…",
         "items": [{"kind": "connectivity" | "security" | "broadband" | "service", "name": "…", "name_zh": "…",
                    "fulfillment": "manual" | "hook"}],
         …}}]}

Whatever a version has (`plans.models.OfferingVersion`) stands in `terms` under the name of its column, but
`credits` for microcredits and `credits_a_unit` for what one shown point stands for. What is left out has the value of
a new row. `active_from` is for terms that begin later; an offering that is there and not in the file stays as it is.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS, MICROCREDITS_PER_CREDIT

LARGEST_FILE = 5_000_000
FORMAT: Literal["ciyuan-offers/1"] = "ciyuan-offers/1"

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Sentence = Annotated[str, Meta(max_length=200)]
Small = Annotated[int, Meta(ge=0, le=32_767)]
Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Points = Annotated[int, Meta(ge=0, le=10_000)]
Sold = Literal["web", "voucher", "staff", "partner"]
Credits = Annotated[int, Meta(ge=1, le=LARGEST_AMOUNT_MICROCREDITS // MICROCREDITS_PER_CREDIT)]


class BadFile(Refusal):
    """The file of offers is not what it should be; nothing was changed."""

    code = "bad_offer_file"
    status = 422
    sentence = gettext_noop("This file of offers cannot be used. {place}: {problem}")


class Feature(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of a card, in both languages."""

    en: Name
    zh: Name


class ItemTerms(Struct, frozen=True, forbid_unknown_fields=True):
    """What a bundle holds beside its credits."""

    kind: Literal["connectivity", "security", "broadband", "service"]
    name: Name
    name_zh: Name
    fulfillment: Literal["manual", "hook"] = "manual"


class Terms(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The columns of a version."""

    name: Name
    name_zh: Name
    price_minor: Annotated[int, Meta(ge=0, le=10**12)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    credits: Credits
    valid_days: Count | None = None
    valid_months: Annotated[int, Meta(ge=1, le=120)] | None = None
    priority: Annotated[int, Meta(ge=-32_768, le=32_767)] = 0
    unit: Literal["credits", "tokens", "points"] = "credits"
    credits_a_unit: Credits = 1
    seats: Count = 1
    summary: Sentence = ""
    summary_zh: Sentence = ""
    features: list[Feature] = []
    items: list[ItemTerms] = []
    terms: Annotated[str, Meta(max_length=20_000)] = ""
    terms_zh: Annotated[str, Meta(max_length=20_000)] = ""
    model_patterns: list[Name] = []
    cycle: Literal["anniversary", "calendar"] = "anniversary"
    prorates_first: bool = False
    grace_days: Small = 3
    rollover_percent: Percent = 0
    rollover_cycles: Small = 1
    after_exhaustion: Literal["stop", "slow_lane", "pack"] = "stop"
    exhaustion_pack: Annotated[str, Meta(max_length=50)] = ""
    most_per_account: Count | None = None
    most_per_days: Count | None = None
    most_per_identity: Count | None = None
    is_for_new: bool = False
    channels: list[Sold] = msgspec.field(default_factory=lambda: ["web"])
    providers: list[Annotated[str, Meta(min_length=1, max_length=32)]] = []
    tax_basis_points: Annotated[int, Meta(ge=0, lt=10_000)] = 0
    platform_basis_points: Points = 0
    channel_basis_points: Points = 0
    refund_hours: Small = 24
    refund_days: Small = 0
    refund_most_used_percent: Percent = 100


class Entry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One offering with its newest terms."""

    slug: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$", max_length=50)]
    audience: Literal["household", "business"]
    kind: Literal["plan", "pack", "bundle"]
    terms: Terms
    position: Small = 0
    is_recommended: bool = False
    is_withdrawn: bool = False
    source: Annotated[str, Meta(max_length=400)] = ""
    active_from: datetime | None = None


class File(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file of offers."""

    format: Literal["ciyuan-offers/1"]
    offerings: list[Entry]


def read(path: Path) -> File:
    """This will read a file of offers. Raises `BadFile`, which names the place."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise BadFile(place=path, problem=error.strerror) from error
    if len(content) > LARGEST_FILE:
        raise BadFile(place=path, problem=f"more than {LARGEST_FILE} bytes")
    return decode(content)


def decode(content: bytes) -> File:
    """This will read the bytes of a file of offers. Raises `BadFile`, which names the place."""
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadFile(place="JSON", problem=str(error)) from error
    try:
        found = msgspec.convert(raw, type=File)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        raise BadFile(place=_named(place.strip("`") or "$", raw), problem=problem) from error
    for place, problem in _contradictions(found):
        raise BadFile(place=place, problem=problem)
    return found


def place_of(number: int, entry: Entry) -> str:
    """This will tell where in the file an offering stands."""
    return f"$.offerings[{number}] ({entry.slug})"


def _named(place: str, raw: Any) -> str:
    """A place within an offering says its slug too: `$.offerings[3].terms.name (starter)`."""
    number = place.removeprefix("$.offerings[").partition("]")[0]
    items = raw.get("offerings") if isinstance(raw, Mapping) else None
    if not number.isdigit() or not isinstance(items, list):
        return place
    item = items[int(number)]
    return f"{place} ({item['slug']})" if isinstance(item, Mapping) and "slug" in item else place


def _contradictions(found: File) -> Iterator[tuple[str, str]]:
    """What the shape alone cannot forbid."""
    doubled = [slug for slug, count in Counter(entry.slug for entry in found.offerings).items() if count > 1]
    for number, entry in enumerate(found.offerings):
        terms, place = entry.terms, place_of(number, entry)
        if entry.slug in doubled:
            yield place, "this slug stands here twice"
        if (terms.valid_days is None) == (terms.valid_months is None):
            yield f"{place}.terms", "say either valid_days or valid_months"
        if terms.unit != "points" and terms.credits_a_unit != 1:
            yield f"{place}.terms.credits_a_unit", "only points stand for more than one credit"
        if (terms.after_exhaustion == "pack") != bool(terms.exhaustion_pack):
            yield f"{place}.terms.exhaustion_pack", "name a pack where one is bought by itself, and only there"
        if terms.most_per_days is not None and terms.most_per_account is None:
            yield f"{place}.terms.most_per_days", "say how many times within these days: most_per_account"
        if entry.active_from is not None and entry.active_from.tzinfo is None:
            yield f"{place}.active_from", "say the zone: 2027-01-01T00:00:00+08:00"
