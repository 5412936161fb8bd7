"""The search over the list of models."""

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_SEARCH = 80


class SearchForm(forms.Form):
    """Words to look for, and whether only callable models are wanted; both stand in the address."""

    q = forms.CharField(
        label=_("Search"),
        max_length=LONGEST_SEARCH,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "enterkeyhint": "search"}),
    )
    callable = forms.BooleanField(label=_("Only models that can be called here"), required=False)
