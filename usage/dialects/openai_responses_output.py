"""Builds the items of an answer in OpenAI's Responses API, and the events that tell of each step on the way."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models_catalog.providers.base import Chunk

Json = dict[str, Any]

REASONING, MESSAGE, CALL = "reasoning", "message", "function_call"
COMPLETED, INCOMPLETE = "completed", "incomplete"
_PREFIXES = {REASONING: "rs", MESSAGE: "msg", CALL: "fc"}
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
    """A call of a function that grows; without a name it has no place yet."""

    place: int = -1
    id: str = ""
    call_id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    @property
    def at(self) -> Json:
        """Where it is."""
        return {"item_id": self.id, "output_index": self.place}

    def item(self, status: str, arguments: str) -> Json:
        return {
            "id": self.id,
            "type": CALL,
            "status": status,
            "call_id": self.call_id or self.id,
            "name": self.name,
            "arguments": arguments,
        }


class Output:
    """The items of one answer. A text ends where another begins; calls stay open, for their pieces may mingle."""

    def __init__(self, call_id: UUID) -> None:
        self.items: list[Json] = []
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
            events += [] if call.name else self._begin_call(call)
            arguments = "".join(call.arguments)
            self.items[call.place] = call.item(status, arguments)
            done = {"type": "response.function_call_arguments.done", **call.at, "name": call.name}
            events += [done | {"arguments": arguments}, self._done(call.place)]
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
        if not call.name and (name := str(function.get("name") or "")):
            call.name = name
            events, told = self._begin_call(call), "".join(call.arguments)
        if told and call.name:
            events.append({"type": "response.function_call_arguments.delta", **call.at, "delta": told})
        return events

    def _begin_call(self, call: _Call) -> list[Json]:
        call.place, call.id = self._place_of(CALL)
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
