"""The pages of the shop: plans, checkout, the order while it is paid, billing and receipts."""

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import members
from plans import forms, ledger, offerings, orders, payments
from plans.models import Offering, Payment
from portal.kit import clock


@require_safe
def plans(request: HttpRequest, audience: str = Offering.Audience.HOUSEHOLD) -> HttpResponse:
    """This will show what a household or a business can buy."""
    shelf = offerings.shelf(audience=audience)
    return render(request, "plans/plans.html", {"shelf": shelf, "audience": audience})


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest, slug: str) -> HttpResponse:
    """This will show what is bought and on which terms; sending the form orders it."""
    version = offerings.current(slug)
    if not request.user.is_authenticated:
        return redirect(f"{reverse('account_signup')}?{urlencode({'next': request.path})}")
    if not request.user.current_membership:
        return redirect(f"{reverse('founding')}?{urlencode({'next': request.path})}")
    buyer = members.current(request.user)
    orders.check_buyer(buyer)
    blank = {"order": orders.new_id(buyer), "version": version.version, "phone": request.user.phone}
    form = forms.CheckoutForm(request.POST or None, initial=blank)
    if form.is_valid():
        order = orders.check_out(version, wish=form.wish(by=buyer), by=buyer, now=clock.now())
        return redirect("plans:order", order.pk)
    return render(request, "plans/checkout.html", {"version": version, "form": form})


@never_cache
@require_GET
@login_required
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """This will show how an order stands, asking the operator when it is time to."""
    buyer = members.current(request.user)
    orders.check_buyer(buyer)
    found = orders.refresh(orders.get(order_id, account_id=buyer.account_id), now=clock.now())
    payment = payments.last_of(found)
    shown = {"order": found, "payment": payment, "sandbox_phone": _sandbox_phone(payment)}
    return render(request, f"plans/order.html{'#standing' if _is_fragment(request) else ''}", shown)


@require_POST
@login_required
def cancellation(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """This will give up a waiting order."""
    buyer = members.current(request.user)
    orders.check_buyer(buyer)
    found = orders.get(order_id, account_id=buyer.account_id)
    orders.cancel(found, by=buyer, now=clock.now())
    return redirect("plans:order", found.pk)


@never_cache
@require_GET
@login_required
def bills(request: HttpRequest) -> HttpResponse:
    """This will list the account's lots of credits and its orders, a page at a time."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    page = orders.listed(account_id=reader.account_id, after=request.GET.get("after", ""))
    left = ledger.balance(reader.account_id, now=clock.now())
    return render(request, "plans/billing.html", {"page": page, "left": left, "reader": reader})


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
    shown = {"order": found, "payment": payments.last_of(found), "version": found.offering_version}
    return render(request, "plans/receipt.html", shown)


def _is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _sandbox_phone(payment: Payment | None) -> str:
    """In the demo, where whoever holds the phone of an open payment answers; elsewhere nothing."""
    phone = payments.phone_of(payment) if payment and settings.SANDBOX_PHONE_URL else ""
    return f"{settings.SANDBOX_PHONE_URL}?{urlencode({'phone': phone})}" if phone else ""
