"""The pages of monthly bills, their PDF and their lines for spreadsheets."""

from collections.abc import AsyncIterator, Iterator
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import members
from plans import orders
from portal.kit import clock, database, papers
from usage import statements
from usage.statements import Bill

NEWEST = 3
"""As many as another page shows."""


@never_cache
@require_GET
@login_required
def months(request: HttpRequest) -> HttpResponse:
    """This will list the months that there are bills of; the newest alone where another page asks."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    shown = statements.months_of(reader.account, now=clock.now())
    if request.headers.get("HX-Request") == "true":
        return render(request, "usage/bills.html#newest", {"months": shown[:NEWEST]})
    return render(request, "usage/bills.html", {"months": shown})


@never_cache
@require_GET
@login_required
def bill(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """This will show the bill of a month as it is printed."""
    found = _bill(request, year, month)
    context = {"bill": found, "paper": statements.paper_of(found), "reader": members.current(request.user)}
    return render(request, "usage/bill.html", context)


@never_cache
@require_GET
@login_required
def pdf(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """This will answer the same paper as a PDF."""
    found = _bill(request, year, month)
    headers = {"Content-Disposition": f'inline; filename="{found.month:%Y-%m}.pdf"'}
    return HttpResponse(papers.pdf(statements.paper_of(found)), content_type="application/pdf", headers=headers)


@never_cache
@require_GET
@login_required
def lines(request: HttpRequest, year: int, month: int) -> StreamingHttpResponse:
    """This will stream the month line by line as CSV."""
    found = _bill(request, year, month)
    headers = {"Content-Disposition": f'attachment; filename="{found.month:%Y-%m}.csv"'}
    content = _pieces(statements.lines(found))
    return StreamingHttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


async def _pieces(lines: Iterator[str]) -> AsyncIterator[str]:
    """Each piece is asked for in a thread of its own, once the one before has been sent."""
    while piece := await database.in_thread(next, lines, ""):
        yield piece


def _bill(request: HttpRequest, year: int, month: int) -> Bill:
    reader = members.current(request.user)
    orders.check_reader(reader)
    try:
        asked = date(year, month, 1)
    except (ValueError, OverflowError):
        raise statements.NoSuchMonth from None
    return statements.of(reader.account, month=asked, now=clock.now())
