"""The shop in admin: new terms are published, orders and payments are looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import audit
from accounts.desks import Audited, Endless, ReasonForm, credits_column, in_words, money_column, reason_of, staff
from plans import offerings, orders
from plans.forms import OfferingVersionForm
from plans.models import Offering, OfferingVersion, Order, Payment
from portal.kit import clock

TERMS = (
    "offering",
    "name",
    "name_zh",
    ("price", "currency"),
    "credits",
    ("valid_days", "valid_months"),
    "priority",
    "unit",
    "seats",
    "features_en",
    "features_zh",
    "reason",
)
PUBLISHED = (
    "offering",
    "version",
    "name",
    "name_zh",
    money_column("price_minor", _("price")),
    credits_column("microcredits", _("credits")),
    "valid_days",
    "valid_months",
    "priority",
    "unit",
    "seats",
    "features",
    "published_at",
)
PAYMENTS_AT_ONCE = 20


@admin.register(Offering)
class OfferingAdmin(Audited[Offering]):
    """What stands on the shelf; its terms are versions, which are published and never edited."""

    list_display = ("slug", "audience", "kind", "position", "is_recommended", "withdrawn_at")
    list_filter = ("audience", "kind", ("withdrawn_at", admin.EmptyFieldListFilter))
    ordering = ("position", "pk")
    search_fields = ("slug", "versions__name", "versions__name_zh")
    fields = ("slug", "audience", "kind", "position", "is_recommended", "withdrawn_at")

    def save_model(self, request: HttpRequest, obj: Offering, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """This will store the row, and tell the catalog what is on sale now."""
        super().save_model(request, obj, form, change)
        offerings.tell_credit_prices()


@admin.register(OfferingVersion)
class OfferingVersionAdmin(Audited[OfferingVersion]):
    """Adding one publishes it at once; those that people bought stay as they are."""

    form = OfferingVersionForm
    list_display = (
        "__str__",
        "name",
        money_column("price_minor", _("price")),
        credits_column("microcredits", _("credits")),
        "published_at",
    )
    list_filter = ("offering",)
    list_select_related = ("offering",)
    ordering = ("-published_at", "-pk")
    search_fields = ("offering__slug", "name", "name_zh")

    def get_fields(self, request: HttpRequest, obj: OfferingVersion | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """This will ask for terms as people say them, and show published ones with their number."""
        return PUBLISHED if obj else TERMS

    def has_change_permission(self, request: HttpRequest, obj: OfferingVersion | None = None) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody edit terms: publish new ones instead."""
        return False

    def save_model(self, request: HttpRequest, obj: OfferingVersion, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 - Django's signature
        """This will publish the terms by the verb."""
        published = offerings.publish(obj.offering, terms=form.terms(), now=clock.now())
        obj.pk, obj.version, obj.published_at = published.pk, published.version, published.published_at

    def verb(self, row: OfferingVersion, *, is_new: bool) -> str:  # noqa: ARG002 - published ones never change
        """This will call it what it is."""
        return "offering.publish"


@admin.register(Order)
class OrderAdmin(Endless[Order]):
    """What people promised to buy."""

    list_display = (
        "order_number",
        "account",
        "offering_version",
        money_column("price_minor", _("price")),
        "state",
        "placed_at",
    )
    list_filter = ("state", "placed_at", "offering_version__offering")
    search_fields = ("id", "account__name", "payments__reference")
    list_select_related = ("account", "offering_version__offering")
    ordering = ("-placed_at", "-pk")
    fields = (
        "id",
        "order_number",
        "account",
        "placed_by",
        "offering_version",
        money_column("price_minor", _("price")),
        credits_column("microcredits", _("credits")),
        "state",
        "placed_at",
        "expires_at",
        "paid_at",
        "denied_at",
        "canceled_at",
        "expired_at",
        "payments",
    )
    readonly_fields = ("order_number", "payments")

    @admin.display(description=_("number"))
    def order_number(self, order: Order) -> str:
        """This will show the number that papers show."""
        return order.number

    @admin.display(description=_("payments"))
    def payments(self, order: Order) -> str:
        """This will lead to each attempt to pay it."""
        made = [(reverse("admin:plans_payment_change", args=[each.pk]), each) for each in order.payments.all()]
        return format_html_join("", '<div><a href="{}">{}</a></div>', made)


@admin.register(Payment)
class PaymentAdmin(Endless[Payment]):
    """What the operators say about the money; a mismatch needs a person."""

    list_display = (
        "made",
        "order",
        money_column("amount_minor", _("amount")),
        "state",
        "mismatch",
        "checked_at",
    )
    list_filter = ("state", "created_at", ("mismatch", admin.EmptyFieldListFilter))
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
        payments = list(chosen.select_related("order__offering_version__offering")[:PAYMENTS_AT_ONCE])
        for payment in payments:
            _check(payment, request=request, reason=reason)
        asked = ngettext("Asked about %(count)d payment.", "Asked about %(count)d payments.", len(payments))
        self.message_user(request, asked % {"count": len(payments)})


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
