"""What the sandbox operator tells of its own accord: CloudEvents about payments and refunds, sent well or badly."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from portal.sandbox.operator_charges import Charge
from portal.sandbox.operator_clock import Clock
from portal.sandbox.operator_course import Course, Sink
from portal.sandbox.operator_refunds import Refund

SOURCE = "urn:operator:sandbox"
LATE = timedelta(seconds=10)
RETRY_SECONDS = (0.5, 2.0)
TIMEOUT_SECONDS = 5.0
REMEMBERED = 10_000
GONE = 410
_PAYMENT = "org.camaraproject.carrier-billing.v0.payment-"
_REFUND = "org.camaraproject.carrier-billing-refund.v0.refund-"
_TOLD = {
    "pending_validation": ("pending-validation", "The subscriber was sent a code"),
    "reserved": ("reserved", "The amount is reserved"),
    "succeeded": ("completed", "It was done"),
    "cancelled": ("cancelled", "The amount was let go"),
    "denied": ("denied", "It was denied"),
}

Post = Callable[[str, dict[str, str], bytes], Awaitable[int]]
"""This will send a body with these headers to an address, and return the status of the answer, 0 for none."""


@dataclass(eq=False)
class Event:
    """One event on its way: when it is due, its text, and what the sink answered each time, 0 for nothing."""

    due_at: datetime
    body: dict[str, Any]
    course: Course
    sink: Sink
    statuses: list[int] = field(default_factory=list)


class Courier:
    """Events in the order of what happened, one after another for each payment, but for what its script says."""

    def __init__(self, clock: Clock, post: Post) -> None:
        self.sent: deque[Event] = deque(maxlen=REMEMBERED)
        self._clock = clock
        self._post = post
        self._heard: deque[Event] = deque()
        self._waiting: list[Event] = []
        self._held: dict[str, list[Event]] = {}
        self._last: dict[str, asyncio.Task[None]] = {}
        self._gone: set[str] = set()

    def hear(self, course: Course) -> None:
        """This will note the event of a move, from whichever thread it was made."""
        body = event_of(course, at=self._clock)
        if body is None or course.sink is None or "event_never" in course.script:
            return
        late = LATE if "event_late" in course.script else timedelta()
        event = Event(self._clock.now() + late, body, course, course.sink)
        if "event_reversed" not in course.script:
            self._heard.append(event)
            return
        held = self._held.setdefault(_line(course), [])
        held.append(event)
        if course.is_final:
            self._heard.extend(reversed(self._held.pop(_line(course))))

    def dispatch(self) -> None:
        """This will send off what is due; for the thread of the loop."""
        while self._heard:
            self._waiting.append(self._heard.popleft())
        now = self._clock.now()
        due = [event for event in self._waiting if event.due_at <= now]
        self._waiting = [event for event in self._waiting if event.due_at > now]
        for event in due:
            self._send_off(event)

    def next_at(self) -> datetime | None:
        """This will return when an event is due next, if any waits."""
        return min((event.due_at for event in self._waiting), default=None)

    def _send_off(self, event: Event) -> None:
        self.sent.append(event)
        line = _line(event.course)
        task = asyncio.get_running_loop().create_task(self._bring(event, after=self._last.get(line)))
        self._last[line] = task
        task.add_done_callback(partial(self._forget, line))

    async def _bring(self, event: Event, *, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait([after])
        await self._deliver(event)
        if "event_twice" in event.course.script:
            await self._deliver(event)

    async def _deliver(self, event: Event) -> None:
        """A sink that says 410 is gone, one whose credential has ended hears no more, and others are tried again."""
        sink = event.sink
        if sink.address in self._gone or (sink.expires_at and sink.expires_at <= self._clock.now()):
            return
        bearer = "forged" if "event_forged" in event.course.script else sink.bearer
        headers = {"content-type": "application/cloudevents+json", "x-correlator": str(uuid4())}
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        content = msgspec.json.encode(event.body)
        for pause in (*RETRY_SECONDS, None):
            status = await self._post(sink.address, headers, content)
            event.statuses.append(status)
            if status == GONE:
                self._gone.add(sink.address)
            if 200 <= status < 500 or pause is None:  # noqa: PLR2004 - a sink that answers has had its say
                return
            await asyncio.sleep(pause)

    def _forget(self, line: str, done: "asyncio.Task[None]") -> None:
        if self._last.get(line) is done:
            del self._last[line]


def event_of(course: Course, *, at: Clock) -> dict[str, Any] | None:
    """This will return the CloudEvent of where a payment or refund has just come, or None where none is told."""
    told = _TOLD.get(course.status)
    if isinstance(course, Refund) and course.is_in_bill and course.status == "processing":
        told = ("in-bill", "It will be on the next bill")
    if told is None:
        return None
    kind, description = told
    data = _subject(course) | {
        "status": "failed" if course.status == "denied" else "succeeded",
        "description": course.reason or description,
    }
    if course.status == "denied":
        data["denialReason"] = course.reason or description
    moment = (course.decided_at or at.now()).isoformat()
    if course.status == "succeeded":
        data["refundDate" if isinstance(course, Refund) else "paymentDate"] = moment
    return {
        "id": str(uuid4()),
        "source": SOURCE,
        "type": (_REFUND if isinstance(course, Refund) else _PAYMENT) + kind,
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "time": moment,
        "data": data,
    }


async def post(address: str, headers: dict[str, str], content: bytes) -> int:
    """This will send an event over HTTP."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.post(address, headers=headers, content=content)
    except (httpx.HTTPError, httpx.InvalidURL):
        return 0
    return answer.status_code


def _subject(course: Course) -> dict[str, str]:
    if isinstance(course, Refund):
        return {"paymentId": course.charge.payment_id, "refundId": course.refund_id}
    assert isinstance(course, Charge)
    return {"paymentId": course.payment_id}


def _line(course: Course) -> str:
    return _subject(course)["paymentId"]
