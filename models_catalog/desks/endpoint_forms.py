"""The shape of what staff write first when they connect a vendor: the endpoint, and which of its models they choose."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog import connecting, proposals
from models_catalog.desks.forms import UpstreamForm
from models_catalog.models import FoundModel, Upstream

LONGEST_SECRET = 4000
LONGEST_REASON = 300
LONGEST_SEARCH = 80
MOST_CHOSEN = 40
MOST_MARGIN = 1000


def reason_field() -> forms.CharField:
    """This will return the field in which staff say why; the floor of people has one of its own."""
    return forms.CharField(
        label=_("Why?"), max_length=LONGEST_REASON, help_text=_("One sentence, kept with the change.")
    )


class EndpointForm(UpstreamForm):
    """Where a vendor serves its models, and the key to it; what is typed is tested before it is kept."""

    secret = forms.CharField(
        label=_("Key"),
        max_length=LONGEST_SECRET,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Written only: it is sealed and never shown again."),
    )
    model_name = forms.CharField(
        label=_("Model for the test call"),
        max_length=160,
        required=False,
        help_text=_("Leave empty to call the first that is listed. Name one where the vendor lists none."),
        widget=forms.TextInput(attrs={"list": "found-models", "autocomplete": "off"}),
    )
    reason = reason_field()

    class Meta:
        model = Upstream
        fields = connecting.TYPED

    def __init__(self, *given: Any, may_reach_private: bool, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["base_url"].help_text = _("As the vendor's manual writes it: https://api.example.com/v1")
        if self.instance.sealed_secret:
            self.fields["secret"].help_text = _(
                "There is one, sealed. Leave empty to use it; a new one replaces it once the test has passed."
            )
        self.fields["may_be_private"].disabled = not may_reach_private
        self.fields["base_url"].disabled = self.instance.may_be_private and not may_reach_private

    def clean_secret(self) -> str:
        """This will take what can stand in a header."""
        secret = str(self.cleaned_data.get("secret") or "")
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise forms.ValidationError(gettext("A key has only letters, digits and signs, and no spaces."))
        return secret

    def check_key(self, values: dict[str, Any]) -> None:
        """This will ask for a key for another server."""
        if not values.get("secret") and "secret" not in self.errors:
            self.add_error(
                "secret",
                gettext("The address is another one, so type the key again: the kept one is sent nowhere else."),
            )


class ChoiceForm(forms.Form):
    """Which of the models found are to be published, and with which margin; it stands in the address."""

    q = forms.CharField(label=_("Search"), max_length=LONGEST_SEARCH, required=False)
    margin = forms.IntegerField(
        label=_("Margin over the list price, in percent"),
        min_value=0,
        max_value=MOST_MARGIN,
        required=False,
        widget=forms.NumberInput(attrs={"placeholder": proposals.MARGIN_PERCENT}),
    )
    chosen = forms.ModelMultipleChoiceField(queryset=FoundModel.objects.none(), required=False)

    def __init__(self, *given: Any, upstream: Upstream, **named: Any) -> None:
        super().__init__(*given, **named)
        chosen = cast("forms.ModelMultipleChoiceField[FoundModel]", self.fields["chosen"])
        chosen.queryset = upstream.found_models.all()

    def clean_margin(self) -> int:
        """This will take the usual margin where none was typed."""
        margin = self.cleaned_data.get("margin")
        return proposals.MARGIN_PERCENT if margin is None else int(margin)

    def clean_chosen(self) -> list[FoundModel]:
        """This will take no more than fit on a page."""
        chosen = list(self.cleaned_data["chosen"])
        if len(chosen) > MOST_CHOSEN:
            raise forms.ValidationError(gettext("Choose at most %(most)d at once.") % {"most": MOST_CHOSEN})
        return chosen
