"""Serves one POST that makes a call, whatever its dialect: reads, starts the call, and passes on what comes of it."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from typing import Any, Protocol

from django.conf import settings

from models_catalog.providers.base import ChatRequest
from portal.kit.refusals import Refusal
from usage import gateway, watch
from usage.api import door
from usage.api.door import Headers, Receive, Request, Scope, Send
from usage.dialects.openai_answer import in_credits
from usage.dialects.outcomes import rate_headers
from usage.events import Event, Failed, Finished, KeepAlive
from usage.gateway import Flight, Idempotency

Leaving = asyncio.Future[MutableMapping[str, Any]]
Told = tuple[int, Headers, bytes]
"""A whole answer: its status, headers and body."""

EVENT_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Framing(Protocol):
    """Frames the events of one stream, in their order; it may remember what it has framed."""

    def frame(self, event: Event) -> bytes:
        """This will return the bytes that one event puts on the wire; none for what the caller need not see."""


@dataclass(frozen=True)
class Dialect:
    """How one dialect reads a body, frames a stream, and writes an answer, a failed call and a refusal.

    `read` raises refusals, which `refusal` writes as they were raised. A flight holds its answer as far as it has come.
    `id_headers` are the names under which a client looks for the call's id.
    """

    read: Callable[[bytes], ChatRequest]
    framing: Callable[[Flight], Framing]
    whole: Callable[[Flight, Finished], bytes]
    failed: Callable[[Flight, Failed], Told]
    refusal: Callable[[Refusal], Told]
    id_headers: tuple[bytes, ...] = (b"x-request-id",)


async def serve(dialect: Dialect, scope: Scope, receive: Receive, send: Send) -> None:
    """This will answer one POST (ASGI)."""
    try:
        flight = await _start(dialect, scope, receive)
    except door.Gone:
        return
    except Refusal as no:
        status, headers, body = dialect.refusal(no)
        await door.send_whole(send, status=status, headers=headers, body=body)
        return
    assert flight.request is not None
    passing_on = stream if flight.request.stream else answer
    with contextlib.suppress(asyncio.CancelledError):  # the process ends, and the reader has been told
        await passing_on(flight, dialect, receive, send)


async def answer(flight: Flight, dialect: Dialect, receive: Receive, send: Send) -> None:
    """This will wait for the end of a call and answer in one piece."""
    leaving = _notice_leaving(flight, receive)
    try:
        while flight.end is None and not leaving.done():
            await flight.news(len(flight.events), keep_alive_seconds=settings.TIMINGS.keep_alive)
    except asyncio.CancelledError:  # this process ends
        flight.add(watch.failure_of(""))
        await _send_end(flight, dialect, send)
        raise
    finally:
        leaving.cancel()
    if flight.end is None:
        await _abandon(flight)
    else:
        await _send_end(flight, dialect, send)


async def stream(flight: Flight, dialect: Dialect, receive: Receive, send: Send) -> None:
    """This will pass on what comes of a call as it comes, with a sign of life in between."""
    leaving = _notice_leaving(flight, receive)
    try:
        await _pass_on(flight, dialect, leaving, send)
    except TimeoutError:  # a reader so slow that it holds the call up; closing the connection tells it
        await _abandon(flight)
    else:
        if flight.end is None:
            await _abandon(flight)
    finally:
        leaving.cancel()


async def _start(dialect: Dialect, scope: Scope, receive: Receive) -> Flight:
    request = Request(scope)
    door.check(request)
    caller = await door.caller_of(request)
    key = door.idempotency_key(request)
    body = await door.read_body(receive)
    question = dialect.read(body)
    asked = request.endpoint.encode() + b"\0" + body  # what one dialect answered is nothing to another
    named = Idempotency(key, hashlib.sha256(asked).hexdigest()) if key else None
    flight = await gateway.start(
        caller, question, source="api", idempotency=named, patience_seconds=request.patience_seconds
    )
    flight.request = flight.request or question
    return flight


async def _send_end(flight: Flight, dialect: Dialect, send: Send) -> None:
    headers = _headers(flight, dialect)
    match flight.end:
        case Finished() as end:
            body = dialect.whole(flight, end)
            await door.send_whole(send, status=200, headers=headers + _charge_headers(end), body=body)
        case Failed() as end:
            status, more, body = dialect.failed(flight, end)
            await door.send_whole(send, status=status, headers=headers + more, body=body)


def _notice_leaving(flight: Flight, receive: Receive) -> Leaving:
    leaving = asyncio.ensure_future(receive())
    leaving.add_done_callback(lambda _: flight.nudge())
    return leaving


async def _abandon(flight: Flight) -> None:
    """Who left has the call stopped, except where it named the call itself: then it will ask for the answer."""
    if not flight.keep:
        await gateway.stop(flight.call_id)


async def _pass_on(flight: Flight, dialect: Dialect, leaving: Leaving, send: Send) -> None:
    """A call that fails before its first sign of life is answered with a status, later ones with an event."""
    await flight.news(0, keep_alive_seconds=settings.TIMINGS.keep_alive)
    if isinstance(flight.end, Failed) and len(flight.events) == 1:
        await _send_end(flight, dialect, send)
        return
    headers = EVENT_STREAM + _headers(flight, dialect)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    framing = dialect.framing(flight)
    try:
        await _send_events(flight, framing, leaving, send)
    except asyncio.CancelledError:  # this process ends: its readers are told so instead of being cut off
        last = framing.frame(watch.failure_of(""))
        await send({"type": "http.response.body", "body": last, "more_body": False})
        raise


async def _send_events(flight: Flight, framing: Framing, leaving: Leaving, send: Send) -> None:
    """What is there is sent even when time was up: it may have come in the very turn in which the alarm rang."""
    position = 0
    while not leaving.done():
        fresh = flight.events[position:]
        position += len(fresh)
        data = b"".join([framing.frame(event) for event in fresh or (KeepAlive(),)])
        more = flight.end is None or position < len(flight.events)
        if data or not more:
            async with asyncio.timeout(settings.TIMINGS.slowest_send):
                await send({"type": "http.response.body", "body": data, "more_body": more})
        if not more:
            return
        await flight.news(position, keep_alive_seconds=settings.TIMINGS.keep_alive)


def _headers(flight: Flight, dialect: Dialect) -> Headers:
    headers: Headers = [(name, str(flight.call_id).encode()) for name in dialect.id_headers]
    if flight.output_limit:
        headers.append((b"x-output-limit", b"%d" % flight.output_limit))
    for quota in flight.over:
        told = "{node_kind} {node_id}; window={window}; used={used}; limit={limit}; metric={metric}".format(**quota)
        headers.append((b"x-quota-over", told.encode()))
    for rate in flight.rates:
        headers += rate_headers(
            rate.metric, limit=rate.limit, remaining=rate.remaining, seconds=rate.resets_after_seconds
        )
    if flight.sunset:
        headers.append((b"sunset", format_datetime(flight.sunset.astimezone(UTC), usegmt=True).encode()))
    if flight.served_model:
        headers.append((b"x-served-model", flight.model.encode()))
    return headers


def _charge_headers(end: Finished) -> Headers:
    headers: Headers = [(b"x-credits-charged", in_credits(end.charged_microcredits).encode())]
    if end.credits_left_microcredits is not None:
        headers.append((b"x-credits-left", in_credits(end.credits_left_microcredits).encode()))
    return headers
