"""State machines: which state may follow which."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Moves:
    """A table of moves: each state with the states that may follow it."""

    table: Mapping[str, frozenset[str]]

    def before(self, state: str) -> list[str]:
        """This will return the states from which `state` may be reached, for the condition inside a write."""
        return sorted(origin for origin, following in self.table.items() if state in following)

    def is_final(self, state: str) -> bool:
        """This will tell whether nothing may follow `state`."""
        return not self.table[state]


def moves(**table: str) -> Moves:
    """This will build a table from `state="next other"` pairs; an empty string marks a final state."""
    return Moves({state: frozenset(following.split()) for state, following in table.items()})
