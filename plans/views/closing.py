"""Closing a department, a project or a scenario, from the page of each."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import members
from accounts.models import Department, Project, Scenario
from plans import closing
from portal.kit import clock


@login_required
@require_POST
def department(request: HttpRequest, department_id: int) -> HttpResponse:
    """This will close an empty department."""
    member = members.current(request.user)
    seen = get_object_or_404(Department.objects.seen_by(member), pk=department_id)
    closing.close_department(seen, by=member, now=clock.now())
    messages.info(request, _("The department was closed. Its figures stay."))
    return redirect("departments")


@login_required
@require_POST
def project(request: HttpRequest, project_id: int) -> HttpResponse:
    """This will close a project for which no key calls."""
    member = members.current(request.user)
    seen = get_object_or_404(Project.objects.seen_by(member), pk=project_id)
    closing.close_project(seen, by=member, now=clock.now())
    messages.info(request, _("The project was closed. Its figures stay."))
    return redirect("projects")


@login_required
@require_POST
def scenario(request: HttpRequest, scenario_id: int) -> HttpResponse:
    """This will close a scenario of the account's own."""
    member = members.current(request.user)
    seen = get_object_or_404(Scenario.objects.seen_by(member), pk=scenario_id)
    closing.close_scenario(seen, by=member, now=clock.now())
    messages.info(request, _("The scenario was closed. Its figures stay."))
    return redirect("scenarios")
