"""The shape of what people write about the catalog: the search, an upstream, a model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.postgres.forms import SimpleArrayField
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog import facets, listing, price_cards
from models_catalog.entries import Entry
from models_catalog.listing import RECOMMENDED
from models_catalog.models import ChatModel, CreditPrice, Upstream
from models_catalog.models.chat_model import Capability
from portal.kit import egress

LONGEST_SEARCH = 80
LONGEST_SECRET = 4000
LONGEST_LINE = 160

if TYPE_CHECKING:  # these classes are generic in the stubs only
    ModelShape = forms.ModelForm[ChatModel]
    UpstreamShape = forms.ModelForm[Upstream]
else:
    ModelShape = UpstreamShape = forms.ModelForm


class SearchForm(forms.Form):
    """What stands in the address of the list; unknown and broken values are passed over, the others still count."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "enterkeyhint": "search", "maxlength": LONGEST_SEARCH}),
    )
    sort = forms.ChoiceField(
        label=_("Sort by"), choices=[(name, label) for name, (label, _key) in listing.SORTS.items()], required=False
    )
    offering = forms.ChoiceField(label=_("Prices in money with"), required=False)
    page = forms.IntegerField(min_value=1, required=False)

    def __init__(self, given: QueryDict, *, offerings: Sequence[CreditPrice]) -> None:
        words = given.get("q", "").strip()[:LONGEST_SEARCH]
        chosen = price_cards.chosen(offerings, slug=given.get("offering", ""))
        self.at, self.usual = chosen, price_cards.chosen(offerings, slug="")
        shown = {"q": words, "offering": chosen.slug if chosen else "", "page": given.get("page", "")}
        super().__init__({**shown, "sort": given.get("sort") if given.get("sort") in listing.SORTS else RECOMMENDED})
        self.given = given
        self.fields["offering"].choices = [(one.slug, price_cards.name_of(one)) for one in offerings]  # type: ignore[attr-defined]

    def wish(self, *, among: Sequence[Entry]) -> listing.Wish:
        """This will return what is asked for; `among` names the vendors that there are."""
        self.full_clean()
        found = self.cleaned_data
        at = self.at.slug if self.at and self.at != self.usual else ""
        return listing.Wish(
            words=found["q"],
            chosen={facet.name: self._ticked(facet, among) for facet in facets.FACETS},
            here=next((name for name in (listing.UNCONNECTED, listing.ALL) if self.given.get(name)), ""),
            sort=found["sort"],
            offering=at,
            page=found.get("page") or 1,
        )

    def _ticked(self, facet: facets.Facet, among: Sequence[Entry]) -> tuple[str, ...]:
        known = facets.labels(facet, among=among)
        ticked = [value for value in dict.fromkeys(self.given.getlist(facet.name)) if value in known]
        return tuple(ticked[-1:] if facet.way is facets.Way.ONE else ticked)


class UpstreamForm(UpstreamShape):
    """An endpoint; its address is checked against what this portal may call."""

    secret = forms.CharField(
        label=_("Secret"),
        max_length=LONGEST_SECRET,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Written only: it is sealed and never shown again. Leave empty to keep the present one."),
    )

    class Meta:
        model = Upstream
        fields = (
            "slug",
            "name",
            "dialect",
            "base_url",
            "region",
            "concurrency",
            "first_byte_timeout_seconds",
            "idle_timeout_seconds",
            "hard_deadline_seconds",
            "on_leave",
            "disabled_at",
        )

    def clean_base_url(self) -> str:
        """This will take only an address that may be called."""
        url = str(self.cleaned_data["base_url"])
        try:
            egress.check(url, policy=egress.Policy(loopback=settings.EGRESS_LOOPBACK))
        except egress.AddressRefused as refusal:
            why = gettext(str(refusal.details["why"]))
            raise forms.ValidationError(gettext(refusal.sentence).format(why=why)) from refusal
        return url


class ChatModelForm(ModelShape):
    """A model; what it can do is ticked, what it is good for stands line by line."""

    capabilities = forms.MultipleChoiceField(
        label=_("Capabilities"), choices=Capability, required=False, widget=forms.CheckboxSelectMultiple
    )
    good_for = SimpleArrayField(
        forms.CharField(max_length=LONGEST_LINE),
        label=_("Good for"),
        delimiter="\n",
        required=False,
        widget=forms.Textarea,
    )
    good_for_zh = SimpleArrayField(
        forms.CharField(max_length=LONGEST_LINE),
        label=_("Good for, in Chinese"),
        delimiter="\n",
        required=False,
        widget=forms.Textarea,
        help_text=_("One a line."),
    )

    class Meta:
        model = ChatModel
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        """This will refuse an answer that is longer than the context."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        longest, context = values.get("max_output_tokens"), values.get("context_tokens")
        if longest and context and longest > context:
            self.add_error("max_output_tokens", gettext("An answer cannot be longer than the context."))
        return values
