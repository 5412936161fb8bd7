"""Calendar windows in a zone: half-open stretches of time in which something is counted, or paid again and again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

DECEMBER = 12


@dataclass(frozen=True)
class Period:
    """From `active_from` (included) to `active_to` (excluded)."""

    active_from: datetime
    active_to: datetime


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """How periods follow each other by the clock of `zone`, each so many months or, without them, days long.

    Period `first` begins at the anchor. From a long month's last day on, a short month's period begins on its last
    day, and that of the next long one on the anchor's day again. By the calendar, all but the first begin on the
    first of a month at midnight.
    """

    anchor_at: datetime
    zone: ZoneInfo
    months: int | None = None
    days: int | None = None
    is_calendar: bool = False
    first: int = 1

    def period(self, number: int) -> Period:
        """This will return period `number`, in UTC: it ends where the next one begins."""
        passed = number - self.first
        return Period(self._boundary(passed), self._boundary(passed + 1))

    def first_share(self) -> Fraction:
        """This will return how much of a whole period the first one is, by days; the day of the anchor counts."""
        if not self.is_calendar or not self.months:
            return Fraction(1)
        begins = self.anchor_at.astimezone(self.zone)
        whole_from = month_of(begins, zone=self.zone).active_from.date()
        ends = self._boundary(1).astimezone(self.zone).date()
        return Fraction((ends - begins.date()).days, (ends - whole_from).days)

    def _boundary(self, passed: int) -> datetime:
        """An hour that a clock leaves out counts as it would have been without that: never twice, never missing."""
        anchor = self.anchor_at.astimezone(self.zone)
        if passed == 0:
            return anchor.astimezone(UTC)
        if not self.months:
            assert self.days, "a cycle has a length"
            return (anchor + timedelta(days=passed * self.days)).astimezone(UTC)
        if self.is_calendar:
            anchor = month_of(anchor, zone=self.zone).active_from
        return after_months(anchor, months=passed * self.months).astimezone(UTC)


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
