"""The hand-over: an ordinary Celery message, built by hand, because a client library costs more than the call."""

import base64
import socket
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import orjson

from models_catalog.providers.base import ChatRequest
from portal.kit.gathering import Gathering
from usage.valkey import Unavailable, Valkey

TASK = "usage.perform"
JSON = "application/json"
ORIGIN = f"web@{socket.gethostname()}"
MOST_TOGETHER = 8
_NO_EMBED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


@dataclass(frozen=True, eq=False)
class Parcel:
    """One call on its way to the queue of its upstream."""

    valkey: Valkey
    queue: str
    call: dict[str, Any]


async def push(valkey: Valkey, *, queue: str, call_id: UUID, request: ChatRequest, keep: bool) -> bool:
    """This will put one call on the queue of its upstream; False when Valkey did not take it.

    Calls that are pushed at the same moment share a message. A lost message does no harm: whoever waits pushes
    again, and the claim lets one worker run the call.
    """
    call = {"call": str(call_id), "request": msgspec.to_builtins(request), "keep": keep}
    return await _parcels.ask(Parcel(valkey, queue, call))


def message(*, queue: str, arguments: dict[str, Any], task: str = TASK, ends_at: datetime | None = None) -> bytes:
    """This will return what kombu would write for `task` with these keyword arguments (Celery's protocol 2).

    A worker drops what it takes from the queue after `ends_at`.
    """
    task_id = str(uuid4())
    body = orjson.dumps([[], arguments, _NO_EMBED])
    return orjson.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "utf-8",
            "content-type": JSON,
            "headers": _headers(task, task_id, ends_at),
            "properties": {
                "correlation_id": task_id,
                "reply_to": "",
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": task_id,
            },
        }
    )


def arguments_of(written: bytes) -> dict[str, Any] | None:
    """This will read such a message back; None when it is not one of `TASK`."""
    try:
        found = orjson.loads(written)
        if found["headers"]["task"] != TASK or found["content-type"] != JSON:
            return None
        arguments: dict[str, Any] = orjson.loads(base64.b64decode(found["body"]))[1]
    except (ValueError, LookupError, TypeError):
        return None
    return arguments


def _headers(task: str, task_id: str, ends_at: datetime | None) -> dict[str, Any]:
    return {
        "lang": "py",
        "task": task,
        "id": task_id,
        "shadow": None,
        "eta": None,
        "expires": ends_at and ends_at.isoformat(),
        "group": None,
        "group_index": None,
        "retries": 0,
        "timelimit": [None, None],
        "root_id": task_id,
        "parent_id": None,
        "argsrepr": "()",
        "kwargsrepr": "{}",
        "origin": ORIGIN,
        "ignore_result": True,
        "replaced_task_nesting": 0,
        "stamped_headers": None,
        "stamps": {},
    }


async def _push_all(parcels: Sequence[Parcel]) -> list[bool]:
    together: dict[tuple[Valkey, str], list[Parcel]] = defaultdict(list)
    for parcel in parcels:
        together[parcel.valkey, parcel.queue].append(parcel)
    taken = {key: await _push_message(*key, [parcel.call for parcel in some]) for key, some in together.items()}
    return [taken[parcel.valkey, parcel.queue] for parcel in parcels]


async def _push_message(valkey: Valkey, queue: str, calls: list[dict[str, Any]]) -> bool:
    try:
        await valkey.command("LPUSH", queue, message(queue=queue, arguments={"calls": calls}))
    except Unavailable:
        return False
    return True


_parcels = Gathering(_push_all, most=MOST_TOGETHER, is_harmless=lambda _: False)
