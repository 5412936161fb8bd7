"""What must hold after a storm, whatever it did: each promise names the calls to which it was not kept."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from tests.faults import asking
from tests.faults.asking import Asked
from tests.faults.evidence import Evidence, Row
from tests.faults.forecast import CALLS, CUT, EXACT, FROZEN, TENFOLD, WEB, Question
from tests.faults.storm import Storm

SILENCE_SECONDS = 20.0
HOLDS_CLOSE_SECONDS = 60.0
HOLDS_CLOSE_MOSTLY_SECONDS = 30.0
PART_STARTS_SECONDS = 10.0
NOBODY_SECONDS = 1.0
"""No worker that starts after a kill has run a call to its end within this."""
MOSTLY = 0.99
LOST_USAGE_SHARE = 0.005
DROUGHT_SECONDS = 120.0
WHOLE_SHARE, QUICK_WHOLE_SHARE = 0.5, 0.15
"""Of the calls that can be answered to the end. With quick timers parts are killed nearly as fast as they start."""
MICROCREDITS = 1_000_000
ANSWERS = {asking.OK, "status 502", "status 503", "status 504"}
NAMED_ANSWERS = ANSWERS | {asking.IN_PROGRESS, "status 422"}
EXACTLY = {"usage", "usage_capped", "sweep_usage"}
FAIR = {EXACT: {"usage", "sweep_usage"}, TENFOLD: EXACTLY}
ESTIMATED = {"estimate", "sweep_partial"}
BYTES_PER_TOKEN = 4


def scaled(seconds: float, scale: float) -> float:
    """This will scale a promise as the timers are: exactly that at full size.

    With quick timers a process still needs its time to start, and a busy machine to come to anything.
    """
    return seconds * scale + PART_STARTS_SECONDS * (1 - scale)


@dataclass(frozen=True)
class Found:
    """A storm, what was written down of it, and the questions that promises ask of both."""

    storm: Storm
    evidence: Evidence

    @cached_property
    def rows(self) -> Mapping[str, Row]:
        """The calls that have ended, by their ids."""
        return {row.id: row for row in self.evidence.rows}

    @cached_property
    def falls_of_web(self) -> Sequence[float]:
        """When web was killed."""
        return sorted(struck.at for struck in self.storm.struck if struck.victim == WEB)

    @cached_property
    def first_answers(self) -> Mapping[float, float]:
        """When, after each fall of web, the first who had asked since was answered."""
        answered = [(one.began, one.ended) for one in self.storm.asked if one.is_answered]
        return {
            fall: min((ended for began, ended in answered if began > fall), default=math.inf)
            for fall in self.falls_of_web
        }

    @cached_property
    def seconds_after_first_faults(self) -> Sequence[float]:
        """How long each hold that met faults stayed open after the first of them, shortest first."""
        return sorted(row.ended - faults[0] for row, faults in self._faults_met)

    @cached_property
    def seconds_after_last_faults(self) -> Sequence[float]:
        """How long each hold that met faults stayed open after the last of them, shortest first."""
        return sorted(row.ended - faults[-1] for row, faults in self._faults_met)

    @cached_property
    def _faults_met(self) -> Sequence[tuple[Row, Sequence[float]]]:
        faults = sorted(struck.at for struck in self.storm.struck)
        met = [(row, [at for at in faults if row.opened <= at <= row.ended]) for row in self.evidence.rows]
        return [(row, faults) for row, faults in met if faults]

    @cached_property
    def whole_shares(self) -> Mapping[str, float]:
        """Of the questions that can be answered to the end, how many were; streams and answers in one piece apart."""
        forecast = self.storm.forecast
        whole = {asked.question.number for asked in self.storm.asked if asked.is_whole}
        questions = [forecast.question(number) for number in range(forecast.calls)]
        kinds = {
            "streams": [each.number for each in questions if each.can_be_whole and each.is_streamed],
            "answers in one piece": [each.number for each in questions if each.can_be_whole and not each.is_streamed],
        }
        return {kind: len(whole & {*numbers}) / len(numbers) for kind, numbers in kinds.items() if numbers}

    @property
    def longest_drought(self) -> float:
        """The longest time in which nobody's answer came to its end."""
        ends = sorted(asked.ended for asked in self.storm.asked if asked.is_whole and asked.ended <= self.storm.ended)
        return max(end - begin for begin, end in pairwise([self.storm.began, *ends, self.storm.ended]))

    @cached_property
    def asked_afterwards(self) -> Sequence[Asked]:
        """The good calls that were asked when all was over, until one was answered well."""
        return [asked for asked in self.storm.asked if asked.question.number >= self.storm.forecast.calls]

    @cached_property
    def usage_lost(self) -> Sequence[Row]:
        """Calls whose usage was told to the end while their worker lived and was awake, and not charged by it."""
        return [
            row
            for row in self.evidence.rows
            if self.storm.forecast.question(row.number).has_usage
            and row.how not in EXACTLY
            and (hits := self.evidence.hits.get(row.id))
            and hits.finished
            and not hits.hung_up
            and not self._worker_was_away(hits.finished)
        ]

    @property
    def longest_silence(self) -> float:
        """The longest time in which web said nothing to the reader of a stream."""
        return max(asked.silence for asked in self.storm.asked if asked.question.is_streamed)

    @property
    def longest_wait(self) -> float:
        """The longest time in which anybody waited for an answer in one piece, which has no room for signs of life."""
        return max(asked.silence for asked in self.storm.asked if not asked.question.is_streamed)

    def _worker_was_away(self, moment: float) -> bool:
        """What is told to the socket of a worker that sleeps, or was just killed, nobody has seen."""
        away = [(one.at, one.until) for one in self.storm.struck if one.victim == FROZEN]
        away += [(one.at, one.at + NOBODY_SECONDS) for one in self.storm.struck if one.victim == CALLS]
        return any(begin <= moment <= end for begin, end in away)

    def web_was_down(self, asked: Asked) -> bool:
        """This will tell whether web fell while this was asked, or before and had not answered anyone since."""
        fall = max((at for at in self.falls_of_web if at <= asked.ended), default=None)
        if fall is None:
            return False
        return fall >= asked.began or asked.began <= self.first_answers[fall]


def broken(found: Found) -> list[str]:
    """This will say what was not kept, one sentence a case."""
    each = (_ends, _answers, _afterwards, _texts, _receipts, _runs, _names, _charges, _books, _times)
    return [sentence for promise in each for sentence in promise(found)]


def share(values: Sequence[float], part: float) -> float:
    """This will return the value that `part` of the sorted values do not exceed; 0 where there are none."""
    return values[min(int(len(values) * part), len(values) - 1)] if values else 0.0


def _ends(found: Found) -> Iterator[str]:
    """Each client has exactly one answer; a connection breaks only where the web process behind it fell."""
    for asked in found.storm.asked:
        answers = NAMED_ANSWERS if asked.question.is_named else ANSWERS
        match asked.end:
            case asking.DONE | asking.ERROR:
                is_fair = True
            case asking.LEFT:
                is_fair = asked.question.leaves
            case asking.NOT_THERE | asking.LOST:
                is_fair = found.web_was_down(asked)
            case other:
                is_fair = other in answers
        if not is_fair:
            yield f"call {asked.question.number} ({asked.call_id}) ended with {asked.end!r}"
    last = {asked.question.number: asked for asked in found.storm.asked}
    for number, asked in last.items():
        if asked.end in {asking.NOT_THERE, asking.IN_PROGRESS}:
            yield f"call {number} was never answered: {asked.end}"


def _answers(found: Found) -> Iterator[str]:
    """Most calls that can be are answered to the end, whatever happens around them."""
    least = WHOLE_SHARE if found.storm.forecast.scale >= 1 else QUICK_WHOLE_SHARE
    for kind, part in found.whole_shares.items():
        if part < least:
            yield f"only {part:.1%} of the {kind} that could be whole were"


def _afterwards(found: Found) -> Iterator[str]:
    """When the last fault is over, a good call gets its whole answer and is charged for it by what was counted."""
    asked = found.asked_afterwards[-1]
    row = found.rows.get(asked.call_id)
    if not asked.is_whole:
        yield f"after the storm a good call ended with {asked.end!r}"
    elif row is None or row.how != "usage" or not row.charged or _microcredits(asked.charged) != row.charged:
        yield f"after the storm call {asked.call_id} was answered but not charged: {row}"


def _texts(found: Found) -> Iterator[str]:
    """An answer that ends well is all that the upstream said, once and in order; one that was cut never does."""
    for asked in found.storm.asked:
        question = asked.question
        if asked.is_whole and (asked.text != question.answer or question.spoiled == CUT):
            yield f"call {question.number} ({asked.call_id}) was answered with {asked.text[-40:]!r}"


def _receipts(found: Found) -> Iterator[str]:
    """Whoever saw the id of a call finds its receipt; nobody's question became two calls."""
    for call_id in {asked.call_id for asked in found.storm.asked if asked.call_id} - set(found.rows):
        ends = [asked.end for asked in found.storm.asked if asked.call_id == call_id]
        yield f"call {call_id} was seen ({', '.join(ends)}) but has no receipt"
    for number, count in Counter(row.number for row in found.evidence.rows).items():
        if count > 1:
            yield f"question {number} became {count} calls"


def _runs(found: Found) -> Iterator[str]:
    """No call is run upstream twice, and none of which nothing is written down."""
    for call_id, hits in found.evidence.hits.items():
        if call_id not in found.rows:
            yield f"call {call_id} ran but has no receipt"
        if hits.count > 1:
            yield f"call {call_id} ran {hits.count} times"


def _names(found: Found) -> Iterator[str]:
    """The same idempotency key gives the same call."""
    calls: dict[int, set[str]] = defaultdict(set)
    for asked in found.storm.asked:
        if asked.question.is_named and asked.call_id:
            calls[asked.question.number].add(asked.call_id)
    for number, ids in calls.items():
        if len(ids) > 1:
            yield f"the key of call {number} gave {len(ids)} calls"


def _charges(found: Found) -> Iterator[str]:
    """Each call is charged once, never above its hold, by what the upstream counted, as its client was told."""
    for row in found.evidence.rows:
        question = found.storm.forecast.question(row.number)
        if not 0 <= row.charged <= row.held:
            yield f"call {row.id} was charged {row.charged} of {row.held}"
        if row.how in EXACTLY and not (question.has_usage and row.tokens_out == _counted(question)):
            yield f"call {row.id} ({question.spoiled}) was charged by {row.tokens_out} tokens of {_counted(question)}"
    for asked in found.storm.asked:
        told = found.rows.get(asked.call_id)
        if told is None or not asked.is_whole:
            continue
        if told.how not in FAIR.get(asked.question.spoiled, ESTIMATED):
            yield f"call {told.id} ({asked.question.spoiled}) was answered well but settled by {told.how}"
        if told.tokens_out != _counted(asked.question):
            yield f"call {told.id} was answered well but charged by {told.tokens_out} tokens"
        if asked.charged and _microcredits(asked.charged) != told.charged:
            yield f"call {told.id} was charged {told.charged}, its client was told {asked.charged} credits"


def _books(found: Found) -> Iterator[str]:
    """The books are in order, no hold is open, and what calls were charged is what the books say was spent."""
    evidence = found.evidence
    yield from evidence.violations
    if evidence.open_holds:
        yield f"{evidence.open_holds} holds are open after {evidence.closed_seconds:.1f} s"
    for call_id, count in evidence.journals.items():
        if count > 1:
            yield f"call {call_id} was settled {count} times"
    charged = sum(row.charged for row in evidence.rows)
    if charged != evidence.spent:
        yield f"calls were charged {charged}, the books say {evidence.spent}"


def _times(found: Found) -> Iterator[str]:
    """Nobody waits in silence, holds close soon after a fault, and hardly any usage that was seen is lost."""
    scale = found.storm.forecast.scale
    from_first, from_last = found.seconds_after_first_faults, found.seconds_after_last_faults
    limits = {
        "the longest silence": (found.longest_silence, scaled(SILENCE_SECONDS, scale)),
        "the longest time without a whole answer": (found.longest_drought, scaled(DROUGHT_SECONDS, scale)),
        "the longest wait for an answer in one piece": (found.longest_wait, scaled(HOLDS_CLOSE_SECONDS, scale)),
        "the last hold after its first fault": (share(from_first, 1.0), scaled(HOLDS_CLOSE_SECONDS, scale)),
        "99 % of holds after their last fault": (share(from_last, MOSTLY), scaled(HOLDS_CLOSE_MOSTLY_SECONDS, scale)),
    }
    for what, (seconds, most) in limits.items():
        if seconds > most:
            yield f"{what} took {seconds:.1f} s of {most:.1f} s"
    if len(found.usage_lost) > LOST_USAGE_SHARE * found.storm.forecast.calls:
        yield f"the usage of {len(found.usage_lost)} calls was seen and lost"


def _counted(question: Question) -> int:
    """What a whole answer is charged by: the upstream's count where it can be true, else four bytes a token."""
    if question.has_usage:
        return question.words * (10 if question.spoiled == TENFOLD else 1)
    return -(-len(question.answer.encode()) // BYTES_PER_TOKEN)


def _microcredits(told: str) -> int:
    whole, _, rest = told.partition(".")
    return int(whole) * MICROCREDITS + int(rest.ljust(6, "0"))
