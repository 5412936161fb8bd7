"""The faults that the scripted upstream can play, each by the word after `fail=`.

Whole answers instead of a stream: `WHOLE`. Changes to a stream: `STREAMED`, to the list of
models: `LISTED`. `hang` (never answers) and the wrong usage figures (`upstream_answers.usage`) stand elsewhere.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat

from portal.sandbox.upstream_scripts import Script

LONG_LINE_BYTES = 50_000_000
SEGMENT_BYTES = 65_536
EMPTY_DELTAS = 1_000_000


class Cut:
    """Breaks the connection here."""


class Hang:
    """Says nothing more, and stays."""


Frames = tuple[list[bytes], list[bytes], list[bytes]]
Played = Iterable[bytes | Cut | Hang]
Whole = tuple[int, str, bytes, tuple[tuple[str, str], ...]]
JSON = "application/json"
EVENTS = "text/event-stream"


def play(frames: Frames, script: Script) -> Iterator[bytes | Cut | Hang]:
    """This will yield the frames of a streamed answer as the script spoils them."""
    return iter(STREAMED.get(script.fail, _as_it_is)(frames, script))


def _error(status: int, code: str, kind: str) -> Callable[[Script], Whole]:
    def answer(script: Script) -> Whole:
        words = f"SECRET-UPSTREAM-WORDS {code}"
        body = json.dumps({"error": {"message": words, "type": kind, "param": None, "code": code}}).encode()
        extra = (("retry-after", str(script.wait_seconds)),) if script.wait_seconds else ()
        return status, JSON, body, extra

    return answer


WHOLE: dict[str, Callable[[Script], Whole]] = {
    "429": _error(429, "rate_limit_exceeded", "rate_limit_error"),
    "500": _error(500, "internal_error", "server_error"),
    "502": _error(502, "bad_gateway", "server_error"),
    "529": _error(529, "overloaded", "overloaded_error"),
    "401": _error(401, "invalid_api_key", "authentication_error"),
    "403": _error(403, "permission_denied", "permission_error"),
    "402": _error(402, "insufficient_balance", "billing_error"),
    "404": _error(404, "model_not_found", "invalid_request_error"),
    "refuse": _error(400, "invalid_value", "invalid_request_error"),
    "too_long": _error(400, "context_length_exceeded", "invalid_request_error"),
    "content": _error(400, "data_inspection_failed", "invalid_request_error"),
    "html": lambda _script: (200, "text/html", b"<html><body>SECRET-UPSTREAM-WORDS</body></html>", ()),
    "wrong_type": lambda _script: (200, "text/plain", b"SECRET-UPSTREAM-WORDS", ()),
    "json": lambda _script: (200, JSON, b'{"choices": []}', ()),
    "garbage": lambda _script: (200, EVENTS, bytes(range(256)) * 8 + b"\n\ndata: \xff\xfe{\n\n", ()),
    "empty": lambda _script: (200, EVENTS, b"", ()),
    "gzip": lambda _script: (200, EVENTS, gzip.compress(bytes(10_000_000)), (("content-encoding", "gzip"),)),
    "redirect": lambda _script: (302, JSON, b"", (("location", "http://169.254.169.254/latest/"),)),
}


LISTED: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "huge": lambda body: chain([body[:-2]], repeat(b", {}" * (SEGMENT_BYTES // 4), LONG_LINE_BYTES // SEGMENT_BYTES)),
    "drip": lambda body: chain([body[:1]], repeat(b" ")),
}


def _as_it_is(frames: Frames, _script: Script) -> Played:
    return chain(*frames)


def _stop_after(end: Cut | Hang) -> Callable[[Frames, Script], Played]:
    return lambda frames, script: [*frames[0], *frames[1][: script.after], end]


def _bytewise(frames: Frames, _script: Script) -> Played:
    return (bytes([byte]) for byte in b"".join(chain(*frames)))


def _sloppy(frames: Frames, _script: Script) -> Played:
    """Comments, event lines, CRLF, `data:` without a space, and no blank line at the end."""
    text = b": keep-alive\r\n\r\n" + b"".join(b"event: chunk\n" + frame for frame in chain(*frames))
    return [text.replace(b"data: {", b"data:{").replace(b"\n", b"\r\n").rstrip(b"\r\n")]


def _one_segment(frames: Frames, _script: Script) -> Played:
    return [b"".join(chain(*frames))]


def _long_line(frames: Frames, _script: Script) -> Played:
    segments = repeat(b"x" * SEGMENT_BYTES, LONG_LINE_BYTES // SEGMENT_BYTES)
    return chain(frames[0], [b"data: "], segments)


def _empties(frames: Frames, _script: Script) -> Played:
    return chain(frames[0], repeat(frames[0][0] * 100, EMPTY_DELTAS // 100), frames[2])


def _endless(frames: Frames, _script: Script) -> Played:
    return chain(frames[0], repeat(frames[1][0]))


def _usage_twice(frames: Frames, _script: Script) -> Played:
    """Running totals: a smaller figure first, the whole one at the end."""
    early = frames[2][-2].replace(b'"completion_tokens": ', b'"completion_tokens": 1, "was": ', 1)
    return [*frames[0], early, *frames[1], *frames[2]]


def _usage_early(frames: Frames, _script: Script) -> Played:
    return [*frames[0], frames[2][-2], *frames[1], frames[2][0], frames[2][-1]]


def _usage_then_nonsense(frames: Frames, _script: Script) -> Played:
    """The whole figure, and after it one that cannot be."""
    wrong = frames[2][-2].replace(b'"completion_tokens": ', b'"completion_tokens": -1, "was": ', 1)
    return [*frames[0], *frames[1], *frames[2][:-1], wrong, frames[2][-1]]


def _usage_late(frames: Frames, _script: Script) -> Played:
    return [*frames[0], *frames[1], frames[2][0], frames[2][-1], frames[2][-2]]


def _error_inside(frames: Frames, script: Script) -> Played:
    said = {"error": {"message": "SECRET-UPSTREAM-WORDS", "type": "server_error", "code": 500}}
    return [*frames[0], *frames[1][: script.after], b"data: " + json.dumps(said).encode() + b"\n\n"]


def _odd(frames: Frames, _script: Script) -> Played:
    """Missing indexes, no choices, choices that nobody asked for, deltas and tool calls of the wrong kind."""
    calls = [
        b'{"index": 0, "function": "x"}',
        b'{"index": []}',
        b'{"index": -1}',
        b'{"index": 18446744073709551616}',
        b'{"index": 0, "id": "\\ud800", "type": "function", "extra": 18446744073709551616}',
        b'{"index": 0, "id": 7, "function": {"arguments": "}", "extra": 18446744073709551616}}',
    ]
    odd = [
        *(b'data: {"choices": [{"delta": {"tool_calls": [' + call + b"]}}]}\n\n" for call in calls),
        b'data: {"choices": []}\n\n',
        (
            b'data: {"choices": [{"delta": {"tool_calls": [7, {"function": 7}, {"index": []}, '
            b'{"function": {"arguments": "{", "name": 7}}]}}]}\n\n'
        ),
        b'data: {"choices": [{"index": 5, "delta": {"content": "unasked"}}]}\n\n',
        b'data: {"choices": [{"index": "0", "delta": {"content": ["x"], "role": 3}}]}\n\n',
        b'data: {"choices": "none", "usage": "much"}\n\n',
    ]
    return [*frames[0], *odd, *frames[1], *frames[2]]


def _bad_characters(frames: Frames, _script: Script) -> Played:
    broken = b'data: {"choices": [{"index": 0, "delta": {"content": "\xe8\xaf\\ud800"}}]}\n\n'
    return [*frames[0], broken, *frames[1], *frames[2]]


def _mixed(frames: Frames, script: Script) -> Played:
    other = frames[1][0].replace(b'"id": "chatcmpl-', b'"id": "chatcmpl-other', 1)
    return [*frames[0], *frames[1][: script.after], other, *frames[1][script.after :], *frames[2]]


def _twice(frames: Frames, _script: Script) -> Played:
    return chain(frames[0], *([frame, frame] for frame in frames[1]), frames[2])


STREAMED: dict[str, Callable[[Frames, Script], Played]] = {
    "cut": _stop_after(Cut()),
    "stall": _stop_after(Hang()),
    "cut_before_usage": lambda frames, _script: [*frames[0], *frames[1], Cut()],
    "cut_before_done": lambda frames, _script: [*frames[0], *frames[1], *frames[2][:-1], Cut()],
    "no_usage": lambda frames, _script: [*frames[0], *frames[1], frames[2][0], frames[2][-1]],
    "bytewise": _bytewise,
    "sloppy": _sloppy,
    "one_segment": _one_segment,
    "long_line": _long_line,
    "empties": _empties,
    "endless": _endless,
    "usage_twice": _usage_twice,
    "usage_early": _usage_early,
    "usage_late": _usage_late,
    "usage_then_nonsense": _usage_then_nonsense,
    "zero_and_silent": lambda frames, _script: [*frames[0], *frames[2]],
    "error": _error_inside,
    "error_before_text": lambda frames, script: _error_inside((frames[0], [], []), script),
    "error_at_once": lambda _frames, script: _error_inside(([], [], []), script),
    "odd": _odd,
    "odd_no_usage": lambda frames, script: _odd((frames[0], frames[1], [frames[2][0], frames[2][-1]]), script),
    "bad_characters": _bad_characters,
    "mixed": _mixed,
    "twice": _twice,
}
