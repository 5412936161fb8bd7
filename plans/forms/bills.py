"""In whose name invoices are, and which of them an e-fapiao is asked for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from plans import credit_codes, fapiaos
from plans.models import Invoice, InvoiceTitle
from plans.models.invoice import LONGEST_ADDRESS, LONGEST_NAME
from plans.titles import Wanted
from portal.kit import figures

LONGEST_TYPED_CODE = 30


class TitleForm(forms.Form):
    """A person's name, or a business with its code; what else stands on its invoices is its own affair."""

    kind = forms.ChoiceField(
        label=_("In the name of"),
        choices=InvoiceTitle.Kind.choices,
        initial=InvoiceTitle.Kind.PERSONAL,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_("Name on the invoice"), max_length=LONGEST_NAME)
    tax_number = forms.CharField(
        label=_("Unified social credit code"),
        max_length=LONGEST_TYPED_CODE,
        required=False,
        help_text=_("18 characters, for a business. A person leaves it empty."),
    )
    address = forms.CharField(label=_("Address"), max_length=LONGEST_ADDRESS, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    bank = forms.CharField(label=_("Bank"), max_length=100, required=False)
    bank_account = forms.CharField(label=_("Bank account"), max_length=40, required=False)

    def clean(self) -> dict[str, Any]:
        """This will check the code by its last digit, where there has to be one."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        code = credit_codes.normal(given.get("tax_number", ""))
        is_business = given.get("kind") == InvoiceTitle.Kind.ENTERPRISE
        if is_business and not code:
            self.add_error("tax_number", gettext("A business needs its code."))
        elif code and not is_business:
            self.add_error("tax_number", gettext("A person has no such code. Leave it empty, or choose a business."))
        elif code and not credit_codes.is_valid(code):
            self.add_error("tax_number", gettext("The code does not check. Please compare it with the license."))
        given["tax_number"] = code
        return given

    def wanted(self) -> Wanted:
        """This will return what was filled in."""
        return Wanted(**{name: self.cleaned_data[name] for name in Wanted.__dataclass_fields__})


class FapiaoForm(forms.Form):
    """Which invoices, in whose name; the id travels with the form, so that sending it twice asks once."""

    asked = forms.UUIDField(widget=forms.HiddenInput)
    title = forms.ChoiceField(label=_("In the name of"), widget=forms.RadioSelect)
    numbers = forms.MultipleChoiceField(
        label=_("Invoices"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one invoice.")},
    )

    def __init__(self, *given: Any, invoices: Sequence[Invoice], titles: Sequence[InvoiceTitle], **named: Any) -> None:
        super().__init__(*given, **named)
        title, numbers = self.fields["title"], self.fields["numbers"]
        assert isinstance(title, forms.ChoiceField)
        assert isinstance(numbers, forms.MultipleChoiceField)
        title.choices = [(str(each.pk), _title_words(each)) for each in titles]
        numbers.choices = [(each.number, _invoice_words(each)) for each in invoices]
        if titles:
            title.initial = str(titles[0].pk)

    def clean_numbers(self) -> list[str]:
        """This will take no more invoices than one e-fapiao holds."""
        numbers: list[str] = self.cleaned_data["numbers"]
        if len(numbers) > fapiaos.MOST_INVOICES:
            raise ValidationError(gettext("At most {most} invoices go into one.").format(most=fapiaos.MOST_INVOICES))
        return numbers

    @property
    def fapiao_id(self) -> UUID:
        """The id that travelled with the form."""
        return UUID(str(self.cleaned_data["asked"]))


def _title_words(title: InvoiceTitle) -> str:
    return f"{title.name} · {title.tax_number}" if title.tax_number else title.name


def _invoice_words(invoice: Invoice) -> str:
    left = figures.money(invoice.left_minor, invoice.currency)
    return f"{invoice.number} · {invoice.label} · {figures.day(invoice.issued_at, invoice.time_zone)} · {left}"
