"""The pages on which something is bought: checkout, the order while it is paid, and the way back."""

import contextlib
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import members
from accounts.models import Member
from plans import changes, forms, methods, offerings, orders, payments, refunds, subscriptions
from plans.models import OfferingVersion, Order, Payment
from portal.kit import clock, sentences

LONGEST_AMOUNT = 15


@never_cache
@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest, slug: str) -> HttpResponse:
    """This will show what is bought and on which terms; sending the form orders it."""
    version = offerings.shown(slug)
    if not version.price_minor:
        return redirect("plans:offer", slug)
    if not request.user.is_authenticated:
        return redirect(f"{reverse('account_signup')}?{urlencode({'next': request.path})}")
    if not request.user.current_membership:
        return redirect(f"{reverse('founding')}?{urlencode({'next': request.path})}")
    buyer = members.current(request.user)
    orders.check_buyer(buyer)
    if request.method == "GET" and changes.are_asked(version, by=buyer):
        return redirect("plans:plan_change", slug)
    due = subscriptions.due_first(version, buyer.account, now=clock.now())
    form = _checkout_form(request, version, buyer, due)
    if form.is_valid():
        try:
            order = orders.check_out(version, wish=form.wish(by=buyer), by=buyer, now=clock.now())
            return redirect("plans:order", order.pk)
        except methods.OverCeiling as refusal:
            form.add_error(None, sentences.say(refusal.sentence, refusal.details))
    return render(request, "plans/checkout.html", {"version": version, "form": form, "due": due})


@never_cache
@require_GET
@login_required
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """This will show how an order stands, asking the provider when it is time to; unchanged, nothing is drawn anew."""
    buyer = members.current(request.user)
    orders.check_buyer(buyer)
    found = orders.refresh(orders.get(order_id, account_id=buyer.account_id), now=clock.now())
    shown = _shown(found, buyer)
    if _is_fragment(request) and request.GET.get("seen") == shown["seen"]:
        return HttpResponse(status=204)
    return render(request, f"plans/order.html{'#standing' if _is_fragment(request) else ''}", shown)


@require_POST
@login_required
def code(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """This will pay with the code from the SMS; a wrong one is counted, and the order's page says so."""
    buyer = members.current(request.user)
    orders.check_buyer(buyer)
    found = orders.get(order_id, account_id=buyer.account_id)
    form = forms.CodeForm(request.POST)
    if form.is_valid():
        with contextlib.suppress(orders.BadCode, orders.CodesUsedUp):
            orders.enter_code(found, code=form.cleaned_data["code"], by=buyer, now=clock.now())
    return redirect("plans:order", found.pk)


@require_POST
@login_required
def payment(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """This will pay an order that waits or was denied in another way."""
    buyer = members.current(request.user)
    orders.check_buyer(buyer)
    found = orders.get(order_id, account_id=buyer.account_id)
    form = _way_form(found, buyer, request)
    if not form.is_valid():
        return render(request, "plans/order.html", _shown(found, buyer, form=form), status=400)
    wish = orders.Wish(order_id=found.pk, version=0, **form.means())
    try:
        orders.pay(found, means=wish.means(by=buyer), by=buyer, now=clock.now())
    except methods.OverCeiling as refusal:
        messages.error(request, sentences.say(refusal.sentence, refusal.details))
    return redirect("plans:order", found.pk)


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
@require_http_methods(["GET", "POST"])
@login_required
def refund(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """This will show what goes back of a purchase by its terms; sending the form asks for exactly that."""
    buyer = members.current(request.user)
    orders.check_buyer(buyer)
    found = orders.get(order_id, account_id=buyer.account_id)
    if request.method == "POST":
        minor = request.POST.get("minor", "")
        amount = int(minor) if minor.isdecimal() and len(minor) <= LONGEST_AMOUNT else 0
        refunds.ask(found, minor=amount, by=buyer, now=clock.now())
        return redirect("plans:refund", found.pk)
    shown = {
        "order": found,
        "offer": refunds.offer(found, now=clock.now()),
        "repayments": refunds.of_order(found),
        "payment": payments.last_of(found),
    }
    return render(request, "plans/refund.html", shown)


def _checkout_form(
    request: HttpRequest, version: OfferingVersion, buyer: Member, due: subscriptions.Due
) -> forms.CheckoutForm:
    """The price that is shown travels with the form, too: that of a part of a month changes at midnight."""
    lines = methods.spending(buyer.account_id, now=clock.now())
    shown = {"version": version.version, "price": due.price_minor, "phone": getattr(request.user, "phone", "")}
    blank = shown | {"order": orders.new_id(buyer)}
    ways = orders.ways(version)
    return forms.CheckoutForm(request.POST or None, initial=blank, ways=ways, lines=lines, terms=version)


def _shown(order: Order, buyer: Member, *, form: forms.WayForm | None = None) -> dict[str, object]:
    payment = payments.last_of(order)
    can_switch = order.state in {Order.State.PLACED, Order.State.DENIED} and order.price_minor
    return {
        "order": order,
        "payment": payment,
        "seen": _seen(order, payment),
        "sandbox_phone": _sandbox_phone(payment),
        "code_form": forms.CodeForm() if payment and _asks_code(payment) else None,
        "codes_left": payments.MOST_CODES - payment.wrong_codes if payment else 0,
        "way_form": form or (_way_form(order, buyer) if can_switch else None),
        "offer": refunds.offer(order, now=clock.now()) if order.paid_at else None,
    }


def _way_form(order: Order, buyer: Member, request: HttpRequest | None = None) -> forms.WayForm:
    lines = methods.spending(buyer.account_id, now=clock.now())
    given = request.POST if request else None
    return forms.WayForm(given, ways=orders.ways(order.offering_version), lines=lines)


def _asks_code(payment: Payment) -> bool:
    is_waiting = payment.state == Payment.State.PENDING_VALIDATION and payment.left_at is None
    return is_waiting and bool(payment.authorization_id)


def _seen(order: Order, payment: Payment | None) -> str:
    """What the page shows, in short: a page that shows it already need not change."""
    if payment is None:
        return order.state
    heard = "heard" if payment.checked_at else ""
    told = [order.state, payment.pk.hex[-8:], payment.state, heard, str(payment.wrong_codes)]
    return ".".join([*told, "known" if payment.reference else "", "odd" if payment.mismatch else ""])


def _is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _sandbox_phone(payment: Payment | None) -> str:
    """In the demo, where whoever holds the phone of an open payment answers or scans; elsewhere nothing."""
    if payment and payment.code_url and settings.SANDBOX_SCAN_URL:
        return f"{settings.SANDBOX_SCAN_URL}?{urlencode({'code_url': payment.code_url})}"
    phone = payments.phone_of(payment) if payment and settings.SANDBOX_PHONE_URL else ""
    return f"{settings.SANDBOX_PHONE_URL}?{urlencode({'phone': phone})}" if phone else ""
