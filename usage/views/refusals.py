"""What was refused lately, and how to get more."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import members
from accounts.callers import LONGEST_ID
from portal.kit import clock, pages
from usage import refusals as verbs


@never_cache
@require_safe
@login_required
def refusals(request: HttpRequest) -> HttpResponse:
    """This will show the last refusals that the member may see, each with its sentence and a way on."""
    member = members.current(request.user)
    before = request.GET.get("before", "")
    is_id = before.isascii() and before.isdigit() and len(before) <= LONGEST_ID
    rows = verbs.latest(member, before=int(before) if is_id else None, size=pages.PAGE_SIZE + 1)
    page = pages.cut(rows)
    context = {
        "account": member.account,
        "told": verbs.told(page.items, viewer=member, now=clock.now()),
        "next_key": page.next_key,
        "kept_days": verbs.KEPT.days,
    }
    return render(request, "usage/refusals.html", context)
