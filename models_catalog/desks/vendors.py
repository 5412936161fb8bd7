"""The vendor register: who makes models, under which contract and until when, and how much hangs on them."""

import csv
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import DateTimeField, Func, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from models_catalog.desks.base import CatalogDesk
from models_catalog.models import Vendor
from portal.kit import clock

SOON_DAYS = 60
COLUMNS = ("name", "name_zh", "country", "contract", "contract_ends_date", "terms_url", "contact", "risk", "note")
_LABELS = {field.name: field.verbose_name for field in Vendor._meta.fields}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ContractFilter(admin.SimpleListFilter):
    """How the contract with a vendor stands today."""

    title = _("contract")
    parameter_name = "contract_is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002 - Django's signature
        """This will offer what one asks of contracts."""
        return [("soon", _("ends within 60 days")), ("ended", _("ended")), ("none", _("no contract"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Vendor]) -> QuerySet[Vendor]:  # noqa: ARG002 - as above
        """This will keep the vendors whose contract stands so."""
        today = clock.now().date()
        kept = {
            "soon": Q(contract_ends_date__gte=today, contract_ends_date__lte=today + timedelta(days=SOON_DAYS)),
            "ended": Q(contract_ends_date__lt=today),
            "none": Q(contract=""),
        }
        return queryset.filter(kept[self.value() or ""]) if self.value() in kept else queryset


class VendorAdmin(CatalogDesk[Vendor]):
    """Who makes models, and what we agreed with them."""

    list_display = ("name", "name_zh", "country", "contract", "ends", "risk", "contact")
    list_filter = (ContractFilter, "risk")
    show_full_result_count = False
    search_fields = ("name", "name_zh", "slug", "contract")
    fieldsets = (
        (None, {"fields": ("slug", ("name", "name_zh"), "country")}),
        (_("Contract"), {"fields": ("contract", "contract_ends_date", "terms_url", "contact")}),
        (_("Risk"), {"fields": ("risk", "note")}),
    )
    actions = ["download"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vendor]:
        """This will let each line know the moment it was asked at."""
        asked_at = Func(function="app_now", output_field=DateTimeField())
        return super().get_queryset(request).annotate(asked_at=asked_at)

    @admin.display(description=_("contract ends on"), ordering="contract_ends_date")
    def ends(self, vendor: Any) -> str:
        """This will say when the contract ends, and whether that is soon or over."""
        day: date | None = vendor.contract_ends_date
        if day is None:
            return "–"
        left: int = (day - vendor.asked_at.date()).days
        if left < 0:
            return _("{day} – ended").format(day=day.isoformat())
        if left <= SOON_DAYS:
            return _("{day} – in {days} days").format(day=day.isoformat(), days=left)
        return day.isoformat()

    @admin.action(description=_("Download the register as CSV"), permissions=["view"])
    def download(self, request: HttpRequest, chosen: QuerySet[Vendor]) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """This will hand out the chosen lines of the register; no cell can begin a formula."""
        answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="vendors.csv"'
        lines = csv.writer(answer)
        lines.writerow(capfirst(str(_LABELS[name])) for name in COLUMNS)
        for vendor in chosen.order_by("name"):
            lines.writerow(_cell(getattr(vendor, name)) for name in COLUMNS)
        return answer


def _cell(value: object) -> str:
    said = "" if value is None else str(value)
    return f"'{said}" if said.startswith(_FORMULA) else said
