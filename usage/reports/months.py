"""One month of an account, broken down by person, department, project or scenario; the parts always add up."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Sum, TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Department, Member, Project, Scenario
from portal.kit import periods
from portal.kit.units import Microcredits
from usage.models import DailyTotal
from usage.reports import walls

MOST_PARTS = 100
MOST_SERIES = 6
"""As many as there are colors."""


class Dimension(TextChoices):
    """By what a month is broken down."""

    PERSON = "person", _("Person")
    DEPARTMENT = "department", _("Department")
    PROJECT = "project", _("Project")
    SCENARIO = "scenario", _("Scenario")


TABLES: Mapping[str, Any] = {
    Dimension.PERSON: Member,
    Dimension.DEPARTMENT: Department,
    Dimension.PROJECT: Project,
    Dimension.SCENARIO: Scenario,
}
COLUMNS: Mapping[str, str] = {
    Dimension.PERSON: "member_id",
    Dimension.DEPARTMENT: "departments",
    Dimension.PROJECT: "project_id",
    Dimension.SCENARIO: "scenario_id",
}


@dataclass(frozen=True)
class Part:
    """What one person, department, project or scenario used, `days` in microcredits; `key` is empty for the rest."""

    key: int | None
    name: str
    calls: int
    days: Sequence[Microcredits]
    opens: bool = False
    """Whether it is a department with others inside that were used."""

    @property
    def charged(self) -> Microcredits:
        """This will return what it used in the whole month."""
        return Microcredits(sum(self.days))


@dataclass(frozen=True)
class Month:
    """One calendar month in the account's zone, broken down; the parts add up to what is shown.

    With a department `opened` that is the department's, of which `seen` is more: all that the viewer may see.
    """

    period: periods.Period
    dates: Sequence[date]
    dimension: Dimension
    opened: Department | None
    parts: Sequence[Part]
    seen: Microcredits

    @property
    def charged(self) -> Microcredits:
        """This will return what all parts used."""
        return Microcredits(sum(part.charged for part in self.parts))

    @property
    def calls(self) -> int:
        """This will return how many calls all parts made."""
        return sum(part.calls for part in self.parts)


@dataclass(frozen=True)
class Day:
    """What each series used on one day."""

    date: date
    parts: Sequence[Microcredits]


@dataclass(frozen=True)
class Chart:
    """Credits a day as elements/bars.html draws them; `even_pace` is microcredits a day, or 0."""

    series: Sequence[str]
    days: Sequence[Day]
    even_pace: Microcredits


@dataclass(frozen=True)
class _Row:
    """What stands in one row of the answer: a day of one part; `opens` as in `Part`."""

    day: date
    key: int | None
    calls: int
    charged: Microcredits
    opens: bool = False


def dimensions(member: Member) -> list[Dimension]:
    """This will return by what `member` may break figures down; a household has no departments and no projects."""
    if member.account.kind == Account.Kind.HOUSEHOLD:
        return [Dimension.PERSON, Dimension.SCENARIO]
    if member.sees_all() or walls.led_by(member) is not None:
        return list(Dimension)
    return [Dimension.PERSON, Dimension.PROJECT, Dimension.SCENARIO]


def month(
    member: Member,
    *,
    dimension: Dimension = Dimension.PERSON,
    opened: Department | None = None,
    now: datetime,
) -> Month:
    """This will return the current month of the calls that `member` may see figures of, broken down.

    Departments are those of then, one level at a time: the roots, or what stands inside `opened`.
    """
    period = periods.month_of(now, zone=ZoneInfo(member.account.time_zone))
    first, end = period.active_from.date(), period.active_to.date()
    dates = [first + timedelta(days=offset) for offset in range((end - first).days)]
    found = list(_totals(member, column=COLUMNS[dimension], first=first, end=end))
    rows = _rows(found) if dimension != Dimension.DEPARTMENT else _levels(found, member=member, opened=opened)
    parts = _parts(rows, dates=dates, names=_names(dimension, rows, opened=opened))
    return Month(period, dates, dimension, opened, parts, Microcredits(sum(int(row[2]) for row in found)))


def chart(month: Month, *, even_pace: Microcredits) -> Chart:
    """This will return what the picture of a month shows: the largest parts, and all others as one."""
    shown = _folded(month.parts, most=MOST_SERIES)
    days = [Day(each, [part.days[index] for part in shown]) for index, each in enumerate(month.dates)]
    return Chart([part.name for part in shown], days, even_pace)


def _totals(member: Member, *, column: str, first: date, end: date) -> Any:
    """Rows of day, what stands in the column, microcredits and calls."""
    totals = DailyTotal.objects.filter(walls.figures_seen_by(member), day__gte=first, day__lt=end)
    sums = totals.values("day", column).annotate(charged=Sum("charged_microcredits"), number=Sum("calls"))
    return sums.values_list("day", column, "charged", "number")


def _rows(found: Iterable[tuple[date, int | None, int, int]]) -> list[_Row]:
    return [_Row(day, key, int(calls), Microcredits(int(charged))) for day, key, charged, calls in found]


def _levels(
    found: Iterable[tuple[date, list[int], int, int]], *, member: Member, opened: Department | None
) -> list[_Row]:
    """The same of departments, whose column holds all of then, from the leaf to the root."""
    top = None if member.sees_all() else walls.led_by(member)
    may_open = None if member.sees_all() else set(walls.departments_seen_by(member).values_list("pk", flat=True))
    rows = []
    for day, lineage, charged, calls in found:
        if opened is not None and opened.pk not in lineage:
            continue
        key = _level(lineage, top=top, opened=opened)
        opens = key is not None and key != lineage[0] and (may_open is None or key in may_open)
        rows.append(_Row(day, key, int(calls), Microcredits(int(charged)), opens))
    return rows


def _level(lineage: Sequence[int], *, top: int | None, opened: Department | None) -> int | None:
    if opened is not None:
        place = lineage.index(opened.pk)
        return lineage[place - 1] if place else None
    if top in lineage:
        return top
    return lineage[-1] if lineage else None


def _names(dimension: Dimension, rows: Iterable[_Row], *, opened: Department | None) -> dict[int | None, str]:
    known = TABLES[dimension].objects.filter(pk__in={row.key for row in rows} - {None})
    names: dict[int | None, str] = {each.pk: str(each) for each in known}
    match dimension:
        case Dimension.DEPARTMENT if opened is not None:
            names[None] = gettext("In {name} itself").format(name=opened.name)
        case Dimension.DEPARTMENT:
            names[None] = gettext("In no department")
        case Dimension.PROJECT:
            names[None] = gettext("In no project")
        case _:
            names[None] = gettext("Without a scenario")
    return names


def _parts(rows: Sequence[_Row], *, dates: Sequence[date], names: Mapping[int | None, str]) -> list[Part]:
    """The largest first; what is in none of them last."""
    charged: dict[int | None, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    calls: dict[int | None, int] = defaultdict(int)
    for row in rows:
        charged[row.key][row.day] += row.charged
        calls[row.key] += row.calls
    opening = {row.key for row in rows if row.opens}
    parts = [
        Part(key, names.get(key, ""), calls[key], [Microcredits(days[each]) for each in dates], key in opening)
        for key, days in charged.items()
    ]
    named = sorted((part for part in parts if part.key is not None), key=lambda part: (-part.charged, part.key or 0))
    return [*_folded(named, most=MOST_PARTS), *(part for part in parts if part.key is None)]


def _folded(parts: Sequence[Part], *, most: int) -> list[Part]:
    """Every list has an end, and still adds up."""
    if len(parts) <= most:
        return list(parts)
    shown, rest = parts[: most - 1], parts[most - 1 :]
    days = [Microcredits(sum(day)) for day in zip(*(part.days for part in rest), strict=True)]
    return [*shown, Part(None, gettext("All others"), sum(part.calls for part in rest), days)]
