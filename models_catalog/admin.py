"""The catalog in admin: plain lists and forms; prices are only added, secrets only written."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from models_catalog import prices, upstreams
from models_catalog.forms import PriceForm, UpstreamForm
from models_catalog.models import Alias, ChatModel, Price, Route, Upstream, Vendor
from models_catalog.models.price import RATE_NAMES
from models_catalog.pricing import Rates
from portal.kit import clock

if TYPE_CHECKING:  # these classes are generic in the stubs only
    AliasDesk = admin.ModelAdmin[Alias]
    ModelDesk = admin.ModelAdmin[ChatModel]
    PriceDesk = admin.ModelAdmin[Price]
    RouteLine = admin.TabularInline[Route, ChatModel]
    UpstreamDesk = admin.ModelAdmin[Upstream]
    VendorDesk = admin.ModelAdmin[Vendor]
else:
    AliasDesk = ModelDesk = PriceDesk = UpstreamDesk = VendorDesk = admin.ModelAdmin
    RouteLine = admin.TabularInline


@admin.register(Vendor)
class VendorAdmin(VendorDesk):
    """Who makes models."""

    list_display = ("name", "slug", "country")
    search_fields = ("name", "slug")


class RouteInline(RouteLine):
    """Where a model can be called, on the model's own page."""

    model = Route
    extra = 0
    fields = ("upstream", "upstream_model", "priority", "disabled_at")


@admin.register(ChatModel)
class ChatModelAdmin(ModelDesk):
    """What callers may ask for."""

    list_display = ("name", "slug", "vendor", "state", "context_tokens", "data_region", "published_at")
    list_filter = ("state", "vendor", "data_region")
    list_select_related = ("vendor",)
    search_fields = ("name", "slug", "vendor__name")
    inlines = (RouteInline,)


@admin.register(Alias)
class AliasAdmin(AliasDesk):
    """Stable names."""

    list_display = ("name", "slug", "chat_model", "position")
    list_select_related = ("chat_model",)


@admin.register(Upstream)
class UpstreamAdmin(UpstreamDesk):
    """Endpoints; the secret goes in and is never shown."""

    form = UpstreamForm
    list_display = ("name", "slug", "base_url", "region", "concurrency", "disabled_at")
    search_fields = ("name", "slug", "base_url")

    def save_model(
        self,
        request: HttpRequest,
        obj: Upstream,
        form: "forms.ModelForm[Upstream]",
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """This will store the endpoint, and seal a new secret to its row."""
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("secret"):
            upstreams.seal_secret(obj, secret=form.cleaned_data["secret"])


@admin.register(Price)
class PriceAdmin(PriceDesk):
    """Effective-dated rows: added, never edited, never deleted."""

    form = PriceForm
    list_display = ("chat_model", "active_from", "in_fresh", "out_text", "published_at", "published_by")
    list_filter = ("chat_model",)
    list_select_related = ("chat_model",)
    fields = ("chat_model", "active_from", *RATE_NAMES)

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:  # noqa: ARG002 - Django's
        """This will say no: a price is final."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:  # noqa: ARG002 - Django's
        """This will say no: a price is final."""
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: Price,
        form: "forms.ModelForm[Price]",  # noqa: ARG002 - Django's signature
        change: bool,  # noqa: ARG002, FBT001 - Django's signature
    ) -> None:
        """This will publish the price through the verb."""
        row = prices.publish(
            obj.chat_model,
            rates=Rates(**{name: getattr(obj, name) for name in RATE_NAMES}),
            active_from=obj.active_from,
            by=request.user.pk,
            now=clock.now(),
        )
        obj.pk = row.pk
