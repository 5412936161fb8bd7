"""One call that this worker runs: what arrived so far, whom it is told to, and how it may be stopped."""

import asyncio
import time
from uuid import UUID

from django.conf import settings

from models_catalog.providers.base import Accepted, Chunk, RawUsage, RouteOffer, UpstreamFailure
from plans.ledger import Claim
from usage import metering
from usage.calls import endings
from usage.calls.endings import BLOCKED, LEFT, OURS, Try
from usage.events import Answer, Delta, Event, Failed, Finished
from usage.guard import CONTENT_FILTER, Blocked, Guard
from usage.models import CHAT
from usage.relay import Evidence, Frame, Publisher, Snapshot, Tried
from usage.valkey import RETRY_SECONDS


class Run:
    """A claimed call from its claim to its settlement."""

    def __init__(self, call_id: UUID, claim: Claim, publisher: Publisher, *, is_kept: bool) -> None:
        self.call_id = call_id
        self.claim = claim
        self.is_kept = is_kept
        self.answer = Answer()
        self.raw_usage: dict[str, object] | None = None
        self.route: RouteOffer | None = None
        self.accepted: float | None = None
        self.first_token: float | None = None
        self.started = time.monotonic()
        self.tries: list[Try] = []
        self.stop_reason = ""
        self.has_snapshot = False
        self.is_answered = False
        self.is_lost = False
        self._publisher = publisher
        self._guard = Guard(tier=claim.tier) if claim.tier else None
        self._scope: asyncio.Timeout | None = None
        self._held: list[Frame] = []
        self._sequence = 0
        self._served_model = ""
        self._written_sequence = 0
        self._try_started = self.started

    def hear(self, event: Accepted | Chunk | RawUsage) -> None:
        """This will take what the upstream said, keep it, and pass on what the caller should see."""
        match event:
            case Chunk():
                if self.first_token is None:
                    self.first_token = time.monotonic()
                self._hear(event)
            case RawUsage(usage=usage):
                self._take_usage(usage)
            case Accepted(served_model=name):
                self.accepted = time.monotonic()
                self._served_model = name
                self.publish(event)

    def _hear(self, chunk: Chunk) -> None:
        if self._guard is None:
            self._tell(chunk)
            return
        if self.stop_reason == BLOCKED:
            return
        try:
            for passed in self._guard.pass_on(chunk):
                self._tell(passed)
        except Blocked:
            self._tell(Chunk(finish_reason=CONTENT_FILTER, index=chunk.index))
            self.stop(BLOCKED)

    def release(self) -> None:
        """This will pass on what was held back of an answer that has ended, if it is harmless."""
        if self._guard is None or self.stop_reason == BLOCKED:
            return
        try:
            for passed in self._guard.rest():
                self._tell(passed)
        except Blocked:
            self._tell(Chunk(finish_reason=CONTENT_FILTER))
            self.stop_reason = BLOCKED

    def _tell(self, chunk: Chunk) -> None:
        self.answer.add(chunk)
        self.publish(Delta(chunk))

    def _take_usage(self, usage: dict[str, object]) -> None:
        """A later one replaces an earlier one and never adds to it; one that cannot be true replaces none."""
        assert self.route is not None
        if self.raw_usage is None or metering.is_readable(usage, dialect=self.route.dialect):
            self.raw_usage = usage

    def publish(self, event: Event) -> None:
        """This will send one event to the web process that waits, if one does.

        Who asked for one piece is answered at the end; what comes before it then travels with it.
        """
        self._sequence += 1
        if not self.claim.reply_to:
            return
        self._held.append(Frame(self.call_id.bytes, self._sequence, event))
        if self.claim.streamed or isinstance(event, Finished | Failed):
            for frame in self._held:
                self._publisher.publish(self.claim.reply_to, frame)
            self._held.clear()

    def begin_try(self, route: RouteOffer) -> None:
        """This will note that `route` is asked from now on."""
        self.route, self._try_started = route, time.monotonic()

    def end_try(self, failure: UpstreamFailure | None) -> None:
        """This will note how the present try went."""
        assert self.route is not None
        self._scope = None
        outcome = self.stop_reason or endings.outcome_of(failure)
        self.tries.append(
            Try(
                self.route.route_id,
                outcome,
                self._try_started,
                self.accepted,
                time.monotonic(),
                self.raw_usage,
            )
        )

    def limit(self) -> asyncio.Timeout:
        """This will return the scope in which the upstream is asked; the call's deadline and a stop both end it."""
        self._scope = asyncio.timeout_at(self.started + self.claim.hard_deadline_seconds)
        return self._scope

    @property
    def was_left_in_silence(self) -> bool:
        """Whether the caller left while an upstream that answers in one piece was at work: it had the prompt."""
        return not self.claim.streamed and bool(self.tries) and self.tries[-1].outcome == LEFT

    def stop(self, reason: str) -> None:
        """This will end the asking of the upstream for `reason`: at its next pause, or in a minute where it drains."""
        if self.is_answered:  # it only has to be settled, which nothing may change any more
            return
        self.stop_reason = self.stop_reason or reason
        if self._scope is not None and not self._scope.expired():
            until = time.monotonic() + (settings.TIMINGS.drain if reason == LEFT and self._drains else 0.0)
            self._scope.reschedule(min(until, self._scope.when() or until))

    @property
    def _drains(self) -> bool:
        """Who stops an answer in the chat wants it to end; who leaves an API only wants to know no more."""
        return self.route is not None and self.route.on_leave == "drain" and self.claim.source != CHAT

    @property
    def cannot_be_told(self) -> bool:
        """Whether Valkey has taken nothing for so long that the answer is lost; one that is kept never is."""
        return not self.is_kept and self._publisher.refused_seconds > settings.TIMINGS.silence

    @property
    def told_bytes(self) -> int:
        """How much of the answer reached who asked, or still will."""
        untold = Answer()
        if not self.is_lost:
            return self.answer.size_bytes
        for frame in [*self._publisher.waiting(self.claim.reply_to, self.call_id), *self._held]:
            if isinstance(frame.event, Delta):
                untold.add(frame.event.chunk)
        return self.answer.size_bytes - untold.size_bytes

    async def until_told(self) -> None:
        """This will wait while Valkey takes nothing, but not for ever: then the answer is lost, by our fault."""
        while not self.is_kept and self.stop_reason != LEFT and self._publisher.refused_seconds:
            await asyncio.sleep(RETRY_SECONDS)
            await self._publisher.probe()
            if self.cannot_be_told:
                self.is_lost, self.stop_reason, self.raw_usage = True, OURS, None
                return

    def keep_snapshot(self, end: Event | None = None) -> None:
        """This will write down how far the call is, unless nothing is new since the last time."""
        if self._written_sequence == self._sequence and end is None:
            return
        self._written_sequence, self.has_snapshot = self._sequence, True
        self._publisher.keep_snapshot(
            self.call_id, Snapshot(self._sequence, self._served_model, self.answer.compact(), end)
        )

    def keep_evidence(self) -> None:
        """This will write down what settles the call, so that the sweeper can when this process cannot."""
        if self.route is None:
            return
        self._publisher.keep_evidence(
            self.call_id,
            Evidence(
                self.raw_usage,
                self.route.dialect,
                self.answer.size_bytes,
                self.route.route_id,
                [_tried(one) for one in self.tries],
            ),
        )


def _tried(one: Try) -> Tried:
    """Another process has another monotonic clock, so moments travel as those of the wall."""
    ahead = time.time() - time.monotonic()
    accepted_at = None if one.accepted is None else one.accepted + ahead
    return Tried(one.route_id, one.outcome, one.started + ahead, accepted_at, one.ended + ahead, one.raw_usage)
