"""Lending between departments: what is lent now, and the form."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import members
from accounts.models import Department, Member
from plans import loans as verbs
from plans import nodes, standings
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
    choices = _choices(member)
    form = LoanForm(request.POST or None, quotas=choices)
    if request.method == "POST" and form.is_valid():
        verbs.lend(by=member, now=clock.now(), **form.loan())
        messages.info(request, _("Lent. It comes back by itself when the window ends."))
        return redirect("plans:loans")
    shown = Loan.objects.filter(account=member.account_id).select_related(
        "lender_window__quota", "borrower_window__quota", "lent_by"
    )
    words = {
        "form": form,
        "may_lend": member.owns() or member.role == Member.Role.HEAD,
        "can_lend": len(choices) > 1,
        "loans": [(loan, *_names(loan, member)) for loan in shown[: pages.PAGE_SIZE]],
        "now": clock.now(),
    }
    return render(request, "plans/loans.html", words, status=422 if form.is_bound else 200)


@login_required
@require_POST
def loan_return(request: HttpRequest, loan_id: int) -> HttpResponse:
    """This will give back what is unused."""
    member = members.current(request.user)
    loan = get_object_or_404(
        Loan.objects.select_related("borrower_window__quota"), pk=loan_id, account=member.account_id
    )
    borrower = loan.borrower_window.quota
    is_theirs = member.role == Member.Role.HEAD and borrower.node_id == member.department_id
    if not (member.owns() or is_theirs):
        raise Http404
    verbs.give_back(loan, by=member, now=clock.now())
    messages.info(request, _("What was unused went back."))
    return redirect("plans:loans")


def _choices(member: Member) -> list[tuple[Quota, str]]:
    """The quotas of departments between which credits can be lent, with what each has left."""
    in_force = Quota.objects.in_force().filter(
        account=member.account_id,
        node_kind=Quota.Node.DEPARTMENT,
        metric=Quota.Metric.MICROCREDITS,
        window__in=verbs.LENDABLE,
    )
    names = dict(Department.objects.filter(account=member.account_id).values_list("pk", "name"))
    return [
        (each.quota, f"{names.get(each.quota.node_id, '')} · {each.quota.get_window_display()}")
        for each in standings.of(in_force.order_by("pk"))
    ]


def _names(loan: Loan, member: Member) -> tuple[str, str]:
    ends = (loan.lender_window.quota, loan.borrower_window.quota)
    lender, borrower = (nodes.name_of(member.account, quota.node_kind, quota.node_id) or "" for quota in ends)
    return lender, borrower
