"""The departments of a business: their tree, one of them with its people, and how it is renamed and moved."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import departments as verbs
from accounts import members
from accounts.forms import DepartmentForm, NameForm, RoofForm
from accounts.models import Department, Member
from portal.kit import clock

MOST_SHOWN = 500
"""More people than this are found on the page of people."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def departments(request: HttpRequest) -> HttpResponse:
    """This will show the tree; a POST makes a department."""
    viewer = _viewer(request)
    branches = verbs.tree(viewer)
    may_make = viewer.owns() or viewer.role == Member.Role.HEAD
    if request.method == "POST" and not may_make:
        raise verbs.MayNotArrange
    form = DepartmentForm(request.POST or None, roofs=list(verbs.paths(branches)), has_top=viewer.owns())
    if request.method == "POST" and form.is_valid():
        made = verbs.make(form.cleaned_data["name"], parent=form.roof(), by=viewer, now=clock.now())
        messages.info(request, _("The department was made."))
        return redirect("department", made.pk)
    closed = Department.objects.seen_by(viewer).exclude(closed_at=None).order_by("-closed_at")[:MOST_SHOWN]
    words = {"branches": branches, "form": form, "may_make": may_make, "closed": closed}
    return render(request, "accounts/departments.html", words, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def department(request: HttpRequest, department_id: int) -> HttpResponse:
    """This will show one department; a POST renames it."""
    viewer = _viewer(request)
    shown = _seen(viewer, department_id)
    form = NameForm(request.POST or None, initial={"name": shown.name})
    if request.method == "POST" and form.is_valid():
        verbs.rename(shown, name=form.cleaned_data["name"], by=viewer, now=clock.now())
        messages.info(request, _("The name was changed."))
        return redirect("department", shown.pk)
    return _page(request, viewer, shown, form=form, status=422 if form.is_bound else 200)


@login_required
@require_POST
def place(request: HttpRequest, department_id: int) -> HttpResponse:
    """This will move a department into another one."""
    viewer = _viewer(request)
    shown = _seen(viewer, department_id)
    form = _roof_form(viewer, shown, given=request.POST)
    if not form.is_valid():
        return _page(request, viewer, shown, form=NameForm(initial={"name": shown.name}), roof_form=form, status=422)
    verbs.move(shown, parent=form.roof(), by=viewer, now=clock.now())
    messages.info(request, _("The department was moved. What was used before stays where it was used."))
    return redirect("department", shown.pk)


def _page(
    request: HttpRequest,
    viewer: Member,
    shown: Department,
    *,
    form: NameForm,
    roof_form: RoofForm | None = None,
    status: int = 200,
) -> HttpResponse:
    changes = shown.closed_at is None and Department.objects.changed_by(viewer).filter(pk=shown.pk).exists()
    inside = shown.members.active().select_related("user").order_by("name", "pk")
    words = {
        "shown": shown,
        "viewer": viewer,
        "people": inside[:MOST_SHOWN],
        "departments": shown.children.in_use().order_by("name", "pk"),
        "may_change": changes,
        "form": form,
        "roof_form": roof_form or (_roof_form(viewer, shown) if changes else None),
    }
    return render(request, "accounts/department.html", words, status=status)


def _roof_form(viewer: Member, shown: Department, *, given: QueryDict | None = None) -> RoofForm:
    inside = set(Department.objects.below(shown.pk).values_list("pk", flat=True))
    roofs = [(each, path) for each, path in verbs.paths(verbs.tree(viewer)) if each.pk not in inside]
    return RoofForm(given, roofs=roofs, has_top=viewer.owns(), initial={"parent": shown.parent_id or ""})


def _viewer(request: HttpRequest) -> Member:
    """Who may see any department at all; for everybody else there are none."""
    viewer = members.current(request.user)
    if viewer.role in {Member.Role.ADULT, Member.Role.CHILD}:
        raise Http404
    verbs.check_business(viewer.account)
    return viewer


def _seen(viewer: Member, department_id: int) -> Department:
    return get_object_or_404(Department.objects.seen_by(viewer).select_related("parent"), pk=department_id)
