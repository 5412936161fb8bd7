"""What a rule reads and what it says: a file of the repository, and a finding in it."""

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

REASON = re.compile(r"(#|//|/\*|--|\{#) (house:|noqa: [A-Z0-9, ]+ -) \S+ \S+")
"""A line may break a rule when it says why: `# house: <reason>`, or the reason that ruff was given."""


@dataclass(frozen=True, order=True)
class Finding:
    """One place that breaks a rule."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


@dataclass(frozen=True)
class Source:
    """One text file: its path from the top of the repository, with slashes, and its content."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """This will return the lines, without their ends."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """This will return the parsed module, when the file is one of Python."""
        return ast.parse(self.text)

    @property
    def is_migration(self) -> bool:
        """This will tell whether Django wrote the file."""
        return "/migrations/" in self.path

    @property
    def is_test(self) -> bool:
        """This will tell whether the file belongs to the tests."""
        return self.path.startswith("tests/")

    def find(self, line: int, sentence: str) -> list[Finding]:
        """This will return a finding in `line`, or none when that line gives its reason."""
        if 0 < line <= len(self.lines) and REASON.search(self.lines[line - 1]):
            return []
        return [Finding(self.path, line, sentence)]


Rule = Callable[[Source], Iterable[Finding]]


def line_of(text: str, position: int) -> int:
    """This will return the number of the line in which `position` lies."""
    return text.count("\n", 0, position) + 1
