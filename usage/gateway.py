"""The one reception of calls: the API and the browser chat start, follow, find and stop them here."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from accounts.callers import Caller
from models_catalog import catalog
from models_catalog.catalog import Offer
from models_catalog.providers.base import ChatRequest
from plans import extras, ledger
from portal.kit import database, heap, ids
from portal.kit.refusals import Refusal
from usage import admission, guard, refusals, relay, unfolding, watch
from usage.admission import Idempotency
from usage.calls import kept
from usage.calls.settlement import TROUBLE
from usage.events import Accepted, Delta, Event, Failed, Finished, KeepAlive
from usage.failures import AnswerNotKept, OutOfService, StillRunning
from usage.flights import Flight
from usage.models import AssistantVersion
from usage.reception import Reception
from usage.valkey import Unavailable

__all__ = [
    "Accepted",
    "Delta",
    "Event",
    "Failed",
    "Finished",
    "Flight",
    "Idempotency",
    "KeepAlive",
    "close",
    "find",
    "follow",
    "last_words",
    "open",
    "start",
    "stop",
]

PATIENCE_SECONDS = 2.0
"""How long a caller waits to be let in before they are asked to come again."""
SERVER_ERROR = 500
MOST_REPRICINGS = 2
"""How often a call is asked for again because its price has changed under way."""

Found = TypeVar("Found")
_receptions: dict[asyncio.AbstractEventLoop, Reception] = {}


async def open() -> None:  # noqa: A001 - the verb of a reception, always written gateway.open
    """This will open the reception of this process: the database pool, Valkey, the relay, the watch."""
    if asyncio.get_running_loop() in _receptions:
        return
    reception = Reception()
    _receptions[asyncio.get_running_loop()] = reception
    await database.open_pool()
    with contextlib.suppress(Unavailable):
        await reception.valkey.connect()
    reception.inbox.open()
    reception.spawn(watch.keep(reception.valkey, reception.flights))
    reception.spawn(reception.room.mind(reception.valkey))
    heap.freeze()


async def close() -> None:
    """This will close it; calls that run go on without it and are settled by their workers."""
    reception = _receptions.pop(asyncio.get_running_loop())
    for task in list(reception.tasks):
        task.cancel()
    await reception.inbox.close()
    reception.valkey.close()
    await database.close_pool()


async def start(
    caller: Caller,
    request: ChatRequest,
    *,
    source: str,
    call_id: UUID | None = None,
    idempotency: Idempotency | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Flight:
    """This will set credits aside, open the call and hand it to a worker, in `patience_seconds` or not at all.

    Raises the refusals of the catalog, of `unfolding`, of `guard`, of the ledger, and `OutOfService`, `StillRunning`,
    `AnswerNotKept`.
    """
    until = asyncio.get_running_loop().time() + patience_seconds
    try:
        async with asyncio.timeout_at(until):
            flight = await _let_in(caller, request, source=source, call_id=call_id, idempotency=idempotency)
    except TimeoutError as error:  # what may have been opened all the same ends with its time in the queue
        raise OutOfService from error
    except Refusal as no:
        if no.status < SERVER_ERROR:
            await _note(no, caller, source=source, model=request.model)
        raise
    if flight.end is None:
        await _hand_over(flight, until=until)
    return flight


async def follow(flight: Flight, *, from_position: int = 0) -> AsyncIterator[Event]:
    """This will yield the call's events from a position on, until it has ended."""
    keep_alive = settings.TIMINGS.keep_alive
    async for event in flight.follow(from_position=from_position, keep_alive_seconds=keep_alive):
        yield event


async def find(call_id: UUID) -> Flight | None:
    """This will return a call that is open or has just ended, also one of another process; None otherwise.

    Whoever asks must check that the flight's account and member are theirs.
    """
    reception = await _reception()
    if call_id in reception.flights:
        return reception.flights[call_id]
    state = (await watch.states_of([call_id])).get(call_id)
    if state is None or state.state == "ended":
        return None
    flight = Flight(call_id, account_id=state.account_id, member_id=state.member_id, model="")
    reception.flights[call_id] = flight
    reception.spawn(watch.shadow(reception.valkey, flight))
    return flight


async def last_words(call_id: UUID) -> tuple[str, Finished | Failed | None]:
    """This will return what is still known of an answer whose call has ended: its text so far, and how it ended."""
    reception = await _reception()
    with contextlib.suppress(Unavailable):
        snapshot = await relay.snapshot_of(reception.valkey, call_id)
        if snapshot is not None:
            end = snapshot.end
            return snapshot.answer.text, end if isinstance(end, Finished | Failed) else None
    return "", None


async def stop(call_id: UUID) -> None:
    """This will stop a call, wherever it runs; one that waits in the queue ends at once without a charge."""
    reception = await _reception()
    flight = reception.flights.get(call_id)
    if flight is not None:
        flight.reservation = None  # should it be forgotten, nobody wants it again
    with contextlib.suppress(Unavailable):
        await relay.ask_to_stop(reception.valkey, call_id)
    await watch.cancel_queued(flight, call_id)


async def _let_in(
    caller: Caller, request: ChatRequest, *, source: str, call_id: UUID | None, idempotency: Idempotency | None
) -> Flight:
    reception = await _reception()
    if reception.room.is_short:
        raise OutOfService
    version = await _version(caller, request.model)
    name = request.model if version is None else version.model_name
    offer = catalog.remembered(name, time_zone=caller.time_zone)
    if offer is None:
        offer = await _look_up(partial(catalog.offer, name, time_zone=caller.time_zone))
    if caller.tier:  # looks at what was asked, never at what the portal puts before it
        check = guard.check_all if caller.api_key_id else guard.check
        check(request, tier=caller.tier)
    if version is not None:
        caller, request = unfolding.spoken_by(version, caller), unfolding.unfold(version, request, offer=offer)
    if caller.is_tutored:
        request = guard.tutored(request)
    asking = partial(
        admission.reservation, caller, request,
        call_id=call_id or ids.uuid7(await reception.now()), source=source,
        reply_to=reception.inbox.name, idempotency=idempotency,
    )  # fmt: skip
    offer, reservation, admitted = await _reserve_at_its_price(asking, offer, name=name)
    if isinstance(admitted, Refusal):
        admitted = await database.in_thread(refusals.in_words, admitted, caller, chat_model_id=offer.chat_model_id)
        raise extras.with_link(admitted)
    if admitted.is_replay:
        return await _replay(caller, admitted.call_id)
    flight = _board(reception, caller, request, offer, reservation)
    flight.keep = idempotency is not None
    flight.output_limit, flight.over, flight.rates = admitted.output_limit, admitted.over, admitted.rates
    if version is not None:
        reception.spawn(_note_assistant(flight.call_id, version))
    return flight


async def _note(no: Refusal, caller: Caller, *, source: str, model: str) -> None:
    """Beside the answer, which does not wait for it: who was refused may ask later why."""

    async def write() -> None:
        with contextlib.suppress(*TROUBLE, DatabaseError):
            await database.in_thread(refusals.note, no, caller, source=source, model_name=model)

    (await _reception()).spawn(write())


async def _hand_over(flight: Flight, *, until: float) -> None:
    """A call that Valkey does not take, on a second connection neither, ends at once unless a worker has it."""
    valkey = _receptions[asyncio.get_running_loop()].valkey
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            if await watch.push(valkey, flight) or await watch.push(valkey, flight):
                return
    await watch.cancel_queued(flight, flight.call_id)
    if flight.end is not None:
        raise OutOfService


async def _reserve_at_its_price(
    asking: Callable[[Offer], ledger.Reservation], offer: Offer, *, name: str
) -> tuple[Offer, ledger.Reservation, ledger.Hold | Refusal]:
    """The ledger names the price of the moment where this process guessed another one; then it is asked again."""
    reservation = asking(offer)
    admitted = await _reserve(reservation)
    for _ in range(MOST_REPRICINGS):
        if not isinstance(admitted, ledger.Repriced):
            break
        offer = await _look_up(partial(catalog.repriced, name, price_id=admitted.price_id))
        reservation = asking(offer)
        admitted = await _reserve(reservation)
    return offer, reservation, admitted


async def _reserve(reservation: ledger.Reservation) -> ledger.Hold | Refusal:
    """Where PostgreSQL could not say how it ended, the call itself tells: it is open, or was never opened."""
    try:
        return await ledger.reserve_one(reservation)
    except TROUBLE as error:
        with contextlib.suppress(*TROUBLE):
            state = (await watch.states_of([reservation.call_id])).get(reservation.call_id)
            if state is not None and state.state == "queued":
                return ledger.Hold(reservation.call_id, reservation.amount, reservation.output_limit)
        raise OutOfService from error


async def _version(caller: Caller, name: str) -> AssistantVersion | None:
    """What an assistant's name stands for; None for the name of a model, which costs no look at anything."""
    if not unfolding.is_assistant(name):
        return None
    return unfolding.remembered(name, caller) or await _look_up(partial(unfolding.find, name, caller))


async def _note_assistant(call_id: UUID, version: AssistantVersion) -> None:
    """Beside the call, which does not wait for it: only its receipt would miss it."""
    with contextlib.suppress(*TROUBLE, DatabaseError):
        await database.in_thread(unfolding.note, call_id, version.pk)


async def _look_up(asked: Callable[[], Found]) -> Found:
    try:
        return await database.in_thread(asked)
    except (*TROUBLE, DatabaseError) as error:
        raise OutOfService from error


def _board(
    reception: Reception, caller: Caller, request: ChatRequest, offer: Offer, reservation: ledger.Reservation
) -> Flight:
    call_id = reservation.call_id
    flight = Flight(call_id, account_id=caller.account_id, member_id=caller.member_id, model=offer.slug)
    flight.request, flight.queue, flight.reservation = request, offer.queue, reservation
    flight.sunset = offer.sunset
    reception.flights[call_id] = flight
    return flight


async def _replay(caller: Caller, call_id: UUID) -> Flight:
    """An answer is written with the end of its call, so it is looked for only after that."""
    if (state := (await watch.states_of([call_id])).get(call_id)) and state.state != "ended":
        raise StillRunning
    stored = await database.in_thread(kept.answer_of, call_id)
    if stored is None:
        raise AnswerNotKept
    flight = Flight(call_id, account_id=caller.account_id, member_id=caller.member_id, model=stored.model)
    for chunk in stored.answer.rest_after(type(stored.answer)()):
        flight.add(Delta(chunk))
    flight.add(stored.end)
    return flight


async def _reception() -> Reception:
    if asyncio.get_running_loop() not in _receptions:
        await open()
    reception = _receptions[asyncio.get_running_loop()]
    if not reception.valkey.is_open:
        try:
            await reception.valkey.connect()
        except Unavailable as error:
            raise OutOfService from error
    return reception
