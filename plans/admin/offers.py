"""Offers in admin: new terms are looked at and published; what bundles owe is delivered by hand."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.desks import Audited, Endless, ReasonForm, credits_column, money_column, reason_of, staff
from plans import fulfillment, offerings
from plans.forms import OfferingVersionForm
from plans.models import Fulfillment, Offering, OfferingVersion, OfferUse
from portal.kit import clock
from portal.kit.refusals import Refusal

ITEMS_AT_ONCE = 50
TERMS: Any = (
    (None, {"fields": ("offering", "name", "name_zh", "summary", "summary_zh")}),
    (
        _("What is bought"),
        {
            "fields": (
                ("price", "currency"), "credits", ("unit", "credits_a_unit"), ("valid_days", "valid_months"),
                "seats", "priority", "model_patterns", "features_en", "features_zh",
            ),
            "description": _("Only a set with a model at one credit a token or less, in and out, may say tokens."),
        },
    ),
    (
        _("The month"),
        {
            "fields": (
                "cycle", "prorates_first", "grace_days", ("rollover_percent", "rollover_cycles"),
                ("after_exhaustion", "exhaustion_pack"),
            ),
            "description": _("Of plans and bundles. A pack is bought once and has no month."),
        },
    ),
    (
        _("Who may buy it"),
        {
            "fields": (
                ("most_per_account", "most_per_days"), "most_per_identity", "is_for_new", "channels", "providers",
            ),
            "description": _("Looked at when the order is placed. A refund gives no further purchase."),
        },
    ),
    (
        _("Money"),
        {
            "fields": ("tax", ("platform", "channel"), "refund_hours", ("refund_days", "refund_most_used_percent")),
            "description": _("Fees part what is earned, after tax."),
        },
    ),
    (_("The text"), {"fields": ("terms", "terms_zh")}),
    (
        _("When"),
        {
            "fields": ("active_from", "reason"),
            "description": _(
                "Terms that cost more, hold less or last shorter begin 30 days after they are published at the "
                "earliest, while plans stand on the offering."
            ),
        },
    ),
)  # fmt: skip
PUBLISHED = (
    "offering",
    "version",
    money_column("price_minor", _("price")),
    credits_column("microcredits", _("credits")),
    credits_column("unit_microcredits", _("credits a unit")),
    "published_at",
    "active_from",
    "what_else",
    *(
        field.name
        for field in OfferingVersion._meta.fields
        if field.name
        not in {
            "id", "offering", "version", "price_minor", "microcredits", "unit_microcredits", "published_at",
            "active_from",
        }
    ),
)  # fmt: skip


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
    """Adding one publishes it, after a look at whom it touches; those that people bought stay as they are."""

    form = OfferingVersionForm
    add_form_template = "admin/plans/offeringversion.html"
    list_display = (
        "__str__",
        "name",
        money_column("price_minor", _("price")),
        credits_column("microcredits", _("credits")),
        "published_at",
        "active_from",
    )
    list_filter = ("offering",)
    list_select_related = ("offering",)
    ordering = ("-published_at", "-pk")
    search_fields = ("offering__slug", "name", "name_zh")
    readonly_fields = ()

    @admin.display(description=_("items"), empty_value="–")
    def what_else(self, version: OfferingVersion) -> str | None:
        """This will tell what the bundle holds beside its credits."""
        lines = ((item.get_kind_display(), item.name, item.name_zh) for item in version.items.all())
        return format_html_join("", "<div>{}: {} / {}</div>", lines) or None

    def get_fields(self, request: HttpRequest, obj: OfferingVersion | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """This will show published terms with their number."""
        return PUBLISHED if obj else [name for _title, part in TERMS for name in part["fields"]]

    def get_fieldsets(self, request: HttpRequest, obj: OfferingVersion | None = None) -> Any:  # noqa: ARG002 - as above
        """This will ask for terms as people say them, group by group."""
        return [(None, {"fields": PUBLISHED})] if obj else TERMS

    def get_readonly_fields(self, request: HttpRequest, obj: OfferingVersion | None = None) -> Any:  # noqa: ARG002 - as above
        """This will show what is computed."""
        return ("what_else",) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: OfferingVersion | None = None) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody edit terms: publish new ones instead."""
        return False

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *given: Any, **named: Any) -> Any:
        """This will show whom the terms touch, and say nothing of errors where there are none."""
        form = context["adminform"].form
        context["form"] = form
        if getattr(form, "is_only_unseen", False):
            context["errors"] = None
        return super().render_change_form(request, context, *given, **named)

    def save_model(self, request: HttpRequest, obj: OfferingVersion, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 - Django's signature
        """This will publish the terms by the verb."""
        begins = form.cleaned_data.get("active_from")
        now = clock.now()
        published = offerings.publish(obj.offering, terms=form.terms(), items=form.parts(), active_from=begins, now=now)
        obj.pk, obj.version, obj.published_at = published.pk, published.version, published.published_at

    def verb(self, row: OfferingVersion, *, is_new: bool) -> str:  # noqa: ARG002 - published ones never change
        """This will call it what it is."""
        return "offering.publish"


@admin.register(OfferUse)
class OfferUseAdmin(Endless[OfferUse]):
    """How often accounts took what they may not take without an end."""

    list_display = ("offering", "account", "number", "taken_at", "used_at", "returned_at")
    list_filter = ("offering",)
    list_select_related = ("offering", "account")
    search_fields = ("account__name", "order__id")
    exclude = ("payer",)


@admin.register(Fulfillment)
class FulfillmentAdmin(Endless[Fulfillment]):
    """What paid bundles owe beside credits; staff says what was delivered, and why not."""

    list_display = ("order", "item", "state", "opened_at", "told_at", "tries", "note")
    list_filter = ("state", "item__kind", "item__fulfillment")
    list_select_related = ("order", "item")
    search_fields = ("order__id", "order__account__name", "note")
    action_form = ReasonForm
    actions = ("finish", "give_up", "try_again")

    @admin.action(description=_("It is delivered"), permissions=["view"])
    def finish(self, request: HttpRequest, chosen: QuerySet[Fulfillment]) -> None:
        """This will note that the items were delivered."""
        self._each(request, chosen, fulfillment.finish)

    @admin.action(description=_("It cannot be delivered"), permissions=["view"])
    def give_up(self, request: HttpRequest, chosen: QuerySet[Fulfillment]) -> None:
        """This will note that the items cannot be delivered."""
        self._each(request, chosen, fulfillment.give_up)

    @admin.action(description=_("Try once more"), permissions=["view"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Fulfillment]) -> None:
        """This will let items that failed wait once more."""
        self._each(request, chosen, fulfillment.try_again)

    def _each(self, request: HttpRequest, chosen: QuerySet[Fulfillment], verb: Callable[..., None]) -> None:
        reason = reason_of(request)
        if not reason:
            return
        changed = 0
        for row in chosen.select_related("order__account", "item")[:ITEMS_AT_ONCE]:
            try:
                verb(row, by=staff(request), reason=reason, now=clock.now())
            except Refusal:
                continue
            changed += 1
        said = ngettext("Changed %(count)d item.", "Changed %(count)d items.", changed)
        self.message_user(request, said % {"count": changed})
