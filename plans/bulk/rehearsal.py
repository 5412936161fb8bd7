"""The dry run of a file: what it would make, change and leave, what is wrong with it, and what it sets aside."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts import departments
from accounts.models import Account
from plans import ledger
from plans.bulk import checks, slices, trees
from plans.bulk.mistakes import Mistake
from plans.bulk.sheet import Row, Sheet, fold
from plans.bulk.stock import Stock, id_of, node_of, says_anew, take
from plans.bulk.trees import Tree
from plans.models import Quota
from portal.kit.units import Microcredits


class Act(StrEnum):
    """What a row does."""

    MADE = "made"
    CHANGED = "changed"
    LEFT = "left"


@dataclass(frozen=True)
class Step:
    """One row done to one thing: a department, a project, a member or a quota."""

    row: Row
    thing: str
    act: Act


@dataclass(frozen=True)
class Count:
    """How many things of one sort a file makes, changes and leaves as they are."""

    thing: str
    made: int
    changed: int
    left: int


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What a file comes to; `set_aside` is a month's, `pool` what the plans grant, both in microcredits."""

    steps: tuple[Step, ...]
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]
    set_aside: Microcredits
    pool: Microcredits
    stock: Stock
    tree: Tree

    @property
    def is_sound(self) -> bool:
        """Whether it can be carried out."""
        return not self.mistakes

    @property
    def is_over(self) -> bool:
        """Whether more is set aside than there is."""
        return self.set_aside > self.pool

    @property
    def counts(self) -> list[Count]:
        """What there is of each sort."""
        return [
            Count(thing, *(len(self.of(thing, act)) for act in Act))
            for thing in ("department", "project", "member", "quota")
        ]

    @property
    def does_something(self) -> bool:
        """Whether anything would be different afterwards."""
        return any(step.act != Act.LEFT for step in self.steps)

    def of(self, thing: str, act: Act) -> list[Step]:
        """This will return the steps of one sort."""
        return [step for step in self.steps if (step.thing, step.act) == (thing, act)]


def rehearse(account: Account, sheet: Sheet, *, now: datetime) -> Rehearsal:
    """This will tell what a file would do to an account, and change nothing. Raises `NotForHouseholds`."""
    departments.check_business(account)
    stock = take(account, now=now)
    tree = trees.grow(stock, sheet)
    kept = slices.after(sheet, stock)
    above = slices.nearest(kept, sheet, stock, tree)
    pool = ledger.granted_by_plans(account.pk, now=now)
    found = [
        *sheet.mistakes,
        *checks.doubles(sheet, stock),
        *trees.check(tree, sheet),
        *checks.people(sheet, stock, tree),
        *checks.quotas(sheet, stock, tree),
        *checks.sizes(sheet, stock, tree),
    ]
    return Rehearsal(
        steps=tuple(step for row in sheet.rows for step in _steps(row, stock)),
        mistakes=tuple(sorted(found, key=lambda each: each.line)),
        warnings=tuple(slices.check(kept, above, pool=pool, sheet=sheet)),
        set_aside=slices.total(kept, above),
        pool=pool,
        stock=stock,
        tree=tree,
    )


def _steps(row: Row, stock: Stock) -> Iterator[Step]:
    kind, key = node_of(row)
    if not key:
        return
    match row.kind:
        case "department":
            yield Step(row, "department", _of_department(row, stock))
        case "project":
            yield Step(row, "project", Act.LEFT if fold(row.name) in stock.projects else Act.MADE)
        case "member":
            yield Step(row, "member", _of_member(row, stock))
    is_kept = kind != Quota.Node.MEMBER or key in stock.members  # who is invited has the quota in the invitation
    if row.monthly_microcredits is not None and is_kept:
        yield Step(row, "quota", _of_quota(row, stock))


def _of_department(row: Row, stock: Stock) -> Act:
    standing = stock.departments.get(fold(row.name))
    if standing is None:
        return Act.MADE
    return Act.LEFT if stock.name_of(standing.parent_id) == fold(row.parent) else Act.CHANGED


def _of_member(row: Row, stock: Stock) -> Act:
    member = stock.members.get(row.contact)
    if member is None:
        return Act.LEFT if row.contact in stock.invitations else Act.MADE
    now = (member.role, stock.name_of(member.department_id))
    return Act.LEFT if now == (row.role or member.role, fold(row.department)) else Act.CHANGED


def _of_quota(row: Row, stock: Stock) -> Act:
    kind, key = node_of(row)
    node_id = id_of(stock, kind, key)
    standing = stock.quota_of(kind, node_id) if node_id else None
    if standing is None:
        return Act.MADE
    is_same = not says_anew(row, standing) and row.is_slice in {None, standing.is_slice}
    return Act.LEFT if is_same else Act.CHANGED
