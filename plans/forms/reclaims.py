"""On which days of the month what slices do not use flows back."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from plans.models.reclaim import FIRST_DAY, LAST_DAY, MOST_FLOOR_PERCENT

USUAL_FLOOR_PERCENT = 20
MOST_DIGITS = 2
_BETWEEN = re.compile(r"[\s,;、，；]+")


class ReclaimForm(forms.Form):
    """The days, typed one after the other, and the part of each slice that always stays."""

    days = forms.CharField(
        label=_("Days of the month"),
        max_length=120,
        required=False,
        help_text=_("For example: 10, 20. From the 2nd to the 28th; empty means never."),
    )
    floor_percent = forms.IntegerField(
        label=_("Always stays, in percent"),
        min_value=0,
        max_value=MOST_FLOOR_PERCENT,
        initial=USUAL_FLOOR_PERCENT,
        help_text=_("This part of each slice never flows back."),
    )

    def clean_days(self) -> list[int]:
        """This will return the days in their order, each once."""
        typed = [word for word in _BETWEEN.split(self.cleaned_data["days"]) if word]
        if not all(word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS for word in typed):
            raise forms.ValidationError(_("Write the days as numbers, for example: 10, 20."))
        days = sorted({int(word) for word in typed})
        if any(not FIRST_DAY <= day <= LAST_DAY for day in days):
            raise forms.ValidationError(_("Choose days from the 2nd to the 28th; every month has those."))
        return days
