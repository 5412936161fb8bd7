"""What a seed says of a storm: which calls are asked when and how they are spoiled, which parts are hurt when."""

import random
from dataclasses import dataclass
from functools import cached_property

WEB = "web"
CALLS = "calls"
KILLED = (WEB, CALLS, "sweep")
VALKEY = "valkey"
POSTGRES = "postgres"
FROZEN = "frozen calls"
PART_STARTS_SECONDS = 2.5
"""About what a part needs to start, whatever the scale of the timers: faults closer than that hit nothing new."""
TIMERS_RUN_SECONDS = 6.5
LULL_SECONDS = 5.0
EXACT = ""
TENFOLD = "tenfold"
CUT = "cut"
SPOILED = {EXACT: 70, TENFOLD: 7, "negative": 5, "no_usage": 7, "zero": 7, CUT: 4}
WORDS = (5, 60)
GAP_MILLISECONDS = (10, 60)
STREAMED_SHARE = 0.7
LEAVING_SHARE = 0.08
NAMED_SHARE = 0.12
DOUBLED_SHARE = 0.4
GOOD_WORDS, GOOD_GAP_MILLISECONDS = 20, 10


@dataclass(frozen=True)
class Question:
    """One call of the storm; `is_named` ones have an idempotency key, and of these some are sent twice at once."""

    number: int
    due_seconds: float
    spoiled: str
    words: int
    gap_milliseconds: int
    is_streamed: bool
    leaves: bool
    is_named: bool
    is_doubled: bool

    @property
    def body(self) -> dict[str, object]:
        """The call as its caller writes it; its number is the end user, by which its receipt is found."""
        fault = f" fail={self.spoiled}" if self.spoiled else ""
        text = f"[[script words={self.words} gap_ms={self.gap_milliseconds}{fault}]] Go on."
        body: dict[str, object] = {"model": "fast", "messages": [{"role": "user", "content": text}]}
        body |= {"user": str(self.number), "stream": self.is_streamed}
        return body | ({"max_tokens": self.words} if self.spoiled == TENFOLD else {})  # ten times as much is too much

    @property
    def answer(self) -> str:
        """What the upstream says when nothing comes between."""
        return " ".join(f"word{number}" for number in range(1, self.words + 1))

    @property
    def can_be_whole(self) -> bool:
        """Whether its client waits for an answer, be it the second time, and the upstream gives a whole one."""
        return self.spoiled != CUT and (self.is_named or not self.leaves)

    @property
    def has_usage(self) -> bool:
        """Whether the upstream tells a usage that can be charged as it is."""
        return self.spoiled in {EXACT, TENFOLD}


@dataclass(frozen=True)
class Fault:
    """A part that is hurt, so many seconds after the beginning."""

    at_seconds: float
    victim: str


@dataclass(frozen=True)
class Forecast:
    """All that a storm does follows from these four; `kills` are of web, calls worker and sweeper."""

    seed: int
    calls: int
    kills: int
    scale: float

    @property
    def gap_seconds(self) -> float:
        """How far faults are apart in the mean: so close that they overlap."""
        return PART_STARTS_SECONDS + TIMERS_RUN_SECONDS * self.scale

    @cached_property
    def faults(self) -> list[Fault]:
        """The faults in their order; to 100 kills come 3 empty Valkeys, 2 crashed databases and 5 frozen workers."""
        chance = random.Random(f"faults of {self.seed}")
        victims = [chance.choice(KILLED) for _ in range(self.kills)]
        for other, to_a_hundred in ((VALKEY, 3), (POSTGRES, 2), (FROZEN, 5)):
            victims += [other] * (max(1, round(self.kills * to_a_hundred / 100)) if self.kills else 0)
        chance.shuffle(victims)
        gap = self.gap_seconds
        return [Fault(LULL_SECONDS + (place + chance.random()) * gap, one) for place, one in enumerate(victims)]

    @property
    def seconds(self) -> float:
        """How long it lasts, with a lull at either end; calls are spread over all of it."""
        return 2 * LULL_SECONDS + len(self.faults) * self.gap_seconds

    def question(self, number: int) -> Question:
        """This will return the call of this number, whoever asks it and whatever happened before.

        From the number of calls on they are good ones, which nothing spoils, for when the storm is over.
        """
        if number >= self.calls:
            return _good(number, due_seconds=self.seconds)
        chance = random.Random(f"call {number} of {self.seed}")
        is_named = chance.random() < NAMED_SHARE
        return Question(
            number=number,
            due_seconds=number * self.seconds / self.calls,
            spoiled=chance.choices(list(SPOILED), weights=list(SPOILED.values()))[0],
            words=chance.randint(*WORDS),
            gap_milliseconds=chance.randint(*GAP_MILLISECONDS),
            is_streamed=chance.random() < STREAMED_SHARE,
            leaves=chance.random() < LEAVING_SHARE,
            is_named=is_named,
            is_doubled=is_named and chance.random() < DOUBLED_SHARE,
        )


def _good(number: int, *, due_seconds: float) -> Question:
    return Question(
        number=number,
        due_seconds=due_seconds,
        spoiled=EXACT,
        words=GOOD_WORDS,
        gap_milliseconds=GOOD_GAP_MILLISECONDS,
        is_streamed=False,
        leaves=False,
        is_named=False,
        is_doubled=False,
    )
