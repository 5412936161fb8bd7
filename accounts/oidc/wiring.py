"""Makes the one entry of allauth's settings that stands for the operator's identity provider."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

SLUG = "oidc"
"""What stands in allauth's tables and in the address to return to: /accounts/oidc/callback/."""
THIS_MACHINE = {"127.0.0.1", "::1", "localhost"}


def wire(*, name: str, issuer: str, client_id: str, client_secret: str) -> dict[str, Any]:
    """This will return SOCIALACCOUNT_PROVIDERS: one provider, or none without an issuer (its address, with https).

    Raises `ImproperlyConfigured`.
    """
    place = urlsplit(issuer)
    if issuer and not (client_id and (place.scheme == "https" or place.hostname in THIS_MACHINE)):
        message = "OIDC_ISSUER needs an https address, and OIDC_CLIENT_ID beside it."
        raise ImproperlyConfigured(message)
    app = {"provider_id": SLUG, "name": name or place.netloc, "client_id": client_id, "secret": client_secret}
    return {
        "openid_connect": {
            "provider_class": "accounts.oidc.provider.Provider",
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [app | {"settings": {"server_url": issuer.rstrip("/")}}] if issuer else [],
        }
    }
