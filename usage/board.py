"""The allotment board: what each department and project of a business may use in a month, beside what it did use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from accounts import audit
from accounts.models import Account, AuditEvent, Department, Member, Project
from plans import ledger, quotas
from plans.models import Quota
from portal.kit import periods
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits
from usage.models import DailyTotal

VERB = "board.save"
LOOKED_BACK = timedelta(days=30)
MOST_ROWS = 400

Key = tuple[str, int]


class NotForBusinesses(Refusal):
    """Households have no departments."""

    code = "board_for_businesses"
    status = 409
    sentence = gettext_noop("The board allots credits to departments and projects, which households have none of.")


class NothingToUndo(Refusal):
    """The board was not saved yet, or what was saved is undone already."""

    code = "nothing_to_undo"
    status = 409
    sentence = gettext_noop("There is nothing to take back. The board stands as it was.")


@dataclass(frozen=True)
class Allotment:
    """What a node gets in a month: set aside for it, or a ceiling on the pool, in microcredits; None: neither.

    `unit`, `said` and `grace_percent` are those of the quota: what was typed where it was not credits, how soft it is.
    """

    microcredits: int | None
    is_slice: bool = False
    unit: str = Quota.Unit.CREDITS
    said: int | None = None
    grace_percent: int = 0

    def changed(self, microcredits: int, *, is_slice: bool) -> "Allotment":
        """This will return another amount of credits; a ceiling stays as soft as it is."""
        return Allotment(microcredits, is_slice, grace_percent=0 if is_slice else self.grace_percent)


@dataclass(frozen=True)
class Row:
    """One department or project: its depth in the tree, its allotment, and what it uses this month."""

    kind: str
    id: int
    name: str
    depth: int
    people: int
    allotment: Allotment
    used: Microcredits
    forecast: Microcredits
    last_month: Microcredits

    @property
    def key(self) -> Key:
        """The node, as quotas name it."""
        return self.kind, self.id


@dataclass(frozen=True)
class Board:
    """All rows, departments in the order of their tree, then projects; the pool is what the plans grant a month."""

    rows: Sequence[Row]
    pool: Microcredits

    @property
    def set_aside(self) -> Microcredits:
        """What is set aside in all; a department inside another one that has a slice is part of that."""
        return set_aside(self.rows, {row.key: row.allotment for row in self.rows})


def of(account: Account, *, now: datetime) -> Board:
    """This will lay the board out. Raises `NotForBusinesses`."""
    if account.kind != Account.Kind.BUSINESS:
        raise NotForBusinesses
    month = periods.month_of(now, zone=ZoneInfo(account.time_zone))
    elapsed = (now - month.active_from) / (month.active_to - month.active_from)
    first, last = month.active_from.date(), (month.active_from - timedelta(days=1)).date()
    used, before = _used(account, first), _used(account, last.replace(day=1), end=first)
    standing = _allotments(account)
    rows = [
        Row(
            kind,
            node_id,
            name,
            depth,
            people,
            standing.get((kind, node_id), Allotment(None)),
            Microcredits(used.get((kind, node_id), 0)),
            Microcredits(int(used.get((kind, node_id), 0) / elapsed) if elapsed else 0),
            Microcredits(before.get((kind, node_id), 0)),
        )
        for kind, node_id, name, depth, people in _nodes(account)
    ]
    return Board(rows, ledger.granted_by_plans(account.pk, now=now))


def set_aside(rows: Iterable[Row], allotted: Mapping[Key, Allotment]) -> Microcredits:
    """This will add up what is set aside; what stands inside a slice counts once."""
    total, inside = 0, None
    for row in rows:
        if inside is not None and row.kind == Quota.Node.DEPARTMENT and row.depth > inside:
            continue
        inside = None
        allotment = allotted[row.key]
        if allotment.is_slice and allotment.microcredits is not None:
            total += allotment.microcredits
            inside = row.depth if row.kind == Quota.Node.DEPARTMENT else None
    return Microcredits(total)


def equally(board: Board) -> dict[Key, Allotment]:
    """This will split the pool into equal slices for the departments at the top of the tree."""
    roots = [row for row in board.rows if row.kind == Quota.Node.DEPARTMENT and row.depth == 0]
    return {row.key: Allotment(board.pool // len(roots), is_slice=True) for row in roots}


def by_headcount(board: Board) -> dict[Key, Allotment]:
    """This will split the pool into slices by how many people each department at the top has, rounded down."""
    roots = [row for row in board.rows if row.kind == Quota.Node.DEPARTMENT and row.depth == 0]
    people = sum(row.people for row in roots)
    return {row.key: Allotment(board.pool * row.people // people, is_slice=True) for row in roots if people}


def as_last_month(board: Board) -> dict[Key, Allotment]:
    """This will give each row what it used last month, set aside or as a ceiling as it is now."""
    return {
        row.key: row.allotment.changed(row.last_month, is_slice=row.allotment.is_slice)
        for row in board.rows
        if row.last_month
    }


@transaction.atomic
def save(account: Account, allotted: Mapping[Key, Allotment], *, by: Member, now: datetime) -> int:
    """This will set all that differs, at once and under the account's lock; returns how many rows changed.

    Rows that are not in `allotted` stay as they are, also where somebody has changed them meanwhile.
    """
    ledger.stop_admission(account.pk)
    standing = _allotments(account)
    changed = {key: new for key, new in allotted.items() if new != standing.get(key, Allotment(None))}
    for key, new in changed.items():
        _put(account, key, new, by=by, now=now)
    if changed:
        before = {key: standing.get(key, Allotment(None)) for key in changed}
        audit.record(
            VERB,
            subject=account.name,
            account=account,
            by=by.user,
            now=now,
            before=_written(before),
            after=_written(changed),
        )
    return len(changed)


@transaction.atomic
def undo(account: Account, *, by: Member, now: datetime) -> int:
    """This will put back what stood before the last save. Raises `NothingToUndo`."""
    last = AuditEvent.objects.filter(account=account, verb__in=[VERB, f"{VERB}.undo"]).order_by("-pk").first()
    if last is None or last.verb != VERB:
        raise NothingToUndo
    ledger.stop_admission(account.pk)
    for key, old in _read(last.details["before"]).items():
        _put(account, key, old, by=by, now=now)
    audit.record(f"{VERB}.undo", subject=account.name, account=account, by=by.user, now=now, undone=last.pk)
    return len(last.details["before"])


def would_have_stopped(account: Account, key: Key, *, microcredits: int, now: datetime) -> date | None:
    """This will replay the last 30 days: the first day on which a month's use passed this limit, if there is one."""
    today = account.local_day(now)
    since = today - LOOKED_BACK
    days = _of_node(account, key).filter(day__gte=since.replace(day=1), day__lte=today)
    running, month = 0, None
    for day, charged in days.values_list("day").annotate(Sum("charged_microcredits")).order_by("day"):
        running = charged + (running if (day.year, day.month) == month else 0)
        month = (day.year, day.month)
        if running > microcredits and day >= since:
            stopped: date = day
            return stopped
    return None


def _nodes(account: Account) -> list[tuple[str, int, str, int, int]]:
    departments = list(Department.objects.filter(account=account, closed_at=None).order_by("name", "pk")[:MOST_ROWS])
    people: dict[int | None, int] = dict(
        account.members.active().exclude(department=None).values_list("department").annotate(Count("pk"))
    )
    children: dict[int | None, list[Department]] = {}
    for department in departments:
        children.setdefault(department.parent_id, []).append(department)
    found: list[tuple[str, int, str, int, int]] = []

    def walk(parent: int | None, depth: int) -> int:
        inside = 0
        for department in children.get(parent, []):
            place = len(found)
            found.append((Quota.Node.DEPARTMENT, department.pk, department.name, depth, 0))
            count = people.get(department.pk, 0) + walk(department.pk, depth + 1)
            found[place] = (Quota.Node.DEPARTMENT, department.pk, department.name, depth, count)
            inside += count
        return inside

    walk(None, 0)
    projects = Project.objects.filter(account=account, closed_at=None).order_by("name", "pk")[:MOST_ROWS]
    return found + [(Quota.Node.PROJECT, project.pk, project.name, 0, 0) for project in projects]


def _used(account: Account, first: date, *, end: date | None = None) -> dict[Key, int]:
    totals = DailyTotal.objects.filter(account_id=account.pk, day__gte=first)
    totals = totals.filter(day__lt=end) if end else totals
    used: dict[Key, int] = {}
    for departments, project, charged in totals.values_list("departments", "project_id", "charged_microcredits"):
        keys: list[Key] = [(Quota.Node.DEPARTMENT, department) for department in departments]
        for key in [*keys, *([(Quota.Node.PROJECT, project)] if project else [])]:
            used[key] = used.get(key, 0) + charged
    return used


def _of_node(account: Account, key: Key) -> "QuerySet[DailyTotal]":
    totals = DailyTotal.objects.filter(account_id=account.pk)
    kind, node_id = key
    if kind == Quota.Node.PROJECT:
        return totals.filter(project_id=node_id)
    return totals.filter(departments__contains=[node_id])


def _monthly(account: Account) -> "QuerySet[Quota]":
    kinds = [Quota.Node.DEPARTMENT, Quota.Node.PROJECT]
    in_force = Quota.objects.in_force().filter(account=account, node_kind__in=kinds, window=Quota.Window.MONTH)
    return in_force.filter(metric=Quota.Metric.MICROCREDITS, chat_model=None)


def _allotments(account: Account) -> dict[Key, Allotment]:
    return {
        (quota.node_kind, quota.node_id): Allotment(
            quota.limit, quota.is_slice, unit=quota.unit, said=quota.said, grace_percent=quota.grace_percent
        )
        for quota in _monthly(account)
    }


def _put(account: Account, key: Key, allotment: Allotment, *, by: Member, now: datetime) -> None:
    kind, node_id = key
    if allotment.microcredits is None:
        for quota in _monthly(account).filter(node_kind=kind, node_id=node_id):
            quotas.end(quota, by=by.user, now=now)
        return
    limit = allotment.microcredits
    if allotment.unit == Quota.Unit.SHARE:  # the plans may grant something else by now
        limit = quotas.worth(account.pk, unit=allotment.unit, said=allotment.said or 0, now=now)
    terms = quotas.Terms(
        window=Quota.Window.MONTH,
        limit=limit,
        grace_percent=allotment.grace_percent,
        is_slice=allotment.is_slice,
        unit=allotment.unit,
        said=allotment.said,
    )
    quotas.put(account, node_kind=kind, node_id=node_id, terms=terms, by=by.user, now=now)


def _written(allotted: Mapping[Key, Allotment]) -> list[list[object]]:
    return [
        [kind, node_id, each.microcredits, each.is_slice, each.unit, each.said, each.grace_percent]
        for (kind, node_id), each in allotted.items()
    ]


def _read(written: Iterable[Sequence[Any]]) -> dict[Key, Allotment]:
    return {(kind, node_id): Allotment(*terms) for kind, node_id, *terms in written}
