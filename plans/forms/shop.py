"""What a buyer fills in, and what staff do about offerings and balances."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from babel.numbers import get_currency_precision
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Member
from plans import ledger, orders
from plans.forms.paying import WayForm
from plans.forms.plan import renewal_fields
from plans.models import Adjustment, OfferingVersion
from portal.kit import clock
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS, MICROCREDITS_PER_CREDIT, Microcredits, credits

MOST_CREDITS = LARGEST_AMOUNT_MICROCREDITS // MICROCREDITS_PER_CREDIT
SMALLEST_CREDITS = Decimal("0.000001")
MOST_DAYS = 3660
CURRENCY_PATTERN = r"^[A-Z]{3}$"

if TYPE_CHECKING:  # these classes are generic in the stubs only
    AdjustmentShape = forms.ModelForm[Adjustment]
    VersionShape = forms.ModelForm[OfferingVersion]
else:
    AdjustmentShape = VersionShape = forms.ModelForm


class CheckoutForm(WayForm):
    """The order's id and the terms that were shown travel with the form: sending it twice is harmless."""

    order = forms.CharField(widget=forms.HiddenInput, max_length=200)
    version = forms.IntegerField(widget=forms.HiddenInput)
    price = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *given: Any, terms: OfferingVersion, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields.update(renewal_fields(terms))

    def wish(self, *, by: Member) -> orders.Wish:
        """This will return what the buyer asked for; raises `orders.StaleCheckout`."""
        given = self.cleaned_data
        order_id = orders.read_id(given["order"], by=by)
        agreed = {"renews": bool(given.get("renews")), "price_minor": given["price"]}
        return orders.Wish(order_id=order_id, version=given["version"], **agreed, **self.means())


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


class AdjustmentForm(AdjustmentShape):
    """What staff wants to give, give back or take back, in credits."""

    account_id = forms.IntegerField(
        label=_("Account"), min_value=1, help_text=_("Its number, which stands in the address of its page here.")
    )
    credits = forms.DecimalField(
        label=_("Credits"), min_value=SMALLEST_CREDITS, max_value=MOST_CREDITS, max_digits=22, decimal_places=6
    )
    call_id = forms.UUIDField(label=_("Call"), required=False, help_text=_("Where what a call cost is given back."))
    lot_id = forms.IntegerField(
        label=_("Lot"), required=False, min_value=1, help_text=_("Where something given is taken back.")
    )

    class Meta:
        model = Adjustment
        fields = ("kind", "account_id", "call_id", "lot_id", "expires_at")

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if "expires_at" in self.fields:
            self.fields["expires_at"].required = False
            self.fields["expires_at"].help_text = _("Leave it empty for credits without an end.")

    def clean_expires_at(self) -> datetime | None:
        """This will take only a moment that is still to come."""
        moment: datetime | None = self.cleaned_data["expires_at"]
        if moment is not None and moment <= clock.now():
            raise ValidationError(gettext("Choose a moment that is still to come."))
        return moment

    def clean_account_id(self) -> int:
        """This will take only the number of an account."""
        number = int(self.cleaned_data["account_id"])
        if not Account.objects.filter(pk=number).exists():
            raise ValidationError(gettext("There is no account with this number."))
        return number

    def clean(self) -> dict[str, Any]:
        """This will ask for the call or the lot where the kind needs one."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for kind, name in (("restore", "call_id"), ("revoke", "lot_id")):
            if given.get("kind") == kind and not given.get(name) and name not in self.errors:
                self.add_error(name, gettext("Say which one."))
            elif given.get("kind") != kind and given.get(name):
                self.add_error(name, gettext("Leave this empty for this kind."))
        return given

    def asked(self, adjustment_id: UUID, *, by_user_id: int) -> ledger.AskedAdjustment:
        """This will return what was asked for, for the ledger."""
        given = self.cleaned_data
        same = ("kind", "account_id", "call_id", "lot_id", "expires_at", "reason")
        return ledger.AskedAdjustment(
            adjustment_id=adjustment_id,
            microcredits=Microcredits(int(given["credits"] * MICROCREDITS_PER_CREDIT)),
            asked_by=by_user_id,
            **{name: given[name] for name in same},
        )


def _lines(given: dict[str, Any], name: str) -> list[str]:
    return [line.strip() for line in str(given.get(name) or "").splitlines() if line.strip()]
