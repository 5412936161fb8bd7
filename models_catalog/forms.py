"""The shape of what people write about the catalog: the search, an upstream, a price."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog.models import Price, Upstream
from portal.kit import clock, egress

LONGEST_SEARCH = 80
LONGEST_SECRET = 4000

if TYPE_CHECKING:  # these classes are generic in the stubs only
    PriceShape = forms.ModelForm[Price]
    UpstreamShape = forms.ModelForm[Upstream]
else:
    PriceShape = UpstreamShape = forms.ModelForm


class SearchForm(forms.Form):
    """Words to look for, and whether only callable models are wanted; both stand in the address."""

    q = forms.CharField(
        label=_("Search"),
        max_length=LONGEST_SEARCH,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "enterkeyhint": "search"}),
    )
    callable = forms.BooleanField(label=_("Only models that can be called here"), required=False)


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


class PriceForm(PriceShape):
    """A new price; it cannot begin in the past or at the moment of another one."""

    class Meta:
        model = Price
        exclude = ("published_at", "published_by")

    def clean(self) -> dict[str, Any]:
        """This will check the moment from which the price counts."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        begins = values.get("active_from")
        if begins is not None and begins < clock.now():
            self.add_error("active_from", gettext("A price can only begin now or later."))
        return values
