"""Reads what an OpenAI-compatible upstream answers: quickly when it is well formed, patiently when it is not."""

import json
import math
from typing import Any

import msgspec

from models_catalog.providers import failures
from models_catalog.providers.base import (
    Accepted,
    BadAnswer,
    Chunk,
    Cut,
    Event,
    Json,
    RawUsage,
    UpstreamFailure,
)

LONGEST_WORD = 200
MOST_FIGURES = 60
DEEPEST_FIGURE = 3
LARGEST_FIGURE = 2**63
MOST_CALLS = 2**31


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[Any] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None
    usage: Json | None = None


class _Piece(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: Json | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Piece).decode
_NOTHING = _Delta()


class Answer:
    """One answer, read event by event. `choices` is how many were asked for; any further one is dropped."""

    __slots__ = ("_choices", "_id", "accepted", "delivered", "finished")

    def __init__(self, *, choices: int) -> None:
        self._choices = choices
        self._id = ""
        self.accepted = False
        self.delivered = False
        self.finished = False

    def read(self, data: bytes) -> list[Event]:
        """This will turn the data of one event into what it says. Raises an `UpstreamFailure`."""
        try:
            pieces = _pieces_of(data)
        except BadAnswer as error:
            raise (Cut() if self.delivered else error) from error
        events: list[Event] = []
        for piece in pieces:
            self._tell(piece, events)
        return events

    def read_whole(self, text: bytes) -> list[Event]:
        """This will turn a whole answer that was not streamed into the same events."""
        events: list[Event] = []
        self._tell(_piece_of(text), events)
        if not self.delivered:
            raise BadAnswer
        return events

    def _tell(self, piece: _Piece, events: list[Event]) -> None:
        if piece.error is not None:
            raise self._failure_of(piece.error)
        if piece.id != self._id:
            self._check_id(piece.id)
        if not self.accepted:
            if piece.choices is None and piece.usage is None:
                return
            self.accepted = True
            events.append(Accepted(piece.model or ""))
        for choice in piece.choices or ():
            if 0 <= choice.index < self._choices:
                self._tell_choice(choice, events)
        if piece.usage is not None:
            events.append(RawUsage(_kept(piece.usage)))

    def _tell_choice(self, choice: _Choice, events: list[Event]) -> None:
        said = choice.delta or choice.message or _NOTHING
        reason = choice.finish_reason
        text = said.content or said.refusal or ""
        reasoning = said.reasoning_content or said.reasoning or ""
        calls = [call for each in said.tool_calls or () if (call := _call_of(each))]
        if text or reasoning or calls or reason or choice.message is not None:
            self.delivered = self.delivered or said is not _NOTHING
            events.append(Chunk(text, reasoning, calls or None, reason, choice.index))
        if reason:
            self.finished = True
        if choice.usage is not None:
            events.append(RawUsage(_kept(choice.usage)))

    def _failure_of(self, error: object) -> UpstreamFailure:
        """After the first piece of text, an error cannot be told from a cut."""
        return Cut() if self.delivered else failures.of_error(error)

    def _check_id(self, found: str | None) -> None:
        """Pieces of two answers in one stream mean that the upstream mixed up its callers."""
        if found and self._id:
            raise BadAnswer
        self._id = found or self._id


def _pieces_of(data: bytes) -> list[_Piece]:
    """Some upstreams forget the blank line between events; then every line is a piece of its own."""
    try:
        return [_decode(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        lines = [line for line in data.split(b"\n") if line]
        return [_piece_of(line) for line in lines if line != b"[DONE]"] if len(lines) > 1 else [_piece_of(data)]


def _piece_of(data: bytes) -> _Piece:
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_patiently(data)


def _read_patiently(data: bytes) -> _Piece:
    """Takes what can be understood: bad characters are replaced, values of a wrong kind are left out."""
    try:
        found = json.loads(data.decode("utf-8", "replace"), parse_constant=lambda _word: None)
    except (ValueError, RecursionError) as error:
        raise BadAnswer from error
    if not isinstance(found, dict):
        raise BadAnswer
    choices = found.get("choices")
    return _Piece(
        id=_text(found.get("id")),
        model=_text(found.get("model")),
        choices=[_choice_of(choice) for choice in choices if isinstance(choice, dict)]
        if isinstance(choices, list)
        else None,
        usage=_object(found.get("usage")),
        error=found.get("error"),
    )


def _choice_of(raw: Json) -> _Choice:
    index = raw.get("index", 0)
    return _Choice(
        index=index if isinstance(index, int) else 0,
        delta=_delta_of(raw.get("delta")),
        message=_delta_of(raw.get("message")),
        finish_reason=_text(raw.get("finish_reason")),
        usage=_object(raw.get("usage")),
    )


def _delta_of(raw: object) -> _Delta | None:
    if not isinstance(raw, dict):
        return None
    calls = raw.get("tool_calls")
    return _Delta(
        content=_text(raw.get("content")),
        reasoning_content=_text(raw.get("reasoning_content")),
        reasoning=_text(raw.get("reasoning")),
        refusal=_text(raw.get("refusal")),
        tool_calls=calls if isinstance(calls, list) else None,
    )


def _call_of(raw: object) -> Json | None:
    """A piece of a tool call with what is known of one; who puts pieces together, and writes them, relies on that."""
    if not isinstance(raw, dict):
        return None
    index, function = raw.get("index"), raw.get("function") or {}
    if not isinstance(function, dict) or not (index is None or (type(index) is int and 0 <= index < MOST_CALLS)):
        return None
    said = {
        "index": index,
        "id": _text(raw.get("id")),
        "type": _text(raw.get("type")),
        "function": _said({name: _text(function.get(name)) for name in ("name", "arguments")}),
    }
    return _said(said)


def _said(parts: Json) -> Json:
    return {name: value for name, value in parts.items() if value is not None}


def _text(value: object) -> str | None:
    """Half of a surrogate pair cannot be written out as UTF-8, so it is replaced too."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _object(value: object) -> Json | None:
    return value if isinstance(value, dict) else None


def _kept(raw: Json, *, depth: int = 0) -> Json:
    """The figures of a usage object that can be stored: few, finite, and no long words."""
    kept: Json = {}
    for name, value in list(raw.items())[:MOST_FIGURES]:
        if isinstance(value, dict):
            if depth < DEEPEST_FIGURE:
                kept[_plain_word(name)] = _kept(value, depth=depth + 1)
        elif value is None or isinstance(value, bool) or _is_storable(value):
            kept[_plain_word(name)] = value
        else:
            kept[_plain_word(name)] = _plain_word(value) if isinstance(value, str) else None
    return kept


def _is_storable(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < LARGEST_FIGURE


def _plain_word(word: str) -> str:
    return word[:LONGEST_WORD].replace("\0", "").encode("utf-8", "replace").decode()
