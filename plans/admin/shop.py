"""The shop in admin: new terms are published, orders and payments are looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.desks import Audited, credits_column, money_column
from plans import offerings
from plans.forms import OfferingVersionForm
from plans.models import Offering, OfferingVersion
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
