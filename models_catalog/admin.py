"""The catalog in admin: prices are only added, secrets only written; the roof registers these and asks why."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from models_catalog import upstreams
from models_catalog.forms import ChatModelForm, UpstreamForm
from models_catalog.models import Alias, ChatModel, Price, Route, Upstream, Vendor, VendorPrice
from models_catalog.price_desks import PriceAdmin, VendorPriceAdmin

if TYPE_CHECKING:  # these classes are generic in the stubs only
    AliasDesk = admin.ModelAdmin[Alias]
    ModelDesk = admin.ModelAdmin[ChatModel]
    RouteDesk = admin.ModelAdmin[Route]
    RouteLine = admin.TabularInline[Route, ChatModel]
    UpstreamDesk = admin.ModelAdmin[Upstream]
    VendorDesk = admin.ModelAdmin[Vendor]
else:
    AliasDesk = ModelDesk = RouteDesk = UpstreamDesk = VendorDesk = admin.ModelAdmin
    RouteLine = admin.TabularInline


class VendorAdmin(VendorDesk):
    """Who makes models."""

    list_display = ("name", "name_zh", "slug", "country")
    search_fields = ("name", "slug")


class RouteInline(RouteLine):
    """Where a model can be called, on the model's own page."""

    model = Route
    extra = 0
    fields = ("upstream", "upstream_model", "priority", "disabled_at")

    def has_delete_permission(self, request: HttpRequest, obj: ChatModel | None = None) -> bool:  # noqa: ARG002 - Django's
        """This will say no: calls point to their route; it is disabled."""
        return False


class RouteAdmin(RouteDesk):
    """All routes at a glance."""

    list_display = ("chat_model", "upstream", "upstream_model", "priority", "disabled_at")
    list_filter = ("upstream", ("disabled_at", admin.EmptyFieldListFilter))
    list_select_related = ("chat_model", "upstream")
    search_fields = ("chat_model__name", "chat_model__slug", "upstream_model")
    autocomplete_fields = ("chat_model", "upstream")
    ordering = ("chat_model__name", "priority")


class ChatModelAdmin(ModelDesk):
    """What callers may ask for."""

    list_display = ("name", "slug", "vendor", "state", "context_tokens", "data_region", "published_at")
    list_filter = ("state", "vendor", "data_region")
    form = ChatModelForm
    list_select_related = ("vendor",)
    search_fields = ("name", "slug", "vendor__name")
    autocomplete_fields = ("vendor",)
    readonly_fields = ("prompt_permille",)
    inlines = (RouteInline,)


class AliasAdmin(AliasDesk):
    """Stable names."""

    list_display = ("name", "name_zh", "slug", "chat_model", "position")
    list_select_related = ("chat_model",)
    search_fields = ("name", "name_zh", "slug")
    autocomplete_fields = ("chat_model",)


class UpstreamAdmin(UpstreamDesk):
    """Endpoints; the secret goes in and is never shown."""

    form = UpstreamForm
    list_display = ("name", "slug", "base_url", "region", "concurrency", "has_secret", "disabled_at")
    list_filter = (("disabled_at", admin.EmptyFieldListFilter),)
    fields = (*UpstreamForm.Meta.fields, "secret")

    @admin.display(description=_("secret"), boolean=True)
    def has_secret(self, upstream: Upstream) -> bool:
        """This will tell that there is one, and nothing of it."""
        return bool(upstream.sealed_secret)

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


DESKS: dict[type[Model], Any] = {
    Vendor: VendorAdmin,
    ChatModel: ChatModelAdmin,
    Alias: AliasAdmin,
    Upstream: UpstreamAdmin,
    Route: RouteAdmin,
    Price: PriceAdmin,
    VendorPrice: VendorPriceAdmin,
}
"""Who keeps which table; the catalog does not know people, so the roof adds who changed what, and why."""
