"""What a key is for, and why it ends."""

from django import forms
from django.utils.translation import gettext_lazy as _


class KeyForm(forms.Form):
    """What a key is for."""

    label = forms.CharField(
        label=_("What is the key for?"), max_length=60, help_text=_("For example: the shop's chat, or my editor.")
    )


class RevocationForm(forms.Form):
    """Why a key ends."""

    reason = forms.CharField(label=_("Why?"), max_length=300, required=False)
