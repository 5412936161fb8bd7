"""The built-in filter: lists of words and patterns of personal data, in English and Chinese."""

from usage.filters import folding, lexicon, personal_data
from usage.filters.base import ALLOWED, CATEGORIES, Verdict


class RuleFilter:
    """Judges by rules alone, the same way for what a child writes and for what it is answered."""

    def check(self, text: str, *, tier: str) -> Verdict:
        """This will judge a text for a child of the tier; of several categories it names the most urgent.

        Raises `FilterFailed` when the tier is unknown or a list cannot be read.
        """
        plain, squeezed = folding.plain(text), folding.squeezed(text)
        found = lexicon.of(tier).found_in(plain, squeezed_text=squeezed)
        if personal_data.is_in(plain, squeezed_text=squeezed):
            found.add("personal_data")
        return Verdict(is_allowed=False, category=min(found, key=CATEGORIES.index)) if found else ALLOWED
