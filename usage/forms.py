"""What people may type into the chat: shape in, clean values out."""

from django import forms

from usage.conversations import LONGEST_QUESTION_CHARACTERS

LONGEST_NAME = 120


class QuestionForm(forms.Form):
    """A question, the model that is asked and what it is for; what is too long or empty is the verb's to refuse."""

    text = forms.CharField(required=False, strip=False, max_length=LONGEST_QUESTION_CHARACTERS * 4)
    model = forms.CharField(required=False, max_length=LONGEST_NAME)
    scenario = forms.IntegerField(required=False)
