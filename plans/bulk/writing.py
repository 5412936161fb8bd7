"""Writes what an account has as a file; reading it back changes nothing."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime

from accounts.departments import check_business
from accounts.models import Account, Department
from plans.bulk.sheet import COLUMNS, PLACES, guard
from plans.bulk.stock import Stock, take
from plans.models import Quota
from portal.kit.units import MICROCREDITS_PER_CREDIT

Cells = Mapping[str, str]


def export(account: Account, *, now: datetime) -> str:
    """This will return the departments, projects, members and open invitations of a business, a row each.

    Raises `NotForHouseholds`.
    """
    check_business(account)
    stock = take(account, now=now)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for cells in (*_departments(stock), *_projects(stock), *_members(stock), *_invitations(stock)):
        writer.writerow([guard(cells.get(column, "")) for column in COLUMNS])
    return written.getvalue()


def _departments(stock: Stock) -> Iterator[Cells]:
    """Each after the one that it is part of."""
    waiting = [each for each in stock.departments.values() if each.parent_id not in stock.names]
    while waiting:
        department = waiting.pop(0)
        quota = _quota(stock, Quota.Node.DEPARTMENT, department.pk)
        yield {"kind": "department", "name": department.name, "parent": _name(stock, department.parent_id)} | quota
        waiting += [each for each in stock.departments.values() if each.parent_id == department.pk]


def _projects(stock: Stock) -> Iterator[Cells]:
    for project in stock.projects.values():
        yield {"kind": "project", "name": project.name} | _quota(stock, Quota.Node.PROJECT, project.pk)


def _members(stock: Stock) -> Iterator[Cells]:
    people = {each.pk: each for each in stock.members.values()}
    for member in people.values():
        yield {
            "kind": "member",
            "name": member.name,
            "contact": stock.addresses[member.pk],
            "role": member.role,
            "department": _name(stock, member.department_id),
        } | _quota(stock, Quota.Node.MEMBER, member.pk)


def _invitations(stock: Stock) -> Iterator[Cells]:
    for invitation in stock.invitations.values():
        credits = invitation.monthly_microcredits
        yield {
            "kind": "member",
            "name": invitation.name,
            "contact": invitation.contact,
            "role": invitation.role,
            "department": _name(stock, invitation.department_id),
            "monthly_credits": "" if credits is None else _credits(credits),
        }


def _name(stock: Stock, department_id: int | None) -> str:
    found: Department | None = stock.departments.get(stock.name_of(department_id))
    return found.name if found else ""


def _quota(stock: Stock, kind: str, node_id: int) -> dict[str, str]:
    quota = stock.quota_of(kind, node_id)
    if quota is None:
        return {}
    return {"monthly_credits": _credits(quota.limit), "set_aside": "yes" if quota.is_slice else "no"}


def _credits(microcredits: int) -> str:
    whole, rest = divmod(microcredits, MICROCREDITS_PER_CREDIT)
    return f"{whole}.{rest:0{PLACES}}".rstrip("0").rstrip(".") if rest else str(whole)
