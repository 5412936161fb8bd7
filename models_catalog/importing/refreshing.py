"""Making the file of models from the public lists and the review: the same lists and review make the same file."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from models_catalog.importing import seed_files
from models_catalog.importing.public_lists import Entries, Entry
from models_catalog.importing.reviews import Review, ReviewedList, ReviewedModel
from models_catalog.importing.seed_files import BadSeed
from models_catalog.models import Capability

CURRENCY = "USD"
REVIEW_SAYS = "review"
DAY_FORMATS = {10: "%Y-%m-%d", 8: "%Y%m%d", 6: "%y%m%d"}
DAY = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{6})$")

Item = dict[str, Any]


def build(review: Review, entries: Entries) -> bytes:
    """This will write the file of models (JSON, UTF-8) of what is reviewed, with the figures that the lists tell.

    Raises `BadSeed` when the review names an entry that no list has, or when what it says is contradictory.
    """
    own = {vendor.slug: set(vendor.own) for vendor in review.vendors}
    lists = (review.lists.genai, review.lists.litellm)
    seed = {
        "reviewed_date": review.review.date.isoformat(),
        "made_from": [
            {"name": one.name, "version": one.version, "date": _iso(one.date), "license": one.license} for one in lists
        ],
        "exchange_rates": [
            {"from": one.base, "to": one.quote, "rate": str(one.rate), "source": one.source, "date": _iso(one.date)}
            for one in review.exchange_rates
        ],
        "vendors": [
            {"slug": one.slug, "name": one.name, "name_zh": one.name_zh, "country": one.country}
            for one in review.vendors
        ],
        "models": [_Making(model, review, entries, own.get(model.vendor, set())).item for model in review.models],
    }
    written = (json.dumps(seed, ensure_ascii=False, indent=1) + "\n").encode()
    seed_files.decode(written)
    return written


class _Making:
    """One model of the review beside the entries that speak of it; `own` are the places that speak for its vendor."""

    def __init__(self, model: ReviewedModel, review: Review, entries: Entries, own: set[str]) -> None:
        self.model, self.review, self.entries, self.own = model, review, entries, own
        self.found = [(name, self._entry(name)) for name in model.sources]

    @property
    def item(self) -> Item:
        """The model as the file writes it; what nobody tells is left out."""
        model = self.model
        texts: Item = {name: getattr(model, name) for name in ("slug", "vendor", "name", "family", "tokenizer")}
        texts |= {name: getattr(model, name) for name in ("summary", "summary_zh", "good_for", "good_for_zh")}
        figures = {
            "context_tokens": self._first("context_tokens"),
            "max_output_tokens": self._first("max_output_tokens"),
            "capabilities": self._capabilities(),
            "released_date": self._released(),
            "retires_date": self._first("retires_date", of_vendor=True),
            "list_price": self._list_price(),
        }
        return {name: value for name, value in (texts | figures).items() if value}

    def _entry(self, name: str) -> Entry:
        if name not in self.entries:
            raise BadSeed(place=self.model.slug, problem=f"no list has an entry {name!r}")
        return self.entries[name]

    def _of_vendor(self) -> Iterator[tuple[str, Entry]]:
        yield from ((name, entry) for name, entry in self.found if entry.place in self.own)

    def _first(self, figure: str, *, of_vendor: bool = False) -> Item | None:
        for name, entry in self._of_vendor() if of_vendor else self.found:
            value = getattr(entry, figure)
            if value:
                return self._told(_iso(value) if isinstance(value, date) else value, name)
        return None

    def _told(self, value: Any, name: str, *notes: str) -> Item:
        listed, key = self._list(name)
        return {"value": value, "source": listed.source(key, *notes), "date": _iso(listed.date)}

    def _list(self, name: str) -> tuple[ReviewedList, str]:
        kind, _, key = name.partition(":")
        return (self.review.lists.genai if kind == "genai" else self.review.lists.litellm), key

    def _capabilities(self) -> Item:
        """What the vendor's own entry of LiteLLM's list tells, and what the review adds."""
        name, entry = next(((name, entry) for name, entry in self._of_vendor() if entry.capabilities), ("", None))
        can = {"text", *self.model.can, *(entry.capabilities if entry else ())}
        unknown = sorted(can - set(Capability.values))
        if unknown:
            raise BadSeed(place=self.model.slug, problem=f"there is no capability {unknown[0]!r}")
        value = [one for one in Capability.values if one in can]
        if entry is None:
            return {"value": value, "source": REVIEW_SAYS, "date": _iso(self.review.review.date)}
        return self._told(value, name, *([REVIEW_SAYS] if self.model.can else []))

    def _released(self) -> Item | None:
        dated = self.model.dated
        if not dated:
            return None
        found = DAY.search(dated)
        if found is None:
            raise BadSeed(place=self.model.slug, problem=f"{dated!r} does not end in a day")
        self._entry(f"litellm:{dated}")
        day = datetime.strptime(found[1], DAY_FORMATS[len(found[1])])  # noqa: DTZ007 - a day has no zone
        return self._told(_iso(day.date()), f"litellm:{dated}")

    def _list_price(self) -> Item | None:
        """What the vendor itself asks: the price of a reseller is none."""
        model = self.model
        chosen = [(model.price, self._entry(model.price))] if model.price else list(self._of_vendor())
        for name, entry in chosen:
            if entry.has_price:
                listed, key = self._list(name)
                return {
                    "currency": CURRENCY,
                    "source": listed.source(key, *entry.notes, model.note),
                    "date": _iso(listed.date),
                    "rates": {rate: f"{figure.normalize():f}" for rate, figure in entry.rates.items()},
                }
        return None


def _iso(day: date) -> str:
    return day.isoformat()
