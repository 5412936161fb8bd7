"""What a buyer fills in."""

from typing import TYPE_CHECKING, Any

from babel.numbers import get_currency_precision
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import phones
from accounts.models import Member
from plans import orders
from plans.models import OfferingVersion
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS, MICROCREDITS_PER_CREDIT, credits

MOST_CREDITS = LARGEST_AMOUNT_MICROCREDITS // MICROCREDITS_PER_CREDIT
MOST_DAYS = 3660
CURRENCY_PATTERN = r"^[A-Z]{3}$"

if TYPE_CHECKING:  # these classes are generic in the stubs only
    VersionShape = forms.ModelForm[OfferingVersion]
else:
    VersionShape = forms.ModelForm


class CheckoutForm(forms.Form):
    """The order's id and the terms that were shown travel with the form: sending it twice is harmless."""

    order = forms.CharField(widget=forms.HiddenInput, max_length=200)
    version = forms.IntegerField(widget=forms.HiddenInput)
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("The amount appears on the bill of this number. You confirm on that phone."),
        max_length=phones.LONGEST,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )

    def clean_phone(self) -> str:
        """This will turn what was typed into E.164."""
        try:
            return phones.normal(self.cleaned_data["phone"])
        except phones.BadNumber as refusal:
            raise ValidationError(gettext(refusal.sentence), code=refusal.code) from refusal

    def wish(self, *, by: Member) -> orders.Wish:
        """This will return what the buyer asked for; raises `orders.StaleCheckout`."""
        given = self.cleaned_data
        order_id = orders.read_id(given["order"], by=by)
        return orders.Wish(order_id=order_id, version=given["version"], phone=given["phone"])


class OfferingVersionForm(VersionShape):
    """New terms of an offering as people say them: money in yuan, whole credits, features line by line."""

    price = forms.DecimalField(label=_("Price"), min_value=0, max_digits=10, help_text=_("In whole units: 9.90"))
    currency = forms.RegexField(CURRENCY_PATTERN, label=_("Currency"), initial=lambda: settings.CURRENCY)
    credits = forms.IntegerField(label=_("Credits"), min_value=1, max_value=MOST_CREDITS)
    valid_days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=MOST_DAYS, required=False)
    valid_months = forms.IntegerField(
        label=_("Valid for months"),
        min_value=1,
        max_value=MOST_DAYS // 30,
        required=False,
        help_text=_("Days or months, not both."),
    )
    seats = forms.IntegerField(label=_("People"), min_value=1, max_value=100_000, initial=1)
    features_en = forms.CharField(
        label=_("Features in English"), widget=forms.Textarea(attrs={"rows": 4}), required=False
    )
    features_zh = forms.CharField(
        label=_("Features in Chinese"),
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        help_text=_("One a line, in the same order as in English."),
    )

    class Meta:
        model = OfferingVersion
        fields = ("offering", "name", "name_zh", "valid_days", "valid_months", "priority", "unit", "seats", "currency")

    def clean(self) -> dict[str, Any]:
        """This will check what concerns two fields: the end of the credits, the features, the smallest coin."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if (given.get("valid_days") is None) == (given.get("valid_months") is None):
            self.add_error("valid_months", gettext("Say either for how many days or for how many months."))
        if len(_lines(given, "features_en")) != len(_lines(given, "features_zh")):
            self.add_error("features_zh", gettext("Write as many lines as in English."))
        price, currency = given.get("price"), given.get("currency")
        if price is not None and currency and price != round(price, get_currency_precision(currency)):
            self.add_error("price", gettext("This currency has no coin that small."))
        return given

    def terms(self) -> dict[str, Any]:
        """This will return the columns of the version, with money in minor units and credits in microcredits."""
        given = self.cleaned_data
        features = zip(_lines(given, "features_en"), _lines(given, "features_zh"), strict=True)
        same = ("name", "name_zh", "valid_days", "valid_months", "priority", "unit", "seats", "currency")
        return {
            **{name: given[name] for name in same},
            "price_minor": int(given["price"].scaleb(get_currency_precision(given["currency"]))),
            "microcredits": credits(given["credits"]),
            "features": [{"en": english, "zh": chinese} for english, chinese in features],
        }


def _lines(given: dict[str, Any], name: str) -> list[str]:
    return [line.strip() for line in str(given.get(name) or "").splitlines() if line.strip()]
