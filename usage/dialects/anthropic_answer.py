"""Frames answers as Anthropic's Messages does: the events of a stream, a whole message, an error."""

from dataclasses import dataclass, field
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
_DELTAS = {
    THINKING: ("thinking_delta", "thinking"),
    TEXT: ("text_delta", "text"),
    TOOL: ("input_json_delta", "partial_json"),
}
UNNAMED = "unnamed"
"""The name of a tool that the model called without one, which clients would not take."""
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


@dataclass(eq=False)
class _Block:
    """One block of a message as it grows; `number` counts the calls of tools."""

    kind: str
    number: int = 0
    id: str = ""
    name: str = ""
    untold: list[str] = field(default_factory=list)

    @property
    def may_begin(self) -> bool:
        """Whether all is known that its beginning tells."""
        return self.kind != TOOL or bool(self.name)


class Framing:
    """Frames the events of one stream: a message, and in it blocks one after the other.

    A call of a tool cannot be gone on with once its block is closed, so it stays open to the end; what comes of all
    else meanwhile waits, and so does a call until the model has named its tool. `input_tokens` is what the prompt is
    thought to have; the end tells it exactly.
    """

    def __init__(self, call_id: UUID, *, model: str, input_tokens: int, shows_thoughts: bool) -> None:
        self._call_id = call_id
        usage = {"input_tokens": input_tokens, "output_tokens": 0}
        message = _message(call_id, model=model, content=[], stop_reason=None, usage=usage)
        self._start = _event("message_start", message=message)
        self._shows_thoughts = shows_thoughts
        self._index = -1
        self._open: _Block | None = None
        self._thoughts, self._text = _Block(THINKING), _Block(TEXT)
        self._calls: dict[object, _Block] = {}
        self._waiting: list[_Block] = []

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
            told += self._add(self._thoughts, chunk.reasoning) if self._shows_thoughts else PING
        if chunk.text:
            told += self._add(self._text, chunk.text)
        for called in chunk.tool_calls or ():
            told += self._called(called)
        return told

    def _called(self, called: Json) -> bytes:
        place, function = called.get("index", called.get("id", 0)), called.get("function") or {}
        block = self._calls.setdefault(place, _Block(TOOL, number=len(self._calls)))
        block.id = block.id or str(called.get("id") or "")
        block.name = block.name or str(function.get("name") or "")
        return self._add(block, str(function.get("arguments") or ""))

    def _add(self, block: _Block, piece: str) -> bytes:
        block.untold.append(piece)
        is_shut_out = self._open is not None and self._open.kind == TOOL and self._open is not block
        if is_shut_out or not block.may_begin:
            if block not in self._waiting:
                self._waiting.append(block)
            return PING
        return self._tell(block)

    def _end(self, end: Finished) -> bytes:
        told = b"".join(map(self._tell, [*self._waiting])) + self._close()
        reason = _stop_reason(end.finish_reason, has_called=bool(self._calls))
        delta = {"stop_reason": reason, "stop_sequence": None}
        return told + _event("message_delta", delta=delta, usage=usage_of(end)) + _event("message_stop")

    def _tell(self, block: _Block) -> bytes:
        """Goes on with the block that is open, or closes it and begins this one."""
        told = b""
        if self._open is not block:
            told = self._close() + self._begin(block)
        piece = "".join(block.untold)
        block.untold.clear()
        if not piece:
            return told
        kind, name = _DELTAS[block.kind]
        return told + _event("content_block_delta", index=self._index, delta={"type": kind, name: piece})

    def _begin(self, block: _Block) -> bytes:
        self._open, self._index = block, self._index + 1
        if block in self._waiting:
            self._waiting.remove(block)
        match block.kind:
            case "thinking":
                empty = _thoughts("")
            case "text":
                empty = _text("")
            case _:
                empty = _tool_use(self._call_id, block.number, id_=block.id, name=block.name, input_={})
        return _event("content_block_start", index=self._index, content_block=empty)

    def _close(self) -> bytes:
        was_open, self._open = self._open, None
        return _event("content_block_stop", index=self._index) if was_open else b""


def whole(call_id: UUID, *, model: str, answer: Answer, end: Finished, shows_thoughts: bool) -> bytes:
    """This will return the body of an answer that is sent in one piece."""
    content: list[Json] = []
    if answer.reasoning and shows_thoughts:
        content.append(_thoughts(answer.reasoning))
    if answer.text:
        content.append(_text(answer.text))
    calls = answer.tool_calls(0)
    for number, call in enumerate(calls):
        name, input_ = call["function"]["name"], _input(call["function"]["arguments"])
        content.append(_tool_use(call_id, number, id_=call["id"], name=name, input_=input_))
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


def _thoughts(text: str) -> Json:
    return {"type": "thinking", "thinking": text, "signature": ""}


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _tool_use(call_id: UUID, number: int, *, id_: str, name: str, input_: Json) -> Json:
    """Clients tell by its id which call a result is of, so that one without an id is given one."""
    id_ = id_ or f"toolu_{call_id.hex}_{number}"
    return {"type": "tool_use", "id": id_, "name": name or UNNAMED, "input": input_}


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
