"""Signing up and signing in: one field for a phone number or an e-mail address."""

from typing import Any, ClassVar

from allauth.account import forms as allauth_forms
from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts import legal_texts, phones
from accounts.models import User, normal_email
from portal.kit import clock

LONGEST_CONTACT = 254


class PhoneField(forms.CharField):
    """A phone number as people write it; its clean value is E.164."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"label": _("Phone number"), **given})

    def clean(self, value: Any) -> str:
        """This will return the number in its stored form, or nothing where nothing was asked for."""
        typed = super().clean(value)
        return normal_phone(typed) if typed else ""


def normal_phone(typed: str) -> str:
    """This will return a number as E.164; raises `ValidationError` with the sentence of the refusal."""
    try:
        return phones.normal(typed)
    except phones.BadNumber as refusal:
        raise forms.ValidationError(_(refusal.sentence), code=refusal.code) from refusal


def normal_contact(typed: str) -> tuple[str, str]:
    """This will return "email" or "phone", and the normal form of what was typed; raises `ValidationError`."""
    typed = typed.strip()
    if "@" in typed or "＠" in typed:
        return "email", forms.EmailField().clean(normal_email(typed))
    return "phone", normal_phone(typed)


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]  # allauth ships no types
    """One field for a phone number or an e-mail address, and one box that is never ticked beforehand."""

    contact = forms.CharField(
        label=_("Phone number or e-mail"),
        max_length=LONGEST_CONTACT,
        help_text=_("We send a code of six digits there. No password is needed."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    agreed = forms.BooleanField(
        error_messages={
            "required": _("Please read both texts and tick the box; we may not open an account without it.")
        }
    )
    field_order: ClassVar[list[str]] = ["contact", "agreed"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("email", "phone", "password1"):
            self.fields.pop(name, None)
        self.fields["agreed"].label = format_html(
            gettext(
                'I have read and agree to the <a href="{}" target="_blank">terms of service</a> '
                'and the <a href="{}" target="_blank">privacy text</a>.'
            ),
            reverse("legal_text", args=["terms"]),
            reverse("legal_text", args=["privacy"]),
        )

    def clean_contact(self) -> str:
        """This will sort what was typed into an e-mail address or a phone number, as allauth knows them."""
        kind, value = normal_contact(self.cleaned_data["contact"])
        self.cleaned_data[kind] = self.validate_unique_email(value) if kind == "email" else value
        return value

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """This will record which versions of the terms and the privacy text the new person agreed to."""
        super().custom_signup(request, user)
        legal_texts.agree(user, language=get_language() or "", now=clock.now())


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth ships no types
    """Phone number or e-mail; whoever leaves the password empty gets a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label = _("Phone number or e-mail")
        login.widget.attrs = {"autocomplete": "username", "autofocus": True}
        password.required = False
        password.label = _("Password")
        password.widget.attrs = {"autocomplete": "current-password"}
        password.help_text = _("Leave it empty and we send you a code of six digits.")

    def clean_login(self) -> str:
        """This will bring the phone number or e-mail into its stored form."""
        return normal_contact(self.cleaned_data["login"])[1]
