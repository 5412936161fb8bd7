"""What is wrong with rows once the account is known: doubles, names that are not there, roles that cannot be given."""

from collections.abc import Hashable, Iterator

from accounts import names
from accounts.departments import MOST_DEPARTMENTS
from accounts.invitations import MOST_LISTED_A_DAY
from accounts.models import Invitation, Member
from accounts.projects import MOST_PROJECTS
from plans.bulk import mistakes
from plans.bulk.mistakes import Mistake, at
from plans.bulk.sheet import Row, Sheet, fold
from plans.bulk.stock import Stock, id_of, node_of
from plans.bulk.trees import Tree
from plans.models import Quota

_GIVEN = frozenset({Member.Role.ADULT, Member.Role.HEAD, Member.Role.BILL_PAYER, Member.Role.AUDITOR})


def doubles(sheet: Sheet, stock: Stock) -> Iterator[Mistake]:
    """This will find what a file says twice."""
    for row, first in _again([(row, (row.kind, fold(row.name))) for row in sheet.rows if _is_named(row)]):
        yield at(row.line, mistakes.DOUBLE_NAME, name=row.name, first=first.line)
    for row, first in _again([(row, _person(row, stock)) for row in sheet.of_kind("member") if row.contact]):
        yield at(row.line, mistakes.DOUBLE_CONTACT, first=first.line)
    counted = [row for row in sheet.rows if row.monthly_microcredits is not None and all(node_of(row))]
    for row, first in _again([(row, (node_of(row)[0], _node(row, stock))) for row in counted]):
        if "quota" in {row.kind, first.kind}:  # else the name or the address is double, which was said
            yield at(row.line, mistakes.DOUBLE_QUOTA, first=first.line)


def people(sheet: Sheet, stock: Stock, tree: Tree) -> Iterator[Mistake]:
    """This will find places that cannot be given."""
    for row in sheet.of_kind("member"):
        if row.department and fold(row.department) not in tree:
            yield at(row.line, mistakes.UNKNOWN_DEPARTMENT, name=row.department)
        if not row.contact:
            continue
        member, invitation = stock.members.get(row.contact), stock.invitations.get(row.contact)
        role = role_of(row, member, invitation)
        if role == Member.Role.HEAD and not row.department:
            yield at(row.line, mistakes.HEAD_NEEDS_DEPARTMENT)
        kept = member is not None and role == member.role
        if not kept and (role not in _GIVEN or (member is not None and member.role not in _GIVEN)):
            yield at(row.line, mistakes.BAD_ROLE, role=role)
        if member is None:
            yield from _of_invited(row, invitation, role=role, stock=stock)


def quotas(sheet: Sheet, stock: Stock, tree: Tree) -> Iterator[Mistake]:
    """This will find quotas of what is not there."""
    known = {
        Quota.Node.DEPARTMENT: set(tree),
        Quota.Node.PROJECT: {*stock.projects, *(fold(row.name) for row in sheet.of_kind("project"))},
        Quota.Node.MEMBER: set(stock.members),
    }
    said = {
        Quota.Node.DEPARTMENT: mistakes.UNKNOWN_DEPARTMENT,
        Quota.Node.PROJECT: mistakes.UNKNOWN_PROJECT,
        Quota.Node.MEMBER: mistakes.UNKNOWN_MEMBER,
    }
    for row in sheet.of_kind("quota"):
        kind, key = node_of(row)
        if key and key not in known[Quota.Node(kind)]:
            typed = row.department or row.project or row.contact
            yield at(row.line, said[Quota.Node(kind)], name=typed)


def sizes(sheet: Sheet, stock: Stock, tree: Tree) -> Iterator[Mistake]:
    """This will find more than an account may have, or invite on one day."""
    if len(tree) > MOST_DEPARTMENTS:
        yield at(0, mistakes.TOO_MANY_DEPARTMENTS, most=MOST_DEPARTMENTS)
    if len({*stock.projects, *(fold(row.name) for row in sheet.of_kind("project"))}) > MOST_PROJECTS:
        yield at(0, mistakes.TOO_MANY_PROJECTS, most=MOST_PROJECTS)
    known = {*stock.members, *stock.invitations}
    new = [row for row in sheet.of_kind("member") if row.contact and row.contact not in known]
    if new and stock.listed_today + len(new) > MOST_LISTED_A_DAY:
        yield at(0, mistakes.TOO_MANY_INVITED, most=MOST_LISTED_A_DAY, already=stock.listed_today)


def role_of(row: Row, member: Member | None, invitation: Invitation | None) -> str:
    """This will return the role that a row gives; an empty cell leaves it, and a new person is an adult."""
    standing = member or invitation
    return row.role or (standing.role if standing else Member.Role.ADULT)


def _of_invited(row: Row, invitation: Invitation | None, *, role: str, stock: Stock) -> Iterator[Mistake]:
    if row.is_slice:
        yield at(row.line, mistakes.NOT_YET_SET_ASIDE)
    try:
        names.check(row.name)
    except names.BadName:
        yield at(row.line, mistakes.BAD_NAME)
    if invitation is None:
        return
    terms = (invitation.role, stock.name_of(invitation.department_id))
    credits = row.monthly_microcredits
    if terms != (role, fold(row.department)) or credits not in {None, invitation.monthly_microcredits}:
        yield at(row.line, mistakes.OTHER_TERMS)


def _again(keyed: list[tuple[Row, Hashable]]) -> Iterator[tuple[Row, Row]]:
    """The rows whose key an earlier one has, with that one."""
    first: dict[Hashable, Row] = {}
    for row, key in keyed:
        if key in first:
            yield row, first[key]
        first.setdefault(key, row)


def _is_named(row: Row) -> bool:
    return row.kind in {"department", "project"} and bool(row.name)


def _person(row: Row, stock: Stock) -> Hashable:
    """One person may be written by two addresses."""
    member = stock.members.get(row.contact)
    return member.pk if member else row.contact


def _node(row: Row, stock: Stock) -> Hashable:
    kind, key = node_of(row)
    found = id_of(stock, kind, key)
    return key if found is None else found
