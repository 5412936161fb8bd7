"""The shape of a price as staff writes it: factors of credits a token, hours, tiers; and of what vendors ask."""

from dataclasses import asdict
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog import previews, prices, vendor_prices
from models_catalog.models import Price, VendorPrice
from models_catalog.models.price import RATE_NAMES
from models_catalog.price_terms import Terms, Window
from models_catalog.pricing import Rates, Tariff, Tier
from models_catalog.timetables import Hours
from portal.kit import clock
from portal.kit.refusals import Refusal

MOST_WINDOWS = 5
MOST_TIERS = 5
LARGEST_RATE = 10**15
LARGEST_PERCENT = 2000
LONGEST_SENTENCE = 200
HUNDRED = 100
RATE_PLACES = dict.fromkeys(RATE_NAMES, 12) | {"per_request": 6}
"""Decimal places between a rate as people say it, in credits a token (or a call), and whole microcredits."""
MILLIONTHS = 6
HELP = {
    "in_fresh": _(
        "Every model is called by name and charged in credits. The burn says how many credits one token costs: "
        "×1 is one credit a token."
    ),
    "per_request": _("Credits a call."),
}
ASKED = {
    "upstream": _("Leave it empty for the vendor's public list."),
    "exchange_rate": _("What one unit of this currency is worth in the portal's own."),
    "source": _("Where it stands: a page, a contract, an invoice."),
    "in_fresh": _("In units of the currency per million tokens. What is left empty is billed as input or output."),
    "per_request": _("In units of the currency per call."),
}

if TYPE_CHECKING:  # these classes are generic in the stubs only
    PriceShape = forms.ModelForm[Price]
    VendorPriceShape = forms.ModelForm[VendorPrice]
else:
    PriceShape = VendorPriceShape = forms.ModelForm


def label_of(name: str) -> Any:
    """This will return how people call a rate."""
    return next(field.verbose_name for field in Price._meta.fields if field.name == name)


def rate_field(name: str, *, places: int, required: bool = True) -> forms.DecimalField:
    """This will return the field in which staff write a rate as a factor: 0.3 credits a token."""
    return forms.DecimalField(
        label=capfirst(label_of(name)),
        min_value=0,
        max_value=Decimal(LARGEST_RATE).scaleb(-places),
        max_digits=22,
        decimal_places=places,
        initial=0 if required else None,
        required=required,
        help_text=HELP.get(name, "") if required else "",
        widget=forms.NumberInput(attrs={"step": "any", "class": "vTextField"}),
    )


class WindowForm(forms.Form):
    """Hours of the week, and what percentage of the price counts in them."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        choices=[(day + 1, name) for day, name in WEEKDAYS.items()],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    starts_at = forms.TimeField(label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    ends_at = forms.TimeField(label=_("Until"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    percent = forms.DecimalField(
        label=_("Percent of the price"), min_value=0, max_value=LARGEST_PERCENT, max_digits=6, decimal_places=2
    )

    def window(self, base: Tariff) -> Window:
        """This will return the window beside its base: every rate at the percentage, rounded up."""
        given = self.cleaned_data
        share = given["percent"] / HUNDRED
        tiers = tuple(Tier(tier.from_input_tokens, _part(tier.rates, share)) for tier in base.tiers)
        hours = Hours(frozenset(given["weekdays"]), given["starts_at"], given["ends_at"])
        return Window(hours, Tariff(_part(base.rates, share), tiers))


class TierForm(forms.Form):
    """What a whole call costs from so many input tokens on; a rate that is left empty is the price's own."""

    from_input_tokens = forms.IntegerField(label=_("From so many input tokens"), min_value=1, max_value=10**9)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for name in RATE_NAMES:
            self.fields[name] = rate_field(name, places=RATE_PLACES[name], required=False)

    def tier(self, base: Rates) -> Tier:
        """This will return the tier beside its base."""
        given = {name: self.cleaned_data[name] for name in RATE_NAMES}
        own = {name: _whole(rate, name) for name, rate in given.items() if rate is not None}
        return Tier(self.cleaned_data["from_input_tokens"], Rates(**(asdict(base) | own)))


Windows = forms.formset_factory(WindowForm, extra=MOST_WINDOWS, max_num=MOST_WINDOWS, validate_max=True)
Tiers = forms.formset_factory(TierForm, extra=MOST_TIERS, max_num=MOST_TIERS, validate_max=True)


class MeantForm(forms.Form):
    """What a publisher says of a price that would be refused otherwise."""

    is_free = forms.BooleanField(label=_("Calls are meant to be free"), required=False)
    is_sure = forms.BooleanField(
        label=_("The figures are meant"),
        required=False,
        help_text=_("Only for a rate that is more than 20 times what it was, or less than its part."),
    )
    accepts_loss = forms.CharField(
        label=_("Why it may be below cost"),
        max_length=LONGEST_SENTENCE,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Only where calls earn less than they cost; kept with the change."),
    )


class PriceForm(MeantForm, PriceShape):
    """A new price in credits a token (×0.3). It is published only as it was looked at: the first time it is shown.

    `preview` is what it would change, once it is a price at all; `digest` is what the look is known by.
    """

    class Meta:
        model = Price
        exclude = ("published_at", "published_by")

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.now: datetime = clock.now()
        self.preview: previews.Preview | None = None
        self.digest = ""
        data = self.data if self.is_bound else None
        self.windows = Windows(data, prefix="windows")
        self.tiers = Tiers(data, prefix="tiers")
        self.fields.update(
            {name: rate_field(name, places=RATE_PLACES[name]) for name in RATE_NAMES if name in self.fields}
        )
        if "active_from" in self.fields:
            self.fields["active_from"].required = False
            self.fields["active_from"].help_text = _("Leave it empty to begin at once.")

    @property
    def is_only_unseen(self) -> bool:
        """Whether nothing is wrong but that nobody has looked at it yet."""
        return self.preview is not None and list(self.errors) == ["__all__"]

    @property
    def rates(self) -> Rates:
        """The rates of the base."""
        return Rates(**{name: self.cleaned_data[name] for name in RATE_NAMES})

    def terms(self) -> Terms:
        """This will return what it is published with."""
        given = self.cleaned_data
        tiers = sorted((form.tier(self.rates) for form in _filled(self.tiers)), key=lambda one: one.from_input_tokens)
        base = Tariff(self.rates, tuple(tiers))
        return Terms(
            tiers=base.tiers,
            windows=tuple(form.window(base) for form in _filled(self.windows)),
            is_free=given["is_free"],
            is_sure=given["is_sure"],
            accepts_loss=given["accepts_loss"],
        )

    def clean(self) -> dict[str, Any]:
        """This will turn factors into whole microcredits, refuse what cannot be published, and show what it changes."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        begins = values.get("active_from")
        if "active_from" not in self.errors:
            values["active_from"] = begins or self.now
        for name in RATE_NAMES:
            if values.get(name) is not None:
                values[name] = _whole(values[name], name)
        if not (self.windows.is_valid() and self.tiers.is_valid()):
            self.add_error(None, gettext("Please look at the lines below."))
        if not self.errors:
            self._look(begins)
        return values

    def _look(self, begins: datetime | None) -> None:
        asked = {"rates": self.rates, "terms": self.terms(), "active_from": self.cleaned_data["active_from"]}
        model = self.cleaned_data["chat_model"]
        try:
            prices.check(model, now=self.now, **asked)
        except Refusal as no:
            self.add_error(None, gettext(no.sentence).format_map(dict(no.details)))
            return
        self.digest = salted_hmac("price", repr((model.pk, begins, asked["rates"], asked["terms"]))).hexdigest()
        if self.data.get("seen") != self.digest:
            self.preview = previews.preview(model, **asked)
            self.add_error(None, gettext("Nothing is published yet. See what it changes, then publish it."))


class VendorPriceForm(VendorPriceShape):
    """What a vendor asks, in units of its currency per million tokens; what is left empty is billed as in or out."""

    class Meta:
        model = VendorPrice
        exclude = ("noted_at", "noted_by")

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if "currency" in self.fields:
            self.fields.update({name: rate_field(name, places=MILLIONTHS, required=False) for name in RATE_NAMES})
            for name, words in ASKED.items():
                self.fields[name].help_text = words
            self.fields["currency"].initial = settings.CURRENCY
            self.fields["exchange_rate"].initial = 1
            self.fields["active_from"].initial = clock.now()

    def note(self) -> vendor_prices.Note:
        """This will return the note as the verb takes it."""
        given = self.cleaned_data
        rates = {name: int(given[name].scaleb(MILLIONTHS)) for name in RATE_NAMES if given.get(name) is not None}
        told = ("currency", "exchange_rate", "source", "source_date", "active_from", "upstream")
        return vendor_prices.Note(rates=rates, **{name: given[name] for name in told})

    def clean(self) -> dict[str, Any]:
        """This will refuse a note that says nothing that one could reckon with."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                vendor_prices.check(self.note())
            except Refusal as no:
                self.add_error(None, gettext(no.sentence).format_map(dict(no.details)))
        return values


def _filled(lines: Any) -> list[Any]:
    return [form for form in lines if form.has_changed()]


def _whole(factor: Decimal, name: str) -> int:
    return int(factor.scaleb(RATE_PLACES[name]))


def _part(rates: Rates, share: Decimal) -> Rates:
    parts = {name: (rate * share).to_integral_value(ROUND_CEILING) for name, rate in asdict(rates).items()}
    return Rates(**{name: int(rate) for name, rate in parts.items()})
