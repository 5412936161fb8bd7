"""What a web process does about calls that it hears nothing of: push again, mend, end; none waits for ever."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection

from plans import ledger
from plans.ledger import Reservation
from portal.kit import database
from portal.kit.refusals import Refusal
from usage import dispatch, relay
from usage.calls import endings, settlement
from usage.calls.endings import Ending
from usage.calls.settlement import TROUBLE
from usage.events import Failed
from usage.flights import OUT_OF_BAND, Flight
from usage.models import How
from usage.relay import Frame, Snapshot
from usage.valkey import Unavailable, Valkey

MOST_PUSHES = 5
HTTP_UNAVAILABLE = 503
FULLEST = 0.8
"""Of the memory that Valkey may take; above it no call is let in."""

logger = logging.getLogger(__name__)

LOST = "The answer was lost on its way to you. The call's receipt says what was charged; please ask again."


@dataclass(frozen=True)
class State:
    """Where a call stands: queued, running or ended."""

    state: str
    account_id: int
    member_id: int
    how: str


class Room:
    """Whether Valkey is so full that new calls would crowd out the answers of those that run."""

    def __init__(self) -> None:
        self.is_short = False

    async def mind(self, valkey: Valkey) -> None:
        """This will look for as long as the process lives; away is not full."""
        while True:
            with contextlib.suppress(Unavailable):
                self.is_short = await valkey.fullness() > FULLEST
            await asyncio.sleep(settings.TIMINGS.snapshot)


async def states_of(call_ids: Iterable[UUID]) -> dict[UUID, State]:
    """This will ask the database where calls stand."""
    rows = await database.fetch(
        "SELECT call_id, state, account_id, member_id, how FROM call_states(%s)", [list(call_ids)]
    )
    return {row["call_id"]: State(row["state"], row["account_id"], row["member_id"], row["how"]) for row in rows}


def failure_of(how: str) -> Failed:
    """This will put the end of a call that nobody finished into words."""
    code = how if how in endings.SENTENCES else "answer_lost"
    return Failed(code, endings.SENTENCES.get(how, LOST), HTTP_UNAVAILABLE)


async def push(valkey: Valkey, flight: Flight) -> bool:
    """This will hand a call to whichever worker takes it first; False when Valkey did not take it."""
    assert flight.request is not None
    flight.pushes += 1
    flight.pushed_at = time.monotonic()
    return await dispatch.push(
        valkey, queue=flight.queue, call_id=flight.call_id, request=flight.request, keep=flight.keep
    )


async def keep(valkey: Valkey, flights: dict[UUID, Flight]) -> None:
    """This will look after the flights of a process for as long as it lives."""
    while True:
        await asyncio.sleep(settings.TIMINGS.snapshot)
        silent = [flight for flight in _still_open(flights) if _is_silent(flight)]
        if not silent:
            continue
        try:
            states = await states_of(flight.call_id for flight in silent)
        except TROUBLE:
            logger.warning("PostgreSQL is away; %s calls wait", len(silent))
            continue
        for flight in silent:
            # Nobody else looks after the others: whatever is wrong with one of them, each of the rest has its turn.
            try:
                await _look_after(valkey, flight, states.get(flight.call_id))
            except Exception:
                logger.exception("Call %s cannot be looked after; the others are", flight.call_id)


async def mend(valkey: Valkey, flight: Flight) -> None:
    """This will fill a gap from the snapshot that the worker writes every second, or end the flight."""
    deadline = time.monotonic() + settings.TIMINGS.silence
    while flight.has_gap and time.monotonic() < deadline:
        await _mend_once(valkey, flight)
        if flight.has_gap:
            await asyncio.sleep(settings.TIMINGS.snapshot / 4)
    if flight.has_gap:
        flight.add(failure_of(""))


async def shadow(valkey: Valkey, flight: Flight) -> None:
    """This will follow a call of another process by its snapshots, until it has ended."""
    while flight.end is None:
        await _mend_once(valkey, flight)
        await asyncio.sleep(settings.TIMINGS.snapshot)


async def cancel_queued(flight: Flight | None, call_id: UUID) -> None:
    """This will end a call that no worker has claimed yet, without a charge."""
    ending = Ending(call_id, endings.nothing(How.CANCELLED), if_state="queued")
    with contextlib.suppress(*TROUBLE):
        settled = (await settlement.settle([ending]))[0]
        if flight is not None and settled.outcome == "ok":
            flight.take(Frame(call_id.bytes, OUT_OF_BAND, failure_of(How.CANCELLED)))


async def _look_after(valkey: Valkey, flight: Flight, state: State | None) -> None:
    flight.checked_at = time.monotonic()
    if state is not None and state.state == "queued":
        if _is_too_late(flight):
            flight.add(failure_of(How.QUEUE_TIMEOUT))
        elif flight.request is not None and flight.pushes < MOST_PUSHES:
            await push(valkey, flight)
    elif state is not None and state.state == "running":
        if flight.has_gap:
            await _mend_once(valkey, flight)
    elif state is None and flight.reservation is not None:
        await _open_again(valkey, flight, flight.reservation)
    elif not flight.seen_ended:
        flight.seen_ended = True  # its last frame may be on the way: one more look before it counts as lost
    else:
        await _mend_once(valkey, flight)
        flight.add(failure_of(state.how if state else How.PLATFORM))


async def _open_again(valkey: Valkey, flight: Flight, reservation: Reservation) -> None:
    """A crash of the database forgot the call before anyone could run it; what it was told by its id still holds."""
    try:
        opened = await ledger.reserve_one(reservation)
    except TROUBLE:
        return  # the next look tells whether it is open
    flight.reservation = None
    if isinstance(opened, Refusal):
        flight.add(Failed(opened.code, str(opened), opened.status))
    else:
        await push(valkey, flight)


def _is_too_late(flight: Flight) -> bool:
    """No worker can claim it any more, so it ends without a charge, even while nobody can write that down."""
    timings = settings.TIMINGS
    return time.monotonic() - flight.began_at > timings.queue_deadline + timings.silence


def _is_silent(flight: Flight) -> bool:
    now = time.monotonic()
    if flight.seen_ended:
        return True
    if not flight.is_heard and flight.request is not None:
        return now - flight.pushed_at > settings.TIMINGS.republish
    return now - max(flight.heard_at, flight.checked_at) > settings.TIMINGS.silence


def _still_open(flights: dict[UUID, Flight]) -> list[Flight]:
    """What ended some time ago is forgotten on the way; thousands may have ended, so this is one plain pass."""
    limit = time.monotonic() - settings.TIMINGS.settle_retries
    still_open, forgotten = [], []
    for flight in flights.values():
        if flight.end is None:
            still_open.append(flight)
        elif flight.ended_at < limit:
            forgotten.append(flight.call_id)
    for call_id in forgotten:
        del flights[call_id]
    return still_open


async def _mend_once(valkey: Valkey, flight: Flight) -> None:
    with contextlib.suppress(Unavailable):
        snapshot: Snapshot | None = await relay.snapshot_of(valkey, flight.call_id)
        if snapshot is not None:
            flight.mend(snapshot)


def open_state(call_id: UUID, *, account_id: int, member_id: int) -> str:
    """This will tell whether a member's call is queued or running; empty when it is neither."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, account_id, member_id FROM call_states(%s::uuid[])", [[call_id]])
        row = cursor.fetchone()
    return str(row[0]) if row and row[1:] == (account_id, member_id) and row[0] != "ended" else ""
