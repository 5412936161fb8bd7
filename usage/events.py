"""What travels from a running call to whoever waits for it, and the answer that its pieces make. Pure."""

from typing import Any

import msgspec

from models_catalog.pricing import Usage
from models_catalog.providers.base import Accepted, Chunk

__all__ = ["Accepted", "Answer", "Chunk", "Delta", "Event", "Failed", "Finished", "KeepAlive"]

Json = dict[str, Any]


class Delta(msgspec.Struct, frozen=True, tag="delta"):
    """One more piece of the answer."""

    chunk: Chunk


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The end of a call that went well: what was used, charged and is left.

    `credits_left_microcredits` is None when the settlement is still being written down.
    """

    usage: Usage
    charged_microcredits: int
    credits_left_microcredits: int | None
    how: str
    finish_reason: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The end of a call that did not go well, in the words that people may read."""

    code: str
    sentence: str
    status: int
    charged_microcredits: int = 0


class KeepAlive(msgspec.Struct, frozen=True, tag="keep_alive"):
    """Nothing new for a while; the call is still running."""


Event = Accepted | Delta | Finished | Failed | KeepAlive


class Answer(msgspec.Struct):
    """The pieces of an answer put together, one text for each choice that was asked for."""

    texts: dict[int, list[str]] = {}
    reasonings: dict[int, list[str]] = {}
    tool_deltas: dict[int, list[Json]] = {}
    finish_reasons: dict[int, str] = {}
    size_bytes: int = 0

    def add(self, chunk: Chunk) -> None:
        """This will append one piece."""
        if chunk.text:
            self.texts.setdefault(chunk.index, []).append(chunk.text)
            self.size_bytes += len(chunk.text.encode())
        if chunk.reasoning:
            self.reasonings.setdefault(chunk.index, []).append(chunk.reasoning)
            self.size_bytes += len(chunk.reasoning.encode())
        if chunk.tool_calls:
            self.tool_deltas.setdefault(chunk.index, []).extend(chunk.tool_calls)
            self.size_bytes += len(msgspec.json.encode(chunk.tool_calls))
        if chunk.finish_reason:
            self.finish_reasons[chunk.index] = chunk.finish_reason

    def compact(self) -> "Answer":
        """This will join the pieces that have arrived, so that keeping the answer costs no more than its size."""
        for pieces in (*self.texts.values(), *self.reasonings.values()):
            pieces[:] = ["".join(pieces)]
        return self

    @property
    def text(self) -> str:
        """The text of the first choice."""
        return "".join(self.texts.get(0, ()))

    @property
    def reasoning(self) -> str:
        """The reasoning of the first choice."""
        return "".join(self.reasonings.get(0, ()))

    @property
    def finish_reason(self) -> str:
        """Why the first choice ended; empty while it has not."""
        return self.finish_reasons.get(0, "")

    @property
    def choices(self) -> list[int]:
        """The choices of which anything arrived, in order; there is always a first one."""
        return sorted({0, *self.texts, *self.reasonings, *self.tool_deltas, *self.finish_reasons})

    def rest_after(self, known: "Answer") -> list[Chunk]:
        """This will return the pieces that bring someone who holds `known`, an earlier state, up to this one."""
        return [
            Chunk(
                text="".join(self.texts.get(index, ()))[len("".join(known.texts.get(index, ()))) :],
                reasoning="".join(self.reasonings.get(index, ()))[len("".join(known.reasonings.get(index, ()))) :],
                tool_calls=self.tool_deltas.get(index, [])[len(known.tool_deltas.get(index, ())) :] or None,
                finish_reason=self.finish_reasons.get(index) if index not in known.finish_reasons else None,
                index=index,
            )
            for index in self.choices
        ]

    def tool_calls(self, index: int) -> list[Json]:
        """This will join the deltas of each tool call of a choice: the first names it, all add arguments."""
        calls: dict[Any, Json] = {}
        for delta in self.tool_deltas.get(index, ()):
            place = delta.get("index", delta.get("id", 0))
            function = delta.get("function") or {}
            call = calls.setdefault(place, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
            call["id"] = call["id"] or str(delta.get("id") or "")
            call["function"]["name"] = call["function"]["name"] or str(function.get("name") or "")
            call["function"]["arguments"] += str(function.get("arguments") or "")
        return list(calls.values())
