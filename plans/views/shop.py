"""The pages of the shop that only show: billing and receipts."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import members
from plans import ledger, orders, payments, refunds, subscriptions
from portal.kit import clock


@never_cache
@require_GET
@login_required
def bills(request: HttpRequest) -> HttpResponse:
    """This will list the account's lots of credits and its orders, a page at a time."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    page = orders.listed(account_id=reader.account_id, after=request.GET.get("after", ""))
    now = clock.now()
    left = ledger.balance(reader.account_id, now=now)
    plan = subscriptions.outlook(reader.account_id, now=now)
    return render(request, "plans/billing.html", {"page": page, "left": left, "reader": reader, "plan": plan})


@never_cache
@require_GET
@login_required
def receipt(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """This will show the paper of a paid order; one that is not paid has its own page."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    found = orders.get(order_id, account_id=reader.account_id)
    if not found.paid_at:
        return redirect("plans:order", found.pk)
    shown = {
        "order": found,
        "payment": payments.last_of(found),
        "version": found.offering_version,
        "repayments": refunds.of_order(found),
        "offer": refunds.offer(found, now=clock.now()) if reader.leads() else None,
    }
    return render(request, "plans/receipt.html", shown)
