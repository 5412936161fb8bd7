"""How a text is counted: a page leaves it in Valkey for seconds, one worker takes it out, counts and answers there.

Vocabularies take up to 200 MB, so that no web process loads one. The message carries no text, and nothing of a
text is written down or logged; what nobody takes is forgotten after `LIFE_SECONDS`.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

import msgspec
from asgiref.sync import async_to_sync
from django.conf import settings

from models_catalog import catalog, tokenizers
from models_catalog.models import ChatModel
from models_catalog.providers import tokenizing
from models_catalog.providers.base import RouteOffer, UpstreamFailure
from models_catalog.tokenizers import Count
from portal.kit.egress import AddressRefused
from usage import dispatch
from usage.valkey import Unavailable, Valkey

QUEUE = "texts"
TASK = "usage.count_text"
LONGEST_CHARACTERS = 20_000
MOST_WAITING = 16
LIFE_SECONDS = 10
LEAST_WAIT_SECONDS = 0.001

logger = logging.getLogger(__name__)


class State(Enum):
    """What became of a text: counted, answered in part in time, or not taken as too many wait or one asks too often."""

    COUNTED = "counted"
    LATE = "late"
    BUSY = "busy"
    LIMITED = "limited"


@dataclass(frozen=True)
class Answer:
    """The exact counts that could be had, by the name of their vocabulary."""

    state: State
    counts: dict[str, Count] = field(default_factory=dict)


class _Asked(msgspec.Struct, frozen=True, array_like=True):
    text: str
    names: list[str]
    shown: int


class _Counted(msgspec.Struct, frozen=True, array_like=True):
    """What one vocabulary counts; nothing where it is not here."""

    name: str
    count: Count | None


_encode = msgspec.msgpack.Encoder().encode
_decode_asked = msgspec.msgpack.Decoder(_Asked).decode
_decode_counted = msgspec.msgpack.Decoder(_Counted).decode


def count(text: str, *, names: Sequence[str], wait_seconds: float, shown: int = 0) -> Answer:
    """This will have `text` counted by the vocabularies `names`, with the first `shown` pieces of each.

    It waits at most `wait_seconds`. `text` has at most `LONGEST_CHARACTERS`.
    """
    assert len(text) <= LONGEST_CHARACTERS
    return async_to_sync(_ask)(_Asked(text, list(names), shown), wait_seconds)


def answer(text_id: str) -> bool:
    """This will count the text that waits under `text_id` and tell whether it still did: the worker's side."""
    asked = async_to_sync(_take)(text_id)
    if asked is None:
        return False
    route = _embedded_route() if tokenizers.EMBEDDED in asked.names else None
    return async_to_sync(_answer)(text_id, asked, route)


async def _ask(asked: _Asked, wait_seconds: float) -> Answer:
    valkey = Valkey(settings.VALKEY_URL)  # of its own: it is held while it waits
    text_id = secrets.token_hex(16)
    try:
        if not await _leave(valkey, text_id, asked):
            return Answer(State.BUSY)
        return await _gather(valkey, text_id, asked.names, wait_seconds)
    except Unavailable:
        return Answer(State.LATE)
    finally:
        valkey.close()


async def _leave(valkey: Valkey, text_id: str, asked: _Asked) -> bool:
    waiting = await valkey.command("LLEN", QUEUE)
    assert isinstance(waiting, int)
    if waiting >= MOST_WAITING:
        return False
    ends_at = datetime.fromtimestamp(time.time() + LIFE_SECONDS, UTC)  # the worker's own clock, not that of business
    message = dispatch.message(queue=QUEUE, arguments={"text_id": text_id}, task=TASK, ends_at=ends_at)
    await valkey.command("SET", _text_of(text_id), _encode(asked), "EX", LIFE_SECONDS)
    await valkey.command("LPUSH", QUEUE, message)
    return True


async def _gather(valkey: Valkey, text_id: str, names: list[str], wait_seconds: float) -> Answer:
    """The first use of a vocabulary takes a second: what others counted meanwhile is not waited for in vain."""
    deadline = asyncio.get_running_loop().time() + wait_seconds
    counts: dict[str, Count] = {}
    for _name in names:
        left = max(deadline - asyncio.get_running_loop().time(), LEAST_WAIT_SECONDS)
        found = await valkey.command("BLPOP", _counts_of(text_id), f"{left:.3f}", wait_seconds=left)
        if not isinstance(found, list):
            await valkey.command("DEL", _text_of(text_id))
            return Answer(State.LATE, counts)
        counted = _decode_counted(found[1])
        if counted.count is not None:
            counts[counted.name] = counted.count
    return Answer(State.COUNTED, counts)


async def _take(text_id: str) -> _Asked | None:
    valkey = Valkey(settings.VALKEY_URL)
    try:
        left = await valkey.command("GETDEL", _text_of(text_id))
    except Unavailable:
        return None
    finally:
        valkey.close()
    return _decode_asked(left) if isinstance(left, bytes) else None


async def _answer(text_id: str, asked: _Asked, route: RouteOffer | None) -> bool:
    valkey = Valkey(settings.VALKEY_URL)
    try:
        await valkey.connect()
        for name in asked.names:
            found = await _count(asked.text, name, route)
            shown = found and msgspec.structs.replace(found, pieces=found.pieces[: asked.shown])
            valkey.send("RPUSH", _counts_of(text_id), _encode(_Counted(name, shown)))
            await valkey.command("EXPIRE", _counts_of(text_id), LIFE_SECONDS)
    except Unavailable:
        return False
    finally:
        valkey.close()
    return True


async def _count(text: str, name: str, route: RouteOffer | None) -> Count | None:
    if name != tokenizers.EMBEDDED:
        return tokenizers.count(text, name) if tokenizers.is_installed(name) else None
    if route is None:
        return None
    try:
        return tokenizers.counted(await tokenizing.split(text, route=route))
    except (UpstreamFailure, AddressRefused) as error:
        logger.warning("the model on this machine counts nothing: %s", type(error).__name__)
        return None


def _embedded_route() -> RouteOffer | None:
    embedded = ChatModel.objects.published().filter(tokenizer=tokenizers.EMBEDDED).values_list("pk", flat=True)
    return next((route for pk in embedded for route in catalog.routes_of(pk)), None)


def _text_of(text_id: str) -> str:
    return f"text:{text_id}"


def _counts_of(text_id: str) -> str:
    return f"text:{text_id}:counts"
