"""What two public lists tell of a model; read at development time alone, and never from the network."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

from genai_prices import data_snapshot
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from models_catalog.importing.reviews import Review
from models_catalog.importing.seed_files import BadSeed

GENAI_CLASSES = {
    "in_fresh": "input_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "in_image": "input_image_mtok",
    "in_audio": "input_audio_mtok",
    "out_text": "output_mtok",
    "out_image": "output_image_mtok",
    "out_audio": "output_audio_mtok",
}
LITELLM_CLASSES = {
    "in_fresh": "input_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "in_image": "input_cost_per_image_token",
    "in_audio": "input_cost_per_audio_token",
    "out_text": "output_cost_per_token",
    "out_reasoning": "output_cost_per_reasoning_token",
    "out_image": "output_cost_per_image_token",
    "out_audio": "output_cost_per_audio_token",
}
LITELLM_CAPABILITIES = {
    "streaming": "supports_native_streaming",
    "tools": "supports_function_calling",
    "reasoning": "supports_reasoning",
    "structured": "supports_response_schema",
    "caching": "supports_prompt_caching",
    "images": "supports_vision",
    "audio": "supports_audio_input",
    "video": "supports_video_input",
    "files": "supports_pdf_input",
    "audio_output": "supports_audio_output",
}
LONGER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")
PER_MILLION = Decimal(1_000_000)
SMALLEST = Decimal("0.000001")
SECOND_HAND = "OpenRouter"
"""genai-prices says in a comment where it took a vendor's price from a reseller: that is no list price."""


@dataclass(frozen=True)
class Entry:
    """What one entry of a list tells; rates in US dollars per million tokens, `notes` what is to be said of them."""

    place: str
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    capabilities: frozenset[str] = frozenset()
    retires_date: date | None = None
    rates: dict[str, Decimal] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def has_price(self) -> bool:
        """Whether it tells what goes in and what comes out: 0 is no price."""
        return bool(self.rates.get("in_fresh") and self.rates.get("out_text"))


Entries = Mapping[str, Entry]


def load(review: Review, *, litellm: Path) -> dict[str, Entry]:
    """This will read both lists at the versions that the review names.

    `litellm` is LiteLLM's file. Raises `BadSeed` when a list is another one than the reviewed: then its version,
    date and digest have to be written into the review first, or figures would carry a wrong date.
    """
    try:
        content = litellm.read_bytes()
    except OSError as error:
        raise BadSeed(place=litellm, problem=str(error.strerror)) from error
    installed = metadata.version("genai-prices")
    if installed != review.lists.genai.version:
        raise BadSeed(place="lists.genai.version", problem=f"genai-prices {installed} is installed")
    digest = hashlib.sha256(content).hexdigest()
    if digest != review.lists.litellm.sha256:
        raise BadSeed(place="lists.litellm.sha256", problem=f"the digest of {litellm} is {digest}")
    providers = data_snapshot.get_snapshot().providers
    return gather(providers, litellm=content, day=review.lists.genai.date)


def gather(providers: Iterable[Provider], *, litellm: bytes, day: date) -> dict[str, Entry]:
    """This will turn both lists into entries by place; of prices that change with time those of `day` count."""
    raw: dict[str, Any] = json.loads(litellm, parse_float=Decimal)
    entries = {f"litellm:{key}": _of_litellm(item) for key, item in raw.items() if isinstance(item, dict)}
    for provider in providers:
        for model in provider.models:
            entries[f"genai:{provider.id}/{model.id}"] = _of_genai(model, provider=provider.id, day=day)
    return entries


def _of_genai(model: ModelInfo, *, provider: str, day: date) -> Entry:
    price, notes = _price_of(model, day=day)
    figures = {name: getattr(price, key) for name, key in GENAI_CLASSES.items()}
    tiers = [figure.tiers[0].start for figure in figures.values() if isinstance(figure, TieredPrices)]
    rates = {
        name: figure.base if isinstance(figure, TieredPrices) else figure
        for name, figure in figures.items()
        if figure is not None
    }
    return Entry(
        place=f"genai:{provider}",
        context_tokens=model.context_window,
        rates={} if SECOND_HAND in (model.price_comments or "") else _rounded(rates),
        notes=(*notes, f"up to {min(tiers):,} input tokens" if tiers else ""),
    )


def _price_of(model: ModelInfo, *, day: date) -> tuple[ModelPrice, tuple[str, ...]]:
    """The price of `day`; of prices by the hour the dearest, so that nobody reckons with too little."""
    if not isinstance(model.prices, list):
        return model.prices, ()
    counting = [one for one in model.prices if _counts(one, day=day)]
    if not counting:
        return ModelPrice(), ()
    by_hour = [one for one in model.prices if isinstance(one.constraint, TimeOfDateConstraint)]
    dearest = max([counting[-1], *by_hour], key=_dearness)
    return dearest.prices, ("dearest hours",) if by_hour else ()


def _counts(price: ConditionalPrice, *, day: date) -> bool:
    begins = price.constraint
    return begins is None or (isinstance(begins, StartDateConstraint) and begins.start_date <= day)


def _dearness(price: ConditionalPrice) -> Decimal:
    figure = price.prices.output_mtok
    return figure.base if isinstance(figure, TieredPrices) else figure or Decimal(0)


def _of_litellm(item: Mapping[str, Any]) -> Entry:
    tiers = item.get("tiered_pricing")
    priced: Mapping[str, Any] = tiers[0] if tiers else item
    rates = {name: Decimal(priced[key]) * PER_MILLION for name, key in LITELLM_CLASSES.items() if priced.get(key)}
    can = {name for name, key in LITELLM_CAPABILITIES.items() if item.get(key)}
    return Entry(
        place=f"litellm:{item.get('litellm_provider', '')}",
        context_tokens=_count(item.get("max_input_tokens")),
        max_output_tokens=_count(item.get("max_output_tokens")),
        capabilities=frozenset(can),
        retires_date=_day(item.get("deprecation_date")),
        rates=_rounded(rates),
        notes=("dearest hours" if "off_peak_pricing" in item else "", _longest(item)),
    )


def _longest(item: Mapping[str, Any]) -> str:
    """Up to how many input tokens the rates count, where longer calls cost more."""
    tier: Mapping[str, Any] = next(iter(item.get("tiered_pricing") or ()), {})
    if "range" in tier:
        return f"up to {int(tier['range'][1]):,} input tokens"
    steps = [int(found[1]) for key in item if (found := LONGER.fullmatch(key))]
    return f"up to {min(steps) * 1000:,} input tokens" if steps else ""


def _rounded(rates: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Whole millionths, rounded half up; what is nothing is no price."""
    rounded = {name: rate.quantize(SMALLEST, ROUND_HALF_UP) for name, rate in rates.items()}
    return {name: rate for name, rate in rounded.items() if rate}


def _count(figure: Any) -> int | None:
    return int(figure) if isinstance(figure, int | Decimal) and figure > 0 else None


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
