"""Frames answers as Anthropic's Messages does: the events of a stream, a whole message, an error."""

from typing import Any
from uuid import UUID

import orjson

from portal.kit.refusals import Refusal
from usage.dialects import outcomes
from usage.dialects.openai_answer import in_credits
from usage.dialects.outcomes import Headers
from usage.events import Accepted, Answer, Chunk, Delta, Event, Failed, Finished, KeepAlive

Json = dict[str, Any]

OVERLOADED = 529
BUSY = "upstream_overloaded"
SERVER_ERROR = 500
THINKING, TEXT, TOOL = "thinking", "text", "tool"
_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class Framing:
    """Frames the events of one stream: a message, and in it blocks one after the other.

    Of tools that are called side by side one is passed on as it comes; what comes of the others meanwhile waits.
    `input_tokens` is what the prompt is thought to have; the end tells it exactly.
    """

    def __init__(self, call_id: UUID, *, model: str, input_tokens: int) -> None:
        self._call_id = call_id
        usage = {"input_tokens": input_tokens, "output_tokens": 0}
        message = _message(call_id, model=model, content=[], stop_reason=None, usage=usage)
        self._start = _event("message_start", message=message)
        self._index = -1
        self._open = ""
        self._has_called = False
        self._waiting: dict[str, list[Json]] = {}

    def frame(self, event: Event) -> bytes:
        """This will return the bytes that one event puts on the wire."""
        match event:
            case Failed():
                return _event("error", **_error_of(event, self._call_id))
            case Accepted():
                told = b""
            case KeepAlive():
                told = PING
            case Delta(chunk=chunk):
                told = self._chunk(chunk)
            case Finished():
                told = self._end(event)
        start, self._start = self._start, b""
        return start + told

    def _chunk(self, chunk: Chunk) -> bytes:
        told = b""
        if chunk.reasoning:
            told += self._on(THINKING, {"type": "thinking", "thinking": "", "signature": ""})
            told += self._delta({"type": "thinking_delta", "thinking": chunk.reasoning})
        if chunk.text:
            told += self._on(TEXT, {"type": "text", "text": ""})
            told += self._delta({"type": "text_delta", "text": chunk.text})
        for called in chunk.tool_calls or ():
            told += self._called(called)
        return told

    def _called(self, called: Json) -> bytes:
        self._has_called = True
        place = f"{TOOL} {called.get('index', called.get('id', 0))}"
        if self._open.startswith(TOOL) and self._open != place:
            self._waiting.setdefault(place, []).append(called)
            return PING
        function = called.get("function") or {}
        call = {"id": str(called.get("id") or ""), "function": {"name": str(function.get("name") or "")}}
        told = self._on(place, _tool_use(call, input_={}))
        if arguments := str(function.get("arguments") or ""):
            told += self._delta({"type": "input_json_delta", "partial_json": arguments})
        return told

    def _end(self, end: Finished) -> bytes:
        told = self._close()
        for waiting in self._waiting.values():
            told += b"".join(map(self._called, waiting)) + self._close()
        reason = _stop_reason(end.finish_reason, has_called=self._has_called)
        delta = {"stop_reason": reason, "stop_sequence": None}
        return told + _event("message_delta", delta=delta, usage=usage_of(end)) + _event("message_stop")

    def _on(self, place: str, block: Json) -> bytes:
        """Goes on with the block that is open, or closes it and starts this one."""
        if self._open == place:
            return b""
        told = self._close()
        self._open = place
        self._index += 1
        return told + _event("content_block_start", index=self._index, content_block=block)

    def _delta(self, delta: Json) -> bytes:
        return _event("content_block_delta", index=self._index, delta=delta)

    def _close(self) -> bytes:
        was_open, self._open = self._open, ""
        return _event("content_block_stop", index=self._index) if was_open else b""


def whole(call_id: UUID, *, model: str, answer: Answer, end: Finished) -> bytes:
    """This will return the body of an answer that is sent in one piece."""
    content: list[Json] = []
    if answer.reasoning:
        content.append({"type": "thinking", "thinking": answer.reasoning, "signature": ""})
    if answer.text:
        content.append({"type": "text", "text": answer.text})
    calls = answer.tool_calls(0)
    content += [_tool_use(call, input_=_input(call["function"]["arguments"])) for call in calls]
    reason = _stop_reason(end.finish_reason, has_called=bool(calls))
    return orjson.dumps(_message(call_id, model=model, content=content, stop_reason=reason, usage=usage_of(end)))


def usage_of(end: Finished) -> Json:
    """This will return Anthropic's usage object, in which input adds up, with what was charged beside it."""
    usage = end.usage
    written = usage.cache_write_5m + usage.cache_write_1h
    return {
        "input_tokens": usage.input_tokens - usage.cache_read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.out_reasoning},
        "credits_charged": in_credits(end.charged_microcredits),
    }


def refusal(no: Refusal) -> tuple[int, Headers, bytes]:
    """This will return status, headers and body that tell a stock client of a refusal, and whether to retry."""
    status = _status(no.status, no.code)
    error = {
        "type": _type(status),
        "message": outcomes.uncharged(str(no)),
        "details": {"error_code": no.code, **outcomes.metadata_of(no)},
    }
    body = {"type": "error", "error": error, "request_id": None}
    return status, outcomes.retry_headers(no), orjson.dumps(body, default=str)


def failed(call_id: UUID, end: Failed) -> tuple[int, Headers, bytes]:
    """This will return status, headers and body of a call that failed after it was let in."""
    body = {"type": "error", **_error_of(end, call_id)}
    return _status(end.status, end.code), outcomes.retry_headers_after(end), orjson.dumps(body)


def _message(call_id: UUID, *, model: str, content: list[Json], stop_reason: str | None, usage: Json) -> Json:
    return {
        "id": f"msg_{call_id}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, **usage},
    }


def _tool_use(call: Json, *, input_: Json) -> Json:
    return {"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": input_}


def _input(arguments: str) -> Json:
    """Arguments that are no object, which a model may write, still arrive: as the text that they are."""
    try:
        found = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"arguments": arguments}


def _stop_reason(reason: str, *, has_called: bool) -> str:
    """Some upstreams end with "stop" what calls tools; whatever cut an answer short is told as its length."""
    if reason in outcomes.COMPLETE:
        return "tool_use" if has_called or reason != "stop" else "end_turn"
    return "refusal" if reason in outcomes.HELD_BACK else "max_tokens"


def _error_of(end: Failed, call_id: UUID) -> Json:
    error = {
        "type": _type(_status(end.status, end.code)),
        "message": end.sentence,
        "details": {"error_code": end.code},
    }
    return {"error": error, "request_id": str(call_id)}


def _status(status: int, code: str) -> int:
    """A model that is busy has a status of its own, on which clients wait or choose another model."""
    return OVERLOADED if code == BUSY else status


def _type(status: int) -> str:
    return _TYPES.get(status, "api_error" if status >= SERVER_ERROR else "invalid_request_error")


def _event(name: str, **told: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps({"type": name, **told}))


PING = _event("ping")
