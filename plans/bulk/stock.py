"""What an account has of all that a file may name, found by the names that files use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.invitations import A_DAY
from accounts.models import Account, Department, Invitation, Member, Project
from plans.bulk.sheet import Row, fold
from plans.models import Quota
from portal.kit.units import MICROCREDITS_PER_CREDIT


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Departments and projects by folded name, members by each of their addresses, monthly quotas by node.

    Those quotas are of credits of all models; the file knows no others and leaves them as they are.

    `names`, `project_names` and `addresses` lead back: from the id to the folded name, and to the first address.
    """

    departments: Mapping[str, Department]
    names: Mapping[int, str]
    projects: Mapping[str, Project]
    project_names: Mapping[int, str]
    members: Mapping[str, Member]
    addresses: Mapping[int, str]
    invitations: Mapping[str, Invitation]
    quotas: Mapping[tuple[str, int], Quota]
    listed_today: int

    def name_of(self, department_id: int | None) -> str:
        """This will return the folded name of a department; "" for none."""
        return self.names.get(department_id or 0, "")

    def quota_of(self, kind: str, node_id: int) -> Quota | None:
        """This will return the monthly quota of a node."""
        return self.quotas.get((kind, node_id))


def take(account: Account, *, now: datetime) -> Stock:
    """This will read what there is."""
    people = account.members.active().select_related("user", "account").order_by("joined_at", "pk")
    invited = account.invitations.pending(now=now).filter(state=Invitation.State.OPEN).exclude(contact="")
    standing = Quota.objects.in_force().filter(
        account=account, window=Quota.Window.MONTH, metric=Quota.Metric.MICROCREDITS, chat_model=None
    )
    departments = {fold(each.name): each for each in account.departments.in_use().order_by("name", "pk")}
    projects = {fold(each.name): each for each in account.projects.in_use().order_by("name", "pk")}
    return Stock(
        departments=departments,
        names={each.pk: key for key, each in departments.items()},
        projects=projects,
        project_names={each.pk: key for key, each in projects.items()},
        members={address: each for each in people for address in (each.user.email, each.user.phone) if address},
        addresses={each.pk: each.user.email or each.user.phone or "" for each in people},
        invitations={each.contact: each for each in invited.order_by("created_at", "pk")},
        quotas={(each.node_kind, each.node_id): each for each in standing},
        listed_today=account.invitations.filter(listed_at__gt=now - A_DAY).count(),
    )


def node_of(row: Row) -> tuple[str, str]:
    """This will return what the credits of a row are for: its kind, and its folded name or address."""
    if row.kind == Quota.Node.DEPARTMENT or (row.kind == "quota" and row.department):
        return Quota.Node.DEPARTMENT, fold(row.department if row.kind == "quota" else row.name)
    if row.kind == Quota.Node.PROJECT or (row.kind == "quota" and row.project):
        return Quota.Node.PROJECT, fold(row.project if row.kind == "quota" else row.name)
    return Quota.Node.MEMBER, row.contact


def says_anew(row: Row, standing: Quota) -> bool:
    """This will tell whether a row says another amount than stands.

    A share of the plan or money's worth stays one also where the whole credits that pages show of it are said.
    """
    said, shown = row.monthly_microcredits, standing.limit
    if standing.unit != Quota.Unit.CREDITS:
        shown -= shown % MICROCREDITS_PER_CREDIT
    return said not in {standing.limit, shown}


def id_of(stock: Stock, kind: str, key: str) -> int | None:
    """This will return the id of a node that is there already."""
    tables: Mapping[str, Mapping[str, Department | Project | Member]] = {
        Quota.Node.DEPARTMENT: stock.departments,
        Quota.Node.PROJECT: stock.projects,
        Quota.Node.MEMBER: stock.members,
    }
    found = tables[kind].get(key)
    return found.pk if found else None
