"""Prices in admin: looked at before they are published, never edited; what vendors ask is noted beside them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog import catalog, prices, vendor_prices
from models_catalog.models import ChatModel, Price, VendorPrice
from models_catalog.models.price import RATE_NAMES
from models_catalog.price_forms import MILLIONTHS, RATE_PLACES, PriceForm, VendorPriceForm, label_of
from portal.kit import clock

if TYPE_CHECKING:  # these classes are generic in the stubs only
    PriceDesk = admin.ModelAdmin[Price]
    VendorPriceDesk = admin.ModelAdmin[VendorPrice]
else:
    PriceDesk = VendorPriceDesk = admin.ModelAdmin


def _burn(name: str) -> Any:
    """This will make a column that writes a rate as credits a token, or a call: ×0.3."""

    @admin.display(description=label_of(name))
    def column(price: Price) -> str:
        factor = Decimal(getattr(price, name)).scaleb(-RATE_PLACES[name]).normalize()
        return f"×{factor:f}" if name != "per_request" else f"{factor:f}"

    column.__name__ = f"{name}_burn"
    return column


def _asked(name: str) -> Any:
    """This will make a column that writes what a vendor asks in its currency: 0.27."""

    @admin.display(description=label_of(name))
    def column(price: VendorPrice) -> str:
        rate = getattr(price, name)
        return "–" if rate is None else f"{Decimal(rate).scaleb(-MILLIONTHS).normalize():f}"

    column.__name__ = f"{name}_asked"
    return column


class Added:
    """Rows that are added, never edited, never deleted."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """This will say no: what is written down is final."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """This will say no: what is written down is final."""
        return False


class PriceAdmin(Added, PriceDesk):
    """Effective-dated rows with their hours and tiers: shown first, then published."""

    form = PriceForm
    add_form_template = "admin/models_catalog/price.html"
    list_display = ("chat_model", "active_from", "counts", _burn("in_fresh"), _burn("out_text"), "published_at")
    list_filter = ("active_from",)
    list_select_related = ("chat_model",)
    search_fields = ("chat_model__name", "chat_model__slug")
    autocomplete_fields = ("chat_model",)
    ordering = ("-active_from", "-pk")

    @admin.display(description=_("counts"))
    def counts(self, price: Price) -> str:
        """This will tell the hours of a row that has some."""
        return price.hours_label or gettext("else")

    @admin.display(description=_("tiers"), empty_value="–")
    def longer_calls(self, price: Price) -> str | None:
        """This will tell from when on longer calls cost something else, and what."""
        tiers = price.tiers.order_by("from_input_tokens")
        said = (
            f"{tier.from_input_tokens:,}: "
            + " / ".join(f"×{Decimal(rate).scaleb(-12).normalize():f}" for rate in (tier.in_fresh, tier.out_text))
            for tier in tiers
        )
        return "; ".join(said) or None

    def affected(self, chat_model: ChatModel) -> Sequence[tuple[object, int]]:  # noqa: ARG002 - of those who know calls
        """This will tell whom a change touches; the floor that sees calls says so."""
        return ()

    def get_fields(self, request: HttpRequest, obj: Price | None = None) -> Any:  # noqa: ARG002 - Django's
        """This will show a published price as factors, as it was asked for."""
        if obj is None:
            return ["chat_model", "active_from", *RATE_NAMES, "is_free", "is_sure", "accepts_loss"]
        rates = [_burn(name) for name in RATE_NAMES]
        return ["chat_model", "active_from", "counts", *rates, "longer_calls", "published_at", "published_by"]

    def get_readonly_fields(self, request: HttpRequest, obj: Price | None = None) -> Any:  # noqa: ARG002 - Django's
        """This will show what is computed."""
        return [] if obj is None else ["counts", "longer_calls"]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *given: Any, **named: Any) -> Any:
        """This will show what the price would change, and say nothing of errors where there are none."""
        form = context["adminform"].form
        context["form"] = form
        if getattr(form, "is_only_unseen", False):
            context |= {"errors": None, "affected": self.affected(form.cleaned_data["chat_model"])}
        return super().render_change_form(request, context, *given, **named)

    def save_model(
        self,
        request: HttpRequest,
        obj: Price,
        form: Any,
        change: bool,  # noqa: ARG002, FBT001 - Django's signature
    ) -> None:
        """This will publish the price through the verb."""
        row = prices.publish(
            obj.chat_model,
            rates=form.rates,
            active_from=obj.active_from,
            by=request.user.pk,
            now=form.now,
            terms=form.terms(),
        )
        obj.pk, obj.active_from = row.pk, row.active_from
        catalog.forget()


class VendorPriceAdmin(Added, VendorPriceDesk):
    """What models cost us, as vendors say it; a change of it is another note."""

    form = VendorPriceForm
    list_display = (
        "chat_model",
        "upstream",
        "active_from",
        "currency",
        _asked("in_fresh"),
        _asked("out_text"),
        "source",
    )
    list_filter = ("upstream",)
    list_select_related = ("chat_model", "upstream")
    search_fields = ("chat_model__name", "chat_model__slug", "source")
    autocomplete_fields = ("chat_model", "upstream")
    ordering = ("-active_from", "-pk")

    def get_fields(self, request: HttpRequest, obj: VendorPrice | None = None) -> Any:  # noqa: ARG002 - Django's
        """This will show a note in the vendor's own units, as it was written."""
        told = ["chat_model", "upstream", "active_from", "currency", "exchange_rate", "source", "source_date"]
        if obj is None:
            return [*told, *RATE_NAMES]
        return [*told, *(_asked(name) for name in RATE_NAMES), "noted_at", "noted_by"]

    def save_model(
        self,
        request: HttpRequest,
        obj: VendorPrice,
        form: Any,
        change: bool,  # noqa: ARG002, FBT001 - Django's signature
    ) -> None:
        """This will note the price through the verb."""
        row = vendor_prices.note(obj.chat_model, form.note(), by=request.user.pk, now=clock.now())
        obj.pk = row.pk
