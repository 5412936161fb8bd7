"""Signing in through the operator's identity provider: the whole way over HTTP, and everything that is refused."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Agreement, User
from accounts.oidc.wiring import wire
from tests.accounts import identity_provider
from tests.accounts.identity_provider import CLIENT_ID, CLIENT_SECRET, OTHER_KEY, IdentityProvider

if TYPE_CHECKING:
    from django.http import HttpResponse

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/oidc/"
CALLBACK = f"{LOGIN}callback/"


@pytest.fixture(scope="module")
def server() -> Iterator[IdentityProvider]:
    with identity_provider.listening() as provider:
        yield provider


@pytest.fixture
def provider(server: IdentityProvider, settings: Settings) -> IdentityProvider:
    vars(server).update(vars(replace(IdentityProvider(), url=server.url)))
    settings.SOCIALACCOUNT_PROVIDERS = wire(
        name="Harbor SSO", issuer=server.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET
    )
    return server


@pytest.fixture
def li() -> User:
    return User.objects.create_user("li@example.com")


def leave(client: Client, query: str = "") -> str:
    page = client.post(LOGIN + query)
    found = re.search(r"^0; url=(.*)$", page["Refresh"])
    assert found
    assert unescape(page.content.decode()).count(found[1]) == 1
    return found[1]


def come(client: Client, provider: IdentityProvider) -> "HttpResponse":
    answer: Any = client.get(f"{CALLBACK}?{provider.approve(leave(client))}")
    return answer  # type: ignore[no-any-return]


def is_signed_in(client: Client) -> bool:
    return SESSION_KEY in client.session


class TestTheSignInPage:
    def test_names_the_provider(self, client: Client, provider: IdentityProvider) -> None:
        assert "Sign in with Harbor SSO" in client.get("/accounts/login/").content.decode()

    def test_shows_nothing_while_none_is_set(self, client: Client) -> None:
        assert "oidc" not in client.get("/accounts/login/").content.decode()
        assert client.post(LOGIN).status_code == 404

    def test_leaves_only_by_a_post(self, client: Client, provider: IdentityProvider) -> None:
        page = client.get(LOGIN)
        assert page.status_code == 200
        assert "Refresh" not in page
        assert Client(enforce_csrf_checks=True).post(LOGIN).status_code == 403

    def test_says_when_the_provider_does_not_answer(self, client: Client, provider: IdentityProvider) -> None:
        provider.config = {"issuer": "https://evil.example"}
        page = client.post(LOGIN)
        assert (page.status_code, "Refresh" in page) == (401, False)


class TestTheRequest:
    def test_carries_state_nonce_and_a_challenge(self, client: Client, provider: IdentityProvider) -> None:
        provider.approve(leave(client))
        assert provider.asked["redirect_uri"].endswith(CALLBACK)
        assert provider.asked["code_challenge_method"] == "S256"
        assert len(provider.asked["nonce"]) > 40
        assert len(provider.asked["state"]) >= 16

    def test_asks_for_nothing_that_the_address_smuggles_in(self, client: Client, provider: IdentityProvider) -> None:
        provider.approve(leave(client, "?scope=everything&auth_params=nonce%3Dmine%26redirect_uri%3Dhttps://evil"))
        assert set(provider.asked["scope"].split()) == {"openid", "profile", "email"}
        assert provider.asked["nonce"] != "mine"
        assert "evil" not in provider.asked["redirect_uri"]


class TestANewPerson:
    def test_agrees_and_is_in(self, client: Client, provider: IdentityProvider) -> None:
        answer = come(client, provider)
        assert answer["Location"] == "/accounts/3rdparty/signup/"
        page = client.get(answer["Location"]).content.decode()
        assert "Harbor SSO" in page
        assert " checked" not in page
        client.post("/accounts/3rdparty/signup/", {"email": "other@example.com"})
        assert not User.objects.exists()
        client.post("/accounts/3rdparty/signup/", {"email": "other@example.com", "agreed": "on"})
        user = User.objects.get()
        assert (user.email, user.name, is_signed_in(client)) == ("li@example.com", "Li Ming", True)
        assert Agreement.objects.filter(user=user).count() == 2

    @pytest.mark.parametrize("verified", [False, "false", None, "yes"])
    def test_proves_an_address_that_the_provider_did_not(
        self, client: Client, provider: IdentityProvider, verified: object
    ) -> None:
        provider.verified = verified
        come(client, provider)
        client.post("/accounts/3rdparty/signup/", {"email": "li@example.com", "agreed": "on"})
        assert not is_signed_in(client)
        assert not EmailAddress.objects.get().verified
        assert "code" in mail.outbox[-1].body


class TestAKnownPerson:
    def test_is_joined_when_both_sides_verified_the_address(
        self, client: Client, provider: IdentityProvider, li: User
    ) -> None:
        provider.email = "LI@Example.com"
        come(client, provider)
        assert client.session[SESSION_KEY] == str(li.pk)
        assert SocialAccount.objects.get(user=li).uid == "subject-1"
        assert mail.outbox[-1].to == ["li@example.com"]

    def test_comes_again_by_who_they_are_there(self, client: Client, provider: IdentityProvider, li: User) -> None:
        come(client, provider)
        client.logout()
        provider.email = "renamed@example.com"
        come(client, provider)
        assert client.session[SESSION_KEY] == str(li.pk)

    def test_is_never_joined_by_an_address_that_we_did_not_verify(
        self, client: Client, provider: IdentityProvider, li: User
    ) -> None:
        EmailAddress.objects.filter(user=li).update(verified=False)
        come(client, provider)
        client.post("/accounts/3rdparty/signup/", {"agreed": "on"})
        assert not is_signed_in(client)
        assert not SocialAccount.objects.exists()
        assert User.objects.count() == 1

    @pytest.mark.parametrize("verified", [False, "false", None])
    def test_is_never_joined_by_an_address_that_they_did_not_verify(
        self, client: Client, provider: IdentityProvider, li: User, verified: object
    ) -> None:
        provider.verified = verified
        come(client, provider)
        assert not is_signed_in(client)
        assert not SocialAccount.objects.exists()

    def test_is_not_joined_by_the_next_owner_of_the_address(
        self, client: Client, provider: IdentityProvider, li: User
    ) -> None:
        come(client, provider)
        client.logout()
        provider.subject = "subject-2"
        come(client, provider)
        assert not is_signed_in(client)
        assert SocialAccount.objects.count() == 1

    def test_still_needs_the_second_factor(self, client: Client, provider: IdentityProvider, li: User) -> None:
        Authenticator.objects.create(user=li, type="totp", data={"secret": "x"})
        assert come(client, provider)["Location"].startswith("/accounts/2fa/authenticate/")
        assert not is_signed_in(client)

    def test_does_not_come_in_once_locked_out(self, client: Client, provider: IdentityProvider, li: User) -> None:
        come(client, provider)
        client.logout()
        User.objects.filter(pk=li.pk).update(is_active=False)
        come(client, provider)
        assert not is_signed_in(client)


class TestTheAnswer:
    @pytest.mark.parametrize(
        "claims",
        [
            {"nonce": "of another visit"},
            {"nonce": None},
            {"iss": "https://evil.example"},
            {"iss": None},
            {"aud": "another client"},
            {"aud": [CLIENT_ID, "another"], "azp": "another"},
            {"exp": int(time.time()) - 3600},
            {"exp": None},
            {"iat": int(time.time()) + 3600},
            {"sub": "somebody else"},
        ],
    )
    def test_is_refused_when_it_is_not_for_this_visit(
        self, client: Client, provider: IdentityProvider, li: User, claims: dict[str, Any]
    ) -> None:
        provider.claims = claims
        page = come(client, provider)
        assert (page.status_code, is_signed_in(client)) == (401, False)
        assert provider.tokens_given == 1

    @pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256"])
    def test_is_refused_when_another_signed_it(
        self, client: Client, provider: IdentityProvider, li: User, algorithm: str
    ) -> None:
        provider.algorithm, provider.key = algorithm, OTHER_KEY
        assert (come(client, provider).status_code, is_signed_in(client)) == (401, False)

    def test_is_refused_when_the_user_info_is_about_another(
        self, client: Client, provider: IdentityProvider, li: User
    ) -> None:
        provider.info = {"sub": "somebody else"}
        assert (come(client, provider).status_code, is_signed_in(client)) == (401, False)

    @pytest.mark.parametrize("state", ["", "&state=made-up", "&state="])
    def test_is_refused_without_our_state(
        self, client: Client, provider: IdentityProvider, li: User, state: str
    ) -> None:
        provider.approve(leave(client))
        page = client.get(f"{CALLBACK}?code=one-time{state}")
        assert (page.status_code, is_signed_in(client), provider.tokens_given) == (401, False, 0)

    def test_is_refused_in_another_browser(self, client: Client, provider: IdentityProvider, li: User) -> None:
        query = provider.approve(leave(client))
        stranger = Client()
        assert stranger.get(f"{CALLBACK}?{query}").status_code == 401
        assert not is_signed_in(stranger)

    def test_is_taken_once(self, client: Client, provider: IdentityProvider, li: User) -> None:
        query = provider.approve(leave(client))
        client.get(f"{CALLBACK}?{query}")
        client.logout()
        assert client.get(f"{CALLBACK}?{query}").status_code == 401

    def test_may_be_a_no(self, client: Client, provider: IdentityProvider) -> None:
        state = provider.approve(leave(client)).partition("&")[2]
        answer = client.get(f"{CALLBACK}?error=access_denied&{state}", follow=True)
        assert answer.status_code == 200
        assert not is_signed_in(client)


class TestTheSettings:
    @pytest.mark.parametrize(
        ("issuer", "client_id"),
        [("http://id.example.com", "x"), ("https://id.example.com", ""), ("id.example.com", "x")],
    )
    def test_that_strangers_could_read_do_not_start(self, issuer: str, client_id: str) -> None:
        with pytest.raises(ImproperlyConfigured):
            wire(name="SSO", issuer=issuer, client_id=client_id, client_secret="x")
