"""Works out where the parts of a chart stand; the pictures are templates/elements/bars.html and curve.html."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django import template

from portal.kit.units import MICROCREDITS_PER_CREDIT

register = template.Library()

HEIGHT = 208
TOP = 18
BOTTOM = 24
BAR_SHARE = 0.62
COLORS = 6
STEPS_SHOWN = 4
LABELS_SHOWN = 5
CURVE_WIDTH = 100
CURVE_HEIGHT = 40


class Day(Protocol):
    """What was used on one day: one amount in microcredits for each series."""

    @property
    def date(self) -> date:
        """The day."""
        ...

    @property
    def parts(self) -> Sequence[int]:
        """What each series used, in microcredits."""
        ...


class Chart(Protocol):
    """Credits a day: names of the series, the days, and the even pace in microcredits a day (0: none)."""

    @property
    def series(self) -> Sequence[str]:
        """Their names."""
        ...

    @property
    def days(self) -> Sequence[Day]:
        """Every day, those to come too."""
        ...

    @property
    def even_pace(self) -> int:
        """Microcredits a day, or 0."""
        ...


class Curve(Protocol):
    """Lines over the same moments, None where there is no value; `top` is the value at the top of the scale."""

    @property
    def lines(self) -> Sequence[Sequence[int | None]]:
        """One value a moment, each line as many."""
        ...

    @property
    def top(self) -> int:
        """At least the largest value, and at least 1."""
        ...


@dataclass(frozen=True)
class Piece:
    """One color of one bar, with its place in pixels from the top."""

    color: int
    name: str
    value: int
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One day: its place from the left in percent of the width, and its pieces from the bottom up."""

    date: date
    left: float
    middle: float
    width: float
    total: int
    pieces: tuple[Piece, ...]
    is_labeled: bool


@dataclass(frozen=True)
class Mark:
    """A line across the plot, with its amount."""

    y: float
    value: int


@dataclass(frozen=True)
class Plot:
    """Everything that bars.html draws."""

    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    pace: Mark | None
    legend: tuple[tuple[int, str], ...]
    total: int
    height: int = HEIGHT
    label_y: int = HEIGHT - 6


@register.simple_tag
def plot(chart: Chart) -> Plot:
    """This will lay out stacked bars: percent across, so that it fits every width, and pixels down."""
    step, top = _scale(max([sum(day.parts) for day in chart.days] + [chart.even_pace]))
    days = len(chart.days)
    every = max(1, -(-days // LABELS_SHOWN))
    return Plot(
        bars=tuple(_bar(chart, index, top=top, every=every) for index in range(days)),
        marks=tuple(Mark(_y(value, top), value) for value in range(0, top + 1, step)),
        pace=Mark(_y(chart.even_pace, top), chart.even_pace) if chart.even_pace else None,
        legend=tuple((index % COLORS + 1, name) for index, name in enumerate(chart.series)),
        total=sum(sum(day.parts) for day in chart.days),
    )


@register.filter
def total(values: Sequence[int]) -> int:
    """This will add amounts up, for the last column of a table."""
    return sum(values)


@register.filter
def trace(curve: Curve) -> list[str]:
    """This will return the path of each line of a curve, broken where there is no value, a dot where one is alone."""
    return [_path(line, curve.top) for line in curve.lines]


def _path(values: Sequence[int | None], top: int) -> str:
    steps, is_drawing = [], False
    for index, value in enumerate(values):
        if value is not None:
            x = round(CURVE_WIDTH * (index + 0.5) / len(values), 2)
            y = round(CURVE_HEIGHT * (1 - value / top), 2)
            steps.append(f"L{x} {y}" if is_drawing else f"M{x} {y}h0")
        is_drawing = value is not None
    return "".join(steps)


def _bar(chart: Chart, index: int, *, top: int, every: int) -> Bar:
    day, slot = chart.days[index], 100 / len(chart.days)
    return Bar(
        date=day.date,
        left=round(slot * (index + (1 - BAR_SHARE) / 2), 3),
        middle=round(slot * (index + 0.5), 3),
        width=round(slot * BAR_SHARE, 3),
        total=sum(day.parts),
        pieces=_pieces(chart.series, day.parts, top),
        is_labeled=index % every == 0,
    )


def _pieces(names: Sequence[str], values: Sequence[int], top: int) -> tuple[Piece, ...]:
    pieces, below = [], 0
    for index, (name, value) in enumerate(zip(names, values, strict=True)):
        y, floor = _y(below + value, top), _y(below, top)
        if value:  # one pixel between the colors, but never a piece too thin to see
            pieces.append(Piece(index % COLORS + 1, name, value, y, round(max(floor - y - 1, 0.75), 2)))
        below += value
    return tuple(pieces)


def _y(value: int, top: int) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP), 2)


def _scale(largest: int) -> tuple[int, int]:
    """A step of 1, 2 or 5 times a power of ten, and the multiple of it that holds the largest amount."""
    wanted = max(-(-largest // STEPS_SHOWN), MICROCREDITS_PER_CREDIT)
    power = 10 ** (len(str(wanted)) - 1)
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted)
    return step, max(-(-largest // step), 1) * step
