"""How a buyer pays: the way, the phone where one is needed, the code, and the owner's ceiling of a line."""

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import phones
from plans import payment_providers
from plans.methods import Spending

OF_METHOD = "method:"


class WayForm(forms.Form):
    """The way to pay: a stored line, the bill of another phone, or whatever else is open for the offering."""

    way = forms.ChoiceField(label=_("How do you want to pay?"), widget=forms.RadioSelect)
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("The amount appears on the bill of this number. You confirm on that phone."),
        max_length=phones.LONGEST,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )

    def __init__(self, *given: Any, ways: list[str], lines: list[Spending], **named: Any) -> None:
        super().__init__(*given, **named)
        known = [each for each in lines if each.method.provider in ways and each.method.confirmed_at]
        stored = {f"{OF_METHOD}{each.method.pk}": _line_name(each) for each in known}
        others = {name: _way_name(name, has_lines=bool(stored)) for name in ways}
        # Where nothing is open, whatever is sent is refused by the verb, which says so.
        self.chosen = {**stored, **others} or {payment_providers.CARRIER_BILLING: ""}
        field = self.fields["way"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(self.chosen.items())
        field.initial = next(iter(self.chosen))
        if len(self.chosen) == 1:
            field.widget = forms.HiddenInput()
            self.fields["phone"].required = payment_providers.CARRIER_BILLING in self.chosen
        if payment_providers.CARRIER_BILLING not in self.chosen:
            del self.fields["phone"]
        if self.is_bound and not self.data.get("way"):  # a page that offered one way alone
            self.data = {**{name: self.data[name] for name in self.data}, "way": _usual(self.chosen)}

    def clean(self) -> dict[str, Any]:
        """This will turn what was typed into E.164, where a phone pays."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("way") != payment_providers.CARRIER_BILLING:
            given["phone"] = ""
            return given
        try:
            given["phone"] = phones.normal(given.get("phone", ""))
        except phones.BadNumber as refusal:
            self.add_error("phone", ValidationError(gettext(refusal.sentence), code=refusal.code))
        return given

    def means(self) -> dict[str, Any]:
        """This will return the way as `orders.Wish` names it."""
        way, phone = self.cleaned_data["way"], self.cleaned_data["phone"]
        if way.startswith(OF_METHOD):
            return {"method_id": int(way.removeprefix(OF_METHOD))}
        return {"provider": way, "phone": phone}


class CodeForm(forms.Form):
    """The code that the operator sent by SMS."""

    code = forms.RegexField(
        r"^\s*[0-9A-Za-z]{4,10}\s*$",
        label=_("Code from the SMS"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_code(self) -> str:
        """This will leave out what stands around it."""
        return str(self.cleaned_data["code"]).strip()


class CeilingForm(forms.Form):
    """What a line may be charged in a calendar month, in whole units of the currency; empty for no ceiling."""

    amount = forms.DecimalField(
        label=_("At most a month"),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        required=False,
        help_text=_("In whole units, such as 50. Leave it empty for no ceiling of your own."),
    )

    def minor(self, currency: str) -> int | None:
        """This will return the ceiling in minor units, or None for none."""
        amount: Decimal | None = self.cleaned_data["amount"]
        return None if amount is None else int(amount.scaleb(get_currency_precision(currency)))


def _usual(chosen: dict[str, str]) -> str:
    phone_bill = payment_providers.CARRIER_BILLING
    return phone_bill if phone_bill in chosen else next(iter(chosen))


def _way_name(name: str, *, has_lines: bool) -> str:
    if name == payment_providers.CARRIER_BILLING and has_lines:
        return gettext("Bill of another phone")
    return gettext(payment_providers.label(name))


def _line_name(spent: Spending) -> str:
    name = gettext("Phone bill %(line)s") % {"line": spent.method.label}
    if spent.ceiling is None:
        return name
    return gettext("%(name)s, %(used)s of %(ceiling)s used this month") % {
        "name": name,
        "used": spent.used,
        "ceiling": spent.ceiling,
    }
