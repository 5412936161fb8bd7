"""POST /v1/chat/completions: reads, starts the call, and frames what comes, in one piece or as a stream."""

import asyncio
import contextlib
import hashlib
from collections.abc import MutableMapping
from typing import Any

from django.conf import settings

from portal.kit.refusals import Refusal
from usage import gateway, watch
from usage.api import door
from usage.api.door import Headers, Receive, Request, Scope, Send
from usage.dialects import openai_answer, openai_chat
from usage.dialects.openai_answer import Framing
from usage.events import Failed, Finished
from usage.gateway import Flight, Idempotency

Leaving = asyncio.Future[MutableMapping[str, Any]]

PATH = "/v1/chat/completions"
EVENT_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """This will answer one POST (ASGI)."""
    try:
        flight = await _start(scope, receive)
    except door.Gone:
        return
    except Refusal as no:
        status, headers, body = openai_answer.refusal(no)
        await door.send_whole(send, status=status, headers=headers, body=body)
        return
    assert flight.request is not None
    answer = _stream if flight.request.stream else _answer
    with contextlib.suppress(asyncio.CancelledError):  # the process ends, and the reader has been told
        await answer(flight, receive, send)


async def _start(scope: Scope, receive: Receive) -> Flight:
    request = Request(scope)
    door.check(request)
    caller = await door.caller_of(request)
    key = door.idempotency_key(request)
    body = await door.read_body(receive)
    question = openai_chat.read(body)
    named = Idempotency(key, hashlib.sha256(body).hexdigest()) if key else None
    flight = await gateway.start(
        caller, question, source="api", idempotency=named, patience_seconds=request.patience_seconds
    )
    flight.request = flight.request or question
    return flight


async def _answer(flight: Flight, receive: Receive, send: Send) -> None:
    leaving = _notice_leaving(flight, receive)
    try:
        while flight.end is None and not leaving.done():
            await flight.news(len(flight.events), keep_alive_seconds=settings.TIMINGS.keep_alive)
    except asyncio.CancelledError:  # this process ends
        flight.add(watch.failure_of(""))
        await _send_end(flight, send)
        raise
    finally:
        leaving.cancel()
    if flight.end is None:
        await _abandon(flight)
    else:
        await _send_end(flight, send)


async def _send_end(flight: Flight, send: Send) -> None:
    headers = _headers(flight)
    match flight.end:
        case Finished() as end:
            created = int(flight.opened_at.timestamp())
            body = openai_answer.whole(
                flight.call_id, model=flight.model, created=created, answer=flight.answer, end=end
            )
            await door.send_whole(send, status=200, headers=headers + _charge_headers(end), body=body)
        case Failed() as end:
            more, body = openai_answer.failed(end)
            await door.send_whole(send, status=end.status, headers=headers + more, body=body)


async def _stream(flight: Flight, receive: Receive, send: Send) -> None:
    leaving = _notice_leaving(flight, receive)
    try:
        await _pass_on(flight, leaving, send)
    except TimeoutError:  # a reader so slow that it holds the call up; closing the connection tells it
        await _abandon(flight)
    else:
        if flight.end is None:
            await _abandon(flight)
    finally:
        leaving.cancel()


def _notice_leaving(flight: Flight, receive: Receive) -> Leaving:
    leaving = asyncio.ensure_future(receive())
    leaving.add_done_callback(lambda _: flight.nudge())
    return leaving


async def _abandon(flight: Flight) -> None:
    """Who left has the call stopped, except where it named the call itself: then it will ask for the answer."""
    if not flight.keep:
        await gateway.stop(flight.call_id)


async def _pass_on(flight: Flight, leaving: Leaving, send: Send) -> None:
    """A call that fails before its first sign of life is answered with a status, later ones with an event."""
    assert flight.request is not None
    await flight.news(0, keep_alive_seconds=settings.TIMINGS.keep_alive)
    if isinstance(flight.end, Failed) and len(flight.events) == 1:
        await _send_end(flight, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": EVENT_STREAM + _headers(flight)})
    framing = Framing(
        flight.call_id,
        model=flight.model,
        created=int(flight.opened_at.timestamp()),
        with_usage=flight.request.include_usage,
    )
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
        data = b"".join([framing.frame(event) for event in fresh]) if fresh else openai_answer.COMMENT
        more = flight.end is None or position < len(flight.events)
        if data or not more:
            async with asyncio.timeout(settings.TIMINGS.slowest_send):
                await send({"type": "http.response.body", "body": data, "more_body": more})
        if not more:
            return
        await flight.news(position, keep_alive_seconds=settings.TIMINGS.keep_alive)


def _headers(flight: Flight) -> Headers:
    headers: Headers = [(b"x-request-id", str(flight.call_id).encode())]
    if flight.output_limit:
        headers.append((b"x-output-limit", b"%d" % flight.output_limit))
    for quota in flight.over:
        told = "{node_kind} {node_id}; window={window}; used={used}; limit={limit}; metric={metric}".format(**quota)
        headers.append((b"x-quota-over", told.encode()))
    if flight.served_model:
        headers.append((b"x-served-model", flight.model.encode()))
    return headers


def _charge_headers(end: Finished) -> Headers:
    headers: Headers = [(b"x-credits-charged", openai_answer.in_credits(end.charged_microcredits).encode())]
    if end.credits_left_microcredits is not None:
        left = openai_answer.in_credits(end.credits_left_microcredits)
        headers.append((b"x-credits-left", left.encode()))
    return headers
