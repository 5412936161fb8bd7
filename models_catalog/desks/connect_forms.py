"""The shape of what staff write of the models that they publish: each chosen one, and what all of them share."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog import connecting, price_terms, publishing, shelf
from models_catalog.connecting import Match, NewModel, Terms, Wish
from models_catalog.desks.endpoint_forms import reason_field
from models_catalog.models import ChatModel, Upstream, Vendor
from models_catalog.models.chat_model import MODEL_SLUG_PATTERN
from models_catalog.price_forms import MeantForm
from models_catalog.pricing import Rates
from models_catalog.proposals import Proposal

LARGEST_FACTOR = 1000
LARGEST_COST = 10**6
MOST_TOKENS = 100_000_000
COST_PLACES = 6
KEEP, PROPOSED, TYPED = "keep", "proposed", "typed"
SAID = ("is_free", "is_sure", "accepts_loss")
"""What is said of a price that would be refused otherwise."""
COSTS = {"cost_input": "in_fresh", "cost_cached": "cache_read", "cost_output": "out_text"}

if TYPE_CHECKING:  # this class is generic in the stubs only
    CardShape = forms.ModelForm[ChatModel]
else:
    CardShape = forms.ModelForm


def _factor(label: Any, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_value=LARGEST_FACTOR,
        decimal_places=12,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
        **more,
    )


def _cost(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_value=LARGEST_COST,
        decimal_places=COST_PLACES,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


class ChosenForm(MeantForm):
    """One chosen model: what it is here, what it costs here, and what the upstream charges for it."""

    include = forms.BooleanField(label=_("Publish it"), required=False, initial=True)
    slug = forms.RegexField(MODEL_SLUG_PATTERN, label=_("id"), max_length=120)
    name = forms.CharField(label=_("name"), max_length=120, required=False)
    vendor = forms.ModelChoiceField(Vendor.objects.all(), label=_("vendor"), required=False)
    context_tokens = forms.IntegerField(
        label=_("context, in tokens"), min_value=1, max_value=MOST_TOKENS, required=False
    )
    max_output_tokens = forms.IntegerField(
        label=_("longest answer, in tokens"), min_value=1, max_value=MOST_TOKENS, required=False
    )
    price = forms.ChoiceField(label=_("price"), widget=forms.RadioSelect)
    factor_input = _factor(_("input"))
    factor_cached = _factor(_("input read from cache"))
    factor_output = _factor(_("output"))
    cost_input = _cost(_("input"))
    cost_cached = _cost(_("input read from cache"))
    cost_output = _cost(_("output"))
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, data: Any = None, *, match: Match, proposal: Proposal | None, present: Rates | None, upstream: Upstream
    ) -> None:
        self.match, self.proposal, self.present = match, proposal, present
        found = match.found
        initial = {
            "slug": match.chat_model.slug if match.chat_model else _slug_of(found.upstream_model),
            "name": found.upstream_model.rsplit("/", 1)[-1],
            "vendor": upstream.vendor_id,
            "context_tokens": found.context_tokens or None,
            "max_output_tokens": found.max_output_tokens or None,
        }
        super().__init__(data, prefix=f"m{found.pk}", initial=initial)
        ways: list[tuple[str, Any]] = [(KEEP, _("keep the present price"))] if present else []
        ways += [(PROPOSED, _("as proposed"))] if proposal else []
        cast("forms.ChoiceField", self.fields["price"]).choices = [*ways, (TYPED, _("as typed"))]
        self.fields["price"].initial = (ways or [(TYPED, "")])[0][0]

    @property
    def offered(self) -> str:
        """What is proposed, class by class in microcredits: it goes out hidden, and comes back with the answer."""
        return " ".join(map(str, astuple(self.proposal.rates))) if self.proposal else ""

    @property
    def says_more(self) -> bool:
        """Whether what is said of an unusual price is to be seen: it was refused, or something was said."""
        return self.is_bound and bool(self.errors or set(SAID) & set(self.changed_data))

    @property
    def is_left_out(self) -> bool:
        """Whether it was unticked."""
        return not self.cleaned_data.get("include")

    def clean(self) -> dict[str, Any]:
        """This will ask for what a model that is new needs, and for a price where one is typed."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not values.get("include"):
            self.errors.clear()
            return values
        model = ChatModel.objects.filter(slug=values.get("slug") or "").first()
        self.is_new = model is None
        if model is None or not model.context_tokens or not model.max_output_tokens:
            for name in (*(("name", "vendor") if model is None else ()), *publishing.SIZES):
                self._ask(name, gettext("A model that is new here needs this."))
            if (values.get("max_output_tokens") or 0) > (values.get("context_tokens") or MOST_TOKENS):
                self.add_error("max_output_tokens", gettext("An answer cannot be longer than the context."))
        if values.get("price") == TYPED:
            for name in ("factor_input", "factor_output"):
                self._ask(name, gettext("Type a price."))
        elif self.match.chat_model and values.get("slug") != self.match.chat_model.slug:
            self.add_error("price", gettext("It is another model now, so type its price."))
        if values.get("price") == PROPOSED and values.get("shown") != self.offered:
            self.add_error(
                "price", gettext("What is proposed has changed meanwhile. Look at the new figures, then publish again.")
            )
        return values

    def wish(self) -> Wish:
        """This will return what is to be published."""
        values = self.cleaned_data
        named = ("name", "vendor", "context_tokens", "max_output_tokens")
        costs = {column: values[name] for name, column in COSTS.items() if values.get(name) is not None}
        return Wish(
            upstream_model=self.match.found.upstream_model,
            slug=values["slug"],
            new=NewModel(**{name: values[name] for name in named}) if self.is_new else None,
            rates=self._rates(),
            said=price_terms.Terms(**{name: values[name] for name in SAID}),
            sizes=None if self.is_new else {name: values[name] for name in publishing.SIZES if values.get(name)},
            cost={name: int(cost.scaleb(COST_PLACES)) for name, cost in costs.items()} or None,
        )

    def _rates(self) -> Rates | None:
        way, values = self.cleaned_data["price"], self.cleaned_data
        if way == PROPOSED and self.proposal is not None:
            return self.proposal.rates
        if way == KEEP:
            return None
        cached = values["factor_input"] if values.get("factor_cached") is None else values["factor_cached"]
        typed = {"input": values["factor_input"], "cache_read": cached, "output": values["factor_output"]}
        return shelf.rates_of({name: str(factor) for name, factor in typed.items()})

    def _ask(self, name: str, words: str) -> None:
        if self.cleaned_data.get(name) in ("", None) and name not in self.errors:
            self.add_error(name, words)


class SharedForm(CardShape):
    """What all chosen models share: their data card, how the upstream charges, and why they are published."""

    currency = forms.RegexField("^[A-Z]{3}$", label=_("currency"), max_length=3, required=False)
    exchange_rate = forms.DecimalField(
        label=_("exchange rate"), min_value=Decimal("0.00000001"), max_digits=18, decimal_places=8, required=False
    )
    source = forms.CharField(
        label=_("source"), max_length=300, required=False, help_text=_("The contract, or the address of a price list.")
    )
    source_date = forms.DateField(
        label=_("date of the source"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = reason_field()

    class Meta:
        model = ChatModel
        fields = publishing.CARD

    def __init__(self, data: Any = None, *, upstream: Upstream) -> None:
        vendor = upstream.vendor
        region = "mainland_china" if upstream.is_mainland else "unknown"
        initial = {
            "currency": settings.CURRENCY,
            "exchange_rate": 1,
            "operated_by": vendor.name if vendor else "",
            "contract": vendor.contract if vendor else "",
            "data_region": region,
            "trains_on_data": False if upstream.is_never_trained else None,
        }
        super().__init__(data, prefix="all", initial=initial)
        self.fields["exchange_rate"].help_text = _("What one unit of the currency is worth in %(own)s.") % {
            "own": settings.CURRENCY
        }

    def ask_for_terms(self) -> None:
        """This will ask for currency, exchange rate and source, because a price of the upstream was typed."""
        for name in ("currency", "exchange_rate", "source", "source_date"):
            if not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, gettext("A price of the upstream needs this."))

    def card(self) -> dict[str, Any]:
        """This will return the data card."""
        return {name: self.cleaned_data[name] for name in publishing.CARD}

    def terms(self) -> Terms | None:
        """This will return how the upstream charges, if that was said."""
        values = self.cleaned_data
        if not values.get("source"):
            return None
        return Terms(values["currency"], values["exchange_rate"], values["source"], values["source_date"])


def are_right(shared: SharedForm, rows: Sequence[ChosenForm]) -> bool:
    """This will check each form, and what they mean together."""
    fine = [form.is_valid() for form in (shared, *rows)]
    kept = [row for row in rows if row.is_valid() and not row.is_left_out]
    _check_once(kept)
    if any(row.wish().cost for row in kept if row.is_valid()):
        shared.ask_for_terms()
    return all(fine) and shared.is_valid() and all(row.is_valid() for row in rows)


def _check_once(rows: Iterable[ChosenForm]) -> None:
    seen: set[str] = set()
    for row in rows:
        slug = row.cleaned_data["slug"]
        if slug in seen:
            row.add_error("slug", gettext("Two of the chosen are this model. Leave one of them out."))
        seen.add(slug)


def _slug_of(upstream_model: str) -> str:
    name = upstream_model.rsplit("/", 1)[-1].lower()
    return name if connecting.is_slug(name) else slugify(name)
