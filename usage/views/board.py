"""The allotment board: fill it in, look at what it would mean, save it at once, take it back."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import members
from accounts.models import Member
from accounts.views.proof import proven
from portal.kit import clock
from portal.kit.units import MICROCREDITS_PER_CREDIT
from usage import board as verbs
from usage.board import Allotment, Board, Key

LARGEST_CREDITS = 10**10
FILLS = {"equal": verbs.equally, "headcount": verbs.by_headcount, "last": verbs.as_last_month}
ASIDE, CEILING = "aside", "ceiling"


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def board(request: HttpRequest) -> HttpResponse:
    """This will show the board, perhaps filled in by a rule; a POST previews what was filled in."""
    member, now = _member(request), clock.now()
    laid = verbs.of(member.account, now=now)
    if request.method == "POST":
        wanted, wrong = _read(request, laid)
        return _page(request, member, laid, wanted, wrong=wrong, is_preview=not wrong)
    fill = FILLS.get(request.GET.get("fill", ""))
    wanted = {row.key: row.allotment for row in laid.rows} | (fill(laid) if fill else {})
    return _page(request, member, laid, wanted)


@login_required
@require_POST
@proven
def saving(request: HttpRequest) -> HttpResponse:
    """This will save the board, all rows at once."""
    member, now = _member(request), clock.now()
    members.check_owner(member)
    laid = verbs.of(member.account, now=now)
    wanted, wrong = _read(request, laid)
    if wrong:
        return _page(request, member, laid, wanted, wrong=wrong)
    typed = {row.key: wanted[row.key] for row in laid.rows if wanted[row.key] != row.allotment}
    changed = verbs.save(member.account, typed, by=member, now=now)
    words = ngettext("{number} row was changed.", "{number} rows were changed.", changed)
    messages.info(request, words.format(number=changed))
    return redirect("board")


@login_required
@require_POST
@proven
def undo(request: HttpRequest) -> HttpResponse:
    """This will take the last save back."""
    member = _member(request)
    members.check_owner(member)
    verbs.undo(member.account, by=member, now=clock.now())
    messages.info(request, _("The board stands as before the last save."))
    return redirect("board")


@login_required
@require_POST
def replay(request: HttpRequest, kind: str, node_id: int) -> HttpResponse:
    """This will say beside a quota that is being moved what it would have done in the last 30 days."""
    member, now = _member(request), clock.now()
    laid = verbs.of(member.account, now=now)
    row = next((row for row in laid.rows if row.key == (kind, node_id)), None)
    if row is None:
        raise Http404
    wanted, _wrong = _read(request, laid)
    stopped = _stopped(member, row.key, wanted.get(row.key, Allotment(None)), now=now)
    return render(request, "usage/board.html#replay", {"row": row, "stopped": stopped, "is_asked": True})


def _page(
    request: HttpRequest,
    member: Member,
    laid: Board,
    wanted: Mapping[Key, Allotment],
    *,
    wrong: Mapping[Key, str] | None = None,
    is_preview: bool = False,
) -> HttpResponse:
    now = clock.now()
    lines = [
        {
            "row": row,
            "aside": _shown(request, ASIDE, row.key, wanted[row.key], is_wrong=row.key in (wrong or {})),
            "ceiling": _shown(request, CEILING, row.key, wanted[row.key], is_wrong=row.key in (wrong or {})),
            "is_changed": wanted[row.key] != row.allotment,
            "wrong": (wrong or {}).get(row.key, ""),
            "stopped": _stopped(member, row.key, wanted[row.key], now=now) if is_preview else None,
            "is_asked": is_preview and wanted[row.key] != row.allotment,
        }
        for row in laid.rows
    ]
    words: dict[str, Any] = {
        "board": laid,
        "lines": lines,
        "before": json.dumps([[*row.key, *_fields(row.allotment)] for row in laid.rows], separators=(",", ":")),
        "aside_total": verbs.set_aside(laid.rows, wanted),
        "is_preview": is_preview,
        "changes": sum(bool(line["is_changed"]) for line in lines),
        "may_change": member.owns(),
        "has_mistakes": bool(wrong),
    }
    return render(request, "usage/board.html", words, status=422 if wrong else 200)


def _member(request: HttpRequest) -> Member:
    member = members.current(request.user)
    if not member.sees_all():
        raise Http404
    return member


def _stopped(member: Member, key: Key, allotment: Allotment, *, now: datetime) -> date | None:
    if allotment.microcredits is None:
        return None
    return verbs.would_have_stopped(member.account, key, microcredits=allotment.microcredits, now=now)


def _read(request: HttpRequest, laid: Board) -> tuple[dict[Key, Allotment], dict[Key, str]]:
    """What was typed for each row, and what is wrong with it.

    A row of which nothing was changed on the page stays whatever it is by now: a share, money's worth, parts of a
    credit that the page does not show, or what somebody else has made of it.
    """
    wanted, wrong = {}, {}
    before = _before(request)
    for row in laid.rows:
        aside, ceiling = (_typed(request, name, row.key).replace(",", "") for name in (ASIDE, CEILING))
        wanted[row.key] = row.allotment
        if (aside, ceiling) == before.get(row.key, _fields(row.allotment)):
            continue
        if aside and ceiling:
            wrong[row.key] = _("Either set it aside or give it a ceiling, not both.")
        elif any(typed and not _is_amount(typed) for typed in (aside, ceiling)):
            wrong[row.key] = _("Type whole credits, or leave it empty.")
        elif aside or ceiling:
            amount = int(aside or ceiling) * MICROCREDITS_PER_CREDIT
            wanted[row.key] = row.allotment.changed(amount, is_slice=bool(aside))
        else:
            wanted[row.key] = Allotment(None)
    return wanted, wrong


def _before(request: HttpRequest) -> dict[Key, tuple[str, str]]:
    """What the page showed in the fields of each row before anything was typed, of the rows that it tells."""
    try:
        carried = json.loads(request.POST.get("before", "[]"))
        return {(str(kind), int(node_id)): (str(aside), str(ceiling)) for kind, node_id, aside, ceiling in carried}
    except (ValueError, TypeError, RecursionError):
        return {}


def _fields(allotment: Allotment) -> tuple[str, str]:
    """What stands in the two fields of a row: set aside, ceiling."""
    credits = _credits(allotment)
    return (credits, "") if allotment.is_slice else ("", credits)


def _shown(request: HttpRequest, name: str, key: Key, allotment: Allotment, *, is_wrong: bool) -> str:
    """What stands in a field: its credits, or what is wrong as it was typed."""
    if is_wrong:
        return _typed(request, name, key)
    return _fields(allotment)[name == CEILING]


def _typed(request: HttpRequest, name: str, key: Key) -> str:
    kind, node_id = key
    return request.POST.get(f"{name}-{kind}-{node_id}", "").strip()


def _is_amount(typed: str) -> bool:
    return (
        typed.isascii()
        and typed.isdigit()
        and int(typed[:12]) <= LARGEST_CREDITS
        and len(typed) <= len(str(LARGEST_CREDITS))
    )


def _credits(allotment: Allotment) -> str:
    return "" if allotment.microcredits is None else str(allotment.microcredits // MICROCREDITS_PER_CREDIT)
