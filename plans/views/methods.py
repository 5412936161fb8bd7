"""The page of the stored ways to pay: which lines, what each was charged this month, and the owner's ceilings."""

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import members
from accounts.models import Member
from plans import forms, orders
from plans import methods as ways
from plans.models import PaymentMethod
from portal.kit import clock


@never_cache
@require_GET
@login_required
def methods(request: HttpRequest) -> HttpResponse:
    """This will list the account's ways to pay."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    lines = ways.spending(reader.account_id, now=clock.now())
    return render(request, "plans/methods.html", {"lines": lines, "reader": reader})


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def ceiling(request: HttpRequest, method_id: int) -> HttpResponse:
    """This will ask the owner for the ceiling of a line, after they have shown anew who they are."""
    leader = members.current(request.user)
    orders.check_reader(leader)
    method = ways.get(method_id, account_id=leader.account_id)
    members.check_owner(leader)
    answer: HttpResponse = _ceiling(request, method, leader)
    return answer


@require_POST
@login_required
def removal(request: HttpRequest, method_id: int) -> HttpResponse:
    """This will forget a way to pay."""
    leader = members.current(request.user)
    orders.check_buyer(leader)
    ways.remove(ways.get(method_id, account_id=leader.account_id), by=leader, now=clock.now())
    return redirect("plans:methods")


@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]  # allauth ships no types
def _ceiling(request: HttpRequest, method: PaymentMethod, owner: Member) -> HttpResponse:
    form = forms.CeilingForm(request.POST or None, initial={"amount": method.ceiling_amount})
    if form.is_valid():
        ways.set_ceiling(method, minor=form.minor(method.currency), by=owner, now=clock.now())
        return redirect("plans:methods")
    return render(request, "plans/ceiling.html", {"method": method, "form": form})
