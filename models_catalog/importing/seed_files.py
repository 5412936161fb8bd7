"""The shape of a file of models, and reading one: whatever is wrong with it is said with its place."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from models_catalog.models import Capability, Tokenizer
from models_catalog.models.chat_model import MODEL_SLUG_PATTERN
from models_catalog.models.price import RATE_NAMES
from models_catalog.models.vendor import SLUG_PATTERN
from portal.kit.refusals import Refusal, gettext_noop

SEED = Path(__file__).parents[1] / "seed" / "models.json"
LARGEST_FILE = 20_000_000
LARGEST_COUNT = 2**31 - 1

Value = TypeVar("Value")
Line = Annotated[str, Meta(min_length=1, max_length=160)]
Tokens = Annotated[int, Meta(ge=1, le=LARGEST_COUNT)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Origin = Annotated[str, Meta(min_length=1, max_length=300)]


class BadSeed(Refusal):
    """The file of models is not what it should be; nothing was changed."""

    code = "bad_model_file"
    status = 422
    sentence = gettext_noop("This file of models cannot be used. {place}: {problem}")


class Told(msgspec.Struct, Generic[Value], frozen=True, forbid_unknown_fields=True):
    """A figure with the list that tells it, and the day of that list."""

    value: Value
    source: Origin
    date: date


class ListPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a vendor's public list asks: units of `currency` per million tokens by class, as the list writes them."""

    currency: Currency
    source: Origin
    date: date
    rates: dict[str, Any]


class SeedModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model as the file knows it; a figure that no list tells is missing."""

    slug: Annotated[str, Meta(pattern=MODEL_SLUG_PATTERN, max_length=120)]
    vendor: str
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    family: Annotated[str, Meta(max_length=80)] = ""
    summary: str = ""
    summary_zh: str = ""
    good_for: list[Line] = []
    good_for_zh: list[Line] = []
    tokenizer: str = ""
    context_tokens: Told[Tokens] | None = None
    max_output_tokens: Told[Tokens] | None = None
    capabilities: Told[list[str]] | None = None
    released_date: Told[date] | None = None
    retires_date: Told[date] | None = None
    list_price: ListPrice | None = None


class SeedVendor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A maker of models; `country` is ISO 3166-1 alpha-2."""

    slug: Annotated[str, Meta(pattern=SLUG_PATTERN, max_length=64)]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    name_zh: Annotated[str, Meta(max_length=80)] = ""


class ExchangeRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one unit of `base` is worth in `quote`."""

    base: Currency = msgspec.field(name="from")
    quote: Currency = msgspec.field(name="to")
    rate: Decimal
    source: Origin
    date: date


class PublicList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public list that the file was made from."""

    name: str
    version: str
    date: date
    license: str


class Seed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file of models; `reviewed_date` is the day on which a person last looked at its texts."""

    reviewed_date: date
    made_from: list[PublicList]
    exchange_rates: list[ExchangeRate]
    vendors: list[SeedVendor]
    models: list[SeedModel]


def read(path: Path) -> Seed:
    """This will read a file of models (JSON, UTF-8). Raises `BadSeed`, which names the place."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise BadSeed(place=path, problem=error.strerror) from error
    if len(content) > LARGEST_FILE:
        raise BadSeed(place=path, problem=f"more than {LARGEST_FILE} bytes")
    return decode(content)


def decode(content: bytes) -> Seed:
    """This will read the bytes of a file of models; a number with a point becomes a Decimal, never a float."""
    try:
        raw = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise BadSeed(place="JSON", problem=str(error)) from error
    try:
        seed = msgspec.convert(raw, type=Seed)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        raise BadSeed(place=_named(place.strip("`") or "$", raw), problem=problem) from error
    for place, problem in _contradictions(seed):
        raise BadSeed(place=place, problem=problem)
    return seed


def _named(place: str, raw: Any) -> str:
    """A place within a model says its slug too: `$.models[3].name (gpt-4o)`."""
    kind, _, rest = place.removeprefix("$.").partition("[")
    number = rest.partition("]")[0]
    if not isinstance(raw, Mapping) or not number.isdigit():
        return place
    item = raw[kind][int(number)]
    return f"{place} ({item['slug']})" if isinstance(item, Mapping) and "slug" in item else place


def _contradictions(seed: Seed) -> Iterator[tuple[str, str]]:
    """What the shape alone cannot forbid."""
    vendors = {vendor.slug for vendor in seed.vendors}
    for kind, slugs in (("vendors", [one.slug for one in seed.vendors]), ("models", [one.slug for one in seed.models])):
        yield from ((f"$.{kind} ({slug})", "this slug stands here twice") for slug in _doubled(slugs))
    for rate in seed.exchange_rates:
        if not rate.rate.is_finite() or rate.rate <= 0:
            yield "$.exchange_rates", f"{rate.rate} is no rate of exchange"
    for number, model in enumerate(seed.models):
        if model.vendor not in vendors:
            yield f"$.models[{number}].vendor ({model.slug})", f"there is no vendor {model.vendor!r}"
        for field, problem in _within(model):
            yield f"$.models[{number}].{field} ({model.slug})", problem


def _within(model: SeedModel) -> Iterator[tuple[str, str]]:
    if model.tokenizer not in Tokenizer.values:
        yield "tokenizer", f"there is no tokenizer {model.tokenizer!r}"
    for name in model.capabilities.value if model.capabilities else ():
        if name not in Capability.values:
            yield "capabilities", f"there is no capability {name!r}"
    for name in model.list_price.rates if model.list_price else ():
        if name not in RATE_NAMES:
            yield "list_price.rates", f"there is no class of tokens {name!r}"
    if model.max_output_tokens and (
        model.context_tokens is None or model.max_output_tokens.value > model.context_tokens.value
    ):
        yield "max_output_tokens", "an answer cannot be longer than the context"


def _doubled(slugs: Iterable[str]) -> list[str]:
    return [slug for slug, count in Counter(slugs).items() if count > 1]
