"""Business time: the database's clock plus the shift that the demo and the tests may set; and clocks that were set."""

import time
from collections.abc import Callable
from datetime import datetime

from portal.kit import database

SLOW_SECONDS = 5.0
"""Clocks that are kept right by a network drift by less from one look to the next."""


def now() -> datetime:
    """This will return business time, aware and in UTC, as `app_now()` of the database tells it."""
    moment: datetime = database.value("SELECT app_now()")
    return moment


def of_database() -> float:
    """This will return what the database's own clock shows, in seconds since 1970, without any shift."""
    seconds: float = database.value("SELECT extract(epoch FROM clock_timestamp())::float8")
    return seconds


def running() -> float:
    """This will return seconds that only run, also while the machine sleeps where the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Steadiness:
    """Notices when a clock was set, by one that only runs."""

    def __init__(self, *, wall: Callable[[], float] = of_database, runs: Callable[[], float] = running) -> None:
        self._wall, self._runs = wall, runs
        self._ahead: float | None = None

    def jumped_seconds(self) -> float:
        """This will return by how much the clock was set since it was first looked at; 0.0 when it only drifts."""
        ahead = self._wall() - self._runs()
        jumped = 0.0 if self._ahead is None else ahead - self._ahead
        if abs(jumped) <= SLOW_SECONDS:
            self._ahead, jumped = ahead, 0.0
        return jumped
