"""What a buyer fills in."""

from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import phones
from plans import orders


class CheckoutForm(forms.Form):
    """The order's id and the terms that were shown travel with the form: sending it twice is harmless."""

    order = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
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

    def wish(self) -> orders.Wish:
        """This will return what the buyer asked for."""
        given = self.cleaned_data
        return orders.Wish(order_id=given["order"], version=given["version"], phone=given["phone"])
