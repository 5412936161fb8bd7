"""Founding an account, what it is called and what I am called in it."""

from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel.dates import get_timezone_location
from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import offer
from accounts.models import Account

FAVORITE_ZONES = [
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Europe/London",
    "America/New_York",
]


def _zones() -> list[tuple[str, str]]:
    return _zones_in("zh_Hans_CN" if (get_language() or "").startswith("zh") else "en")


@cache
def _zones_in(locale: str) -> list[tuple[str, str]]:
    names = FAVORITE_ZONES + sorted(name for name in available_timezones() - set(FAVORITE_ZONES) if "/" in name)
    return [(name, _zone_label(name, locale)) for name in names]


def _zone_label(name: str, locale: str) -> str:
    """In Chinese the city leads where it has a Chinese name; elsewhere the name of the zone says enough."""
    plain = name.replace("_", " ")
    city = get_timezone_location(name, locale=locale, return_city=True)
    return plain if city.isascii() or locale == "en" else f"{city}（{plain}）"


class FoundingForm(forms.Form):
    """What kind of account, of those that the person does not own yet, its name, and the clock it lives by."""

    kind = forms.ChoiceField(label=_("What is it for?"), choices=Account.Kind.choices, widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Its name"),
        max_length=100,
        help_text=_("A family name or the name of the business; you can change it later."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones, initial="Asia/Shanghai")

    def __init__(self, *args: Any, owned: AbstractSet[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "kind", [(kind, label) for kind, label in Account.Kind.choices if kind not in owned])


class AccountForm(forms.Form):
    """What an account is called and the clock it lives by."""

    name = forms.CharField(label=_("Name"), max_length=100)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones)


class MeForm(forms.Form):
    """What others in the account call me."""

    name = forms.CharField(label=_("Your name"), max_length=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["auto_id"] = "me_%s"  # its page has the account's name beside it
        super().__init__(*args, **kwargs)
