"""The line of a child, as the guardian opens it and sets its limits."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import children, legal_texts, members
from accounts.forms import ChildForm, LimitsForm, PinForm
from accounts.models import Device, Guardianship, LegalText, Member, Scenario
from accounts.views.proof import proven
from portal.kit import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def opening(request: HttpRequest) -> HttpResponse:
    """This will ask for a nickname, a month of birth, a PIN and the consent; a POST opens the line."""
    guardian, now = members.current(request.user), clock.now()
    members.check_owner(guardian)
    form = ChildForm(request.POST or None, today=now)
    if request.method == "POST" and form.is_valid():
        child = children.open(guardian, language=request.LANGUAGE_CODE, now=now, **form.line())
        messages.info(request, _("The line is open. Sign a device in with a code, and look at the limits."))
        return redirect("child", child.pk)
    text = legal_texts.in_force(LegalText.Kind.GUARDIAN, language=request.LANGUAGE_CODE, now=now)
    words = {"form": form, "consent": legal_texts.as_html(text) if text else ""}
    return render(request, "accounts/child_opening.html", words, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def child(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will show a child's line to the guardians: limits, devices, reading; a POST sets the limits."""
    guardian, now = members.current(request.user), clock.now()
    shown = ward(guardian, member_id)
    offered = Scenario.objects.offered_to(shown.account_id)
    form = LimitsForm(request.POST or None, guardianship=shown.guardianship, scenarios=offered)
    if request.method == "POST" and form.is_valid():
        children.limit(shown, form.limits(), by=guardian, now=now)
        messages.info(request, _("The limits hold from the next question on."))
        return redirect("child", shown.pk)
    age = children.age(shown.guardianship, now=now)
    words = {
        "shown": shown,
        "age": age,
        "is_young": age < children.READ_UNTIL_AGE,
        "form": form,
        "pin_form": PinForm(),
        "devices": Device.objects.in_use().filter(members=shown),
    }
    return render(request, "accounts/child.html", words, status=422 if form.is_bound else 200)


@login_required
@require_POST
@proven
def pin(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will give a child another PIN."""
    guardian = members.current(request.user)
    shown, form = ward(guardian, member_id), PinForm(request.POST)
    form.full_clean()
    children.set_pin(shown, pin=form.cleaned_data.get("pin", ""), by=guardian, now=clock.now())
    messages.info(request, _("The new PIN is in force."))
    return redirect("child", shown.pk)


@login_required
@require_POST
@proven
def reading(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will switch reading on; the child is told."""
    guardian = members.current(request.user)
    children.begin_reading(ward(guardian, member_id), by=guardian, now=clock.now())
    messages.info(request, _("Reading is on from now on, and the child sees it on every page of the chat."))
    return redirect("child", member_id)


@login_required
@require_POST
@proven
def privacy(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will switch reading off."""
    guardian = members.current(request.user)
    children.end_reading(ward(guardian, member_id), by=guardian, now=clock.now())
    messages.info(request, _("Reading is off."))
    return redirect("child", member_id)


def ward(guardian: Member, member_id: int) -> Member:
    """This will return a child of the account, for its owners alone; 404 for everybody else."""
    guarded = Guardianship.objects.filter(member__account=guardian.account_id, member__left_at=None)
    found = guarded.select_related("member__account", "member__user")
    guardianship = get_object_or_404(found if guardian.owns() else found.none(), pk=member_id)
    return guardianship.member
