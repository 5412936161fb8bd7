"""Closing a department, a project or a scenario: asked for on the page of each, confirmed here."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import members
from accounts.departments import AlreadyClosed
from accounts.members import OwnersOnly
from accounts.models import Department, Member, Project, Scenario
from plans import closing, nodes
from plans.models import Quota
from portal.kit import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def department(request: HttpRequest, department_id: int) -> HttpResponse:
    """This will ask before a department is closed; a POST closes an empty one."""
    member = members.current(request.user)
    seen = get_object_or_404(Department.objects.seen_by(member), pk=department_id)
    if request.method != "POST":
        return _asked(request, member, seen)
    closing.close_department(seen, by=member, now=clock.now())
    messages.info(request, _("The department was closed. Its figures stay."))
    return redirect("departments")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def project(request: HttpRequest, project_id: int) -> HttpResponse:
    """This will ask before a project is closed; a POST closes one for which no key calls."""
    member = members.current(request.user)
    seen = get_object_or_404(Project.objects.seen_by(member), pk=project_id)
    if request.method != "POST":
        return _asked(request, member, seen)
    closing.close_project(seen, by=member, now=clock.now())
    messages.info(request, _("The project was closed. Its figures stay."))
    return redirect("projects")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def scenario(request: HttpRequest, scenario_id: int) -> HttpResponse:
    """This will ask before a scenario of the account's own is closed; a POST closes it."""
    member = members.current(request.user)
    seen = get_object_or_404(Scenario.objects.seen_by(member), pk=scenario_id)
    if request.method != "POST":
        return _asked(request, member, seen)
    closing.close_scenario(seen, by=member, now=clock.now())
    messages.info(request, _("The scenario was closed. Its figures stay."))
    return redirect("scenarios")


def _asked(request: HttpRequest, member: Member, seen: Department | Project | Scenario) -> HttpResponse:
    node = nodes.seen_by(member, kind=str(seen._meta.model_name), node_id=seen.pk)
    if not node.may_change:
        raise OwnersOnly
    if seen.closed_at:
        raise AlreadyClosed
    ending = Quota.objects.in_force().filter(account=member.account_id, node_kind=node.kind, node_id=node.id)
    return render(request, "plans/ending.html", {"node": node, "quotas": ending.count()})
