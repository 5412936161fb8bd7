"""A child's line: opening it, its limits, its PIN, and the tiles of a shared tablet."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from accounts.children import Limits
from accounts.forms.fields import offer, offer_rows
from accounts.models import Guardianship, Scenario
from accounts.models.child import MINUTES_A_DAY, OF_AGE

PIN_INPUT = {"inputmode": "numeric", "autocomplete": "off", "pattern": "[0-9]*"}


def pin_field(**given: Any) -> forms.CharField:
    """This will return the field in which a PIN is typed."""
    return forms.CharField(
        **{"label": _("PIN"), "max_length": 6, "widget": forms.PasswordInput(attrs=PIN_INPUT), **given}
    )


class ChildForm(forms.Form):
    """What a guardian says of a child, and that they agree."""

    nickname = forms.CharField(
        label=_("Nickname"), max_length=30, help_text=_("What the child is called here. Not the full name.")
    )
    month = forms.TypedChoiceField(label=_("Month of birth"), coerce=int, choices=list(MONTHS.items()))
    year = forms.TypedChoiceField(label=_("Year of birth"), coerce=int)
    pin = pin_field(help_text=_("4 to 6 digits that the child remembers, for shared tablets."))
    consented = forms.BooleanField(
        label=_("I am a parent or guardian of this child and agree to the text above."),
        error_messages={"required": _("Please read the text and tick the box; without it no line can open.")},
    )

    def __init__(self, *args: Any, today: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = range(today.year, today.year - OF_AGE - 1, -1)
        offer(self, "year", [(year, str(year)) for year in years])

    def line(self) -> dict[str, Any]:
        """This will return what `children.open` takes."""
        given = self.cleaned_data
        return {
            "nickname": given["nickname"],
            "born_in": date(given["year"], given["month"], 1),
            "pin": given["pin"],
        }


class LimitsForm(forms.Form):
    """When and how a child may ask."""

    daily_minutes = forms.IntegerField(
        label=_("Minutes a day"),
        min_value=0,
        max_value=MINUTES_A_DAY,
        required=False,
        help_text=_("Counted in blocks of five minutes in which something was asked. Empty means no end."),
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        label=_("until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    is_tutored = forms.BooleanField(
        label=_("Explain instead of solving"),
        required=False,
        help_text=_("Answers lead to the solution step by step and do not hand it over."),
    )
    scenarios = forms.ModelMultipleChoiceField(
        label=_("Only for"),
        queryset=Scenario.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means for everything."),
    )

    def __init__(self, *args: Any, guardianship: Guardianship, scenarios: Any, **kwargs: Any) -> None:
        now = {name: getattr(guardianship, name) for name in ("daily_minutes", "quiet_from", "quiet_to", "is_tutored")}
        initial = {**now, "scenarios": guardianship.scenario_ids or []}
        super().__init__(*args, **{"initial": initial, **kwargs})
        offer_rows(self, "scenarios", scenarios)

    def limits(self) -> Limits:
        """This will return what `children.limit` takes."""
        given = self.cleaned_data
        chosen = tuple(each.pk for each in given.pop("scenarios"))
        return Limits(scenario_ids=chosen or None, **given)


class PinForm(forms.Form):
    """A new PIN."""

    pin = pin_field(label=_("New PIN"))


class ProfileForm(forms.Form):
    """Who is asking, and their PIN."""

    member_id = forms.IntegerField(widget=forms.HiddenInput)
    pin = pin_field()
