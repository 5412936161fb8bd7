"""Calendar windows in a zone: half-open stretches of time in which something is counted."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

DECEMBER = 12


@dataclass(frozen=True)
class Period:
    """From `active_from` (included) to `active_to` (excluded)."""

    active_from: datetime
    active_to: datetime


def month_of(moment: datetime, *, zone: ZoneInfo) -> Period:
    """This will return the calendar month around `moment`, by the clock of `zone`."""
    first = moment.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Period(first, after_months(first, months=1))


def after_months(moment: datetime, *, months: int) -> datetime:
    """This will return the same day and hour `months` later, or that month's last day when it is shorter."""
    index = moment.month - 1 + months
    year, month = moment.year + index // DECEMBER, index % DECEMBER + 1
    return moment.replace(year=year, month=month, day=min(moment.day, _days_in(year, month)))


def _days_in(year: int, month: int) -> int:
    first = datetime(year, month, 1)  # noqa: DTZ001 - only the calendar is asked, no moment
    following = datetime(year + month // DECEMBER, month % DECEMBER + 1, 1)  # noqa: DTZ001 - as above
    return (following - first).days
