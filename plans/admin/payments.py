"""Payments in admin: the attempts, what providers told, lines, days that were compared, and cases to be closed."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import audit
from accounts.desks import Endless, ReasonForm, filter_among, in_words, money_column, reason_of, staff
from plans import orders, payment_providers, reconciliations
from plans.models import Case, Payment, PaymentMessage, PaymentMethod, Reconciliation
from portal.kit import clock

AT_ONCE = 20
WAYS = {name: _(payment_providers.label(name)) for name in payment_providers.WAYS}
BY_WAY = filter_among("provider", _("paid through"), WAYS)


@admin.register(Payment)
class PaymentAdmin(Endless[Payment]):
    """What the providers say about the money; a mismatch needs a person."""

    list_display = (
        "made",
        "order",
        "provider",
        money_column("amount_minor", _("amount")),
        "state",
        "mismatch",
        "checked_at",
    )
    list_filter = ("state", BY_WAY, "mode", "created_at", ("mismatch", admin.EmptyFieldListFilter))
    search_fields = ("id", "reference", "order__id", "order__account__name")
    exclude = ("sealed_phone",)
    list_select_related = ("order",)
    ordering = ("-created_at", "-pk")
    action_form = ReasonForm
    actions = ["check_with_operator"]

    @admin.display(description=_("made"))
    def made(self, payment: Payment) -> str:
        """This will name a payment by its moment; its id is long."""
        return in_words(payment.created_at)

    @admin.action(description=_("Check with the operator now"), permissions=["view"])
    def check_with_operator(self, request: HttpRequest, chosen: QuerySet[Payment]) -> None:
        """This will ask the operator about each of the payments, as the timetable does."""
        reason = reason_of(request)
        if not reason:
            return
        payments = list(chosen.select_related("order__offering_version__offering")[:AT_ONCE])
        for payment in payments:
            _check(payment, request=request, reason=reason)
        asked = ngettext("Asked about %(count)d payment.", "Asked about %(count)d payments.", len(payments))
        self.message_user(request, asked % {"count": len(payments)})


@admin.register(PaymentMessage)
class PaymentMessageAdmin(Endless[PaymentMessage]):
    """What came to the doors of providers, forged messages too; the text itself stays sealed."""

    list_display = ("received_at", "provider", "event_id", "state", "note", "payment", "tries")
    list_filter = ("state", BY_WAY, "received_at")
    search_fields = ("event_id", "reference")
    exclude = ("sealed_body",)
    ordering = ("-received_at", "-pk")


@admin.register(PaymentMethod)
class PaymentMethodAdmin(Endless[PaymentMethod]):
    """Stored lines and cards; only what people see of them."""

    list_display = ("label", "provider", "account", "confirmed_at", "removed_at")
    list_filter = (BY_WAY, ("removed_at", admin.EmptyFieldListFilter))
    search_fields = ("account__name",)
    exclude = ("sealed",)
    list_select_related = ("account",)
    ordering = ("-added_at", "-pk")


@admin.register(Reconciliation)
class ReconciliationAdmin(Endless[Reconciliation]):
    """The days that were held against the providers' lists."""

    list_display = ("day", "provider", "listed", "matched", "compared_at")
    list_filter = (BY_WAY, "day")
    ordering = ("-day", "-pk")


@admin.register(Case)
class CaseAdmin(Endless[Case]):
    """What a provider and we do not agree about; closed with what was found out."""

    list_display = ("day", "provider", "kind", "reference", "ours", "theirs", "payment", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "kind", BY_WAY, "day")
    search_fields = ("reference", "payment__id")
    ordering = ("-opened_at", "-pk")
    action_form = ReasonForm
    actions = ["close"]

    @admin.action(description=_("Close: the reason is what was found out"), permissions=["view"])
    def close(self, request: HttpRequest, chosen: QuerySet[Case]) -> None:
        """This will close the cases."""
        reason = reason_of(request)
        for case in chosen[:AT_ONCE] if reason else []:
            if reconciliations.close(case, reason=reason, by=staff(request), now=clock.now()):
                messages.info(request, f"{case}: {_('closed')}")


def _check(payment: Payment, *, request: HttpRequest, reason: str) -> None:
    now = clock.now()
    checked = orders.check_with_provider(payment, now=now)
    audit.record(
        "payment.check",
        subject=str(payment.pk),
        account=payment.order.account,
        by=staff(request),
        now=now,
        reason=reason,
        state=checked.state,
    )
