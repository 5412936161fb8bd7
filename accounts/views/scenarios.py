"""What calls of an account are for: its own scenarios and those of everybody, and how one is renamed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import members
from accounts import scenarios as verbs
from accounts.callers import MOST_SCENARIOS
from accounts.forms import NameForm
from accounts.models import Member, Scenario
from portal.kit import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def scenarios(request: HttpRequest) -> HttpResponse:
    """This will list the scenarios that are offered to the account; a POST makes one of its own."""
    viewer = _viewer(request)
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = verbs.make(form.cleaned_data["name"], by=viewer, now=clock.now())
        messages.info(request, _("The scenario was made."))
        return redirect("scenario", made.pk)
    offered = list(Scenario.objects.offered_to(viewer.account_id)[:MOST_SCENARIOS])
    closed = Scenario.objects.seen_by(viewer).exclude(closed_at=None).order_by("-closed_at")
    words = {
        "own": [each for each in offered if each.account_id],
        "common": [each for each in offered if not each.account_id],
        "closed": closed[:MOST_SCENARIOS],
        "form": form,
        "viewer": viewer,
    }
    return render(request, "accounts/scenarios.html", words, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def scenario(request: HttpRequest, scenario_id: int) -> HttpResponse:
    """This will show one scenario of the account's own; a POST renames it."""
    viewer = _viewer(request)
    shown = get_object_or_404(Scenario.objects.seen_by(viewer), pk=scenario_id)
    form = NameForm(request.POST or None, initial={"name": shown.name})
    if request.method == "POST" and form.is_valid():
        verbs.rename(shown, name=form.cleaned_data["name"], by=viewer, now=clock.now())
        messages.info(request, _("The name was changed."))
        return redirect("scenario", shown.pk)
    keys = shown.api_keys.in_use(clock.now()).count()
    words = {"shown": shown, "form": form, "keys": keys, "may_change": viewer.owns() and shown.closed_at is None}
    return render(request, "accounts/scenario.html", words, status=422 if form.is_bound else 200)


def _viewer(request: HttpRequest) -> Member:
    viewer = members.current(request.user)
    if not viewer.sees_all():
        raise Http404
    return viewer
