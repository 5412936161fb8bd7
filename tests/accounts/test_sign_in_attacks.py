"""Attacks on signing in: guessing, asking who is known, taking a reset over, other spellings, other methods, frames."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import SentMessage, User
from tests.accounts.visits import ADDRESS, PASSWORD, PHONE, is_in, last_code, person, sign_in, sign_in_by_code, wrong

pytestmark = pytest.mark.django_db
OTHER = "nobody@example.com"
NEW = "another pass phrase"
PAGES = (
    "login",
    "signup",
    "login/code",
    "password/reset",
    "2fa",
    "2fa/webauthn",
    "sessions",
    "password/change",
    "email",
)


class TestOtherSpellings:
    @pytest.mark.parametrize("typed", ["LI@EXAMPLE.COM", "ＬＩ@example.com", " li@Example.com "])
    def test_mean_the_same_person_where_only_the_form_differs(self, typed: str) -> None:
        person()
        assert is_in(sign_in(typed))

    @pytest.mark.parametrize("typed", ["lı@example.com", "l.i@example.com", "li+x@example.com", "ƖI@example.com"])
    def test_mean_somebody_else_where_the_address_differs(self, typed: str) -> None:
        person()
        assert not is_in(sign_in(typed))

    @pytest.mark.parametrize("typed", ["LI@EXAMPLE.COM", "ＬＩ@example.com"])
    def test_get_their_mail_to_the_stored_address(self, client: Client, typed: str) -> None:
        person()
        client.post("/accounts/password/reset/", {"email": typed})
        assert [letter.to for letter in mail.outbox] == [[ADDRESS]]


class TestAskingWhoIsKnown:
    @pytest.mark.parametrize(
        ("path", "given"),
        [
            ("login", {"login": "{}", "password": "a wrong pass phrase"}),
            ("login", {"login": "{}"}),
            ("login/code", {"email": "{}"}),
            ("password/reset", {"email": "{}"}),
            ("signup", {"contact": "{}", "agreed": "on"}),
        ],
    )
    def test_is_answered_alike(self, path: str, given: dict[str, str]) -> None:
        person()
        assert self.answer(path, given, ADDRESS) == self.answer(path, given, OTHER)

    def test_by_guessing_at_the_code_is_answered_alike(self) -> None:
        person()
        answers = []
        for address in (ADDRESS, OTHER):
            client = Client()
            client.post("/accounts/login/", {"login": address})
            answers.append([self.seen(client, address) for _ in range(4)])
        assert answers[0] == answers[1]

    def answer(self, path: str, given: dict[str, str], address: str) -> tuple[list[Any], str]:
        filled = {name: value.format(address) for name, value in given.items()}
        page = Client().post(f"/accounts/{path}/", filled, follow=True)
        return [*page.redirect_chain, page.status_code], _plain(page, address)

    def seen(self, client: Client, address: str) -> tuple[list[Any], str]:
        page = client.post("/accounts/login/code/confirm/", {"code": "0"}, follow=True)
        return [*page.redirect_chain, page.status_code], _plain(page, address)


class TestGuessing:
    def test_passwords_of_one_phone_number_locks_no_other(self) -> None:
        person("a@example.com", phone=PHONE)
        person("b@example.com", phone="+8613900139000")
        for number in range(6):
            sign_in(PHONE, password=f"wrong {number}", REMOTE_ADDR=f"10.0.0.{number}")
        assert not is_in(sign_in(PHONE))
        assert is_in(sign_in("+8613900139000"))

    def test_one_password_of_many_accounts_ends_for_the_network(self) -> None:
        for number in range(12):
            person(f"p{number}@example.com")
        for number in range(11):
            sign_in(f"p{number}@example.com", password="Spring2026!")
        assert not is_in(sign_in("p11@example.com"))
        assert is_in(sign_in("p11@example.com", REMOTE_ADDR="10.9.9.9"))

    def test_never_locks_the_owner_out(self) -> None:
        person()
        for number in range(6):
            sign_in(password=f"wrong {number}", REMOTE_ADDR=f"10.0.0.{number}")
        assert not is_in(sign_in())
        assert is_in(sign_in_by_code(ADDRESS))

    def test_ends_with_the_third_code_that_is_wrong(self, client: Client) -> None:
        person()
        client.post("/accounts/login/", {"login": ADDRESS})
        code = last_code()
        for _ in range(3):
            client.post("/accounts/login/code/confirm/", {"code": wrong(code)})
        client.post("/accounts/login/code/confirm/", {"code": code})
        assert not is_in(client)

    def test_gets_no_more_than_ten_codes_an_hour(self, settings: Settings) -> None:
        person()
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"request_login_code": "20/m/ip,10/h/key"}
        for number in range(13):
            Client(REMOTE_ADDR=f"10.0.0.{number}").post("/accounts/login/", {"login": ADDRESS})
        assert len(mail.outbox) == 10


class TestResettingAPassword:
    def ask(self, client: Client) -> str:
        client.post("/accounts/password/reset/", {"email": ADDRESS})
        return last_code()

    def type_code(self, client: Client, code: str) -> None:
        assert client.post("/accounts/password/reset/confirm/", {"code": code}).status_code in {200, 302}

    def choose(self, client: Client, password: str = NEW) -> None:
        client.post("/accounts/password/reset/complete/", {"password1": password, "password2": password})

    def test_works_once_and_ends_every_session(self, client: Client) -> None:
        person()
        elsewhere = sign_in()
        code = self.ask(client)
        self.type_code(client, code)
        self.choose(client)
        assert not is_in(elsewhere)
        assert is_in(sign_in(password=NEW))
        assert "password" in mail.outbox[-1].body
        self.type_code(client, code)
        self.choose(client, "a third pass phrase")
        assert is_in(sign_in(password=NEW))

    def test_needs_the_code_first(self, client: Client) -> None:
        person()
        self.ask(client)
        self.choose(client)
        assert is_in(sign_in())

    def test_forgets_the_code_after_three_guesses(self, client: Client) -> None:
        person()
        code = self.ask(client)
        for _ in range(3):
            self.type_code(client, wrong(code))
        self.type_code(client, code)
        self.choose(client)
        assert is_in(sign_in())

    def test_is_of_no_use_in_another_browser(self, client: Client) -> None:
        person()
        code = self.ask(client)
        stranger = Client()
        self.type_code(stranger, code)
        self.choose(stranger)
        assert is_in(sign_in())

    @pytest.mark.parametrize("way", ["password/reset", "login"])
    def test_by_a_mailbox_that_was_given_up_is_refused(self, client: Client, way: str) -> None:
        user = person()
        client.post(f"/accounts/{way}/", {"email": ADDRESS, "login": ADDRESS})
        EmailAddress.objects.filter(user=user).update(email=OTHER)
        User.objects.filter(pk=user.pk).update(email=OTHER)
        client.post("/accounts/login/code/confirm/", {"code": last_code()})
        self.type_code(client, last_code())
        self.choose(client)
        assert not is_in(client)
        assert is_in(sign_in(OTHER))

    def test_never_leads_to_another_host(self, client: Client) -> None:
        person()
        page = client.post("/accounts/password/reset/", {"email": ADDRESS}, headers={"host": "evil.example"})
        assert page.status_code == 400
        client.post("/accounts/password/reset/", {"email": ADDRESS}, headers={"x-forwarded-host": "evil.example"})
        assert "evil" not in mail.outbox[0].body


class TestOtherMethods:
    @pytest.mark.parametrize("method", ["get", "head", "options"])
    def test_sign_nobody_out(self, method: str) -> None:
        person()
        client = sign_in()
        getattr(client, method)("/accounts/logout/")
        getattr(client, method)("/accounts/sessions/")
        assert is_in(client)

    def test_are_not_taken_from_a_header_or_a_field(self) -> None:
        person()
        client = sign_in()
        client.get("/accounts/logout/?_method=POST", headers={"x-http-method-override": "POST"})
        assert is_in(client)

    @pytest.mark.parametrize("path", ["/keys/", "/people/me/", "/accounts/founding/", "/language/"])
    def test_that_nobody_serves_are_refused(self, path: str) -> None:
        person()
        assert sign_in().delete(path).status_code == 405


class TestEveryPage:
    def test_stands_in_no_frame_and_shares_no_window(self) -> None:
        person()
        for client in (Client(), sign_in()):
            for path in PAGES:
                page = client.get(f"/accounts/{path}/")
                assert "frame-ancestors 'none'" in page["Content-Security-Policy"], path
                assert "unsafe" not in page["Content-Security-Policy"], path
                assert (page["X-Frame-Options"], page["Cross-Origin-Opener-Policy"]) == ("DENY", "same-origin"), path

    def test_gives_cookies_that_scripts_and_other_sites_cannot_use(self, client: Client) -> None:
        person()
        client.post("/accounts/login/", {"login": ADDRESS, "password": PASSWORD})
        client.get("/accounts/sessions/")
        for name in ("sessionid", "csrftoken"):
            cookie = client.cookies[name]
            assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", ""), name


def _plain(page: Any, address: str) -> str:
    text = re.sub(r'value="[\w-]{64}"|"x-csrftoken": "\w+"', "", page.content.decode())
    return text.replace(address, "…")


def test_a_text_message_never_shows_on_the_page_who_is_known(settings: Settings) -> None:
    settings.DEMO = True
    User.objects.create_user(phone=PHONE)
    answers = []
    for number in (PHONE, "+8613900139000"):
        page = Client().post("/accounts/login/", {"login": number}, follow=True)
        answers.append(([*page.redirect_chain], _plain(page, number)))
    assert answers[0] == answers[1]
    assert SentMessage.objects.count() == 2
