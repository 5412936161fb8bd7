"""The shape of what staff write about upstreams and models; what is dangerous or half said is told in words."""

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog import lifecycle, publishing
from models_catalog.models import ChatModel, State, Upstream
from models_catalog.models.chat_model import CALLABLE_STATES, Capability
from portal.kit import clock, egress
from portal.kit.refusals import Refusal

LONGEST_LINE = 160
ENDS = {"retires_date", "replacement"}

if TYPE_CHECKING:  # these classes are generic in the stubs only
    ModelShape = forms.ModelForm[ChatModel]
    UpstreamShape = forms.ModelForm[Upstream]
else:
    ModelShape = UpstreamShape = forms.ModelForm


class UpstreamForm(UpstreamShape):
    """An endpoint; its address is checked against what this portal may call. Its key has a form of its own."""

    class Meta:
        model = Upstream
        fields = (
            "slug",
            "name",
            "vendor",
            "dialect",
            "base_url",
            "may_be_private",
            "region",
            "is_mainland",
            "is_never_trained",
            "concurrency",
            "first_byte_timeout_seconds",
            "idle_timeout_seconds",
            "hard_deadline_seconds",
            "on_leave",
            "disabled_at",
        )

    def clean(self) -> dict[str, Any]:
        """This will take only an address that may be called, and send a kept secret nowhere else."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        url = str(values.get("base_url") or "")
        if url:
            self._check_address(url, is_private=bool(values.get("may_be_private", self.instance.may_be_private)))
        if url and self._moves(url):
            self.check_key(values)
        return values

    def check_key(self, values: dict[str, Any]) -> None:  # noqa: ARG002 - the form that asks for a key looks at them
        """This will refuse another server: the kept key was not given for it."""
        self.add_error(
            "base_url",
            gettext("The kept key is sent to no other server. Move it on the page that tests address and key."),
        )

    def _check_address(self, url: str, *, is_private: bool) -> None:
        if "?" in url:
            self.add_error(
                "base_url", gettext("An address ends before its question mark; keys stand in the key's field.")
            )
            return
        try:
            egress.check(url, policy=egress.Policy(loopback=settings.EGRESS_LOOPBACK, private=is_private))
        except egress.AddressRefused as refusal:
            self.add_error("base_url", refused_words(refusal))
            if "may_be_private" in self.fields and not is_private and not self.fields["may_be_private"].disabled:
                hint = gettext("If it is an endpoint of your own network, tick “may stand in a private network”.")
                self.add_error("base_url", hint)

    def _moves(self, url: str) -> bool:
        """Whether the kept secret would be sent to another server than the one that it was given for."""
        if not self.instance.pk or not self.instance.sealed_secret:
            return False
        return _server(url) != _server(self.instance.base_url)


class ChatModelForm(ModelShape):
    """A model; what it can do is ticked, what it is good for stands line by line."""

    capabilities = forms.MultipleChoiceField(
        label=_("Capabilities"), choices=Capability, required=False, widget=forms.CheckboxSelectMultiple
    )
    good_for = SimpleArrayField(
        forms.CharField(max_length=LONGEST_LINE),
        label=_("Good for"),
        delimiter="\n",
        required=False,
        widget=forms.Textarea,
    )
    good_for_zh = SimpleArrayField(
        forms.CharField(max_length=LONGEST_LINE),
        label=_("Good for, in Chinese"),
        delimiter="\n",
        required=False,
        widget=forms.Textarea,
        help_text=_("One a line."),
    )

    class Meta:
        model = ChatModel
        exclude = ("published_at",)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if "state" in self.fields:
            choices = [(state.value, state.label) for state in _states_after(self.instance.state)]
            cast("forms.ChoiceField", self.fields["state"]).choices = choices

    @property
    def changes_end(self) -> bool:
        """Whether an end was announced, moved or taken back; of a model that nobody called it is only a note."""
        return self.instance.state != State.ANNOUNCED and bool(ENDS & set(self.changed_data))

    def clean(self) -> dict[str, Any]:
        """This will refuse an answer that is longer than the context, and a callable model with half a data card."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        longest, context = values.get("max_output_tokens"), values.get("context_tokens")
        if longest and context and longest > context:
            self.add_error("max_output_tokens", gettext("An answer cannot be longer than the context."))
        if values.get("state") in CALLABLE_STATES:
            asked = (*publishing.CARD, *publishing.SIZES)
            said = ChatModel(**{name: values[name] for name in asked if name in values})
            for name in publishing.missing_of(said):
                if name in self.fields and name not in self.errors:
                    self.add_error(name, gettext("A model that can be called says this on its data card."))
        if self.changes_end and not self.errors:
            self._check_end(values)
        return values

    def _check_end(self, values: dict[str, Any]) -> None:
        day, replacement = values.get("retires_date"), values.get("replacement")
        if day is None and replacement is not None:
            self.add_error("retires_date", gettext("Say on which day it retires, too."))
        if day is None:
            return
        try:
            lifecycle.check_end(self.instance, retires_date=day, replacement=replacement, now=clock.now())
        except Refusal as refusal:
            self.add_error("retires_date", gettext(refusal.sentence).format_map(dict(refusal.details)))


def _states_after(state: str) -> list[State]:
    """By hand a model goes to and fro between preview and available alone; all else has a verb of its own."""
    return [State.PREVIEW, State.AVAILABLE] if state in lifecycle.STAYING else [State(state)]


def refused_words(refusal: egress.AddressRefused) -> str:
    """This will say why an address cannot be used, in the reader's language."""
    return gettext(refusal.sentence).format(why=gettext(str(refusal.details["why"])))


def _server(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        return parts.scheme, parts.hostname, parts.port
    except ValueError:
        return parts.scheme, None, None
