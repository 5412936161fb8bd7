"""What people may type into the chat, what becomes of chats, and what an assistant is: shape in, clean values out."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self, cast
from uuid import UUID

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.forms import normal_contact
from accounts.forms.fields import offer, offer_rows
from accounts.forms.signing_in import LONGEST_CONTACT
from accounts.models import Member, Scenario
from models_catalog import price_cards
from models_catalog.models import CreditPrice
from usage.assistants import Card, Terms
from usage.conversations import LONGEST_QUESTION_CHARACTERS, Heading
from usage.models import Assistant, AssistantVersion
from usage.models.assistant import LONGEST_LINE, LONGEST_SLUG, LONGEST_SUMMARY
from usage.models.assistant import LONGEST_NAME as LONGEST_TITLE
from usage.pickers import Picker
from usage.text_costs import EXAMPLES
from usage.texts import LONGEST_CHARACTERS

LONGEST_NAME = 120
LONGEST_WORDS = 80
LONGEST_PROMPT = 8_000
MOST_EXAMPLES = 6
MOST_OUTPUT_TOKENS = 32_000
SLUG = RegexValidator(
    r"^[a-z0-9]+(-[a-z0-9]+)*\Z", _("Small letters, digits and single hyphens, like tea-shop-replies.")
)
USUAL_THIRDS = 3


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


class ShelfForm(forms.Form):
    """Words to look for among the assistants, and for whom they are; both stand in the address."""

    q = forms.CharField(
        label=_("Search"),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.TextInput(
            attrs={"type": "search", "enterkeyhint": "search", "placeholder": _("Name or what it is for")}
        ),
    )
    audience = forms.ChoiceField(choices=Assistant.Audience, required=False, widget=forms.HiddenInput)


class AssistantForm(forms.Form):
    """An assistant of a business: what people see of it, and what shapes its answers."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_TITLE)
    slug = forms.CharField(
        label=_("Id"),
        max_length=LONGEST_SLUG,
        validators=[SLUG],
        help_text=_("How programs call it, after “assistant/”. It stays as it is: tea-shop-replies."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    summary = forms.CharField(
        label=_("What it is for"), max_length=LONGEST_SUMMARY, help_text=_("One or two sentences, for your colleagues.")
    )
    prompt = forms.CharField(
        label=_("What it is told before every question"),
        max_length=LONGEST_PROMPT,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_(
            "Its role, how it works, what it must not do. Colleagues and programs do not see it, but a model can let"
            " slip what it was told: write no secrets here."
        ),
    )
    model_name = forms.ChoiceField(label=_("Model"))
    scenario = forms.ModelChoiceField(
        label=_("What its calls are for"),
        queryset=Scenario.objects.none(),
        required=False,
        empty_label=_("anything"),
    )
    opening = forms.CharField(
        label=_("What it says first"), max_length=LONGEST_LINE, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    examples = forms.CharField(
        label=_("Examples of questions"),
        max_length=MOST_EXAMPLES * LONGEST_LINE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, at most six."),
    )
    max_output_tokens = forms.IntegerField(
        label=_("Longest answer, in tokens"), min_value=1, max_value=MOST_OUTPUT_TOKENS, required=False
    )
    longest_question_characters = forms.IntegerField(
        label=_("Longest question, in characters"), min_value=1, max_value=LONGEST_QUESTION_CHARACTERS, required=False
    )
    temperature = forms.DecimalField(
        label=_("Temperature"),
        min_value=Decimal(0),
        max_value=Decimal(2),
        decimal_places=2,
        required=False,
        help_text=_("0 keeps to the likeliest words, 1 varies them. Empty leaves it to the model."),
    )

    def __init__(self, *args: Any, maker: Member, picker: Picker, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        callable_now = {each.slug: each.name for each in (*picker.aliases, *picker.choices)}
        chosen = {each: each for each in [self.initial.get("model_name")] if each}
        offer(self, "model_name", list((chosen | callable_now).items()))
        offer_rows(self, "scenario", Scenario.objects.offered_to(maker.account_id))

    @classmethod
    def of(cls, version: AssistantVersion, *args: Any, **kwargs: Any) -> Self:
        """This will make the form of one that is there; its id is not asked for again."""
        columns = {**vars(version), **vars(version.assistant)}
        shown = {name: columns[name] for name in cls.base_fields if name in columns}
        kept = {"scenario": version.assistant.scenario_id, "examples": "\n".join(version.assistant.examples)}
        form = cls(*args, initial=shown | kept, **kwargs)
        del form.fields["slug"]
        return form

    def clean_examples(self) -> tuple[str, ...]:
        """This will return the lines that say anything."""
        lines = tuple(line for each in self.cleaned_data["examples"].splitlines() if (line := " ".join(each.split())))
        if len(lines) > MOST_EXAMPLES or any(len(line) > LONGEST_LINE for line in lines):
            raise forms.ValidationError(
                _("At most six lines, each of at most %(most)d characters."), params={"most": LONGEST_LINE}
            )
        return lines

    def card(self) -> Card:
        """This will return what people are to see."""
        return Card(
            **{name: self.cleaned_data[name] for name in ("name", "summary", "opening", "examples", "scenario")}
        )

    def terms(self) -> Terms:
        """This will return what is to shape its answers."""
        names = ("prompt", "model_name", "max_output_tokens", "longest_question_characters", "temperature")
        return Terms(**{name: self.cleaned_data[name] for name in names})


class _TextField(forms.CharField):
    """A text whose line breaks are written as everybody but a form does, before it is measured."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n")


class TextCostForm(forms.Form):
    """A text, how long its answer may be, and at what price credits are bought; an example stands for its text."""

    ANSWERS = ((1, _("a third as long")), (USUAL_THIRDS, _("as long as the text")), (9, _("three times as long")))
    """In thirds of the text's tokens."""

    text = _TextField(
        label=_("Your text"),
        required=False,
        strip=False,
        max_length=LONGEST_CHARACTERS,
        error_messages={
            "max_length": _("The text has %(show_value)d characters; at most %(limit_value)d are counted.")
        },
    )
    example = forms.ChoiceField(required=False, choices=[(name, name) for name in EXAMPLES])
    answer = forms.TypedChoiceField(label=_("The answer is"), coerce=int, choices=ANSWERS, required=False)
    offering = forms.ChoiceField(label=_("Credits bought as"), required=False)
    all = forms.BooleanField(label=_("Models that cannot be called here, too"), required=False)

    def __init__(self, *args: Any, offerings: Sequence[CreditPrice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(one.slug, price_cards.name_of(one)) for one in offerings]
        cast("forms.ChoiceField", self.fields["offering"]).choices = choices

    def clean_answer(self) -> int:
        """This will take an answer as long as the text where none was chosen."""
        return self.cleaned_data["answer"] or USUAL_THIRDS

    def clean(self) -> dict[str, Any]:
        """This will put the text of the example that was chosen in place of a text."""
        given = self.cleaned_data
        if given.get("example"):
            given["text"] = EXAMPLES[given["example"]]
        return given
