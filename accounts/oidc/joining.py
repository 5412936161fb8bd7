"""Whom a person of the identity provider becomes here: someone they already are for certain, or someone new."""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.forms import SignupForm
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts import legal_texts
from accounts.forms import SignupForm as OwnSignupForm
from accounts.models import User
from portal.kit import clock

LONGEST_NAME = 100


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """What allauth asks of us about people who come from elsewhere."""

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """This will find the account with the same address, if both sides verified it.

        An address that only we store and nobody proved may have been typed by a stranger who waits for its owner.
        An account that already has an identity of this provider gets no second one: addresses are given anew.
        """
        for address in sociallogin.email_addresses:
            ours = User.objects.filter(
                is_active=True, email=address.email, emailaddress__email=address.email, emailaddress__verified=True
            ).exclude(socialaccount__provider=sociallogin.account.provider)
            if address.verified and (user := ours.first()):
                return user, address.email
        return None

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """This will take over what the provider calls the person."""
        user: User = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "")[:LONGEST_NAME]
        user.email = user.email or None
        return user


class JoinForm(SignupForm):  # type: ignore[misc]  # allauth ships no types
    """Asks a new person to agree; for an e-mail address only where the provider has verified none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("phone", None)
        self.fields["agreed"] = OwnSignupForm().fields["agreed"]
        known = self.sociallogin.email_addresses
        if known:
            self.initial["email"] = known[0].email
            self.fields["email"].disabled = True

    def clean_email(self) -> str:
        """This will bring the address into its stored form."""
        address = get_account_adapter().clean_email(self.cleaned_data["email"])
        return str(self.validate_unique_email(address))

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """This will record which versions of the terms and the privacy text the new person agreed to."""
        super().custom_signup(request, user)
        legal_texts.agree(user, language=get_language() or "", now=clock.now())
