"""Which price counts when: the newest that has begun, or its window of this hour. Pure; `price_at.sql` decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from models_catalog.pricing import Tariff

DAYS = 7
DAY = timedelta(days=1)
WEEK = DAYS * DAY


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the clock on some weekdays (1 is Monday), its end left out.

    It runs over midnight where it ends before it starts; the weekday is that of its beginning.
    """

    weekdays: frozenset[int]
    starts_at: time
    ends_at: time

    def has(self, local: datetime) -> bool:
        """This will tell whether the clock on the wall shows one of these hours."""
        at, today, yesterday = local.time(), local.isoweekday(), (local - DAY).isoweekday()
        if self.starts_at < self.ends_at:
            return today in self.weekdays and self.starts_at <= at < self.ends_at
        return (today in self.weekdays and at >= self.starts_at) or (yesterday in self.weekdays and at < self.ends_at)

    def overlap(self, other: "Hours") -> bool:
        """This will tell whether some moment of the week is in both."""
        return any(
            begin < other_end and other_begin < end
            for begin, end in _spans(self)
            for other_begin, other_end in _spans(other)
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A price row and what it charges."""

    price_id: int
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class Step:
    """A price from a moment on, and what counts instead of it in some hours."""

    active_from: datetime
    entry: Entry
    windows: tuple[tuple[Hours, Entry], ...] = ()

    def at(self, local: datetime) -> Entry:
        """This will return what counts when the clock on the wall shows `local`."""
        return next((entry for hours, entry in self.windows if hours.has(local)), self.entry)

    def entries(self) -> Iterator[Entry]:
        """This will return all its rows."""
        yield self.entry
        yield from (entry for _, entry in self.windows)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The price of a model that is in force and those to come, the earliest first."""

    steps: tuple[Step, ...] = ()

    def step_at(self, moment: datetime) -> Step | None:
        """This will return the newest price that has begun; None before the first one."""
        return next((step for step in reversed(self.steps) if step.active_from <= moment), None)

    def at(self, moment: datetime, *, time_zone: str | None) -> Entry | None:
        """This will return what counts at a moment in an account's zone; without one, what counts outside all hours."""
        step = self.step_at(moment)
        if step is None:
            return None
        if time_zone is None or not step.windows:
            return step.entry
        return step.at(moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None))

    def entry_of(self, price_id: int | None) -> Entry | None:
        """This will return the row of this id, if it is known here."""
        rows = (entry for step in self.steps for entry in step.entries())
        return next((entry for entry in rows if entry.price_id == price_id), None)


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


def _spans(hours: Hours) -> Iterator[tuple[timedelta, timedelta]]:
    """From when until when since Monday; what runs into the next week stands at the beginning of this one too."""
    for weekday in hours.weekdays:
        begin = (weekday - 1) * DAY + _since_midnight(hours.starts_at)
        end = (weekday - 1) * DAY + _since_midnight(hours.ends_at)
        end += DAY if end <= begin else timedelta()
        yield begin, min(end, WEEK)
        if end > WEEK:
            yield timedelta(), end - WEEK
