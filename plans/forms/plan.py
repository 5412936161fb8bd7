"""What is asked before a plan goes on, is paid another way or becomes another one."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from plans import consents
from plans.models import Offering, OfferingVersion, PaymentMethod

NOW, NEXT = "now", "next"


def renewal_fields(version: OfferingVersion) -> dict[str, forms.Field]:
    """This will return the box to tick for renewals, where the terms can renew: its words are what is agreed to."""
    if version.offering.kind == Offering.Kind.PACK or not version.price_minor:
        return {}
    without = gettext("Without this the plan ends by itself after its period, and nothing more is charged.")
    words = consents.renewal_text(version).words
    return {"renews": forms.BooleanField(label=words, help_text=without, required=False)}


class AgreementForm(forms.Form):
    """The words that are agreed to stand beside the box, and are kept as they stood."""

    agreed = forms.BooleanField()

    def __init__(self, *given: Any, version: OfferingVersion, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["agreed"].label = consents.renewal_text(version).words
        self.fields["agreed"].error_messages["required"] = gettext("Tick the box to let it renew.")


class MethodForm(forms.Form):
    """One of the account's stored ways to pay, or none: then each period is paid by hand."""

    method = forms.TypedChoiceField(label=_("The next periods are paid"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, *given: Any, account_id: int, **named: Any) -> None:
        super().__init__(*given, **named)
        stored = PaymentMethod.objects.of_account(account_id)
        choices = [(method.pk, gettext("Phone bill %(line)s") % {"line": method.label}) for method in stored]
        field = self.fields["method"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [*choices, (0, gettext("by hand: you get an order each time, nothing is charged by itself"))]


class ChangeForm(forms.Form):
    """What the page showed comes back sealed; `when` says whether it begins now or with the next period."""

    seal = forms.CharField(max_length=64)
    when = forms.ChoiceField(choices=[(NOW, NOW), (NEXT, NEXT)])
