"""What matters waits until the person has proven to be the same, and then goes on by itself."""

import re
import time
from typing import Any

import pytest
from allauth.account import app_settings
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from accounts.models import Member, OwnershipOffer
from tests.accounts.people import client_of, fresh

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"
FRESH_SECONDS = app_settings.REAUTHENTICATION_TIMEOUT
RECORDS = "account_authentication_methods"


def path_of(member: Member) -> str:
    return f"/people/{member.pk}/ownership/"


def held_back(owner: Member, adult: Member) -> tuple[Client, str]:
    """The owner's browser, and the page of the code to which a POST of theirs was led."""
    client = client_of(owner)
    answer = client.post(path_of(adult), {"is_handover": "on"})
    assert not OwnershipOffer.objects.exists()
    return client, answer["Location"]


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found, text
    return found[0]


def change(client: Client, **state: Any) -> None:
    session = client.session
    session.update(state)
    session.save()


class TestProven:
    def test_holds_a_post_back_and_asks_for_a_code(self, owner: Member, adult: Member) -> None:
        _client, page = held_back(owner, adult)
        assert page == f"/accounts/reauthenticate/code/?next=%2Fpeople%2F{adult.pk}%2Fownership%2F"

    def test_asks_those_with_a_password_for_it_and_goes_on(self, owner: Member, adult: Member) -> None:
        owner.user.set_password(PASSWORD)
        owner.user.save()
        client, page = held_back(owner, adult)
        assert page.startswith("/accounts/reauthenticate/?next=")
        next_path = {"next": path_of(adult)}
        client.post(page, {"password": "wrong", **next_path})
        assert not OwnershipOffer.objects.exists()
        assert client.post(page, {"password": PASSWORD, **next_path})["Location"] == f"/people/{adult.pk}/"
        assert OwnershipOffer.objects.get().is_handover

    def test_asks_those_with_a_second_factor_for_it(self, owner: Member, adult: Member) -> None:
        Authenticator.objects.create(user=owner.user, type="totp", data={"secret": "x"})
        assert held_back(owner, adult)[1].startswith("/accounts/2fa/reauthenticate/?next=")

    def test_lets_through_who_signed_in_just_now(self, owner: Member, adult: Member) -> None:
        assert fresh(client_of(owner)).post(path_of(adult))["Location"] == f"/people/{adult.pk}/"
        assert OwnershipOffer.objects.exists()

    def test_counts_a_real_sign_in(self, owner: Member, adult: Member, client: Client) -> None:
        owner.user.set_password(PASSWORD)
        owner.user.save()
        client.post("/accounts/login/", {"login": "owner@example.com", "password": PASSWORD})
        assert client.post(path_of(adult))["Location"] == f"/people/{adult.pk}/"

    @pytest.mark.parametrize("age", [FRESH_SECONDS, 10 * FRESH_SECONDS])
    def test_forgets_a_sign_in_after_five_minutes(self, owner: Member, adult: Member, age: int) -> None:
        client = fresh(client_of(owner))
        change(client, **{RECORDS: [{"method": "password", "at": time.time() - age}]})
        assert client.post(path_of(adult))["Location"].startswith("/accounts/reauthenticate/code/")

    def test_takes_no_sign_in_of_somebody_else(self, owner: Member, adult: Member) -> None:
        client = fresh(client_of(owner))
        change(client, account_authentication_methods_user=str(adult.user_id))
        assert client.post(path_of(adult))["Location"].startswith("/accounts/reauthenticate/code/")

    def test_shows_pages_without_asking(self, owner: Member, adult: Member) -> None:
        assert client_of(owner).get(f"/people/{adult.pk}/removal/").status_code == 200

    def test_holds_back_in_one_browser_what_was_proven_in_another(self, owner: Member, adult: Member) -> None:
        fresh(client_of(owner))
        held_back(owner, adult)


class TestTheCode:
    def test_goes_on_with_what_was_held_back(self, owner: Member, adult: Member) -> None:
        client, page = held_back(owner, adult)
        client.post(page, {"action": "send"})
        code = code_in(str(mail.outbox[-1].body))
        answer = client.post(page, {"code": code, "next": path_of(adult)})
        assert answer["Location"] == f"/people/{adult.pk}/"
        made = OwnershipOffer.objects.get()
        assert (made.member, made.is_handover) == (adult, True)
        assert "The offer was made." in client.get(answer["Location"]).content.decode()

    def test_tells_a_refusal_of_what_was_held_back(self, owner: Member, adult: Member) -> None:
        client, page = held_back(owner, adult)
        client.post(page, {"action": "send"})
        Member.objects.filter(pk=adult.pk).update(role="auditor")
        code = code_in(str(mail.outbox[-1].body))
        assert client.post(page, {"code": code, "next": path_of(adult)}).status_code == 403
        assert not OwnershipOffer.objects.exists()
