"""The usage page and the receipt of a call."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import members
from accounts.callers import LONGEST_ID
from accounts.models import Account, Department, Member
from plans import ledger, meaning
from portal.kit import clock, pages
from portal.kit.units import Microcredits
from usage import answers, averages, outlook, receipts, reports
from usage.models import AssistantVersion, Call
from usage.reports import Dimension


@never_cache
@require_safe
@login_required
def usage(request: HttpRequest) -> HttpResponse:
    """This will show what is left, what each day took, broken down as asked, and the last calls."""
    member, now = members.current(request.user), clock.now()
    dimension = _dimension(request, member)
    opened = _opened(request, member) if dimension == Dimension.DEPARTMENT else None
    month = reports.month(member, dimension=dimension, opened=opened, now=now)
    balance = ledger.balance(member.account_id, now=now)
    ahead = outlook.of(balance, month=month, now=now)
    calls = reports.latest_calls(member, before=_call_id(request.GET.get("before")), size=pages.PAGE_SIZE + 1)
    is_whole = member.sees_all() and opened is None
    context = {
        "month": month,
        "segments": _segments(member, chosen=dimension),
        "chart": reports.chart(month, even_pace=ahead.even_pace if is_whole else Microcredits(0)),
        "balance": balance,
        "life": _life(member, balance.left),
        "calls": _named(pages.cut(calls)),
        "here": _path(by=dimension, **({"department": opened.pk} if opened else {})),
        **vars(ahead),
        **_viewer(member),
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


def _life(member: Member, left: Microcredits) -> meaning.Meaning | None:
    """What is left in life, by the account's own averages where it has any."""
    if not member.sees_all():
        return None
    kinds, own = meaning.KINDS_OF[member.account.kind], averages.of_account(member.account_id)
    return meaning.of(left, kinds=kinds, own=own)


def _named(page: pages.Page[Call]) -> pages.Page[tuple[Call, AssistantVersion | None]]:
    """Each call with the assistant through which it was asked, if any."""
    versions = receipts.assistants_of(page.items)
    return pages.Page([(call, versions.get(call.pk)) for call in page.items], page.next_key)


def _viewer(member: Member) -> Mapping[str, Any]:
    """Who looks; who cannot buy is told whom to ask."""
    may_buy = member.leads()
    return {
        "account": member.account,
        "is_household": member.account.kind == Account.Kind.HOUSEHOLD,
        "sees_all": member.sees_all(),
        "may_buy": may_buy,
        "owners": [] if may_buy else [each.name for each in member.account.members.owners().order_by("pk")],
    }


def _segments(member: Member, *, chosen: Dimension) -> list[dict[str, object]]:
    return [
        {"label": each.label, "href": _path(by=each), "current": each == chosen} for each in reports.dimensions(member)
    ]


def _dimension(request: HttpRequest, member: Member) -> Dimension:
    asked = request.GET.get("by", "department" if "department" in request.GET else "")
    return next((each for each in reports.dimensions(member) if each == asked), Dimension.PERSON)


def _opened(request: HttpRequest, member: Member) -> Department | None:
    asked = request.GET.get("department", "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_ID):
        raise Http404
    return get_object_or_404(reports.departments_seen_by(member), pk=int(asked))


def _path(**query: object) -> str:
    return f"{reverse('usage')}?{urlencode(query)}"


def _call_id(typed: str | None) -> UUID | None:
    try:
        return UUID(typed) if typed else None
    except ValueError:
        return None
