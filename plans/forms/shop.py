"""What a buyer fills in, and what staff do about balances."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Member
from plans import ledger, orders
from plans.forms.paying import WayForm
from plans.forms.plan import renewal_fields
from plans.models import Adjustment, OfferingVersion
from portal.kit import clock
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS, MICROCREDITS_PER_CREDIT, Microcredits

MOST_CREDITS = LARGEST_AMOUNT_MICROCREDITS // MICROCREDITS_PER_CREDIT
SMALLEST_CREDITS = Decimal("0.000001")

if TYPE_CHECKING:  # these classes are generic in the stubs only
    AdjustmentShape = forms.ModelForm[Adjustment]
else:
    AdjustmentShape = forms.ModelForm


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
