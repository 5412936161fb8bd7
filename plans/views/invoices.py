"""The pages of invoices and credit notes, and their PDF."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import members
from plans import invoice_papers, invoices, orders
from portal.kit import pages, papers

NEWEST = 5
"""As many as another page shows."""


@never_cache
@require_GET
@login_required
def listed(request: HttpRequest) -> HttpResponse:
    """This will list the account's invoices and credit notes; the newest alone where another page asks."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    page = invoices.listed(account_id=reader.account_id, after=request.GET.get("after", ""))
    if request.headers.get("HX-Request") == "true":
        newest = pages.Page(page.items[:NEWEST], "")
        return render(request, "plans/invoices.html#newest", {"page": newest, "reader": reader})
    return render(request, "plans/invoices.html", {"page": page, "reader": reader})


@never_cache
@require_GET
@login_required
def invoice(request: HttpRequest, number: str) -> HttpResponse:
    """This will show an invoice or a credit note as it was issued, and what belongs to it."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    found = invoices.get(number, account_id=reader.account_id)
    notes = found.credit_notes.order_by("issued_at")[: pages.PAGE_SIZE]
    shown = {"invoice": found, "paper": invoice_papers.paper_of(found), "credit_notes": notes}
    return render(request, "plans/invoice.html", shown)


@never_cache
@require_GET
@login_required
def pdf(request: HttpRequest, number: str) -> HttpResponse:
    """This will answer the same paper as a PDF."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    found = invoices.get(number, account_id=reader.account_id)
    printed = papers.pdf(invoice_papers.paper_of(found))
    named = {"Content-Disposition": f'inline; filename="{found.number}.pdf"'}
    return HttpResponse(printed, content_type="application/pdf", headers=named)
