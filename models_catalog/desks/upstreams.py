"""Upstreams in admin: the usual form, and the page on which a vendor is connected."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from models_catalog.desks import connect_page
from models_catalog.desks.base import CatalogDesk
from models_catalog.desks.forms import UpstreamForm
from models_catalog.models import Upstream

PRIVATE_RIGHT = "models_catalog.reach_private_networks"


class UpstreamAdmin(CatalogDesk[Upstream]):
    """Endpoints. Their keys are typed on the page that tests them, and shown nowhere."""

    form = UpstreamForm
    list_display = ("name", "slug", "base_url", "region", "may_be_private", "has_secret", "tested_at", "disabled_at")
    list_filter = ("vendor", "may_be_private", ("disabled_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "slug", "base_url")
    autocomplete_fields = ("vendor",)
    change_list_template = "admin/upstreams.html"
    change_form_template = "admin/upstream.html"
    fieldsets = (
        (
            None,
            {
                "fields": (("name", "slug"), "vendor", "dialect", "base_url", "may_be_private", "has_secret"),
                "description": _("Its key is typed on the page “Test, new key, more models”: what passes is kept."),
            },
        ),
        (_("Where it stands"), {"fields": ("region", ("is_mainland", "is_never_trained"))}),
        (
            _("Patience"),
            {
                "fields": (
                    "concurrency",
                    ("first_byte_timeout_seconds", "idle_timeout_seconds", "hard_deadline_seconds"),
                    "on_leave",
                )
            },
        ),
        (_("Life"), {"fields": ("disabled_at", "tested_at", "test_passed", "test_found")}),
    )
    readonly_fields = ("has_secret", "tested_at", "test_passed", "test_found")

    def get_urls(self) -> list[URLPattern]:
        """This will give the page on which a vendor is connected its two addresses."""
        page = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.connect))
        return [
            path("connect/", page, name="models_catalog_upstream_connect"),
            path("<path:object_id>/connect/", page, name="models_catalog_upstream_reconnect"),
            *super().get_urls(),
        ]

    def connect(self, request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        """This will show the page on which a vendor is connected, or do what it asks for."""
        return connect_page.answer(self, request, object_id=object_id)

    @admin.display(description=_("secret"), boolean=True)
    def has_secret(self, upstream: Upstream) -> bool:
        """This will tell that there is one, and nothing of it."""
        return bool(upstream.sealed_secret)

    def get_readonly_fields(self, request: HttpRequest, obj: Upstream | None = None) -> Any:
        """This will keep private networks for those who may reach them, and its queue's name with an upstream."""
        named = ("slug",) if obj else ()
        if request.user.has_perm(PRIVATE_RIGHT):
            return (*self.readonly_fields, *named)
        address = ("base_url",) if obj and obj.may_be_private else ()
        return (*self.readonly_fields, *named, "may_be_private", *address)
