"""Clocks that were set are told from clocks that drift."""

from collections.abc import Iterator

import pytest

from portal.kit import clock
from portal.kit.clock import SLOW_SECONDS, Steadiness


def looks(*ahead: float) -> list[float]:
    """What a clock seems to have jumped by that is ahead of one that only runs by so much, look after look."""
    wall: Iterator[float] = iter(1000.0 * number + each for number, each in enumerate(ahead))
    runs: Iterator[float] = iter(1000.0 * number for number, _ in enumerate(ahead))
    steadiness = Steadiness(wall=lambda: next(wall), runs=lambda: next(runs))
    return [steadiness.jumped_seconds() for _ in ahead]


class TestSteadiness:
    def test_takes_drifting_for_nothing_however_long(self) -> None:
        assert looks(0, 4, 8, 12, 8) == [0, 0, 0, 0, 0]

    def test_tells_a_jump_until_the_clock_is_set_right(self) -> None:
        assert looks(0, 400, 401, 3) == [0, 400, 401, 0]
        assert looks(7, -SLOW_SECONDS) == [0, -SLOW_SECONDS - 7]

    @pytest.mark.django_db
    def test_looks_at_the_clock_of_the_database(self) -> None:
        steadiness = Steadiness()
        assert [steadiness.jumped_seconds() for _ in range(3)] == [0, 0, 0]
        assert Steadiness(wall=clock.of_database, runs=clock.running).jumped_seconds() == 0
