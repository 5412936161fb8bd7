"""The pages of a plan that goes on: how it stands, and ending, pausing, changing and paying it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import members
from accounts.models import Member
from plans import changes as verbs
from plans import consents, continuations, forms, offerings, orders, subscriptions
from plans.forms.plan import NOW
from plans.models import Subscription
from portal.kit import clock, pages


@never_cache
@require_GET
@login_required
def plan(request: HttpRequest) -> HttpResponse:
    """This will show how the account's plan stands and what was agreed to."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    shown = {
        "reader": reader,
        "plan": subscriptions.outlook(reader.account_id, now=clock.now()),
        "consents": consents.listed(reader.account_id)[: pages.PAGE_SIZE],
    }
    return render(request, "plans/plan.html", shown)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def cancellation(request: HttpRequest) -> HttpResponse:
    """This will ask whether the plan is to end, and say when it does."""
    leader, subscription = _standing(request)
    if request.method == "POST":
        continuations.cancel(subscription, by=leader, now=clock.now())
        messages.info(request, _("Canceled. Nothing more is charged."))
        return redirect("plans:plan")
    return _asked(request, leader, about="cancellation")


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def continuation(request: HttpRequest) -> HttpResponse:
    """This will take back a cancellation, with the words to agree to, or a pause that has not begun."""
    leader, subscription = _standing(request)
    form = forms.AgreementForm(request.POST or None, version=subscription.offering_version)
    if request.method == "POST" and (form.is_valid() or not subscription.cancel_asked_at):
        continuations.go_on(subscription, by=leader, now=clock.now())
        messages.info(request, _("The plan goes on."))
        return redirect("plans:plan")
    return _asked(request, leader, about="continuation", form=form)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def pause(request: HttpRequest) -> HttpResponse:
    """This will ask whether the plan is to rest, and say from when and how long it may."""
    leader, subscription = _standing(request)
    if request.method == "POST":
        continuations.pause(subscription, by=leader, now=clock.now())
        messages.info(request, _("The plan rests once its period has ended. Nothing is charged meanwhile."))
        return redirect("plans:plan")
    return _asked(request, leader, about="pause")


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def resumption(request: HttpRequest) -> HttpResponse:
    """This will order a new period for a plan that rests, and lead to where it is paid."""
    leader, subscription = _standing(request)
    if request.method == "POST":
        order = continuations.take_up(subscription, by=leader, now=clock.now())
        return redirect("plans:order", order.pk)
    return _asked(request, leader, about="resumption")


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def method(request: HttpRequest) -> HttpResponse:
    """This will let the next periods be paid another way."""
    leader, subscription = _standing(request)
    blank = {"method": subscription.method_id or 0}
    form = forms.MethodForm(request.POST or None, account_id=leader.account_id, initial=blank)
    if form.is_valid():
        chosen = form.cleaned_data["method"]
        continuations.pay_by(subscription, method_id=chosen or None, by=leader, now=clock.now())
        messages.info(request, _("The next periods are paid as you chose."))
        return redirect("plans:plan")
    return render(request, "plans/plan_method.html", {"form": form, "subscription": subscription})


@never_cache
@require_GET
@login_required
def changes(request: HttpRequest) -> HttpResponse:
    """This will list what the plan can become."""
    leader, subscription = _standing(request)
    now = clock.now()
    shown = {"reader": leader, "plan": subscriptions.outlook(leader.account_id, now=now)}
    return render(request, "plans/plan_changes.html", shown | {"changes": verbs.offered(subscription, now=now)})


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """This will show what another plan means to the minor unit; a POST orders exactly that."""
    leader, subscription = _standing(request)
    now = clock.now()
    form = forms.ChangeForm(request.POST or None)
    if form.is_valid():
        return _changed(subscription, slug, form=form, by=leader)
    if offerings.shown(slug) == subscription.offering_version:
        return redirect("plans:plan")
    shown = {"change": verbs.preview(subscription, slug, now=now), "subscription": subscription, "reader": leader}
    return render(request, "plans/plan_change.html", shown)


@require_POST
@login_required
def keeping(request: HttpRequest) -> HttpResponse:
    """This will take back a change that was to begin with the next period."""
    leader, subscription = _standing(request)
    verbs.keep(subscription, by=leader, now=clock.now())
    messages.info(request, _("The plan stays as it is."))
    return redirect("plans:plan")


def _standing(request: HttpRequest) -> tuple[Member, Subscription]:
    leader = members.current(request.user)
    orders.check_buyer(leader)
    return leader, subscriptions.live_of(leader.account_id)


def _asked(
    request: HttpRequest, leader: Member, *, about: str, form: forms.AgreementForm | None = None
) -> HttpResponse:
    shown = {"plan": subscriptions.outlook(leader.account_id, now=clock.now()), "reader": leader}
    return render(request, "plans/plan_asking.html", shown | {"about": about, "form": form})


def _changed(subscription: Subscription, slug: str, *, form: forms.ChangeForm, by: Member) -> HttpResponse:
    given, now = form.cleaned_data, clock.now()
    if given["when"] != NOW:
        verbs.change_next(subscription, slug, seal=given["seal"], by=by, now=now)
        return redirect("plans:plan")
    order = verbs.upgrade(subscription, slug, seal=given["seal"], by=by, now=now)
    return redirect("plans:order", order.pk)
