"""A short storm: kills that overlap, a wiped Valkey, a crashed database and a sleeping worker; `make chaos` is long."""

import pytest

from tests.faults import chaos, report
from tests.faults.forecast import Forecast
from tests.stand import Stand

SEED = 1
CALLS = 500
KILLS = 12


class TestStorm:
    @pytest.mark.slow
    def test_breaks_no_promise(self, stand: Stand) -> None:
        forecast = Forecast(seed=SEED, calls=CALLS, kills=KILLS, scale=stand.scale)

        told = chaos.prove(stand, forecast, folder=stand.var_dir)

        print(report.table(told))  # noqa: T201 - shown where a promise was broken
        assert not told["broken"]
