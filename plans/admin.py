"""The shop and the books in admin: new terms are published, orders are looked at, the ledger is only read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import audit
from accounts.admin import Audited, ReadOnly
from accounts.models import User
from plans import offerings, orders
from plans.models import Hold, Journal, Lot, Offering, OfferingVersion, Order, Payment, Posting, Quota, Wallet
from portal.kit import clock

PAYMENTS_AT_ONCE = 20
TERMS = (
    "name",
    "name_zh",
    "price_minor",
    "currency",
    "microcredits",
    "valid_days",
    "valid_months",
    "priority",
    "unit",
    "seats",
    "features",
)


@admin.register(Offering)
class OfferingAdmin(Audited[Offering]):
    """What stands on the shelf; its terms are versions, which are published and never edited."""

    list_display = ("slug", "audience", "kind", "position", "is_recommended", "withdrawn_at")
    list_filter = ("audience", "kind")
    fields = ("slug", "audience", "kind", "position", "is_recommended", "withdrawn_at")


@admin.register(OfferingVersion)
class OfferingVersionAdmin(Audited[OfferingVersion]):
    """Adding one publishes it at once; those that people bought stay as they are."""

    list_display = ("offering", "version", "name", "price_minor", "currency", "microcredits", "published_at")
    list_filter = ("offering",)
    fields = ("offering", *TERMS)

    def has_change_permission(self, request: HttpRequest, obj: OfferingVersion | None = None) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody edit terms: publish new ones instead."""
        return False

    def save_model(self, request: HttpRequest, obj: OfferingVersion, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 - Django's signature
        """This will publish the terms by the verb, and write down why."""
        now = clock.now()
        terms = {name: form.cleaned_data[name] for name in TERMS}
        published = offerings.publish(obj.offering, terms=terms, now=now)
        obj.pk, obj.version = published.pk, published.version
        reason = form.cleaned_data["reason"]
        audit.record(
            "offering.publish",
            subject=str(published),
            account=None,
            by=_staff(request),
            now=now,
            reason=reason,
        )


@admin.register(Order)
class OrderAdmin(ReadOnly[Order]):
    """What people promised to buy."""

    list_display = ("number", "account", "offering_version", "price_minor", "currency", "state", "placed_at")
    list_filter = ("state", "offering_version__offering")
    search_fields = ("id", "account__name", "payments__reference")
    list_select_related = ("account", "offering_version__offering")
    show_full_result_count = False


class ReasonForm(ActionForm):
    """Why staff do it."""

    reason = forms.CharField(label=_("Why?"), max_length=300, required=False)


@admin.register(Payment)
class PaymentAdmin(ReadOnly[Payment]):
    """What the operators say about the money; a mismatch needs a person."""

    list_display = (
        "id",
        "order",
        "amount_minor",
        "currency",
        "state",
        "mismatch",
        "created_at",
        "checked_at",
    )
    list_filter = ("state", "provider", ("mismatch", admin.EmptyFieldListFilter))
    search_fields = ("id", "reference", "order__id")
    exclude = ("sealed_phone",)
    list_select_related = ("order",)
    show_full_result_count = False
    action_form = ReasonForm
    actions = ["check_with_operator"]

    @admin.action(description=_("Check with the operator now"), permissions=["view"])
    def check_with_operator(self, request: HttpRequest, chosen: QuerySet[Payment]) -> None:
        """This will ask the operator about each of the payments, as the timetable does."""
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, _("Say why first; nothing was asked."), messages.WARNING)
            return
        payments = list(chosen.select_related("order__offering_version__offering")[:PAYMENTS_AT_ONCE])
        for payment in payments:
            _check(payment, request=request, reason=reason)
        asked = ngettext("Asked about %(count)d payment.", "Asked about %(count)d payments.", len(payments))
        self.message_user(request, asked % {"count": len(payments)})


@admin.register(Quota)
class QuotaAdmin(ReadOnly[Quota]):
    """What someone may spend in a window."""

    list_display = ("__str__", "account")
    list_select_related = ("account",)


@admin.register(Wallet)
class WalletAdmin(ReadOnly[Wallet]):
    """An account's credits as a whole."""

    list_display = ("account", "debt", "suspended_at")
    list_select_related = ("account",)


@admin.register(Lot)
class LotAdmin(ReadOnly[Lot]):
    """Grants of credits and where each microcredit of them is."""

    list_display = ("id", "account", "name", "source", "granted", "available", "held", "spent", "expires_at")
    list_filter = ("source",)
    search_fields = ("dedupe_key", "account__name")
    list_select_related = ("account",)
    show_full_result_count = False


@admin.register(Hold)
class HoldAdmin(ReadOnly[Hold]):
    """The open calls."""

    list_display = ("id", "account_id", "state", "amount", "source", "opened_at", "hard_deadline")
    list_filter = ("state", "source")


@admin.register(Journal)
class JournalAdmin(ReadOnly[Journal]):
    """The books: one movement with its postings."""

    list_display = ("id", "kind", "account_id", "moved_at", "reason")
    list_filter = ("kind",)
    search_fields = ("id",)
    ordering = ("-id",)
    show_full_result_count = False
    fields = ("id", "kind", "account_id", "actor_id", "reason", "moved_at", "postings")
    readonly_fields = ("postings",)

    @admin.display(description=_("Postings"))
    def postings(self, journal: Journal) -> str:
        """This will list the lines of the journal, which add up to nothing in each unit."""
        lines = Posting.objects.filter(journal_id=journal.pk).order_by("unit", "account_code")
        return format_html_join("", "<div>{}</div>", ((str(line),) for line in lines))


def _check(payment: Payment, *, request: HttpRequest, reason: str) -> None:
    now = clock.now()
    checked = orders.check_with_provider(payment, now=now)
    audit.record(
        "payment.check",
        subject=str(payment.pk),
        account=payment.order.account,
        by=_staff(request),
        now=now,
        reason=reason,
        state=checked.state,
    )


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
