"""The usage page and the receipt of a call."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import members
from accounts.models import Account
from plans import ledger, meaning
from portal.kit import clock, pages
from usage import answers, outlook, receipts, reports
from usage.reports import Chart


@never_cache
@require_safe
@login_required
def usage(request: HttpRequest) -> HttpResponse:
    """This will show what is left, lot by lot, what each day took, and the last calls."""
    member, now = members.current(request.user), clock.now()
    account = member.account
    month, balance = reports.month(member, now=now), ledger.balance(account.pk, now=now)
    ahead = outlook.of(balance, month=month, now=now)
    calls = reports.latest_calls(member, before=_call_id(request.GET.get("before")), size=pages.PAGE_SIZE + 1)
    context = {
        "account": account,
        "is_household": account.kind == Account.Kind.HOUSEHOLD,
        "month": month,
        "chart": Chart([each.name for each in month.members], month.days, ahead.even_pace),
        "balance": balance,
        "life": meaning.of(balance.left),
        "calls": pages.cut(calls),
        **vars(ahead),
    }
    return render(request, "usage/usage.html", context)


@never_cache
@require_safe
@login_required
def receipt(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """This will show everything that a call used, cost and drew on."""
    member = members.current(request.user)
    call = reports.call_of(member, call_id)
    if call is None:
        raise Http404
    context = {
        "receipt": receipts.of(call),
        "account": member.account,
        "is_household": member.account.kind == Account.Kind.HOUSEHOLD,
        "month": answers.month_of(member.account, now=clock.now()),
    }
    return render(request, "usage/receipt.html", context)


def _call_id(typed: str | None) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        return None
