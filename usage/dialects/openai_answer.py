"""Frames answers as OpenAI's Chat Completions does: chunks of a stream, a whole answer, a refusal."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from models_catalog.pricing import Usage
from portal.kit.refusals import Refusal
from portal.kit.units import MICROCREDITS_PER_CREDIT
from usage.dialects import outcomes
from usage.dialects.outcomes import Headers
from usage.events import Accepted, Answer, Chunk, Delta, Event, Failed, Finished, KeepAlive

Json = dict[str, Any]

DONE = b"data: [DONE]\n\n"
COMMENT = b": keep-alive\n\n"
SERVER_ERROR = 500
_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    409: "conflict_error",
    429: "rate_limit_error",
}


class Framing:
    """Frames the events of one stream; what all its chunks have in common is encoded once."""

    def __init__(self, call_id: UUID, *, model: str, created: int, with_usage: bool) -> None:
        self._head = b'data: {"id":"chatcmpl-%s","object":"chat.completion.chunk","created":%d,"model":%s,' % (
            str(call_id).encode(),
            created,
            orjson.dumps(model),
        )
        self._tail = b',"usage":null}\n\n' if with_usage else b"}\n\n"
        self._with_usage = with_usage
        self._greeted: set[int] = set()

    def frame(self, event: Event) -> bytes:
        """This will return the bytes that one event puts on the wire; none for what the caller need not see."""
        match event:
            case Delta(chunk=chunk):
                return self._chunk(chunk)
            case Finished():
                return self._end(event)
            case Failed():
                return b"data: " + orjson.dumps({"error": error_of(event)}) + b"\n\n"
            case KeepAlive():
                return COMMENT
            case Accepted():
                return b""

    def _chunk(self, chunk: Chunk) -> bytes:
        delta: Json = {}
        if chunk.index not in self._greeted:
            self._greeted.add(chunk.index)
            delta["role"] = "assistant"
        if chunk.text or (not chunk.reasoning and not chunk.tool_calls and not chunk.finish_reason):
            delta["content"] = chunk.text
        if chunk.reasoning:
            delta["reasoning_content"] = chunk.reasoning
        if chunk.tool_calls:
            delta["tool_calls"] = chunk.tool_calls
        choices = [{"index": chunk.index, "delta": delta, "finish_reason": chunk.finish_reason}]
        return self._head + b'"choices":' + orjson.dumps(choices) + self._tail

    def _end(self, event: Finished) -> bytes:
        if not self._with_usage:
            return DONE
        usage = usage_of(event)
        return self._head + b'"choices":[],"usage":' + orjson.dumps(usage) + b"}\n\n" + DONE


def whole(call_id: UUID, *, model: str, created: int, answer: Answer, end: Finished) -> bytes:
    """This will return the body of an answer that is sent in one piece."""
    return orjson.dumps(
        {
            "id": f"chatcmpl-{call_id}",
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": [_choice(answer, index) for index in answer.choices],
            "usage": usage_of(end),
        }
    )


def usage_of(end: Finished) -> Json:
    """This will return OpenAI's usage object, in which details are subsets, with what was charged beside it."""
    usage: Usage = end.usage
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write_5m + usage.cache_write_1h,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.out_reasoning},
        "credits_charged": in_credits(end.charged_microcredits),
    }


def in_credits(microcredits: int) -> str:
    """This will write microcredits as credits, exactly, with no more decimals than are needed."""
    whole_credits, rest = divmod(microcredits, MICROCREDITS_PER_CREDIT)
    return f"{whole_credits}.{rest:06d}".rstrip("0").rstrip(".")


def refusal(no: Refusal) -> tuple[int, Headers, bytes]:
    """This will return status, headers and body that tell a stock client of a refusal, and whether to retry."""
    metadata = dict(outcomes.metadata_of(no))
    error: Json = {
        "message": outcomes.uncharged(str(no)),
        "type": "quota_exceeded" if no.code == "quota_exceeded" else _type(no.status),
        "param": metadata.pop("param", None),
        "code": no.code,
    }
    if metadata:
        error["metadata"] = metadata
    return no.status, outcomes.retry_headers(no), orjson.dumps({"error": error}, default=str)


def error_of(event: Failed) -> Mapping[str, object]:
    """This will return the error object of a call that failed after it was let in."""
    return {"message": event.sentence, "type": _type(event.status), "param": None, "code": event.code}


def failed(end: Failed) -> tuple[Headers, bytes]:
    """This will return headers and body of a call that failed; one that was charged is not to be repeated."""
    return outcomes.retry_headers_after(end), orjson.dumps({"error": error_of(end)})


def _choice(answer: Answer, index: int) -> Json:
    message: Json = {"role": "assistant", "content": "".join(answer.texts.get(index, ()))}
    if index in answer.reasonings:
        message["reasoning_content"] = "".join(answer.reasonings[index])
    if calls := answer.tool_calls(index):
        message["tool_calls"] = calls
        message["content"] = message["content"] or None
    reason = answer.finish_reasons.get(index, "stop")
    return {"index": index, "message": message, "finish_reason": reason, "logprobs": None}


def _type(status: int) -> str:
    return _TYPES.get(status, "server_error" if status >= SERVER_ERROR else "invalid_request_error")
