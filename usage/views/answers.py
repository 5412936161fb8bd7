"""An answer on its way to the browser: server-sent events, and the button that stops it."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import orjson
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.http import require_GET, require_POST

from accounts import devices, members
from accounts.models import User
from portal.kit import clock, database
from usage import answers, conversations, events, failures, gateway, markdown, questions
from usage.answers import Shown
from usage.events import Failed
from usage.flights import Flight
from usage.models import Turn


@dataclass(frozen=True)
class _Last:
    """How an answer stands at the end of its stream."""

    shown: Shown
    receipt: str


MOST_LOOKS = 5
RETRY_MILLISECONDS = (1500, 4500)
"""After how long a browser comes back: each in its own time, so that not all come at once after a restart."""
LOST = Failed("answer_lost", failures.LOST, 503, 0)
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@require_GET
async def stream(request: HttpRequest, call_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """This will stream one answer from its beginning: text, finished blocks, and the receipt at the end."""
    turn = await database.in_thread(_turn_of, request, call_id)
    if turn is None:
        return HttpResponse(status=404)
    return StreamingHttpResponse(
        _events(turn, language=translation.get_language()),
        content_type="text/event-stream; charset=utf-8",
        headers=_HEADERS,
    )


@login_required
@require_POST
def stop(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """This will stop an answer; what has arrived is kept and charged."""
    member = members.current(request.user)
    turn = get_object_or_404(Turn, call_id=call_id, conversation__member=member)
    questions.stop(call_id)
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    return redirect("conversation", turn.conversation_id)


def _turn_of(request: HttpRequest, call_id: UUID) -> Turn | None:
    """In one of the shared threads: the request's own would keep its connection for as long as the answer streams."""
    user = request.user
    if not isinstance(user, User):
        return None
    if (
        user.guarded_at
        and "device_id" in request.session
        and not devices.is_signed_in(request.session["device_id"], user=user, now=clock.now())
    ):
        return None
    turns = Turn.objects.select_related("conversation__member__account", "conversation__account")
    return turns.filter(
        call_id=call_id, conversation__member__user_id=user.pk, conversation__member__left_at=None
    ).first()


async def _events(turn: Turn, *, language: str) -> AsyncIterator[bytes]:
    assert turn.call_id is not None
    yield b"retry: %d\n\n" % random.randint(*RETRY_MILLISECONDS)  # noqa: S311 - spreads load, guards nothing
    flight = await gateway.find(turn.call_id) if turn.state == Turn.WAITING else None
    if flight is None:
        await _settle_down(turn)
    else:
        async for line in _live(flight):
            yield line
        await database.in_thread(conversations.keep_answer, turn.call_id, text=flight.text, end=flight.end or LOST)
    last = await database.in_thread(_last, turn, language)
    yield _event("whole", html=last.shown.html)  # rendered in one piece, as a reload shows it
    yield _event("receipt", html=last.receipt)
    yield _event("done")


async def _settle_down(turn: Turn) -> None:
    """This will wait for an answer whose call has just ended; what its worker never kept is taken from its traces."""
    assert turn.call_id is not None
    for _ in range(MOST_LOOKS):
        await database.in_thread(turn.refresh_from_db)
        if turn.state != Turn.WAITING:
            return
        await asyncio.sleep(settings.TIMINGS.snapshot)
    text, end = await gateway.last_words(turn.call_id)
    await database.in_thread(conversations.keep_answer, turn.call_id, text=text, end=end or LOST)


async def _live(flight: Flight) -> AsyncIterator[bytes]:
    blocks = markdown.Blocks()
    async for event in gateway.follow(flight):
        for line in _translate(event, blocks):
            yield line


def _translate(event: events.Event, blocks: markdown.Blocks) -> list[bytes]:
    match event:
        case events.Delta(chunk) if chunk.text:
            finished = [_event("block", html=markdown.render(block)) for block in blocks.feed(chunk.text)]
            return [*finished, _event("text", text=blocks.rest())] if finished else [_event("text", text=chunk.text)]
        case events.KeepAlive():
            return [b": keep-alive\n\n"]
        case _:
            return []


def _last(turn: Turn, language: str) -> "_Last":
    turn.refresh_from_db()
    with translation.override(language):
        shown = answers.shown_one(turn, now=clock.now())
        return _Last(shown, render_to_string("usage/chat.html#receipt_line", {"turn": turn, "line": shown.line}))


def _event(name: str, **data: str) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
