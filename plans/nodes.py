"""The nodes of an account that quotas and rules stand on, and who may see and change them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.urls import reverse

from accounts.models import Account, ApiKey, Department, Member, Project, Scenario
from plans.models import Quota

TABLES: Mapping[str, Any] = {
    Quota.Node.DEPARTMENT: Department,
    Quota.Node.PROJECT: Project,
    Quota.Node.MEMBER: Member,
    Quota.Node.KEY: ApiKey,
    Quota.Node.SCENARIO: Scenario,
}

_PAGES: Mapping[str, str] = {
    Quota.Node.DEPARTMENT: "department",
    Quota.Node.PROJECT: "project",
    Quota.Node.MEMBER: "person",
    Quota.Node.KEY: "plans:key",
    Quota.Node.SCENARIO: "scenario",
}


@dataclass(frozen=True)
class Node:
    """A node as a page shows it; `may_change` is whether the viewer decides about it.

    A scenario that is offered to every account `is_shared`: an account limits its own use of it, and never pauses it.
    """

    kind: str
    id: int
    name: str
    account: Account
    may_change: bool
    is_shared: bool = False

    @property
    def path(self) -> str:
        """Where the page of the thing itself is; what has none is listed there."""
        if self.kind == Quota.Node.ACCOUNT:
            return reverse("people")
        return reverse("scenarios") if self.is_shared else reverse(_PAGES[self.kind], args=[self.id])


def name_of(account: Account, kind: str, node_id: int) -> str | None:
    """This will return what a node of the account is called; None when it has no such node."""
    if kind == Quota.Node.ACCOUNT:
        return account.name if node_id == account.pk else None
    if kind not in TABLES:
        return None
    shown = "label" if kind == Quota.Node.KEY else "name"
    own = Q(account=account)
    if kind == Quota.Node.SCENARIO:
        own |= Q(account=None)
    found: str | None = TABLES[kind].objects.filter(own, pk=node_id).values_list(shown, flat=True).first()
    return found


def names_of(account: Account, found: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """This will return what these nodes of the account are called; what it does not have is left out."""
    ids: dict[str, list[int]] = {}
    for kind, node_id in found:
        ids.setdefault(kind, []).append(node_id)
    names = {(Quota.Node.ACCOUNT.value, account.pk): account.name} if Quota.Node.ACCOUNT in ids else {}
    for kind, table in TABLES.items():
        shown = "label" if kind == Quota.Node.KEY else "name"
        own = Q(account=account) | Q(account=None) if kind == Quota.Node.SCENARIO else Q(account=account)
        if kind in ids:
            known = table.objects.filter(own, pk__in=ids[kind]).values_list("pk", shown)
            names |= {(kind, node_id): name for node_id, name in known}
    return names


def seen_by(viewer: Member, *, kind: str, node_id: int) -> Node:
    """This will return a node that `viewer` may see. Raises `Http404` for everything else, as if it were not there.

    An owner, a bill payer and an auditor see all of their account, and an owner changes it; a head sees what stands
    in the own department and changes what stands inside it; everybody sees themselves and their keys.
    """
    name = name_of(viewer.account, kind, node_id)
    is_led = viewer.role == Member.Role.HEAD and _is_inside(viewer, kind, node_id)
    if name is None or not (is_led or viewer.sees_all() or _is_near(viewer, kind, node_id)):
        raise Http404
    is_shared = kind == Quota.Node.SCENARIO and Scenario.objects.filter(pk=node_id, account=None).exists()
    return Node(kind, node_id, name, viewer.account, viewer.owns() or is_led, is_shared)


def _is_near(viewer: Member, kind: str, node_id: int) -> bool:
    if kind == Quota.Node.MEMBER and node_id == viewer.pk:
        return True
    if kind == Quota.Node.KEY and viewer.api_keys.filter(pk=node_id).exists():
        return True
    return kind == Quota.Node.DEPARTMENT and node_id == viewer.department_id and viewer.role == Member.Role.HEAD


def _is_inside(viewer: Member, kind: str, node_id: int) -> bool:
    """Not the head's own department and not the head: those above decide about them."""
    if viewer.department_id is None:
        return False
    led = set(Department.objects.below(viewer.department_id).values_list("pk", flat=True))
    people = Member.objects.filter(department__in=led).exclude(pk=viewer.pk)
    match kind:
        case Quota.Node.DEPARTMENT:
            return node_id in led - {viewer.department_id}
        case Quota.Node.MEMBER:
            return people.filter(pk=node_id).exists()
        case Quota.Node.KEY:
            return ApiKey.objects.filter(pk=node_id, member__in=people).exists()
        case _:
            return False
