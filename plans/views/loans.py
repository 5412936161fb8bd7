"""Lending between departments: what is lent now, and the form."""

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import departments, members
from accounts.models import Department, Member
from plans import loans as verbs
from plans.forms import LoanForm
from plans.models import Loan, Quota
from portal.kit import clock, pages


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def loans(request: HttpRequest) -> HttpResponse:
    """This will list what was lent; a POST lends."""
    member = members.current(request.user)
    if not (member.sees_all() or member.role == Member.Role.HEAD):
        raise Http404
    departments.check_business(member.account)
    names = dict(Department.objects.filter(account=member.account_id).values_list("pk", "name"))
    choices = _choices(member, names)
    lenders = [(quota, words) for quota, words in choices if verbs.decides(member, quota)]
    form = LoanForm(request.POST or None, lenders=lenders, borrowers=choices)
    if request.method == "POST" and form.is_valid():
        verbs.lend(by=member, now=clock.now(), **form.loan())
        messages.info(request, _("Lent. It comes back by itself when the window ends."))
        return redirect("plans:loans")
    shown = Loan.objects.seen_by(member).select_related("lender_window__quota", "borrower_window__quota")
    words = {
        "form": form,
        "may_lend": member.owns() or member.role == Member.Role.HEAD,
        "can_lend": bool(lenders) and len(choices) > 1,
        "loans": [
            (loan, *_ends(loan, names), verbs.decides(member, loan.borrower_window.quota))
            for loan in shown[: pages.PAGE_SIZE]
        ],
        "now": clock.now(),
    }
    return render(request, "plans/loans.html", words, status=422 if form.is_bound else 200)


@login_required
@require_POST
def loan_return(request: HttpRequest, loan_id: int) -> HttpResponse:
    """This will give back what is unused."""
    member = members.current(request.user)
    loan = get_object_or_404(Loan.objects.seen_by(member), pk=loan_id)
    verbs.give_back(loan, by=member, now=clock.now())
    messages.info(request, _("What was unused went back."))
    return redirect("plans:loans")


def _choices(member: Member, names: Mapping[int, str]) -> list[tuple[Quota, str]]:
    """The quotas of departments between which credits can be lent, in words."""
    in_force = Quota.objects.in_force().filter(
        account=member.account_id,
        node_kind=Quota.Node.DEPARTMENT,
        metric=Quota.Metric.MICROCREDITS,
        chat_model=None,
        window__in=verbs.LENDABLE,
    )
    return [
        (quota, f"{names.get(quota.node_id, '')} · {quota.get_window_display()}") for quota in in_force.order_by("pk")
    ]


def _ends(loan: Loan, names: Mapping[int, str]) -> tuple[str, str]:
    lender, borrower = loan.lender_window.quota, loan.borrower_window.quota
    return names.get(lender.node_id, ""), names.get(borrower.node_id, "")
