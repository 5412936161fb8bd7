"""The brand in admin, and the catalog with the reason for each change: only the roof knows both floors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.desks import Audited, ReasonForm, Row, reason_of, staff
from models_catalog.admin import DESKS
from models_catalog.models import ChatModel, Price
from models_catalog.price_desks import PriceAdmin
from plans import sellers
from portal import brand
from portal.kit import clock
from portal.models import Brand
from usage import affected

if TYPE_CHECKING:  # these classes are generic in the stubs only
    Form = forms.ModelForm[Brand]
else:
    Form = forms.ModelForm


class BrandForm(Form):
    """The brand's row, with the logo as a file and the accent checked for contrast."""

    logo = forms.FileField(
        label=_("Logo"), required=False, help_text=_("PNG or WebP, at most 200 kB; shown 32 pixels high.")
    )
    without_logo = forms.BooleanField(label=_("Show no logo"), required=False)

    class Meta:
        model = Brand
        exclude = ("picture",)

    def clean_accent(self) -> str:
        """This will take a color only if white text can be read on it."""
        accent = str(self.cleaned_data["accent"]).strip().lower()
        if accent and not brand.is_color(accent):
            raise forms.ValidationError(_("Write a color as # and six hexadecimal digits, such as #00707a."))
        if accent and brand.contrast_with_white(accent) < brand.LEAST_CONTRAST:
            raise forms.ValidationError(_("White text cannot be read on this color. Choose a darker one."))
        return accent

    def clean_logo(self) -> bytes | None:
        """This will take a PNG or WebP picture by what it holds; its name and claimed type are not asked."""
        given = self.cleaned_data.get("logo")
        if not given:
            return None
        content = bytes(given.read(brand.LARGEST_LOGO_BYTES + 1))
        if len(content) > brand.LARGEST_LOGO_BYTES:
            raise forms.ValidationError(_("The picture is larger than 200 kB."))
        if brand.logo_type(content) is None:
            raise forms.ValidationError(_("Only PNG and WebP pictures are taken."))
        return content


@admin.register(Brand)
class BrandAdmin(Audited[Brand]):
    """Whose portal this is."""

    form = BrandForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        """This will let the one row be made, if it is not there yet."""
        return super().has_add_permission(request) and not Brand.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Brand | None = None) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody delete it; empty fields mean the defaults."""
        return False

    def save_model(self, request: HttpRequest, obj: Brand, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """This will store the row with its picture, and show it at once."""
        if form.cleaned_data.get("without_logo"):
            obj.picture = None
        elif form.cleaned_data.get("logo"):
            obj.picture = form.cleaned_data["logo"]
        super().save_model(request, obj, form, change)
        brand.forget()
        sellers.write_down(
            name=obj.legal_entity or str(obj),
            tax_number=obj.tax_number,
            address=obj.legal_address,
            phone=obj.support_phone,
            bank=obj.bank,
        )


class PriceDesk(Audited[Price], PriceAdmin):
    """Only the roof knows prices, the calls that they touch, and who publishes them."""

    def affected(self, chat_model: ChatModel) -> Sequence[tuple[object, int]]:
        """This will tell whom a change of the model's price touches."""
        found = affected.by_price_of(chat_model, now=clock.now())
        return (
            (_("Accounts that called it within 30 days"), found.accounts),
            (_("Members that called it within 30 days"), found.members),
            (_("Calls within 30 days"), found.calls),
            (_("Open quotas on it"), found.quotas),
        )

    def told(self, form: Any) -> dict[str, object]:
        """This will keep what the publisher said of the price, beside why."""
        terms = form.terms()
        said = {"is_free": terms.is_free, "is_sure": terms.is_sure, "accepts_loss": terms.accepts_loss}
        return said | {"windows": len(terms.windows), "tiers": len(terms.tiers)}


class Catalog(Audited[Row]):
    """A table of the catalog, joined to the people who keep it."""

    action_form = ReasonForm

    def reason(self, request: HttpRequest) -> str:
        """This will return why staff do it to the chosen rows, or tell them to say so."""
        return reason_of(request)

    def note(self, request: HttpRequest, verb: str, row: Model | str, *, reason: str, **details: Any) -> None:
        """This will write down what staff did to the row."""
        audit.record(verb, subject=str(row), account=None, by=staff(request), now=clock.now(), reason=reason, **details)


for model, desk in DESKS.items():
    admin.site.register(model, PriceDesk if model is Price else type(desk.__name__, (Catalog, desk), {}))
