"""The list of models as somebody asks for it: words, ticks, an order and a page, all of them in the address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog import facets, price_cards
from models_catalog.entries import Entry
from models_catalog.facets import FACETS, Chosen, Side
from models_catalog.models import CreditPrice

PAGE_SIZE = 24
CALLABLE, ALL, UNCONNECTED = "callable", "all", "unconnected"
RECOMMENDED = "recommended"

Position = tuple[Any, ...]


def _recommended(entry: Entry) -> Position:
    return not entry.is_callable, entry.position


def _cheapest(entry: Entry) -> Position:
    return entry.example_cost is None, entry.example_cost


def _fastest(entry: Entry) -> Position:
    return entry.speed is None, -(entry.speed or 0)


def _newest(entry: Entry) -> Position:
    return (-(entry.released_date or date.min).toordinal(),)


SORTS: dict[str, tuple[Any, Callable[[Entry], Position]]] = {
    RECOMMENDED: (_("recommended"), _recommended),
    "price": (_("cheapest first"), _cheapest),
    "context": (_("longest context"), lambda entry: (-entry.context_tokens,)),
    "speed": (_("fastest, as measured"), _fastest),
    "first_token": (_("quickest to begin"), lambda entry: (entry.first_token is None, entry.first_token)),
    "newest": (_("newest"), _newest),
    "name": (_("by name"), lambda _entry: ()),
}


@dataclass(frozen=True)
class Wish:
    """What somebody asks for; `here` is empty as long as they say nothing about what is connected."""

    words: str = ""
    chosen: Chosen = field(default_factory=dict)
    here: str = ""
    sort: str = RECOMMENDED
    offering: str = ""
    page: int = 1

    def without(self, name: str, value: str) -> "Wish":
        """This will take one tick away."""
        left = tuple(each for each in self.chosen[name] if each != value)
        return replace(self, chosen={**self.chosen, name: left}, page=1)

    @property
    def address(self) -> str:
        """The query that asks for the same, as short as it can be: what is usual is left out."""
        asked: list[tuple[str, object]] = [("q", self.words)] if self.words else []
        asked += [(each.name, value) for each in FACETS for value in self.chosen.get(each.name, ())]
        asked += [(self.here, "on")] if self.here in {ALL, UNCONNECTED} else []
        asked += [("sort", self.sort)] if self.sort != RECOMMENDED else []
        asked += [("offering", self.offering)] if self.offering else []
        asked += [("page", self.page)] if self.page > 1 else []
        return f"?{urlencode(asked)}" if asked else ""


@dataclass(frozen=True)
class Chip:
    """A filter that is on: `href` is the address without it, which leaves `count` models."""

    label: str
    href: str
    count: int


@dataclass(frozen=True)
class Row:
    """One model as the page shows it, with minor units of money per million tokens where credits have a price."""

    entry: Entry
    given: Decimal | None
    answered: Decimal | None


@dataclass(frozen=True)
class Found:
    """A page of the list; `here` is what the list is kept to, and was chosen by itself if nobody chose."""

    wish: Wish
    here: str
    rows: tuple[Row, ...]
    count: int
    pages: int
    sides: tuple[Side, ...]
    chips: tuple[Chip, ...]

    @property
    def loosening(self) -> list[Chip]:
        """The filters without which something would be found."""
        return [chip for chip in self.chips if chip.count]

    @property
    def callable_slugs(self) -> str:
        """The query that names what of this page can be called here; empty where nothing can."""
        slugs = [("model", row.entry.slug) for row in self.rows if row.entry.is_callable]
        return f"?{urlencode(slugs)}" if slugs else ""

    @property
    def previous_href(self) -> str:
        """The page before."""
        return replace(self.wish, page=self.wish.page - 1).address

    @property
    def next_href(self) -> str:
        """The page behind."""
        return replace(self.wish, page=self.wish.page + 1).address

    @property
    def ticked(self) -> int:
        """How many ticks stand in the facets."""
        return sum(side.ticked for side in self.sides)


def find(wish: Wish, *, among: Sequence[Entry], at: CreditPrice | None) -> Found:
    """This will find a page of the models that are wished for; money is told at the offering `at`."""
    left = _left(wish, among)
    found = facets.narrow(left, chosen=wish.chosen)
    found.sort(key=lambda entry: (*SORTS[wish.sort][1](entry), entry.name.casefold(), entry.slug))
    pages = max(1, -(-len(found) // PAGE_SIZE))
    wish = replace(wish, page=min(wish.page, pages))
    shown = found[(wish.page - 1) * PAGE_SIZE : wish.page * PAGE_SIZE]
    return Found(
        wish=wish,
        here=_here(wish, among),
        rows=tuple(_row(entry, at=at) for entry in shown),
        count=len(found),
        pages=pages,
        sides=tuple(facets.sides(left, among=among, chosen=wish.chosen)),
        chips=tuple(_chips(wish, among=among)),
    )


def _here(wish: Wish, among: Sequence[Entry]) -> str:
    return wish.here or (CALLABLE if any(entry.is_callable for entry in among) else ALL)


def _left(wish: Wish, among: Sequence[Entry]) -> list[Entry]:
    """The models that are here as wished and in which all words stand."""
    here, words = _here(wish, among), wish.words.casefold().split()
    kept = {CALLABLE: (True,), UNCONNECTED: (False,), ALL: (True, False)}[here]
    return [each for each in among if each.is_callable in kept and all(word in each.words for word in words)]


def _chips(wish: Wish, *, among: Sequence[Entry]) -> list[Chip]:
    def chip(label: str, without: Wish) -> Chip:
        return Chip(label, without.address, len(facets.narrow(_left(without, among), chosen=without.chosen)))

    on = [chip(f"“{wish.words}”", replace(wish, words="", page=1))] if wish.words else []
    here = _here(wish, among)
    if here == CALLABLE:
        on.append(chip(gettext("Callable here"), replace(wish, here=ALL, page=1)))
    if here == UNCONNECTED:
        on.append(chip(gettext("Not connected here"), replace(wish, here=ALL, page=1)))
    return on + [
        chip(facets.labels(each, among=among)[value], wish.without(each.name, value))
        for each in FACETS
        for value in wish.chosen.get(each.name, ())
    ]


def _row(entry: Entry, *, at: CreditPrice | None) -> Row:
    if entry.list_price is not None:
        return Row(entry, entry.list_price.given, entry.list_price.answered)
    if entry.rates is None or at is None:
        return Row(entry, None, None)
    given, answered = (price_cards.in_money(rate, at=at) for rate in (entry.rates.in_fresh, entry.rates.out_text))
    return Row(entry, given, answered)
