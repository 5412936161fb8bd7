"""Why a key ends."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RevocationForm(forms.Form):
    """Why a key ends."""

    reason = forms.CharField(label=_("Why?"), max_length=300, required=False)
