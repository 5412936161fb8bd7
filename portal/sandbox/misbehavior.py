"""What a payment company of the sandbox is told to do wrong, and how often: POST /control/?name=event_twice&times=1."""

import asyncio
from collections import Counter
from collections.abc import Callable

from portal.sandbox.plain_http import Answer, Question, as_json

HANG_SECONDS = 30.0
MOST_TIMES = 1000
ANSWERS = ("fail_before", "hang_before", "hang_after", "fail_after", "garbage", "answer_forged")
EVENTS = ("event_missing", "event_twice", "event_late", "event_swapped", "event_forged", "event_stale")
OBJECTS = (
    "wrong_amount",
    "wrong_currency",
    "other_merchant",
    "other_mode",
    "refund_fails",
    "refund_stays",
    "empty_till",
)


class Misbehavior:
    """The wrongs that are still to be done."""

    def __init__(self) -> None:
        self._left: Counter[str] = Counter()

    def plan(self, name: str, times: int = 1) -> None:
        """This will do `name` wrong the next so many times."""
        assert name in {*ANSWERS, *EVENTS, *OBJECTS}
        self._left[name] = times

    def take(self, name: str) -> bool:
        """This will tell whether `name` is to be done wrong now, and count it."""
        if self._left[name] < 1:
            return False
        self._left[name] -= 1
        return True

    def control(self, question: Question) -> Answer:
        """This will take an order to misbehave, and show what is left to do."""
        name, times = question.query.get("name", ""), question.query.get("times", "1")
        if question.method == "POST":
            if name not in {*ANSWERS, *EVENTS, *OBJECTS} or not times.isdecimal() or int(times) > MOST_TIMES:
                return as_json(400, {"known": [*ANSWERS, *EVENTS, *OBJECTS], "times": f"0 to {MOST_TIMES}"})
            self.plan(name, int(times))
        return as_json(200, {name: left for name, left in self._left.items() if left})

    async def around(self, question: Question, act: Callable[[], Answer]) -> Answer:
        """This will act and answer, unless something is to go wrong before or after it; only reading goes well."""
        if question.method != "POST":
            return act()
        if self.take("fail_before"):
            return as_json(500, {})
        if self.take("hang_before"):
            await asyncio.sleep(HANG_SECONDS)
        answer = act()
        if self.take("hang_after"):
            await asyncio.sleep(HANG_SECONDS)
        if self.take("fail_after"):
            return as_json(500, {})
        return Answer(200, b"<html>502</html>") if self.take("garbage") else answer
