"""The projects of a business, one of them, and how it is renamed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import departments, members
from accounts import projects as verbs
from accounts.forms import NameForm
from accounts.models import Member, Project
from portal.kit import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def projects(request: HttpRequest) -> HttpResponse:
    """This will list the projects; a POST makes one."""
    viewer = reader(request)
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = verbs.make(form.cleaned_data["name"], by=viewer, now=clock.now())
        messages.info(request, _("The project was made."))
        return redirect("project", made.pk)
    seen = Project.objects.seen_by(viewer)
    words = {
        "shown": seen.in_use().order_by("name", "pk")[: verbs.MOST_PROJECTS],
        "closed": seen.exclude(closed_at=None).order_by("-closed_at")[: verbs.MOST_PROJECTS],
        "form": form,
        "viewer": viewer,
    }
    return render(request, "accounts/projects.html", words, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def project(request: HttpRequest, project_id: int) -> HttpResponse:
    """This will show one project; a POST renames it."""
    viewer = reader(request)
    shown = get_object_or_404(Project.objects.seen_by(viewer), pk=project_id)
    form = NameForm(request.POST or None, initial={"name": shown.name})
    if request.method == "POST" and form.is_valid():
        verbs.rename(shown, name=form.cleaned_data["name"], by=viewer, now=clock.now())
        messages.info(request, _("The name was changed."))
        return redirect("project", shown.pk)
    keys = shown.api_keys.in_use(clock.now()).count()
    words = {"shown": shown, "form": form, "keys": keys, "may_change": viewer.owns() and shown.closed_at is None}
    return render(request, "accounts/project.html", words, status=422 if form.is_bound else 200)


def reader(request: HttpRequest) -> Member:
    """This will return who sees all of a business, or answer 404."""
    viewer = members.current(request.user)
    if not viewer.sees_all():
        raise Http404
    departments.check_business(viewer.account)
    return viewer
