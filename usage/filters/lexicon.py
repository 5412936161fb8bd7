"""The words that a tier may not meet, read from the lists beside this file when they are first asked for."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from usage.filters import folding
from usage.filters.base import CATEGORIES, TIERS, FilterFailed

INNOCENT = "innocent"
"""The category of entries that hold a refused word and mean something else: 消毒品, sex chromosome."""

_FOLDER = Path(__file__).parent
_SPELLED = re.compile(r"(?<![a-z0-9])[a-z](?:[ ._*-][a-z]){2,10}(?![a-z0-9])")


@dataclass(frozen=True)
class Entry:
    """One line of a list: a category, the oldest tier that it is refused for, and words."""

    category: str
    tier: str
    text: str


@dataclass(frozen=True)
class Lexicon:
    """The entries of one tier: English phrases by their words, Chinese ones as a pattern, longest first."""

    english: dict[str, str]
    longest: dict[str, int]  # first word of a phrase -> how many words the longest has that begins with it
    chinese: dict[str, str]
    pattern: re.Pattern[str]

    def found_in(self, plain_text: str, *, squeezed_text: str) -> set[str]:
        """This will return the categories of what a text holds, given in both forms that `folding` makes of it."""
        found = self._english_in(folding.words(plain_text)) | self._spelled_in(plain_text)
        found |= {self.chinese[match.group()] for match in self.pattern.finditer(squeezed_text)}
        return found - {INNOCENT}

    def _english_in(self, words: list[str]) -> set[str]:
        found, start = set(), 0
        while start < len(words):
            length = self._phrase_at(start, words)
            if length:
                found.add(self.english[" ".join(words[start : start + length])])
            start += max(length, 1)
        return found

    def _phrase_at(self, start: int, words: list[str]) -> int:
        """This will return how many words the longest phrase has that begins here; 0 when none does."""
        for length in range(self.longest.get(words[start], 0), 0, -1):
            if " ".join(words[start : start + length]) in self.english:
                return length
        return 0

    def _spelled_in(self, plain_text: str) -> set[str]:
        """This will find words that are written with a gap after every letter, alone or after "a" or "I"."""
        spelled = [folding.alike(match.group()[::2]) for match in _SPELLED.finditer(plain_text)]
        return {self.english[word] for whole in spelled for word in (whole, whole[1:]) if word in self.english}


@lru_cache(maxsize=len(TIERS))
def of(tier: str) -> Lexicon:
    """This will return the words refused for a tier. Raises `FilterFailed`."""
    if tier not in TIERS:
        message = f"no tier {tier!r}"
        raise FilterFailed(message)
    chinese = {folding.squeezed(entry.text): entry.category for entry in entries("words_zh.tsv") if _holds(entry, tier)}
    english = {" ".join(folding.words(e.text)): e.category for e in entries("words_en.tsv") if _holds(e, tier)}
    longest: dict[str, int] = {}
    for phrase in english:
        first, *rest = phrase.split()
        longest[first] = max(longest.get(first, 0), 1 + len(rest))
    return Lexicon(english, longest, chinese, re.compile("|".join(sorted(chinese, key=len, reverse=True))))


def entries(name: str) -> list[Entry]:
    """This will read one of the lists: category, tier and words, apart by tabs. Raises `FilterFailed`."""
    try:
        lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
        found = [Entry(*line.split("\t")) for line in lines]
    except (OSError, TypeError, ValueError) as error:
        message = f"the list {name} cannot be read"
        raise FilterFailed(message) from error
    if not all(entry.category in {INNOCENT, *CATEGORIES} and entry.tier in TIERS and entry.text for entry in found):
        message = f"the list {name} holds a line that means nothing"
        raise FilterFailed(message)
    return found


def _holds(entry: Entry, tier: str) -> bool:
    return TIERS.index(tier) <= TIERS.index(entry.tier)
