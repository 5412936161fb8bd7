"""What a visitor answers to be told which plan fits."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from plans import fitting, meaning
from plans.models import Offering

HOW_OFTEN = {
    meaning.HOMEWORK_QUESTION: (_("Now and then: three a week"), _("Every day: two a day"), _("A lot: ten a day")),
    meaning.LETTER: (_("Now and then: one a week"), _("Every working day: one a day"), _("All day: five a day")),
    meaning.PAGE: (_("Now and then: ten a month"), _("Every working day: three a day"), _("All day: twenty a day")),
    meaning.AGENT_HOUR: (
        _("Now and then: two hours a month"),
        _("Every working day: an hour"),
        _("All day: five hours"),
    ),
}
"""What the words of the third question mean; the figures are those of `fitting.TIMES`."""
USES = {
    meaning.HOMEWORK_QUESTION: _("Homework and questions of every day"),
    meaning.LETTER: _("Letters, mails and texts"),
    meaning.PAGE: _("Translations and documents"),
    meaning.AGENT_HOUR: _("Code, with an agent that works by itself"),
}
ASKED_OFTEN = (
    (fitting.NOW_AND_THEN, _("Now and then")),
    (fitting.DAILY, _("Every day")),
    (fitting.ALL_DAY, _("All day")),
)


class FitForm(forms.Form):
    """Three questions: how many people, what for, how often."""

    people = forms.TypedChoiceField(label=_("How many people?"), coerce=int, widget=forms.RadioSelect)
    use = forms.ChoiceField(label=_("What for, most of all?"), widget=forms.RadioSelect)
    often = forms.ChoiceField(
        label=_("How often does each of them ask?"), widget=forms.RadioSelect, choices=ASKED_OFTEN
    )

    def __init__(self, given: QueryDict | None, *, audience: str) -> None:
        super().__init__(given)
        known = audience in fitting.PEOPLE_OF
        self.audience = audience if known else Offering.Audience.HOUSEHOLD.value
        fields: dict[str, Any] = self.fields
        fields["people"].choices = [(number, _people(number)) for number in fitting.PEOPLE_OF[self.audience]]
        fields["use"].choices = [(kind, USES[kind]) for kind in meaning.KINDS_OF[self.audience]]

    @property
    def how_often(self) -> str:
        """What the third answer means for the second."""
        given = self.cleaned_data
        place = [often for often, _label in ASKED_OFTEN].index(given["often"])
        return str(HOW_OFTEN[given["use"]][place])

    def answers(self) -> fitting.Answers:
        """This will return what was answered."""
        return fitting.Answers(self.audience, **self.cleaned_data)


def _people(number: int) -> str:
    if number == 1:
        return ngettext("{number} person", "{number} people", 1).format(number=1)
    return ngettext("up to {number} person", "up to {number} people", number).format(number=number)
