"""The clock of the sandbox operator, which tests and the demo may put forward."""

from datetime import UTC, datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=8))
"""Bills are made by the calendar of the operator's home."""


class Clock:
    """The time of day, or `standing` still, plus what it was put forward."""

    def __init__(self, *, standing: datetime | None = None) -> None:
        self._standing = standing
        self._ahead = timedelta()

    def now(self) -> datetime:
        """This will return the operator's moment, aware and in UTC."""
        return (self._standing or datetime.now(UTC)) + self._ahead

    def forward(self, ahead: timedelta) -> None:
        """This will put the clock forward; it never goes back."""
        self._ahead += max(ahead, timedelta())

    def month(self) -> str:
        """This will return the month that runs, as in 2026-11."""
        return month_of(self.now())


def month_of(moment: datetime) -> str:
    """This will return the month of a bill, as in 2026-11."""
    return f"{moment.astimezone(ZONE):%Y-%m}"
