"""What slices did not use: the rule, a look ahead, what flowed back, and the month in a table."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import members
from accounts.models import Account, Member
from accounts.views.projects import reader
from accounts.views.proof import proven
from plans import nodes, transfers
from plans import reclaims as verbs
from plans.forms import ReclaimForm
from plans.models import Quota, Reclaim, ReclaimRule
from plans.reclaims import Outlook
from portal.kit import clock, periods
from portal.kit.units import MICROCREDITS_PER_CREDIT

PAGE = "plans/reclaims.html"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reclaims(request: HttpRequest) -> HttpResponse:
    """This will show the rule and what came of it; a POST looks ahead by the rule that was typed."""
    member = reader(request)
    rule = _rule_of(member)
    form = ReclaimForm(request.POST or None, initial=_typed(rule))
    tried = form.cleaned_data if form.is_bound and form.is_valid() else None
    return _page(request, member, form, rule=rule, tried=tried)


@login_required
@require_POST
@proven
def saving(request: HttpRequest) -> HttpResponse:
    """This will set the rule."""
    member = reader(request)
    members.check_owner(member)
    form = ReclaimForm(request.POST)
    if not form.is_valid():
        return _page(request, member, form, rule=_rule_of(member))
    verbs.set_rule(member.account, by=member, now=clock.now(), **form.cleaned_data)
    messages.info(request, _("The rule holds from tomorrow on."))
    return redirect("plans:reclaims")


@login_required
@require_POST
@proven
def returned(request: HttpRequest, reclaim_id: int) -> HttpResponse:
    """This will give one slice back what flowed from it."""
    member = reader(request)
    reclaim = get_object_or_404(Reclaim, pk=reclaim_id, account=member.account_id)
    return _give_back(request, member, [reclaim])


@login_required
@require_POST
@proven
def all_returned(request: HttpRequest) -> HttpResponse:
    """This will give all slices back what flowed from them this month."""
    member = reader(request)
    members.check_owner(member)
    running = Reclaim.objects.filter(account=member.account_id, returned_at=None, ends_at__gt=clock.now())
    running = running.filter(window__quota__ended_at=None)
    if not running:  # a second tap
        messages.info(request, _("All of it is given back."))
        return redirect("plans:reclaims")
    return _give_back(request, member, running)


def _page(
    request: HttpRequest,
    member: Member,
    form: ReclaimForm,
    *,
    rule: ReclaimRule | None,
    tried: dict[str, Any] | None = None,
) -> HttpResponse:
    now, account = clock.now(), member.account
    wanted = tried or (_terms(rule) if rule else None)
    words = {
        "form": form,
        "rule": rule,
        "is_tried": tried is not None,
        "outlook": _named(account, verbs.outlook(account, now=now, **wanted)) if wanted else None,
        "may_change": member.owns(),
        **_flowed(account, now=now),
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, f"{PAGE}#hole", words)
    at, is_last = _month(request, account, now=now)
    months = transfers.of_month(account, at=at)
    has_keys = any(each.quota.node_kind == Quota.Node.KEY for each in months)
    words |= {"months": months, "is_last": is_last, "has_keys": has_keys}
    return render(request, PAGE, words, status=422 if form.errors else 200)


def _rule_of(member: Member) -> ReclaimRule | None:
    return ReclaimRule.objects.filter(account=member.account_id).first()


def _give_back(request: HttpRequest, member: Member, asked: Iterable[Reclaim]) -> HttpResponse:
    given = verbs.give_back(asked, by=member, now=clock.now())
    words = _("{credits} credits are back where they came from.")
    messages.info(request, words.format(credits=f"{given // MICROCREDITS_PER_CREDIT:,}"))
    return redirect("plans:reclaims")


def _terms(rule: ReclaimRule) -> dict[str, Any]:
    return {"days": rule.days, "floor_percent": rule.floor_percent}


def _typed(rule: ReclaimRule | None) -> dict[str, Any]:
    return {"days": ", ".join(map(str, rule.days)), "floor_percent": rule.floor_percent} if rule else {}


def _named(account: Account, outlook: Outlook | None) -> dict[str, Any] | None:
    if outlook is None:
        return None
    unused = outlook.unused
    names = nodes.names_of(account, [(each.quota.node_kind, each.quota.node_id) for each in unused or ()])
    lines = [(names.get((each.quota.node_kind, each.quota.node_id), ""), each) for each in unused or ()]
    return {"due": outlook.due, "total": outlook.total, "lines": lines, "is_early": unused is None}


def _flowed(account: Account, *, now: datetime) -> dict[str, Any]:
    """What flowed back of the month that runs, and what of it can still be given back."""
    running = Reclaim.objects.filter(account=account, ends_at__gt=now)
    found = list(running.select_related("window__quota", "returned_by")[: transfers.MOST_ROWS])
    names = nodes.names_of(account, [(each.window.quota.node_kind, each.window.quota.node_id) for each in found])
    lines = [(names.get((each.window.quota.node_kind, each.window.quota.node_id), ""), each) for each in found]
    open_ones = [each for each in found if each.returned_at is None and each.window.quota.ended_at is None]
    return {"flowed": lines, "are_many": len(open_ones) > 1}


def _month(request: HttpRequest, account: Account, *, now: datetime) -> tuple[datetime, bool]:
    """A moment of the month that is asked for: this one, or the last."""
    if request.GET.get("month") != "last":
        return now, False
    return periods.month_of(now, zone=ZoneInfo(account.time_zone)).active_from - timedelta(seconds=1), True
