"""The pause switch of any node: calls under way end within a second, and none begins until it goes on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import audit
from accounts.models import Account, User
from plans import ledger, nodes
from plans.models import Hold, Quota
from plans.nodes import Node
from plans.quotas import UnknownNode
from usage import stops

TABLES: Mapping[str, Any] = {Quota.Node.ACCOUNT: Account, **nodes.TABLES}


def pause(node: Node, *, by: User, now: datetime) -> int:
    """This will pause a node and stop its calls; returns how many were under way.

    A call that is just being opened is either open before the pause, and is stopped, or is refused.
    Raises `quotas.UnknownNode` for a scenario that is offered to every account.
    """
    if node.is_shared:
        raise UnknownNode
    with transaction.atomic():
        ledger.stop_admission(node.account.pk)
        TABLES[node.kind].objects.filter(pk=node.id, paused_at=None).update(paused_at=now)
        audit.record("pause", subject=node.name, account=node.account, by=by, now=now, node=[node.kind, node.id])
    running = list(_calls_of(node).values_list("pk", flat=True))
    stops.stop(running)
    return len(running)


@transaction.atomic
def resume(node: Node, *, by: User, now: datetime) -> None:
    """This will let a node go on. Raises `quotas.UnknownNode` for a scenario that is offered to every account."""
    if node.is_shared:
        raise UnknownNode
    TABLES[node.kind].objects.filter(pk=node.id).update(paused_at=None)
    audit.record("resume", subject=node.name, account=node.account, by=by, now=now, node=[node.kind, node.id])


def paused_at(node: Node) -> datetime | None:
    """This will tell since when a node is paused."""
    since: datetime | None = TABLES[node.kind].objects.filter(pk=node.id).values_list("paused_at", flat=True).first()
    return since


def _calls_of(node: Node) -> QuerySet[Hold]:
    column = {
        Quota.Node.ACCOUNT: Q(),
        Quota.Node.DEPARTMENT: Q(departments__contains=[node.id]),
        Quota.Node.PROJECT: Q(project_id=node.id),
        Quota.Node.MEMBER: Q(member_id=node.id),
        Quota.Node.KEY: Q(api_key_id=node.id),
        Quota.Node.SCENARIO: Q(scenario_id=node.id),
    }[Quota.Node(node.kind)]
    return Hold.objects.filter(column, account_id=node.account.pk)
