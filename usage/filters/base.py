"""What a filter answers, and how a text or a streamed answer is put before one: without a filter, nothing passes."""

from dataclasses import dataclass
from typing import Protocol

from usage.filters import folding

TIERS = ("under_8", "under_12", "under_16", "under_18")
"""From the strictest to the mildest: what a tier refuses, every younger one refuses too."""

CATEGORIES = ("self_harm", "sexual", "violence", "hate", "drugs", "gambling", "personal_data", "unavailable")
"""In the order in which a text that earns several is refused: who needs help is shown where it is first."""

HOLD_BACK = 100
"""No rule spans more letters and digits than this."""

MOST_HELD = 2_000
"""Characters. So many that hold fewer letters than `HOLD_BACK` are nothing that a filter can judge."""

_SETTLED = 16
"""Letters and digits after which a word has ended: `sex` may still become `sextant`."""


@dataclass(frozen=True)
class Verdict:
    """What a filter thinks of a text; the category is empty when it is allowed."""

    is_allowed: bool
    category: str = ""

    def __post_init__(self) -> None:
        known = self.category == "" if self.is_allowed else self.category in CATEGORIES
        assert known, f"{self.category!r} does not fit a verdict that allows: {self.is_allowed}"


ALLOWED = Verdict(is_allowed=True)
UNAVAILABLE = Verdict(is_allowed=False, category="unavailable")


class Filter(Protocol):
    """Whoever judges texts for children."""

    def check(self, text: str, *, tier: str) -> Verdict:
        """This will judge a text for a child of the tier, one of `TIERS`.

        Raises `FilterFailed`, or anything else, when it cannot; `check_safely` makes a refusal of that.
        """


class FilterFailed(Exception):
    """The filter could not judge: a list that cannot be read, a tier that it does not know."""


class Blocked(Exception):
    """The answer may not be passed on any further."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.category)
        self.verdict = verdict


def check_safely(judge: Filter | None, text: str, *, tier: str) -> Verdict:
    """This will return the filter's verdict, and `UNAVAILABLE` when there is no filter or it fails in any way."""
    if judge is None:
        return UNAVAILABLE
    try:
        verdict: object = judge.check(text, tier=tier)
    # The one place where every exception is caught: a guard that falls over has to leave the door shut, whatever
    # it fell over, and a filter may be anybody's code.
    except Exception:  # noqa: BLE001 - see above
        return UNAVAILABLE
    return verdict if isinstance(verdict, Verdict) else UNAVAILABLE


class Window:
    """Looks at a streamed answer and lets go only what no rule can reach any more.

    The last `HOLD_BACK` letters and digits wait for what follows them. As many before them, released already, are
    looked at again for what they say about their neighbors: whether `sex` is the end of `Essex`.
    """

    def __init__(self, judge: Filter | None, *, tier: str) -> None:
        self._judge = judge
        self._tier = tier
        self._text = ""
        self._released = 0  # how many characters of the text are
        self._verdict = ALLOWED

    def feed(self, piece: str) -> str:
        """This will take the next piece and return what may be passed on by now. Raises `Blocked`."""
        self._text += piece
        verdict = self._look(self._text)
        if not verdict.is_allowed:
            self._block_if_settled(verdict)
            return ""
        end = max(self._released, _start_of_last(HOLD_BACK, self._text))
        if len(self._text) - end > MOST_HELD:
            self._block(UNAVAILABLE)
        released = self._text[self._released : end]
        self._released = end
        self._forget()
        return released

    def finish(self) -> str:
        """This will return the rest, once the answer is complete. Raises `Blocked`."""
        verdict = self._look(self._text)
        if not verdict.is_allowed:
            self._block(verdict)
        rest = self._text[self._released :]
        self._released = len(self._text)
        return rest

    def _look(self, text: str) -> Verdict:
        if not self._verdict.is_allowed:
            raise Blocked(self._verdict)
        return check_safely(self._judge, text, tier=self._tier)

    def _block_if_settled(self, verdict: Verdict) -> None:
        """This will wait with a word at the very end, of which the rest may be on its way."""
        settled = self._text[: _start_of_last(_SETTLED, self._text)]
        is_too_long = len(self._text) - self._released > MOST_HELD
        if verdict == UNAVAILABLE or is_too_long or not self._look(settled).is_allowed:
            self._block(verdict)

    def _block(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self._text = ""
        raise Blocked(verdict)

    def _forget(self) -> None:
        """This will forget the oldest of what is released, but never so that its rest reads as something else.

        The whole was just allowed: if its end alone is not, a word was cut in two, so the cut moves on.
        """
        if self._released < 3 * HOLD_BACK:
            return
        start = min(self._released, _start_of_last(2 * HOLD_BACK, self._text))
        while start < self._released and not self._look(self._text[start:]).is_allowed:
            start += 1
        self._text = self._text[start:]
        self._released -= start


def _start_of_last(count: int, text: str) -> int:
    """This will return where the last `count` letters and digits of the text begin."""
    for index in range(len(text) - 1, -1, -1):
        count -= folding.is_significant(text[index])
        if not count:
            return index
    return 0
