"""Lists with an end: one page of rows after a key, so that no list ever counts a big table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

PAGE_SIZE = 25

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """At most one page of items; `next_key` opens the following one and is empty on the last."""

    items: Sequence[Item]
    next_key: str


def cut(items: Sequence[Item], *, size: int = PAGE_SIZE, key: str = "pk") -> Page[Item]:
    """This will keep `size` of the items, of which `size` + 1 were asked for, and name the next page."""
    if len(items) <= size:
        return Page(items, "")
    return Page(items[:size], str(getattr(items[size - 1], key)))
