"""The shape of what people write about the catalog: the search."""

from collections.abc import Sequence
from typing import cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from models_catalog import facets, listing, price_cards
from models_catalog.entries import Entry
from models_catalog.listing import RECOMMENDED
from models_catalog.models import CreditPrice

LONGEST_SEARCH = 80


class SearchForm(forms.Form):
    """What stands in the address of the list; unknown and broken values are passed over, the others still count."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "enterkeyhint": "search",
                "maxlength": LONGEST_SEARCH,
                "placeholder": _("Name, vendor or what it is for"),
            }
        ),
    )
    sort = forms.ChoiceField(
        label=_("Sort by"), choices=[(name, label) for name, (label, _key) in listing.SORTS.items()], required=False
    )
    offering = forms.ChoiceField(label=_("Prices in money with"), required=False)
    page = forms.IntegerField(min_value=1, required=False)

    def __init__(self, given: QueryDict, *, offerings: Sequence[CreditPrice], audience: str) -> None:
        words = given.get("q", "").strip()[:LONGEST_SEARCH]
        chosen = price_cards.chosen(offerings, slug=given.get("offering", ""), audience=audience)
        self.at, self.usual = chosen, price_cards.chosen(offerings, slug="", audience=audience)
        shown = {"q": words, "offering": chosen.slug if chosen else "", "page": given.get("page", "")}
        super().__init__({**shown, "sort": given.get("sort") if given.get("sort") in listing.SORTS else RECOMMENDED})
        self.given = given
        choices = [(one.slug, price_cards.name_of(one)) for one in offerings]
        cast("forms.ChoiceField", self.fields["offering"]).choices = choices

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
