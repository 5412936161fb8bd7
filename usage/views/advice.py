"""Whether the plan is right: what was used, replayed through everything on sale."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import members
from plans import orders
from portal.kit import clock
from usage import advisor

LEAST = {
    "days": advisor.LEAST_DAYS,
    "calls": advisor.LEAST_CALLS,
    "of_days": advisor.MOST_DAYS,
    "percent": advisor.WORTH_PERCENT,
    "packs": advisor.MOST_PACKS,
}


@never_cache
@require_safe
@login_required
def advice(request: HttpRequest) -> HttpResponse:
    """This will show what each offering would have cost, and at most one that would have been better."""
    member = members.current(request.user)
    orders.check_reader(member)
    told = advisor.of(member.account, now=clock.now())
    context = {"account": member.account, "may_buy": member.leads(), "told": told, "least": LEAST}
    return render(request, "usage/advice.html", context)
