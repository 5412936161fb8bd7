"""Closing a department, a project or a scenario: the quotas on it end too, so that nothing is set aside for nobody."""

from datetime import datetime

from django.db import transaction

from accounts import departments, projects, scenarios
from accounts.models import Department, Member, Project, Scenario
from plans import quotas
from plans.models import Quota


@transaction.atomic
def close_department(department: Department, *, by: Member, now: datetime) -> None:
    """This will close an empty department and end its quotas. Raises what `departments.close` refuses."""
    departments.close(department, by=by, now=now)
    _end_quotas(by, kind=Quota.Node.DEPARTMENT, node_id=department.pk, now=now)


@transaction.atomic
def close_project(project: Project, *, by: Member, now: datetime) -> None:
    """This will close a project and end its quotas. Raises what `projects.close` refuses."""
    projects.close(project, by=by, now=now)
    _end_quotas(by, kind=Quota.Node.PROJECT, node_id=project.pk, now=now)


@transaction.atomic
def close_scenario(scenario: Scenario, *, by: Member, now: datetime) -> None:
    """This will close a scenario of the account and end its quotas. Raises what `scenarios.close` refuses."""
    scenarios.close(scenario, by=by, now=now)
    _end_quotas(by, kind=Quota.Node.SCENARIO, node_id=scenario.pk, now=now)


def _end_quotas(by: Member, *, kind: str, node_id: int, now: datetime) -> None:
    standing = Quota.objects.in_force().filter(account=by.account_id, node_kind=kind, node_id=node_id)
    for quota in standing.select_related("account"):
        quotas.end(quota, by=by.user, now=now)
