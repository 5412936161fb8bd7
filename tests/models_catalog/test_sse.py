"""The reader of server-sent events survives every split and stops at its caps."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_catalog.providers import sse

TOKENS = (
    b"data: ",
    b"data:",
    b"data",
    b"\n",
    b"\n\n",
    b"\r\n",
    b"\r",
    b": comment",
    b"event: x",
    b"\xef\xbb\xbf",
    "词".encode(),
    b"\xe8\xaf",
    b'{"a": 1}',
    b" ",
)


def read_plainly(text: bytes) -> list[bytes]:
    """A second reader, written from the standard, which sees the whole text at once."""
    events: list[bytes] = []
    data: list[bytes] = []
    for line in [*re.split(rb"\r\n|\n|\r", text.removeprefix(b"\xef\xbb\xbf")), b""]:
        if not line and data:
            events.append(b"\n".join(data))
            data = []
        elif line == b"data" or line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
    return events


def read_in_pieces(text: bytes, cuts: list[int]) -> list[bytes]:
    """Our reader, fed with the text cut at `cuts`."""
    parser = sse.Parser()
    edges = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    return [data for piece in pieces for data in parser.feed(piece)] + parser.finish()


def feed_again(piece: bytes, *, times: int) -> None:
    """Feeds one reader with the same piece many times."""
    parser = sse.Parser()
    for _ in range(times):
        parser.feed(piece)


class TestParser:
    """`sse.Parser`."""

    @settings(max_examples=3000, deadline=None)
    @given(st.lists(st.sampled_from(TOKENS), max_size=25), st.lists(st.integers(0, 400), max_size=40))
    def test_reads_the_same_however_it_is_cut(self, tokens: list[bytes], cuts: list[int]) -> None:
        text = b"".join(tokens)
        assert read_in_pieces(text, cuts) == read_plainly(text)

    @settings(max_examples=1000, deadline=None)
    @given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=20))
    def test_does_not_crash_on_any_bytes(self, text: bytes, cuts: list[int]) -> None:
        assert read_in_pieces(text, cuts) == read_plainly(text)

    def test_gives_an_event_as_soon_as_it_is_whole(self) -> None:
        parser = sse.Parser()
        assert parser.feed(b"data: a\n") == []
        assert parser.feed(b"\n") == [b"a"]

    def test_stops_at_a_line_that_is_too_long(self) -> None:
        with pytest.raises(sse.TooMuch):
            feed_again(b"x" * 65_536, times=100)

    def test_stops_at_an_event_of_too_many_lines(self) -> None:
        with pytest.raises(sse.TooMuch):
            feed_again(b"data: " + b"x" * 65_536 + b"\n", times=100)

    def test_stops_at_too_many_events(self) -> None:
        with pytest.raises(sse.TooMuch):
            feed_again(b"data:\n\n" * 1000, times=300)

    def test_stops_at_a_stream_without_end(self) -> None:
        with pytest.raises(sse.TooMuch):
            feed_again(b": " + b"x" * 65_536 + b"\n", times=2000)
