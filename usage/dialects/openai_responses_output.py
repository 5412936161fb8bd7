"""Builds the items of an answer in OpenAI's Responses API, and the events that tell of each step on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models_catalog.providers.base import Chunk
from usage.dialects.openai_responses_tools import Tool, text_of

Json = dict[str, Any]

REASONING, MESSAGE, CALL, CUSTOM_CALL = "reasoning", "message", "function_call", "custom_tool_call"
COMPLETED, INCOMPLETE = "completed", "incomplete"
_PREFIXES = {REASONING: "rs", MESSAGE: "msg", CALL: "fc", CUSTOM_CALL: "ctc"}
_PARTS = {REASONING: "reasoning_text", MESSAGE: "output_text"}
_LOGPROBS: dict[str, Json] = {REASONING: {}, MESSAGE: {"logprobs": []}}


@dataclass
class _Text:
    """A message or a reasoning that grows."""

    kind: str
    place: int
    id: str
    pieces: list[str] = field(default_factory=list)

    @property
    def at(self) -> Json:
        """Where its one part is."""
        return {"item_id": self.id, "output_index": self.place, "content_index": 0}

    def part(self, text: str) -> Json:
        if self.kind == REASONING:
            return {"type": _PARTS[REASONING], "text": text}
        return {"type": _PARTS[MESSAGE], "text": text, "annotations": [], "logprobs": []}

    def item(self, status: str, content: list[Json]) -> Json:
        more: Json = {"summary": []} if self.kind == REASONING else {"role": "assistant"}
        return {"id": self.id, "type": self.kind, "status": status, **more, "content": content}


@dataclass
class _Call:
    """A call of a tool that grows; as long as the model has not named the tool, it has no place."""

    tool: Tool | None = None
    place: int = -1
    id: str = ""
    call_id: str = ""
    arguments: list[str] = field(default_factory=list)

    @property
    def is_text(self) -> bool:
        """Whether the caller's tool takes text, which is known only when all of it is there."""
        return self.tool is not None and self.tool.takes_text

    @property
    def at(self) -> Json:
        """Where it is."""
        return {"item_id": self.id, "output_index": self.place}

    @property
    def told(self) -> str:
        """What the tool is given, as far as it has come."""
        arguments = "".join(self.arguments)
        return text_of(arguments) if self.is_text else arguments

    def item(self, status: str, told: str) -> Json:
        tool = self.tool or Tool("")
        more: Json = {"namespace": tool.namespace} if tool.namespace else {}
        return {
            "id": self.id,
            "type": CUSTOM_CALL if self.is_text else CALL,
            "status": status,
            "call_id": self.call_id or self.id,
            "name": tool.name,
            **more,
            "input" if self.is_text else "arguments": told,
        }

    def end(self) -> list[Json]:
        if self.is_text:
            steps: list[Json] = [{"type": "response.custom_tool_call_input.delta", **self.at, "delta": self.told}]
            return [*steps, {"type": "response.custom_tool_call_input.done", **self.at, "input": self.told}]
        name = self.tool.name if self.tool else ""
        return [{"type": "response.function_call_arguments.done", **self.at, "name": name, "arguments": self.told}]


class Output:
    """The items of one answer. A text ends where another begins; calls stay open, for their pieces may mingle.

    `tools` are the caller's by the names that the model knows.
    """

    def __init__(self, call_id: UUID, *, tools: Mapping[str, Tool]) -> None:
        self.items: list[Json] = []
        self._tools = tools
        self._call_id = call_id
        self._text: _Text | None = None
        self._calls: dict[str, _Call] = {}

    def add(self, chunk: Chunk) -> list[Json]:
        """This will append one piece and return the events that tell of it, without their numbers."""
        events: list[Json] = []
        if chunk.reasoning:
            events += self._say(REASONING, chunk.reasoning)
        if chunk.text:
            events += self._say(MESSAGE, chunk.text)
        for delta in chunk.tool_calls or ():
            events += self._end_text(COMPLETED) + self._call(delta)
        return events

    def end(self, status: str) -> list[Json]:
        """This will end what is still open; what an answer broke off in is itself incomplete."""
        events = self._end_text(status)
        for call in self._calls.values():
            events += [] if call.tool else self._begin_call(call)
            self.items[call.place] = call.item(status, call.told)
            events += [*call.end(), self._done(call.place)]
        self._calls.clear()
        return events

    def _say(self, kind: str, piece: str) -> list[Json]:
        events = [] if self._text and self._text.kind == kind else self._begin_text(kind)
        assert self._text is not None
        self._text.pieces.append(piece)
        delta = {"type": f"response.{_PARTS[kind]}.delta", **self._text.at, "delta": piece}
        return [*events, delta | _LOGPROBS[kind]]

    def _begin_text(self, kind: str) -> list[Json]:
        events = self._end_text(COMPLETED)
        text = self._text = _Text(kind, *self._place_of(kind))
        self.items[text.place] = text.item("in_progress", [])
        part = {"type": "response.content_part.added", **text.at, "part": text.part("")}
        return [*events, self._added(text.place), part]

    def _end_text(self, status: str) -> list[Json]:
        text, self._text = self._text, None
        if text is None:
            return []
        whole = "".join(text.pieces)
        self.items[text.place] = text.item(status, [text.part(whole)])
        done = {"type": f"response.{_PARTS[text.kind]}.done", **text.at, "text": whole}
        return [
            done | _LOGPROBS[text.kind],
            {"type": "response.content_part.done", **text.at, "part": text.part(whole)},
            self._done(text.place),
        ]

    def _call(self, delta: Json) -> list[Json]:
        """The first piece of a call names it, all add arguments; those before its name are told with it."""
        call = self._calls.setdefault(str(delta.get("index", delta.get("id", 0))), _Call())
        function = delta.get("function")
        function = function if isinstance(function, dict) else {}
        call.call_id = call.call_id or str(delta.get("id") or "")
        events: list[Json] = []
        told = str(function.get("arguments") or "")
        call.arguments.append(told)
        if not call.tool and (name := str(function.get("name") or "")):
            call.tool = self._tools.get(name) or Tool(name)
            events, told = self._begin_call(call), "".join(call.arguments)
        if told and call.tool and not call.is_text:
            events.append({"type": "response.function_call_arguments.delta", **call.at, "delta": told})
        return events

    def _begin_call(self, call: _Call) -> list[Json]:
        call.place, call.id = self._place_of(CUSTOM_CALL if call.is_text else CALL)
        self.items[call.place] = call.item("in_progress", "")
        return [self._added(call.place)]

    def _place_of(self, kind: str) -> tuple[int, str]:
        place = len(self.items)
        self.items.append({})
        return place, f"{_PREFIXES[kind]}_{self._call_id.hex}_{place}"

    def _added(self, place: int) -> Json:
        return {"type": "response.output_item.added", "output_index": place, "item": self.items[place]}

    def _done(self, place: int) -> Json:
        return {"type": "response.output_item.done", "output_index": place, "item": self.items[place]}
