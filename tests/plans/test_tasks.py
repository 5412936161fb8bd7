"""What ends by the clock does not move after the clock was set."""

import pytest

from plans import tasks
from portal.kit.clock import Steadiness


class TestInSteadyTime:
    @pytest.mark.parametrize(
        ("jumped", "done"),
        [(0.0, 7), (tasks.LARGEST_JUMP_SECONDS, 7), (-tasks.LARGEST_JUMP_SECONDS - 1, 0), (3600.0, 0)],
    )
    def test_does_what_is_due_only_by_a_clock_that_runs_evenly(self, jumped: float, done: int) -> None:
        shown = iter([0.0, jumped])
        steadiness = Steadiness(wall=lambda: next(shown), runs=lambda: 0.0)
        assert tasks.in_steady_time(lambda: 1, steadiness=steadiness) == 1
        assert tasks.in_steady_time(lambda: 7, steadiness=steadiness) == done
