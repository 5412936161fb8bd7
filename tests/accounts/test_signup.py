"""Signing up by a code, through the real pages."""

import re
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Account, Agreement, Member, SentMessage, User

PHONE = "138 0013 8000"
STORED_PHONE = "+8613800138000"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo(settings: Settings) -> None:
    settings.DEMO = True
    settings.EMAIL_BACKEND = "accounts.senders.DemoMailBackend"
    cache.clear()


def sign_up(client: Client, contact: str, *, onward: str = "", agreed: str = "on") -> Any:
    return client.post("/accounts/signup/", {"contact": contact, "agreed": agreed, "next": onward}, follow=True)


def last_code(recipient: str) -> str:
    message = SentMessage.objects.filter(recipient=recipient).first()
    assert message is not None
    found = re.search(r"\b\d{6}\b", message.body)
    assert found, message.body
    return found[0]


def is_signed_in(client: Client) -> bool:
    return SESSION_KEY in client.session


class TestSigningUpByPhone:
    def test_lets_a_person_in_by_the_code_and_on_to_founding(self, client: Client) -> None:
        page = sign_up(client, PHONE, onward="/checkout/starter/")
        assert page.status_code == 200
        answer = client.post("/accounts/phone/verify/", {"code": last_code(STORED_PHONE), "next": "/checkout/starter/"})
        assert answer["Location"] == "/accounts/founding/?next=%2Fcheckout%2Fstarter%2F"
        user = User.objects.get(phone=STORED_PHONE)
        assert user.phone_verified_at
        assert user.email is None
        assert is_signed_in(client)

    def test_founds_an_account_and_returns_to_where_the_person_was_going(self, client: Client) -> None:
        sign_up(client, PHONE)
        client.post("/accounts/phone/verify/", {"code": last_code(STORED_PHONE)})
        answer = client.post(
            "/accounts/founding/?next=/checkout/starter/",
            {"kind": "household", "name": "Li", "time_zone": "Asia/Shanghai", "next": "/checkout/starter/"},
        )
        assert answer["Location"] == "/checkout/starter/"
        owner = Member.objects.get(user__phone=STORED_PHONE)
        assert (owner.role, owner.account.kind, owner.account.name) == ("owner", "household", "Li")

    def test_never_returns_to_another_site(self, client: Client) -> None:
        sign_up(client, PHONE)
        client.post("/accounts/phone/verify/", {"code": last_code(STORED_PHONE)})
        given = {"kind": "household", "name": "Li", "time_zone": "Asia/Shanghai", "next": "https://evil.example/"}
        assert client.post("/accounts/founding/", given)["Location"] == "/"
        assert Account.objects.count() == 1

    def test_records_the_versions_that_were_agreed_to(self, client: Client) -> None:
        sign_up(client, PHONE)
        agreed = Agreement.objects.filter(user__phone=STORED_PHONE)
        assert {(a.legal_text.kind, a.legal_text.version, a.legal_text.language) for a in agreed} == {
            ("terms", 1, "en"),
            ("privacy", 1, "en"),
        }

    def test_makes_nobody_without_agreement(self, client: Client) -> None:
        page = sign_up(client, PHONE, agreed="")
        assert b"tick the box" in page.content
        assert not User.objects.exists()
        assert b" checked" not in client.get("/accounts/signup/").content

    def test_says_clearly_that_a_number_does_not_exist(self, client: Client) -> None:
        page = sign_up(client, "12345")
        assert b"not a phone number that exists" in page.content
        assert not User.objects.exists()

    def test_refuses_a_wrong_code_and_forgets_it_after_three(self, client: Client) -> None:
        sign_up(client, PHONE)
        code = last_code(STORED_PHONE)
        wrong = "000000" if code != "000000" else "111111"
        for _ in range(3):
            client.post("/accounts/phone/verify/", {"code": wrong})
        client.post("/accounts/phone/verify/", {"code": code})
        assert not is_signed_in(client)

    def test_refuses_an_expired_code(self, client: Client, settings: Settings) -> None:
        sign_up(client, PHONE)
        settings.ACCOUNT_PHONE_VERIFICATION_TIMEOUT = -1
        client.post("/accounts/phone/verify/", {"code": last_code(STORED_PHONE)})
        assert not is_signed_in(client)

    def test_tells_a_known_number_apart_only_in_the_message(self, client: Client) -> None:
        User.objects.create_user(phone=STORED_PHONE)
        page = sign_up(client, PHONE)
        assert page.status_code == 200
        assert b"code" in page.content
        assert User.objects.count() == 1
        assert "already have an account" in SentMessage.objects.get().body


class TestSigningUpByEmail:
    def test_lets_a_person_in_by_the_code(self, client: Client) -> None:
        sign_up(client, "Li.Ming@Example.COM")
        answer = client.post("/accounts/confirm-email/", {"code": last_code("li.ming@example.com")})
        assert answer["Location"].startswith("/accounts/founding/")
        assert is_signed_in(client)
        assert User.objects.get().phone is None

    def test_knows_an_address_in_full_width_and_other_case(self, client: Client) -> None:
        User.objects.create_user("li@example.com")
        sign_up(client, "ＬＩ＠example.com")
        assert User.objects.count() == 1


class TestSigningIn:
    def test_sends_a_code_to_the_phone(self, client: Client) -> None:
        User.objects.create_user(phone=STORED_PHONE)
        client.post("/accounts/login/", {"login": PHONE}, follow=True)
        client.post("/accounts/login/code/confirm/", {"code": last_code(STORED_PHONE)})
        assert is_signed_in(client)

    def test_sends_a_code_from_the_page_that_asks_for_nothing_else(self, client: Client) -> None:
        User.objects.create_user(phone=STORED_PHONE)
        client.post("/accounts/login/code/", {"phone": PHONE}, follow=True)
        client.post("/accounts/login/code/confirm/", {"code": last_code(STORED_PHONE)})
        assert is_signed_in(client)

    def test_sends_a_code_to_the_address(self, client: Client) -> None:
        User.objects.create_user("li@example.com")
        client.post("/accounts/login/", {"login": "LI@example.com"}, follow=True)
        client.post("/accounts/login/code/confirm/", {"code": last_code("li@example.com")})
        assert is_signed_in(client)

    def test_takes_a_password_from_those_who_have_one(self, client: Client) -> None:
        User.objects.create_user("li@example.com", password="a long pass phrase")
        client.post("/accounts/login/", {"login": "li@example.com", "password": "a long pass phrase"})
        assert is_signed_in(client)

    def test_tells_only_the_owner_that_a_number_is_unknown(self, client: Client) -> None:
        page = client.post("/accounts/login/", {"login": PHONE}, follow=True)
        assert page.status_code == 200
        assert "no account" in SentMessage.objects.get(recipient=STORED_PHONE).body

    def test_stops_guessing_of_passwords(self, client: Client) -> None:
        User.objects.create_user("li@example.com", password="a long pass phrase")
        for number in range(5):
            client.post("/accounts/login/", {"login": "li@example.com", "password": f"wrong {number}"})
        page = client.post("/accounts/login/", {"login": "li@example.com", "password": "a long pass phrase"})
        assert not is_signed_in(client)
        assert b"Too many" in page.content

    def test_gives_a_new_session_id(self, client: Client) -> None:
        User.objects.create_user("li@example.com", password="a long pass phrase")
        client.get("/accounts/login/")
        session = client.session
        session["before"] = "yes"
        session.save()
        before = session.session_key
        client.cookies["sessionid"] = str(before)
        client.post("/accounts/login/", {"login": "li@example.com", "password": "a long pass phrase"})
        assert client.session.session_key != before


class TestWithoutASender:
    def test_says_that_text_messages_are_not_connected(self, client: Client, settings: Settings) -> None:
        settings.DEMO = False
        page = sign_up(client, PHONE)
        assert page.status_code == 503
        assert b"e-mail address" in page.content
