"""Second factors: no way around them, each code once, an end of guessing, and changes that are told."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.account import forms
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.models import User
from tests.accounts.visits import ADDRESS, PASSWORD, is_in, last_code, person, sign_in, sign_in_by_code, wrong

pytestmark = pytest.mark.django_db
SECRET = generate_totp_secret()
SECOND = "/accounts/2fa/authenticate/"
PAGES = (
    "/people/",
    "/keys/",
    "/chat/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/accounts/password/change/",
    "/admin/",
)
THREADS = 6


@pytest.fixture
def li() -> User:
    user = person()
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def now_code() -> str:
    """The code of this step, and never in the last moment of it."""
    if time.time() % 30 > 27:
        time.sleep(4)
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))


def at_once(tries: list[Callable[[], object]]) -> None:
    """This will start all of them in the same moment, each with a connection of its own."""
    gate = Barrier(len(tries))

    def one(attempt: Callable[[], object]) -> None:
        gate.wait()
        attempt()
        connection.close()

    with ThreadPoolExecutor(len(tries)) as pool:
        list(pool.map(one, tries))


class TestTheFirstFactorAlone:
    @pytest.mark.parametrize("path", PAGES)
    def test_opens_nothing(self, li: User, path: str) -> None:
        assert sign_in().get(path)["Location"].startswith(("/accounts/login/", "/admin/login/"))

    def test_opens_nothing_by_a_code(self, li: User) -> None:
        assert not is_in(sign_in_by_code(ADDRESS))

    def test_opens_nothing_by_a_new_password(self, li: User, client: Client) -> None:
        client.post("/accounts/password/reset/", {"email": ADDRESS})
        client.post("/accounts/password/reset/confirm/", {"code": last_code()})
        client.post(
            "/accounts/password/reset/complete/", {"password1": "a new phrase 2", "password2": "a new phrase 2"}
        )
        assert not is_in(client)
        assert not is_in(sign_in(password="a new phrase 2"))

    def test_neither_removes_nor_adds_another(self, li: User) -> None:
        client = sign_in()
        for path in ("totp/deactivate", "recovery-codes/generate", "webauthn/add", "reauthenticate"):
            client.post(f"/accounts/2fa/{path}/", {"code": "1"})
        assert Authenticator.objects.filter(user=li).count() == 2

    def test_comes_first(self, li: User, client: Client) -> None:
        client.post(SECOND, {"code": now_code()})
        assert not is_in(client)

    def test_of_one_person_takes_no_code_of_another(self, li: User) -> None:
        other = person("other@example.com")
        TOTP.activate(other, generate_totp_secret())
        client = sign_in("other@example.com")
        client.post(SECOND, {"code": now_code()})
        assert not is_in(client)


class TestACode:
    def test_lets_in_once(self, li: User) -> None:
        first, second = sign_in(), sign_in()
        code = now_code()
        first.post(SECOND, {"code": code})
        second.post(SECOND, {"code": f" {code[:3]}-{code[3:]} "})
        assert (is_in(first), is_in(second)) == (True, False)

    def test_for_recovery_lets_in_once(self, li: User) -> None:
        code = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()[0]
        first, second = sign_in(), sign_in()
        first.post(SECOND, {"code": code})
        second.post(SECOND, {"code": code})
        assert (is_in(first), is_in(second)) == (True, False)

    def test_is_not_good_before_or_after_its_time(self, li: User) -> None:
        step = int(time.time()) // 30
        for early in (-2, -1, 2):
            client = sign_in()
            client.post(SECOND, {"code": format_hotp_value(hotp_value(SECRET, step + early))})
            assert not is_in(client)

    def test_cannot_be_guessed_for_ever(self, li: User) -> None:
        for number in range(6):
            client = sign_in(REMOTE_ADDR=f"10.0.0.{number}")
            client.post(SECOND, {"code": wrong(now_code())}, REMOTE_ADDR=f"10.0.0.{number}")
        assert b"Too many" in client.post(SECOND, {"code": now_code()}).content
        assert not is_in(client)

    def test_is_sealed_at_rest(self, li: User) -> None:
        stored = [str(data) for data in Authenticator.objects.values_list("data", flat=True)]
        codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()
        assert not any(secret in data for secret in (SECRET, *codes) for data in stored)
        assert get_adapter().decrypt(Authenticator.objects.get(type="totp").data["secret"]) == SECRET


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    def race(self, code: str) -> int:
        clients = [sign_in() for _ in range(THREADS)]
        at_once([lambda client=client: client.post(SECOND, {"code": code}) for client in clients])  # type: ignore[misc] # bound early
        return sum(is_in(client) for client in clients)

    def test_one_code_lets_one_in(self, li: User) -> None:
        assert self.race(now_code()) == 1

    def test_one_recovery_code_lets_one_in(self, li: User) -> None:
        assert self.race(RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()[0]) == 1

    def test_no_more_than_three_guesses_reach_a_code(self, compared: list[str]) -> None:
        User.objects.create_user(ADDRESS)
        client = Client()
        client.post("/accounts/login/", {"login": ADDRESS})
        cookie = client.cookies["sessionid"].value

        def guess(number: int) -> None:
            burst = Client()
            burst.cookies["sessionid"] = cookie
            burst.post("/accounts/login/code/confirm/", {"code": f"guess {number}"})

        at_once([lambda number=number: guess(number) for number in range(3 * THREADS)])  # type: ignore[misc] # bound early
        assert 0 < len(compared) <= 3


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was typed and came as far as the comparison: the library's own, listened at."""
    seen: list[str] = []
    compare = forms.compare_user_code

    def listened(*, actual: str, expected: str) -> bool:
        seen.append(actual)
        return bool(compare(actual=actual, expected=expected))

    monkeypatch.setattr(forms, "compare_user_code", listened)
    return seen


class TestAddingOne:
    def add(self, client: Client) -> None:
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        client.get("/accounts/2fa/totp/activate/")
        secret = client.session["mfa.totp.secret"]
        client.post(
            "/accounts/2fa/totp/activate/", {"code": format_hotp_value(hotp_value(secret, int(time.time()) // 30))}
        )

    @pytest.mark.django_db(transaction=True)  # it is told after the commit
    def test_is_told_and_ends_the_other_sessions(self) -> None:
        user = person()
        here, elsewhere = sign_in(), sign_in()
        self.add(here)
        assert Authenticator.objects.filter(user=user, type="totp").exists()
        assert (is_in(here), is_in(elsewhere)) == (True, False)
        assert any("uthenticator app activated" in letter.body for letter in mail.outbox)

    def test_is_refused_while_the_address_is_unproven(self) -> None:
        user = person()
        client = sign_in()
        EmailAddress.objects.filter(user=user).update(verified=False)
        answer = client.get("/accounts/2fa/totp/activate/")
        assert answer["Location"] == "/accounts/2fa/"
        assert not Authenticator.objects.exists()


class TestProof:
    def test_is_by_the_passkey_of_who_has_no_password(self, client: Client) -> None:
        user = User.objects.create_user(ADDRESS)
        Authenticator.objects.create(user=user, type="webauthn", data={"name": "phone"})
        RecoveryCodes.activate(user)
        client.force_login(user)
        answer = client.post("/accounts/2fa/recovery-codes/generate/")
        assert answer["Location"].startswith("/accounts/2fa/webauthn/reauthenticate/?next=")


class TestRemovingOne:
    def test_is_told_and_ends_the_other_sessions(self, li: User) -> None:
        codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()
        here, elsewhere = sign_in(), sign_in()
        here.post(SECOND, {"code": codes[0]})
        elsewhere.post(SECOND, {"code": codes[1]})
        here.post("/accounts/reauthenticate/", {"password": PASSWORD})
        here.post("/accounts/2fa/totp/deactivate/")
        assert not Authenticator.objects.exists()
        assert (is_in(here), is_in(elsewhere)) == (True, False)
        assert "deactivated" in mail.outbox[-1].body
