"""The provider as allauth's registry knows it: our client, a nonce for each visit, and only proven addresses."""

import secrets
from typing import Any

import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse

from accounts.models import normal_email
from accounts.oidc.tokens import Tokens

NONCE_BYTES = 32
VERIFIED = (True, "true")
"""Some providers write their booleans as text; then "false" would count as true."""


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth ships no types
    """The operator's identity provider."""

    oauth2_adapter_class = Tokens

    @classmethod
    def get_package(cls) -> str:
        """This will tell allauth where our addresses are listed."""
        return "accounts.oidc"

    def redirect(self, request: HttpRequest, process: str, **more: Any) -> HttpResponse:
        """This will send the person to the provider with a nonce that only this visit knows.

        Scope and parameters are ours alone, whatever the address of the request says.
        """
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        given = {name: more.get(name) for name in ("next_url", "data")}
        try:
            answer: HttpResponse = super().redirect(
                request, process, auth_params=self.get_auth_params() | {"nonce": nonce}, nonce=nonce, **given
            )
        except (OAuth2Error, requests.RequestException) as error:
            answer = render_authentication_error(request, self, exception=error)
        return answer

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """This will return the address of the person, if the provider has verified it."""
        told = data.get("userinfo") or data["id_token"]
        if not told.get("email") or told.get("email_verified") not in VERIFIED:
            return []
        return [EmailAddress(email=normal_email(str(told["email"])), verified=True, primary=True)]
