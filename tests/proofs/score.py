"""How many changes the tests noticed, and which they did not."""

from dataclasses import dataclass

LEAST_PERCENT = 90


@dataclass(frozen=True)
class Score:
    """What became of the changes of one language; `survivors` are those that no test noticed."""

    language: str
    mutants: int
    survivors: tuple[str, ...]

    @property
    def percent(self) -> float:
        """How many of a hundred were noticed."""
        return 100 * (self.mutants - len(self.survivors)) / self.mutants

    @property
    def is_enough(self) -> bool:
        """Whether that is as many as is asked for."""
        return self.percent >= LEAST_PERCENT
