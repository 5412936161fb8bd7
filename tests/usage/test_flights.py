"""A flight is whole and in order, whatever the relay loses or repeats."""

from uuid import uuid4

from models_catalog.pricing import Usage
from usage.events import Answer, Chunk, Delta, Event, Failed, Finished
from usage.flights import OUT_OF_BAND, Flight
from usage.relay import Frame, Snapshot

END = Finished(Usage(), 0, 0, "usage", "stop")


def flight() -> Flight:
    return Flight(uuid4(), account_id=1, member_id=1, model="m")


def frame(sequence: int, event: Event) -> Frame:
    return Frame(b"", sequence, event)


def word(sequence: int) -> Frame:
    return frame(sequence, Delta(Chunk(text=f"{sequence} ")))


class TestTake:
    def test_drops_what_came_before(self) -> None:
        one = flight()
        for sequence in (1, 1, 2, 1, 2, 3):
            one.take(word(sequence))
        assert one.text == "1 2 3 "

    def test_waits_for_what_is_missing(self) -> None:
        one = flight()
        one.take(word(1))
        one.take(word(3))
        assert one.has_gap
        assert one.text == "1 "

    def test_ends_once(self) -> None:
        one = flight()
        one.take(frame(OUT_OF_BAND, Failed("platform", "Broken.", 503)))
        one.take(frame(1, END))
        assert [type(event) for event in one.events] == [Failed]


class TestMend:
    def test_fills_the_gap_from_a_snapshot(self) -> None:
        one, whole = flight(), Answer()
        for sequence in range(1, 4):
            whole.add(Chunk(text=f"{sequence} "))
        one.take(word(1))
        one.take(frame(5, END))
        one.take(word(4))
        one.mend(Snapshot(3, "m", whole))
        assert one.text == "1 2 3 4 "
        assert one.end == END
        assert not one.has_gap
