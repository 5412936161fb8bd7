"""Sessions end when they should; what is about signing in changes only for who has just proved who they are."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import SentMessage, User
from tests.accounts.visits import (
    ADDRESS,
    PASSWORD,
    PHONE,
    is_in,
    last_code,
    person,
    sign_in,
    sign_in_by_code,
    travel,
    wrong,
)

pytestmark = pytest.mark.django_db
NEW = "another pass phrase"
NEW_PHONE = "+8613900139000"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


class TestASession:
    def test_is_dead_after_signing_out(self) -> None:
        person()
        client = sign_in()
        thief = Client()
        thief.cookies["sessionid"] = client.cookies["sessionid"].value
        assert is_in(thief)
        client.post("/accounts/logout/")
        assert not is_in(thief)

    def test_ends_elsewhere_with_the_password_and_stays_here(self) -> None:
        person()
        here, elsewhere = sign_in(), sign_in()
        before = here.cookies["sessionid"].value
        given = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        here.post("/accounts/password/change/", given)
        assert (is_in(here), is_in(elsewhere)) == (True, False)
        assert here.cookies["sessionid"].value != before
        assert "password" in mail.outbox[-1].body

    def test_ends_when_its_person_may_no_longer_sign_in(self) -> None:
        user = person()
        client = sign_in()
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert not is_in(client)

    def test_opens_admin_no_longer_than_its_person_is_staff(self, settings: Settings) -> None:
        settings.DEMO = True
        user = person()
        User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
        client = sign_in()
        assert client.get("/admin/").status_code == 200
        User.objects.filter(pk=user.pk).update(is_staff=False)
        assert client.get("/admin/").status_code == 302


class TestTheListOfSessions:
    def test_names_each_browser_in_words(self) -> None:
        person()
        sign_in(headers={"user-agent": FIREFOX})
        page = sign_in(headers={"user-agent": "curl/8"}).get("/accounts/sessions/").content.decode()
        assert "Firefox, Windows" in page
        assert re.search(r"Another program\s*<span", page)
        assert page.count("127.0.0.1</td>") == 2

    def test_ends_the_others(self) -> None:
        person()
        here, elsewhere = sign_in(), sign_in()
        here.post("/accounts/sessions/")
        assert (is_in(here), is_in(elsewhere)) == (True, False)

    def test_ends_nobody_elses(self) -> None:
        person()
        person("other@example.com")
        other = sign_in("other@example.com")
        sign_in()
        sign_in().post("/accounts/sessions/")
        assert is_in(other)

    def test_knows_when_and_from_where_a_session_was_last_used(self) -> None:
        person()
        client = sign_in()
        client.get("/people/", REMOTE_ADDR="10.0.0.7")
        assert UserSession.objects.get().ip == "127.0.0.1"
        session = client.session
        session["seen_at"] -= 301
        session.save()
        client.get("/people/", REMOTE_ADDR="10.0.0.7")
        assert UserSession.objects.get().ip == "10.0.0.7"


class TestAChange:
    CHANGES: tuple[tuple[str, dict[str, str]], ...] = (
        ("/accounts/email/", {"action_add": "", "email": "new@example.com"}),
        ("/accounts/phone/change/", {"phone": NEW_PHONE}),
        ("/accounts/password/set/", {"password1": NEW, "password2": NEW}),
        ("/accounts/2fa/totp/activate/", {"code": "1"}),
        ("/accounts/2fa/webauthn/add/", {"credential": "{}"}),
        ("/accounts/2fa/recovery-codes/generate/", {}),
    )

    @pytest.mark.parametrize(("path", "given"), CHANGES)
    def test_needs_a_fresh_code_of_who_has_only_codes(self, path: str, given: dict[str, str]) -> None:
        user = User.objects.create_user(ADDRESS)
        client = sign_in_by_code(ADDRESS)
        travel(client, seconds=301)
        answer = client.post(path, given)
        assert answer["Location"].startswith("/accounts/reauthenticate/code/?next=")
        assert not Authenticator.objects.filter(user=user).exists()
        assert list(EmailAddress.objects.values_list("email", flat=True)) == [ADDRESS]

    @pytest.mark.parametrize(("path", "given"), [change for change in CHANGES if "set" not in change[0]])
    def test_needs_the_password_of_who_has_one(self, path: str, given: dict[str, str]) -> None:
        person()
        assert sign_in().post(path, given)["Location"].startswith("/accounts/reauthenticate/?next=")

    def test_goes_on_after_the_code(self) -> None:
        User.objects.create_user(ADDRESS)
        client = sign_in_by_code(ADDRESS)
        travel(client, seconds=301)
        proof = client.post("/accounts/password/set/", {"password1": NEW, "password2": NEW})["Location"]
        assert len(mail.outbox) == 1
        client.post(proof, {"action": "send"})
        code = last_code()
        assert b"incorrect" in client.post(proof, {"code": wrong(code)}).content.lower()
        client.post(proof, {"code": code})
        assert is_in(sign_in(password=NEW))
        assert is_in(client)

    def test_does_not_go_on_after_three_wrong_codes(self) -> None:
        User.objects.create_user(ADDRESS)
        client = sign_in_by_code(ADDRESS)
        travel(client, seconds=301)
        proof = client.get("/accounts/password/set/")["Location"]
        client.post(proof, {"action": "send"})
        code = last_code()
        for guess in (wrong(code), wrong(code), wrong(code), code):
            client.post(proof, {"code": guess})
        assert client.get("/accounts/password/set/").status_code == 302

    def test_is_free_right_after_signing_in_by_a_code(self) -> None:
        User.objects.create_user(ADDRESS)
        assert sign_in_by_code(ADDRESS).get("/accounts/2fa/webauthn/add/").status_code == 200


class TestAChangeOfAddress:
    def test_is_told_to_the_old_one(self) -> None:
        user = User.objects.create_user(ADDRESS)
        client = sign_in_by_code(ADDRESS)
        client.post("/accounts/email/", {"action_add": "", "email": "new@example.com"})
        client.post("/accounts/confirm-email/", {"code": last_code()})
        client.post("/accounts/email/", {"action_primary": "", "email": "new@example.com"})
        user.refresh_from_db()
        assert user.email == "new@example.com"
        assert [letter.to[0] for letter in mail.outbox if "changed from" in letter.body] == [ADDRESS]

    def test_of_a_phone_is_made_and_told_to_the_old_one(self, settings: Settings) -> None:
        settings.DEMO = True
        user = User.objects.create_user(phone=PHONE)
        client = sign_in_by_code(PHONE)
        client.post("/accounts/phone/change/", {"phone": NEW_PHONE})
        client.post("/accounts/phone/verify/", {"code": last_code()})
        user.refresh_from_db()
        assert user.phone == NEW_PHONE
        assert "/accounts/sessions/" in SentMessage.objects.filter(recipient=PHONE).latest("pk").body

    def test_of_a_phone_takes_none_from_another(self, settings: Settings) -> None:
        settings.DEMO = True
        User.objects.create_user(phone=PHONE)
        other = User.objects.create_user(phone=NEW_PHONE)
        client = sign_in_by_code(PHONE)
        client.post("/accounts/phone/change/", {"phone": NEW_PHONE})
        client.post("/accounts/phone/verify/", {"code": last_code()})
        assert User.objects.get(phone=NEW_PHONE) == other
