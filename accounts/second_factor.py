"""Second factors and passkeys as allauth keeps them: sealed at rest, named after the portal."""

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from portal.kit import fields

PLACE = "second factor"


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """What allauth asks of us about second factors."""

    def encrypt(self, text: str) -> str:
        """This will seal a secret, so that a copy of the database makes nobody's codes."""
        sealed = fields.seal(text.encode(), key=settings.FIELD_KEYS[0], place=PLACE)
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """This will open what `encrypt` sealed, with any key of the ring."""
        sealed = base64.b64decode(encrypted_text)
        return fields.unseal(sealed, keys=settings.FIELD_KEYS, place=PLACE).decode()

    def get_totp_issuer(self) -> str:
        """This will name the portal in people's authenticator apps."""
        return str(settings.SITE_NAME)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's name
        """This will suggest a name for one more passkey."""
        known = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("Passkey {number}").format(number=known + 1)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """This will name the portal in the dialogs of browsers and keys."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": settings.SITE_NAME}


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """Adds a passkey; that it signs in by itself is what most people want of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the passkey")
        alone = self.fields["passwordless"]
        alone.initial = True
        alone.label = _("Sign in with it alone")
        alone.help_text = _(
            "Your device asks for your finger, face or PIN instead. Untick it for a plain security key."
        )
