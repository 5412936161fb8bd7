"""A passkey from its first day to its last, with an authenticator that Chromium plays, at an address with a name."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.conftest import PHONE, WIDE
from tests.journeys.visitor import Visitor
from tests.stand import Stand

pytestmark = pytest.mark.journey

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Named(Stand):
    """The same stand, by the name that browsers let passkeys belong to."""

    @property
    def base_url(self) -> str:
        """Where people go."""
        return f"http://localhost:{self.port}"


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_passkey_signs_in_alone(visit: Callable[..., Visitor], stand: Stand, size: dict[str, int]) -> None:
    someone = visit(size)
    someone.stand = Named(**vars(stand))
    tool = someone.context.new_cdp_session(someone.page)
    tool.send("WebAuthn.enable")
    key = tool.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]
    person = stand.demo["people"][-1]
    _sign_in(someone, person)
    someone.arrive("/keys/")
    recovery = _add(someone, person)
    _sign_out(someone)
    _sign_in_with_it(someone)
    _be_asked_for_it_after_the_password(someone, person)
    tool.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    _come_in_without_it(someone, person, recovery)
    _remove(someone, person)
    someone.check_no_complaint()


def test_a_bare_number_offers_none(visit: Callable[..., Visitor]) -> None:
    someone = visit(WIDE)
    someone.go("/accounts/login/")
    someone.page.wait_for_function("() => document.querySelector('[data-behavior=passkey]')")
    assert someone.page.locator("#passkey_login").is_hidden()
    someone.check_no_complaint()


def _sign_in(someone: Visitor, person: dict[str, Any]) -> None:
    someone.go("/accounts/login/?next=/keys/")
    someone.page.fill("[name=login]", person["email"])
    someone.page.fill("[name=password]", person["password"])
    someone.send()


def _sign_out(someone: Visitor) -> None:
    someone.go("/more/")
    someone.page.locator("main form[action='/accounts/logout/'] button").click()
    someone.page.locator("header a[href='/accounts/login/']").wait_for()


def _prove(someone: Visitor, person: dict[str, Any]) -> None:
    someone.arrive("/accounts/reauthenticate/")
    someone.page.fill("[name=password]", person["password"])
    someone.send()


def _add(someone: Visitor, person: dict[str, Any]) -> str:
    """The way from the page of people; the first of the recovery codes comes back."""
    someone.go("/people/")
    someone.page.locator("main a[href='/accounts/2fa/']").click()
    someone.page.locator("main a[href='/accounts/2fa/webauthn/add/']").click()
    _prove(someone, person)
    someone.arrive("/accounts/2fa/webauthn/add/")
    assert someone.page.locator("[name=passwordless]").is_checked()
    someone.page.locator("#mfa_webauthn_add").click()
    someone.arrive("/accounts/2fa/recovery-codes/")
    return someone.page.locator("#recovery_codes").input_value().split()[0]


def _sign_in_with_it(someone: Visitor) -> None:
    someone.go("/accounts/login/?next=/keys/")
    someone.page.locator("#passkey_login").click()
    someone.arrive("/keys/")


def _be_asked_for_it_after_the_password(someone: Visitor, person: dict[str, Any]) -> None:
    _sign_out(someone)
    _sign_in(someone, person)
    someone.arrive("/accounts/2fa/authenticate/")
    someone.page.locator("#mfa_webauthn_authenticate").click()
    someone.page.wait_for_url(lambda url: "/2fa/" not in url)


def _come_in_without_it(someone: Visitor, person: dict[str, Any], recovery: str) -> None:
    _sign_out(someone)
    _sign_in(someone, person)
    someone.arrive("/accounts/2fa/authenticate/")
    someone.page.fill("[name=code]", recovery)
    someone.send()
    someone.page.wait_for_url(lambda url: "/2fa/" not in url)


def _remove(someone: Visitor, person: dict[str, Any]) -> None:
    someone.go("/accounts/2fa/webauthn/")
    someone.page.locator("main a[href$='/remove/']").click()
    _prove(someone, person)
    someone.page.locator("main form button.danger").click()
    someone.arrive("/accounts/2fa/webauthn/")
    assert someone.page.locator("main a[href$='/remove/']").count() == 0
