"""Orders in admin, and the page on which staff pay one back: what would move first, then the reason."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.desks import Endless, ReasonForm, credits_column, link, money_column, reason_field, reason_of, staff
from plans import ledger, refunds
from plans.models import Order, Repayment
from portal.kit import clock, sentences
from portal.kit.refusals import Refusal
from portal.kit.units import MICROCREDITS_PER_CREDIT, Microcredits

DECIDED_AT_ONCE = 20
RIGHT = "plans.change_repayment"
"""Whoever may change repayments may ask for one and agree to a colleague's."""


class RefundForm(forms.Form):
    """How much of the unspent credits goes back, and why."""

    credits = forms.IntegerField(
        label=_("Credits"), min_value=1, required=False, help_text=_("Leave it empty for all that is unspent.")
    )
    reason = reason_field()

    def microcredits(self) -> Microcredits | None:
        """This will return what was typed in microcredits, or None for all."""
        whole = self.cleaned_data.get("credits")
        return None if whole is None else Microcredits(whole * MICROCREDITS_PER_CREDIT)


@admin.register(Order)
class OrderAdmin(Endless[Order]):
    """What people promised to buy."""

    list_display = (
        "order_number",
        "account",
        "offering_version",
        "kind",
        money_column("price_minor", _("price")),
        "state",
        "placed_at",
    )
    list_filter = ("state", "kind", "placed_at", "offering_version__offering")
    search_fields = ("id", "account__name", "payments__reference")
    list_select_related = ("account", "offering_version__offering")
    ordering = ("-placed_at", "-pk")
    fields = (
        "id",
        "order_number",
        "kind",
        "account",
        "placed_by",
        "offering_version",
        money_column("price_minor", _("price")),
        money_column("tax_minor", _("tax in it")),
        credits_column("microcredits", _("credits")),
        "state",
        "placed_at",
        "expires_at",
        "paid_at",
        "denied_at",
        "canceled_at",
        "expired_at",
        "payments",
        "refund",
    )
    readonly_fields = ("order_number", "payments", "refund")

    def get_urls(self) -> list[URLPattern]:
        """This will give the refund of an order its address."""
        page = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.refund_page))
        return [path("<path:object_id>/refund/", page, name="plans_order_refund"), *super().get_urls()]

    @admin.display(description=_("number"))
    def order_number(self, order: Order) -> str:
        """This will show the number that papers show."""
        return order.number

    @admin.display(description=_("payments"))
    def payments(self, order: Order) -> str:
        """This will lead to each attempt to pay it."""
        made = [(reverse("admin:plans_payment_change", args=[each.pk]), each) for each in order.payments.all()]
        return format_html_join("", '<div><a href="{}">{}</a></div>', made)

    @admin.display(description=_("refund"))
    def refund(self, order: Order) -> str:
        """This will lead to the page on which it is paid back."""
        return link("admin:plans_order_refund", order.pk, _("Pay it back")) if order.paid_at else "–"

    def refund_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """This will show what would move, and ask for it with a reason."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        order = self.get_object(request, object_id)
        if order is None:
            raise Http404
        form = RefundForm(request.POST or None)
        if form.is_valid() and "confirmed" in request.POST:
            return _carry_out(request, order, form)
        page = {"order": order, "form": form, "opts": self.opts, "title": order}
        shown = self.admin_site.each_context(request) | _preview(order, form) | page
        return render(request, "admin/refund.html", shown)


@admin.register(Repayment)
class RepaymentAdmin(Endless[Repayment]):
    """What providers are asked to pay back; a large one waits for a second person."""

    list_display = (
        "asked_at",
        "kind",
        money_column("amount_minor", _("amount")),
        "state",
        "payment",
        "asked_by",
        "decided_by",
        "denial_reason",
        "reason",
    )
    list_filter = ("state", "kind", "asked_at")
    search_fields = ("id", "payment__id", "reference")
    ordering = ("-asked_at", "-pk")
    action_form = ReasonForm
    actions = ("agree", "decline")

    @admin.action(description=_("Agree, as the second person"), permissions=["decide"])
    def agree(self, request: HttpRequest, chosen: QuerySet[Repayment]) -> None:
        """This will carry out what waits."""
        self._decide(request, chosen, agreed=True)

    @admin.action(description=_("Decline"), permissions=["decide"])
    def decline(self, request: HttpRequest, chosen: QuerySet[Repayment]) -> None:
        """This will leave undone what waits."""
        self._decide(request, chosen, agreed=False)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """This will tell whether somebody may agree or decline."""
        return request.user.has_perm(RIGHT)

    def _decide(self, request: HttpRequest, chosen: QuerySet[Repayment], *, agreed: bool) -> None:
        reason = reason_of(request)
        waiting = chosen.filter(state=Repayment.State.WAITING).select_related("payment__order__account")
        for row in waiting[:DECIDED_AT_ONCE] if reason else []:
            try:
                ended = refunds.decide(row, agreed=agreed, by=staff(request), reason=reason, now=clock.now())
            except (refunds.SamePerson, ledger.NotRefundable) as refusal:
                messages.error(request, f"{row.pk}: {sentences.say(refusal.sentence, refusal.details)}")
                continue
            messages.info(request, f"{row.pk}: {ended.get_state_display()}")


def _preview(order: Order, form: RefundForm) -> dict[str, Any]:
    """What would move, as the ledger computes it; or why nothing can."""
    form.is_valid()  # a preview needs no reason yet
    credits = form.microcredits() if form.is_bound else None
    try:
        return {"back": refunds.preview(order, microcredits=credits), "known": refunds.of_order(order)}
    except Refusal as refusal:
        return {"wrong": sentences.say(refusal.sentence, refusal.details), "known": refunds.of_order(order)}


def _carry_out(request: HttpRequest, order: Order, form: RefundForm) -> HttpResponse:
    reason, by = form.cleaned_data["reason"], staff(request)
    try:
        plea = refunds.Plea(order=order, reason=reason, by=by, microcredits=form.microcredits())
        row = refunds.plead(plea, now=clock.now())
    except Refusal as refusal:
        messages.error(request, sentences.say(refusal.sentence, refusal.details))
        return redirect("admin:plans_order_refund", order.pk)
    if row.state == Repayment.State.WAITING:
        messages.warning(request, _("This is more than one person may do in a day. It waits for a second one."))
    return redirect("admin:plans_repayment_change", row.pk)
