"""A scripted OpenAI-compatible upstream for the demo and the tests, which counts what it was asked.

POST /v1/chat/completions      answers by the script of the model's name, or of a directive in the last
                               message: [[script words=20 gap_ms=5 fail=cut after=3]]  (`upstream_scripts`)
GET  /v1/models                the models it plays
GET  /hits, /hits/<request id> how often each x-request-id was asked, what it was told before, and how that ended
"""

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from portal.sandbox import upstream_answers, upstream_faults
from portal.sandbox.upstream_faults import JSON, LISTED, WHOLE, Cut, Hang, Whole
from portal.sandbox.upstream_scripts import MODELS, Script, script_in, script_of

REMEMBERED_CALLS = 100_000
HANG_SECONDS = 3600.0
TOLD_CHARACTERS = 4_000
BODY_BYTES = 32 * 1_048_576
LISTED_TOKENS = 32_768
STATUS_OK = 200
STATUS_NOT_FOUND = 404
STATUS_BAD_REQUEST = 400

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Hits:
    """What happened to the calls of one request id; `finished_at` is when the last one was answered to its end.

    `told` is what the system said, from its beginning.
    """

    count: int = 0
    finished: int = 0
    finished_at: float = 0.0
    hung_up: int = 0
    pieces: int = 0
    authorization: str = ""
    told: str = ""


_hits: OrderedDict[str, Hits] = OrderedDict()


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """This will answer one request (ASGI)."""
    if scope["type"] != "http":
        return
    path = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/")
    script = script_in(path)
    if script is not None and script.key and not _headers(scope).get("authorization", "").endswith(script.key):
        await _send_as(send, WHOLE["401"](script))
    elif scope["method"] == "POST" and path.endswith("/chat/completions"):
        await _complete(scope, receive, send, script)
    elif path.endswith("/models"):
        await _list(script or Script(), send)
    elif path == "/hits":
        await _send_json(send, {name: asdict(hits) for name, hits in _hits.items()})
    elif path.startswith("/hits/"):
        await _send_json(send, asdict(_hits.get(path.removeprefix("/hits/"), Hits())))
    else:
        await _send_json(send, {"error": {"message": "no such page", "type": "not_found"}}, STATUS_NOT_FOUND)


async def _list(script: Script, send: Send) -> None:
    if script.fail in WHOLE:
        await _send_as(send, WHOLE[script.fail](script))
        return
    if script.fail == "hang":
        await asyncio.sleep(HANG_SECONDS)
    sizes = {"context_length": LISTED_TOKENS, "max_completion_tokens": LISTED_TOKENS // 4}
    listed = [{"id": name, "object": "model", "owned_by": "demo", **sizes} for name in MODELS]
    body = json.dumps({"object": "list", "data": listed}).encode()
    if script.fail not in LISTED:
        await _send_whole(send, body, status=STATUS_OK, kind=JSON)
        return
    start = {"type": "http.response.start", "status": STATUS_OK, "headers": [(b"content-type", JSON.encode())]}
    await send(start)
    for piece in LISTED[script.fail](body):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(script.gap_ms / 1000)


async def _complete(scope: dict[str, Any], receive: Receive, send: Send, given: Script | None) -> None:
    headers = _headers(scope)
    hits = _hits_of(headers.get("x-request-id", "") or "none", authorization=headers.get("authorization", ""))
    try:
        request = json.loads(await _read_body(receive))
        script = given or script_of(request)
        hits.told = _told(request)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        wrong = {
            "message": f"cannot read the request: {error}",
            "type": "invalid_request_error",
            "code": None,
        }
        await _send_json(send, {"error": wrong}, STATUS_BAD_REQUEST)
        return
    if script.times and hits.count > script.times:
        script = script.healed()
    answering = asyncio.ensure_future(_answer(request, script, hits, send))
    leaving = asyncio.ensure_future(_wait_for_hang_up(receive))
    await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
    if not answering.done():
        hits.hung_up += 1
    for task in (answering, leaving):
        task.cancel()
    await asyncio.gather(answering, leaving, return_exceptions=True)


async def _answer(request: dict[str, Any], script: Script, hits: Hits, send: Send) -> None:
    whole = WHOLE.get(script.fail)
    if script.fail == "hang":
        await asyncio.sleep(HANG_SECONDS)
    if whole is not None:
        await _send_as(send, whole(script))
    elif request.get("stream"):
        await _answer_streamed(request, script, hits, send)
    else:
        await _answer_plain(request, script, hits, send)
    hits.finished += 1
    hits.finished_at = time.time()


async def _answer_streamed(request: dict[str, Any], script: Script, hits: Hits, send: Send) -> None:
    frames = upstream_answers.frames(request, script, **_stamp())
    await asyncio.sleep(script.first_ms / 1000)
    start = {"type": "http.response.start", "status": STATUS_OK}
    await send(start | {"headers": [(b"content-type", b"text/event-stream; charset=utf-8")]})
    due = time.monotonic()
    for frame in upstream_faults.play(frames, script):
        if isinstance(frame, Cut):
            return
        if isinstance(frame, Hang):
            await asyncio.sleep(HANG_SECONDS)
            return
        await send({"type": "http.response.body", "body": frame, "more_body": True})
        hits.pieces += 1
        due += script.gap_ms / 1000
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _answer_plain(request: dict[str, Any], script: Script, hits: Hits, send: Send) -> None:
    answer, pieces = upstream_answers.whole(request, script, **_stamp())
    await asyncio.sleep((script.first_ms + script.gap_ms * pieces) / 1000)
    hits.pieces += pieces
    body = json.dumps(answer, ensure_ascii=False).encode()
    if script.fail.startswith("cut"):
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": STATUS_OK, "headers": headers})
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        return
    await _send_whole(send, body, status=STATUS_OK, kind="application/json")


def _told(request: dict[str, Any]) -> str:
    said = [str(message.get("content")) for message in request["messages"] if message.get("role") == "system"]
    return "\n\n".join(said)[:TOLD_CHARACTERS]


def _stamp() -> dict[str, Any]:
    return {"answer_id": f"chatcmpl-{secrets.token_hex(8)}", "created": int(time.time())}


def _hits_of(request_id: str, *, authorization: str) -> Hits:
    hits = _hits.setdefault(request_id, Hits())
    hits.count += 1
    hits.authorization = authorization[:12] + "…" if authorization else ""
    if len(_hits) > REMEMBERED_CALLS:
        _hits.popitem(last=False)
    return hits


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES:
            wrong = "the body is too large"
            raise ValueError(wrong)
        if not message.get("more_body"):
            return bytes(body)


async def _wait_for_hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _send_as(send: Send, whole: Whole) -> None:
    status, kind, body, extra = whole
    await _send_whole(send, body, status=status, kind=kind, extra=extra)


async def _send_json(send: Send, content: object, status: int = STATUS_OK) -> None:
    await _send_whole(send, json.dumps(content).encode(), status=status, kind="application/json")


async def _send_whole(
    send: Send, body: bytes, *, status: int, kind: str, extra: tuple[tuple[str, str], ...] = ()
) -> None:
    headers = [("content-type", kind), ("content-length", str(len(body))), *extra]
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": False})
