"""The client's side of the code flow: what a provider says counts when it is signed for us, now, for this visit."""

from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.utils.crypto import constant_time_compare

SIGNED_BY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Never a shared secret, never none."""
NEEDED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
LEEWAY_SECONDS = 60


class Tokens(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """allauth's client, which by itself knows no nonce and trusts the channel instead of the signature.

    Checks of OpenID Connect Core 1.0, 3.1.3.7 and 5.3.2, and of Discovery 1.0, 4.3.
    """

    expected_nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """This will return what the provider says about itself; raises `OAuth2Error` if it says it is another."""
        config: dict[str, Any] = super().openid_config
        named, wanted = str(config.get("issuer", "")), self.get_provider().app.settings["server_url"]
        if named.rstrip("/") != wanted.rstrip("/"):
            message = "the provider says it is another"
            raise OAuth2Error(message)
        return config

    def complete_login(self, request: Any, app: Any, token: Any, **kwargs: Any) -> Any:
        """This will return who signs in; raises `OAuth2Error` without an ID token, or when the two answers differ."""
        if not kwargs["response"].get("id_token"):
            message = "the provider sent no ID token"
            raise OAuth2Error(message)
        login = super().complete_login(request, app, token, **kwargs)
        data = login.account.extra_data
        if data["userinfo"].get("sub") != data["id_token"]["sub"]:
            message = "the ID token and the user info are about different people"
            raise OAuth2Error(message)
        return login

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        try:
            claims = self._verified(id_token, client_id=app.client_id)
        except (jwt.PyJWTError, KeyError, StopIteration) as error:
            message = "the ID token is not valid"
            raise OAuth2Error(message) from error
        ours = self.expected_nonce and constant_time_compare(str(claims["nonce"]), self.expected_nonce)
        if not ours or claims.get("azp", app.client_id) != app.client_id:
            message = "the ID token is for another visit or another client"
            raise OAuth2Error(message)
        return claims

    def _verified(self, id_token: str, *, client_id: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        named = jwt.get_unverified_header(id_token).get("kid")
        keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        key = next(key for key in keys if named in {None, key.key_id})
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key=key,
            algorithms=SIGNED_BY,
            audience=client_id,
            issuer=self.openid_config["issuer"],
            leeway=LEEWAY_SECONDS,
            options={"require": NEEDED},
        )
        return claims


def origin_of(url: str) -> str:
    """This will return scheme and host of an address, for people to see where they go."""
    return urlsplit(url).netloc
