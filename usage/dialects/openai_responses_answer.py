"""Writes answers as OpenAI's Responses API does: one Response object, whole or told of by numbered events."""

from typing import Any
from uuid import UUID

import orjson

from usage.dialects import outcomes
from usage.dialects.openai_answer import COMMENT, in_credits
from usage.dialects.openai_responses_output import COMPLETED, INCOMPLETE, Output
from usage.dialects.openai_responses_tools import Question
from usage.events import Accepted, Answer, Delta, Event, Failed, Finished, KeepAlive

Json = dict[str, Any]


class Response:
    """One Response object at its moments: what it answers stays, its status, items and usage come."""

    def __init__(self, call_id: UUID, *, model: str, created: int, question: Question) -> None:
        self.output = Output(call_id, tools=question.callers_tools)
        self._head = {"id": f"resp_{call_id}", "object": "response", "created_at": created, "model": model}
        self._asked = asked_of(question)

    def body(self, status: str, **more: object) -> Json:
        """This will return the object as it is now."""
        lacking = {"error": None, "incomplete_details": None, "usage": None}
        return self._head | {"status": status} | lacking | more | {"output": self.output.items} | self._asked

    def finished(self, end: Finished) -> tuple[list[Json], Json]:
        """This will end the answer: the last events of its items, and the object with what was used."""
        lacking = _lacking(end.finish_reason)
        status = INCOMPLETE if lacking else COMPLETED
        last = self.output.end(status)
        return last, self.body(status, incomplete_details=lacking, usage=usage_of(end))


class Framing:
    """Frames the events of one stream, each with its name and the next number."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._number = 0

    def frame(self, event: Event) -> bytes:
        """This will return the bytes that one event puts on the wire."""
        match event:
            case KeepAlive():
                return COMMENT
            case Accepted():
                return self._begin()
            case Delta(chunk=chunk):
                return self._begin() + b"".join([self._one(step) for step in self._response.output.add(chunk)])
            case Finished():
                last, body = self._response.finished(event)
                told = [*last, {"type": f"response.{body['status']}", "response": body}]
                return self._begin() + b"".join([self._one(step) for step in told])
            case Failed():
                return self._begin() + self._failed(event)

    def _begin(self) -> bytes:
        if self._number:
            return b""
        body = self._response.body("in_progress")
        return b"".join(
            [self._one({"type": f"response.{name}", "response": body}) for name in ("created", "in_progress")]
        )

    def _failed(self, event: Failed) -> bytes:
        """Stock clients raise what has an `error` in it; others wait for the object's last state."""
        error = {"code": event.code, "message": event.sentence}
        told = {"type": "error", **error, "param": None, "error": error}
        self._response.output.end(INCOMPLETE)
        body = self._response.body("failed", error=error)
        return self._one(told) + self._one({"type": "response.failed", "response": body})

    def _one(self, step: Json) -> bytes:
        numbered = step | {"sequence_number": self._number}
        self._number += 1
        return b"event: %s\ndata: %s\n\n" % (step["type"].encode(), orjson.dumps(numbered))


def whole(response: Response, *, answer: Answer, end: Finished) -> bytes:
    """This will return the body of an answer that is sent in one piece."""
    for chunk in answer.rest_after(Answer()):
        response.output.add(chunk)
    return orjson.dumps(response.finished(end)[1])


def usage_of(end: Finished) -> Json:
    """This will return the usage object, in which details are subsets, with what was charged beside it."""
    usage = end.usage
    written = usage.cache_write_5m + usage.cache_write_1h
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": written},
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.out_reasoning},
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "credits_charged": in_credits(end.charged_microcredits),
    }


def asked_of(request: Question) -> Json:
    """This will return what a Response object repeats: how it was asked and what the model was offered, no words."""
    return {
        "background": False,
        "instructions": None,
        "max_output_tokens": request.max_output_tokens,
        "metadata": {},
        "parallel_tool_calls": None if request.wants_one_by_one else True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": request.temperature,
        "text": {"format": _format_of(request.response_format)},
        "tool_choice": _choice_of(request.tool_choice),
        "tools": [_tool_of(tool["function"]) for tool in request.tools or ()],
        "top_p": request.top_p,
        "truncation": "disabled",
    }


def _lacking(reason: str) -> Json | None:
    """Clients know two reasons only: whatever else cut an answer short is told as one that may go on."""
    if reason in outcomes.COMPLETE:
        return None
    return {"reason": "content_filter" if reason in outcomes.HELD_BACK else "max_output_tokens"}


def _format_of(shape: Json | None) -> Json:
    if shape is None:
        return {"type": "text"}
    return {"type": shape["type"], **shape.get("json_schema", {})}


def _choice_of(choice: str | Json | None) -> str | Json:
    if isinstance(choice, dict):
        return {"type": "function", "name": choice["function"]["name"]}
    return choice or "auto"


def _tool_of(function: Json) -> Json:
    return {"type": "function", "parameters": None, "strict": None, **function}
