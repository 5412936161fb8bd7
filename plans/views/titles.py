"""The pages of invoice titles."""

from dataclasses import asdict

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import members
from plans import forms, orders
from plans import titles as invoice_titles
from plans.models import InvoiceTitle
from plans.titles import Wanted
from portal.kit import clock


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def titles(request: HttpRequest) -> HttpResponse:
    """This will list the account's titles; sending the form adds one."""
    reader = members.current(request.user)
    (orders.check_buyer if request.method == "POST" else orders.check_reader)(reader)
    form = forms.TitleForm(request.POST or None)
    if form.is_valid():
        invoice_titles.add(form.wanted(), by=reader, now=clock.now())
        return redirect("plans:titles")
    shown = InvoiceTitle.objects.in_use(reader.account_id)
    return render(request, "plans/titles.html", {"titles": shown, "form": form, "reader": reader})


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def title(request: HttpRequest, title_id: int) -> HttpResponse:
    """This will show one title; sending the form changes it for what is issued from now on."""
    reader = members.current(request.user)
    orders.check_buyer(reader)
    found = invoice_titles.get(title_id, account_id=reader.account_id)
    form = forms.TitleForm(request.POST or None, initial=asdict(Wanted(**invoice_titles.written(found))))
    if form.is_valid():
        invoice_titles.edit(found, form.wanted(), by=reader, now=clock.now())
        return redirect("plans:titles")
    return render(request, "plans/title.html", {"title": found, "form": form})


@require_POST
@login_required
def choice(request: HttpRequest, title_id: int) -> HttpResponse:
    """This will let a title stand on new invoices."""
    by = members.current(request.user)
    orders.check_buyer(by)
    found = invoice_titles.get(title_id, account_id=by.account_id)
    invoice_titles.choose(found, by=by, now=clock.now())
    return redirect("plans:titles")


@require_POST
@login_required
def removal(request: HttpRequest, title_id: int) -> HttpResponse:
    """This will remove a title."""
    by = members.current(request.user)
    orders.check_buyer(by)
    found = invoice_titles.get(title_id, account_id=by.account_id)
    invoice_titles.remove(found, by=by, now=clock.now())
    return redirect("plans:titles")
