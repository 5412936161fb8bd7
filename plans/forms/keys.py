"""What a key is for, who holds it, how far it goes, and how it is replaced."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import key_scopes
from accounts.api_keys import Wish
from accounts.forms.fields import offer_rows
from accounts.models import Member, Project, Scenario
from models_catalog.models import ChatModel
from plans.access import Rule
from plans.forms.quotas import MOST_CREDITS
from plans.keys import Bounds
from portal.kit import sentences
from portal.kit.units import credits

HOUR, DAY = 3_600, 86_400
LONGEST_NETWORKS = 2_000
BASICS = ("label", "member")
UNTOUCHED: tuple[object, ...] = ("", None, False, [])


class KeyForm(forms.Form):
    """What a key is for and whose it is; folded away, what it is kept to."""

    label = forms.CharField(
        label=_("What is the key for?"), max_length=60, help_text=_("For example: the shop's chat, or my editor.")
    )
    member = forms.ModelChoiceField(
        label=_("Who holds it?"),
        queryset=Member.objects.none(),
        empty_label=None,
        help_text=_("The limits of this person hold for the key."),
    )
    lifetime = forms.TypedChoiceField(
        label=_("Ends by itself"),
        choices=[("", _("never")), (30, _("in 30 days")), (90, _("in 90 days")), (365, _("in a year"))],
        coerce=int,
        required=False,
        empty_value=None,
    )
    monthly_credits = forms.IntegerField(
        label=_("At most so many credits a month"), min_value=1, max_value=MOST_CREDITS, required=False
    )
    chat_models = forms.ModelMultipleChoiceField(
        label=_("Only these models"),
        queryset=ChatModel.objects.offered(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Without a tick it calls every model that its holder may."),
    )
    endpoints = forms.MultipleChoiceField(
        label=_("Only these endpoints"),
        choices=[(each, f"/v1/{each}") for each in key_scopes.ENDPOINTS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    networks = forms.CharField(
        label=_("Only from these networks"),
        max_length=LONGEST_NETWORKS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line, like 203.0.113.0/24. Calls from anywhere else are refused."),
    )
    project = forms.ModelChoiceField(
        label=_("For the project"), queryset=Project.objects.none(), required=False, empty_label=_("none")
    )
    scenario = forms.ModelChoiceField(
        label=_("What for"), queryset=Scenario.objects.none(), required=False, empty_label=_("anything")
    )
    is_management = forms.BooleanField(
        label=_("A management key"),
        required=False,
        help_text=_("Issues and revokes keys and reads figures under /v1; it calls no models."),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, member: Member) -> None:
        super().__init__(data, initial={"member": member.pk})
        self.own = member
        people = Member.objects.active().filter(account=member.account_id).exclude(role=Member.Role.AUDITOR)
        if member.owns() and people.exclude(pk=member.pk).exists():
            offer_rows(self, "member", people.order_by("name", "pk"))
        else:
            del self.fields["member"]
        projects = Project.objects.in_use().filter(account=member.account_id).order_by("name", "pk")
        if projects.exists():
            offer_rows(self, "project", projects)
        else:
            del self.fields["project"]
        offer_rows(self, "scenario", Scenario.objects.offered_to(member.account_id))

    @property
    def basics(self) -> Iterator[forms.BoundField]:
        """The fields that everybody fills in."""
        return (field for field in self if field.name in BASICS)

    @property
    def scopes(self) -> list[forms.BoundField]:
        """The fields that are folded away."""
        return [field for field in self if field.name not in BASICS]

    @property
    def has_scopes(self) -> bool:
        """Whether one of these was filled in, or is wrong."""
        return self.is_bound and any(field.errors or field.value() not in UNTOUCHED for field in self.scopes)

    def holder(self) -> Member:
        """This will return who is to hold the key."""
        chosen: Member = self.cleaned_data.get("member") or self.own
        return chosen

    def wish(self, *, now: datetime) -> Wish:
        """This will return what `api_keys.issue` takes."""
        given = self.cleaned_data
        project, scenario = given.get("project"), given["scenario"]
        return Wish(
            label=given["label"],
            is_management=given["is_management"],
            endpoints=tuple(given["endpoints"]) or None,
            networks=given["networks"],
            expires_at=now + timedelta(days=given["lifetime"]) if given["lifetime"] else None,
            project_id=project and project.pk,
            scenario_id=scenario and scenario.pk,
        )

    def bounds(self) -> Bounds:
        """This will return what `keys.issue` takes beside it."""
        given = self.cleaned_data
        chosen = tuple(sorted(model.pk for model in given["chat_models"])) or None
        most = given["monthly_credits"]
        return Bounds(rule=Rule(chat_model_ids=chosen), monthly=credits(most) if most else None)

    def clean_networks(self) -> tuple[str, ...] | None:
        """This will return the networks, one a line, as they are stored."""
        typed = tuple(line for line in self.cleaned_data["networks"].replace(",", "\n").split("\n") if line.strip())
        try:
            return key_scopes.normal(typed) if typed else None
        except key_scopes.BadNetwork as no:
            raise forms.ValidationError(sentences.say(no.sentence, no.details)) from no

    def clean(self) -> dict[str, Any]:
        """This will refuse models, endpoints and a ceiling for what calls no models."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        calling = ("chat_models", "endpoints", "monthly_credits")
        if values.get("is_management") and any(values.get(name) for name in calling):
            self.add_error(
                "is_management", _("It calls no models, so leave models, endpoints and the ceiling as they were.")
            )
        return values


class RotationForm(forms.Form):
    """How long the old key still works."""

    overlap_seconds = forms.TypedChoiceField(
        label=_("The old key still works for"),
        choices=[(0, _("no moment longer")), (HOUR, _("1 hour")), (DAY, _("24 hours")), (7 * DAY, _("7 days"))],
        coerce=int,
        initial=DAY,
    )
