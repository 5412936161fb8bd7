"""Server-sent events from bytes that may be cut anywhere (WHATWG HTML, section 9.2), with caps.

parser = Parser()
for piece in pieces:            # any split, also inside a character or a line end
    for data in parser.feed(piece): ...
for data in parser.finish(): ...
"""

import re

LINE_BYTES = 1_048_576
TOTAL_BYTES = 64 * 1_048_576
EVENTS = 200_000

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class TooMuch(Exception):
    """A line, the whole stream or the number of events passed its cap."""


class Parser:
    """Keeps what is not finished yet: the rest of a line, and the data lines of an event."""

    __slots__ = ("_data", "_data_bytes", "_events", "_fresh", "_rest", "_rest_bytes", "_seen")

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._rest_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._fresh = True
        self._seen = 0
        self._events = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """This will take the next bytes and return the data of every event they finish. Raises `TooMuch`."""
        self._seen += len(piece)
        if self._seen > TOTAL_BYTES:
            raise TooMuch
        if not self._rest and not self._data and _is_whole_event(piece):
            self._fresh = False
            self._count_event()
            return [piece[6:-2]]
        if b"\n" not in piece and b"\r" not in piece and not self._rest_ends_with_return():
            self._keep(piece)
            return []
        return self._read(b"".join((*self._rest, piece)))

    def finish(self) -> list[bytes]:
        """This will return what a last event held: unlike the standard, a missing blank line is forgiven."""
        events = self._read(b"".join((*self._rest, b"\n")))
        self._dispatch(events)
        return events

    def _rest_ends_with_return(self) -> bool:
        return bool(self._rest) and self._rest[-1].endswith(b"\r")

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._rest.append(piece)
            self._rest_bytes += len(piece)
        if self._rest_bytes > LINE_BYTES:
            raise TooMuch

    def _read(self, text: bytes) -> list[bytes]:
        if self._fresh:
            text = text.removeprefix(_BYTE_ORDER_MARK)
            self._fresh = False
        held = b""
        if text.endswith(b"\r"):  # may be the first half of \r\n
            text, held = text[:-1], b"\r"
        events: list[bytes] = []
        *lines, rest = _LINE_END.split(text) if b"\r" in text else text.split(b"\n")
        for line in lines:
            if line:
                self._take_line(line)
            else:
                self._dispatch(events)
        self._rest, self._rest_bytes = [], 0
        self._keep(rest + held)
        return events

    def _take_line(self, line: bytes) -> None:
        if len(line) > LINE_BYTES:
            raise TooMuch
        if line.startswith(b"data:"):
            self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line == b"data":
            self._data.append(b"")
        else:
            return
        self._data_bytes += len(line)
        if self._data_bytes > LINE_BYTES:
            raise TooMuch

    def _dispatch(self, events: list[bytes]) -> None:
        if self._data:
            self._count_event()
            events.append(b"\n".join(self._data))
            self._data, self._data_bytes = [], 0

    def _count_event(self) -> None:
        self._events += 1
        if self._events > EVENTS:
            raise TooMuch


def _is_whole_event(piece: bytes) -> bool:
    """The usual case, one event a piece, is known without splitting it into lines."""
    return (
        piece.startswith(b"data: ")
        and piece.find(b"\n") == len(piece) - 2
        and piece.endswith(b"\n\n")
        and b"\r" not in piece
        and len(piece) <= LINE_BYTES
    )
