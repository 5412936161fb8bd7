"""The reviewed companion of the public lists: which models are in, under which name, and what no list tells."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from models_catalog.importing.seed_files import SEED, BadSeed, ExchangeRate

REVIEW = SEED.with_name("review.toml")


class ReviewedList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public list at the version that was reviewed; `sha256` where the list is a file without a version in it."""

    name: str
    version: str
    date: date
    license: str
    sha256: str = ""

    def source(self, entry: str, *notes: str) -> str:
        """This will write where in the list a figure stands: genai-prices 0.2.3: openai/gpt-4o (peak hours)."""
        said = ", ".join(note for note in notes if note)
        return f"{self.name} {self.version}: {entry}" + (f" ({said})" if said else "")


class ReviewedLists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The two lists that a refresh reads."""

    genai: ReviewedList
    litellm: ReviewedList


class ReviewedVendor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vendor, and the places in the lists that speak for it: `genai:openai`, `litellm:openai`."""

    slug: str
    name: str
    name_zh: str
    country: str
    own: list[str]


class ReviewedModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model and the entries that tell its figures, the first one that tells a figure wins.

    `price` names the entry whose price counts, where it is another one; `dated` an id of LiteLLM's list that ends
    in the day of release; `can` what no list tells; `note` what is to be said of the price.
    """

    slug: str
    vendor: str
    name: str
    family: str
    sources: list[str]
    summary: str
    summary_zh: str
    good_for: list[str]
    good_for_zh: list[str]
    can: list[str] = []
    tokenizer: str = ""
    price: str = ""
    dated: str = ""
    note: str = ""


class Reviewed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a person last looked."""

    date: date


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole companion file."""

    review: Reviewed
    lists: ReviewedLists
    exchange_rates: list[ExchangeRate]
    vendors: list[ReviewedVendor]
    models: list[ReviewedModel]


def read(path: Path) -> Review:
    """This will read the companion file (TOML). Raises `BadSeed`, which names the place."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(raw, type=Review)
    except OSError as error:
        raise BadSeed(place=path, problem=error.strerror) from error
    except (ValueError, msgspec.ValidationError) as error:
        raise BadSeed(place=path, problem=str(error)) from error
