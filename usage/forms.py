"""What people may type into the chat, and what becomes of chats: shape in, clean values out."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import normal_contact
from accounts.forms.signing_in import LONGEST_CONTACT
from usage.conversations import LONGEST_QUESTION_CHARACTERS, Heading

LONGEST_NAME = 120


class QuestionForm(forms.Form):
    """A question, the model that is asked and what it is for; what is too long or empty is the verb's to refuse."""

    text = forms.CharField(required=False, strip=False, max_length=LONGEST_QUESTION_CHARACTERS * 4)
    model = forms.CharField(required=False, max_length=LONGEST_NAME)
    scenario = forms.IntegerField(required=False)


class HandoverForm(forms.Form):
    """Which chats are handed over, and to whom."""

    conversations = forms.TypedMultipleChoiceField(
        label=_("Which chats?"), coerce=UUID, widget=forms.CheckboxSelectMultiple
    )
    contact = forms.CharField(
        label=_("To whom?"),
        max_length=LONGEST_CONTACT,
        help_text=_("The e-mail address or phone number that they sign in with."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, headings: Sequence[Heading], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(each.conversation.pk), each.title) for each in headings]
        cast("forms.ChoiceField", self.fields["conversations"]).choices = choices

    def clean_contact(self) -> str:
        """This will return the address in its normal form."""
        return normal_contact(self.cleaned_data["contact"])[1]
