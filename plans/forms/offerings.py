"""Terms of an offering as staff writes them: shown with what they touch first, published by the second press."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from babel.numbers import get_currency_precision
from django import forms
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from plans import offerings
from plans.models import OfferingItem, OfferingVersion
from portal.kit import clock, sentences
from portal.kit.refusals import Refusal
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS, MICROCREDITS_PER_CREDIT, credits

MOST_CREDITS = LARGEST_AMOUNT_MICROCREDITS // MICROCREDITS_PER_CREDIT
MOST_DAYS = 3660
MOST_ITEMS = 5
CURRENCY_PATTERN = r"^[A-Z]{3}$"
PERCENT_PLACES = 2
SHARES = ("tax", "platform", "channel")
SAME = (
    "name", "name_zh", "valid_days", "valid_months", "priority", "unit", "seats", "currency", "summary", "summary_zh",
    "terms", "terms_zh", "model_patterns", "cycle", "prorates_first", "grace_days", "rollover_percent",
    "rollover_cycles", "after_exhaustion", "exhaustion_pack", "most_per_account", "most_per_days",
    "most_per_identity", "is_for_new", "channels", "providers", "refund_hours", "refund_days",
    "refund_most_used_percent",
)  # fmt: skip
"""The columns that people write as they are."""
HELP: Mapping[str, Any] = {
    "terms": _("What buyers agree to, as a text; it is kept with what they bought."),
    "model_patterns": _("Patterns over the ids of models, separated by commas: glm-5*, kimi-*. Empty: every model."),
    "priority": _("Credits with a smaller number are used first; among equals those that end soonest."),
    "grace_days": _("For so many days a plan whose renewal was not paid goes on waiting for the money."),
    "rollover_percent": _("So much of the amount at most goes on into the next month. 0: nothing does."),
    "exhaustion_pack": _("The short name of a pack on the shelf, where one is to be bought by itself."),
    "most_per_account": _("Empty: as often as they like."),
    "most_per_days": _("Empty: ever."),
    "most_per_identity": _("Over all accounts, by the phone or the card that pays. Empty: not looked at."),
    "providers": _("Names of ways to pay, separated by commas: carrier_billing. Empty: every one."),
    "refund_most_used_percent": _("0: only where nothing was used."),
}
SOLD_THROUGH = (("web", _("the web")), ("voucher", _("vouchers")), ("staff", _("staff")), ("partner", _("partners")))

if TYPE_CHECKING:  # generic in the stubs only
    VersionShape = forms.ModelForm[OfferingVersion]
else:
    VersionShape = forms.ModelForm


def _percent(label: Any, **named: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_value=100, max_digits=5, decimal_places=PERCENT_PLACES, initial=0, **named
    )


class ItemForm(forms.Form):
    """What a bundle holds beside its credits."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "–"), *OfferingItem.Kind.choices])
    name = forms.CharField(label=_("Name"), max_length=80)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=80)
    fulfillment = forms.ChoiceField(label=_("Fulfilled"), choices=[("", "–"), *OfferingItem.Fulfillment.choices])


Items = forms.formset_factory(ItemForm, extra=MOST_ITEMS, max_num=MOST_ITEMS, validate_max=True)


class OfferingVersionForm(VersionShape):
    """New terms of an offering as people say them: money in yuan, whole credits, features line by line, percents.

    `touched` are those whom the terms touch, once they may be published; `digest` is what that look is known by.
    """

    price = forms.DecimalField(label=_("Price"), min_value=0, max_digits=10, help_text=_("In whole units: 9.90"))
    currency = forms.RegexField(CURRENCY_PATTERN, label=_("Currency"), initial=lambda: settings.CURRENCY)
    credits = forms.IntegerField(label=_("Credits"), min_value=1, max_value=MOST_CREDITS)
    credits_a_unit = forms.IntegerField(
        label=_("Credits a point"),
        min_value=1,
        max_value=MOST_CREDITS,
        initial=1,
        help_text=_("Where points are shown: what one of them stands for. The page of the offer says it."),
    )
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
    channels = forms.MultipleChoiceField(
        label=_("Sold through"), choices=SOLD_THROUGH, initial=["web"], widget=forms.CheckboxSelectMultiple
    )
    tax = _percent(_("Tax, in percent"), help_text=_("The price that buyers see includes it."))
    platform = _percent(_("Platform fee, percent"), help_text=_("Of what is earned; the rest is for compute."))
    channel = _percent(_("Channel fee, percent"))

    class Meta:
        model = OfferingVersion
        fields = ("offering", *SAME, "active_from")

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.now: datetime = clock.now()
        self.touched: offerings.Affected | None = None
        self.digest = ""
        self.items = Items(self.data if self.is_bound else None, prefix="items")
        for name, words in HELP.items():
            if name in self.fields:
                self.fields[name].help_text = words
        if "active_from" in self.fields:
            self.fields["active_from"].required = False
            self.fields["active_from"].help_text = _("Leave it empty to begin at once.")

    @property
    def is_only_unseen(self) -> bool:
        """Whether nothing is wrong but that nobody has looked at it yet."""
        return self.touched is not None and list(self.errors) == ["__all__"]

    def clean(self) -> dict[str, Any]:
        """This will check what concerns several fields, refuse what may not be sold, and show whom it touches."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if (given.get("valid_days") is None) == (given.get("valid_months") is None):
            self.add_error("valid_months", gettext("Say either for how many days or for how many months."))
        if len(_lines(given, "features_en")) != len(_lines(given, "features_zh")):
            self.add_error("features_zh", gettext("Write as many lines as in English."))
        price, currency = given.get("price"), given.get("currency")
        if price is not None and currency and price != round(price, get_currency_precision(currency)):
            self.add_error("price", gettext("This currency has no coin that small."))
        if given.get("unit") != OfferingVersion.Unit.POINTS and given.get("credits_a_unit", 1) != 1:
            self.add_error("credits_a_unit", gettext("Only points stand for more than one credit."))
        if given.get("most_per_days") is not None and given.get("most_per_account") is None:
            self.add_error("most_per_account", gettext("Say how many times within these days."))
        self._check_pack(given)
        if not self.items.is_valid():
            self.add_error(None, gettext("Please look at the lines below."))
        if not self.errors:
            self._look()
        return given

    def terms(self) -> dict[str, Any]:
        """This will return the columns of the version, with money in minor units and credits in microcredits."""
        given = self.cleaned_data
        features = zip(_lines(given, "features_en"), _lines(given, "features_zh"), strict=True)
        return {
            **{name: given[name] for name in SAME},
            **{f"{name}_basis_points": int(given[name].scaleb(PERCENT_PLACES)) for name in SHARES},
            "price_minor": int(given["price"].scaleb(get_currency_precision(given["currency"]))),
            "microcredits": credits(given["credits"]),
            "unit_microcredits": credits(given["credits_a_unit"]),
            "features": [{"en": english, "zh": chinese} for english, chinese in features],
        }

    def parts(self) -> list[OfferingItem]:
        """This will return what the bundle holds beside its credits."""
        return [OfferingItem(**line.cleaned_data) for line in self.items if line.has_changed()]

    def _check_pack(self, given: dict[str, Any]) -> None:
        is_bought = given.get("after_exhaustion") == OfferingVersion.AfterExhaustion.PACK
        if is_bought != bool(given.get("exhaustion_pack")):
            self.add_error("exhaustion_pack", gettext("Name a pack where one is bought by itself, and only there."))

    def _look(self) -> None:
        offering, begins = self.cleaned_data["offering"], self.cleaned_data.get("active_from")
        terms, parts = self.terms(), self.parts()
        draft = OfferingVersion(offering=offering, **terms)
        try:
            offerings.check(draft, items=parts, active_from=begins or self.now, now=self.now)
        except Refusal as no:
            self.add_error(None, sentences.say(no.sentence, no.details))
            return
        lines = [(part.kind, part.name, part.name_zh, part.fulfillment) for part in parts]
        self.digest = salted_hmac("terms", repr((offering.pk, begins, terms, lines))).hexdigest()
        if self.data.get("seen") != self.digest:
            self.touched = offerings.affected_by(draft)
            self.add_error(None, gettext("Nothing is published yet. See whom it touches, then publish it."))


def _lines(given: dict[str, Any], name: str) -> list[str]:
    return [line.strip() for line in str(given.get(name) or "").splitlines() if line.strip()]
