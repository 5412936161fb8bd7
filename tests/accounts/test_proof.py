"""What matters waits until the person has proven to be the same, and then goes on by itself."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Member, OwnershipOffer, SentMessage, User
from accounts.views import proof
from tests.accounts.people import client_of, fresh

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"
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


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"


def change(client: Client, **state: Any) -> None:
    session = client.session
    session.update(state)
    session.save()


class TestProven:
    def test_holds_a_post_back_and_asks_for_a_code(self, owner: Member, adult: Member) -> None:
        _client, page = held_back(owner, adult)
        assert page == f"/accounts/proof/?next=%2Fpeople%2F{adult.pk}%2Fownership%2F"

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

    @pytest.mark.parametrize("age", [proof.FRESH_SECONDS, 10 * proof.FRESH_SECONDS])
    def test_forgets_a_sign_in_after_five_minutes(self, owner: Member, adult: Member, age: int) -> None:
        client = fresh(client_of(owner))
        change(client, **{RECORDS: [{"method": "password", "at": time.time() - age}]})
        assert client.post(path_of(adult))["Location"].startswith("/accounts/proof/")

    def test_takes_no_sign_in_of_somebody_else(self, owner: Member, adult: Member) -> None:
        client = fresh(client_of(owner))
        change(client, account_authentication_methods_user=str(adult.user_id))
        assert client.post(path_of(adult))["Location"].startswith("/accounts/proof/")

    def test_shows_pages_without_asking(self, owner: Member, adult: Member) -> None:
        assert client_of(owner).get(f"/people/{adult.pk}/removal/").status_code == 200

    def test_holds_back_in_one_browser_what_was_proven_in_another(self, owner: Member, adult: Member) -> None:
        fresh(client_of(owner))
        held_back(owner, adult)


class TestTheCode:
    def test_goes_on_with_what_was_held_back(self, owner: Member, adult: Member) -> None:
        client, page = held_back(owner, adult)
        shown = client.get(page)
        assert "owner@example.com" in shown.content.decode()
        assert f'name="next" value="{path_of(adult)}"' in shown.content.decode()
        assert "no-store" in shown["Cache-Control"]
        [sent] = mail.outbox
        assert sent.to == ["owner@example.com"]
        answer = client.post("/accounts/proof/", {"code": code_in(str(sent.body)), "next": path_of(adult)})
        assert answer["Location"] == f"/people/{adult.pk}/"
        made = OwnershipOffer.objects.get()
        assert (made.member, made.is_handover) == (adult, True)
        page_after = client.get(answer["Location"]).content.decode()
        assert "The offer was made." in page_after
        assert client.post("/people/resignation/").status_code == 409  # it counts for five minutes

    def test_tells_a_refusal_of_what_was_held_back(self, owner: Member, adult: Member) -> None:
        client, page = held_back(owner, adult)
        client.get(page)
        Member.objects.filter(pk=adult.pk).update(role="auditor")
        answer = client.post(page, {"code": code_in(str(mail.outbox[0].body)), "next": path_of(adult)})
        assert answer.status_code == 403
        assert not OwnershipOffer.objects.exists()

    def test_leads_home_where_nothing_waits_and_never_to_another_site(self, owner: Member) -> None:
        for onward in ("", "https://evil.example/"):
            client = client_of(owner)
            client.get("/accounts/proof/")
            code = code_in(str(mail.outbox[-1].body))
            assert client.post("/accounts/proof/", {"code": code, "next": onward})["Location"] == "/"

    def test_is_kept_as_a_digest_and_sent_once_for_a_reload(self, owner: Member) -> None:
        client = client_of(owner)
        for _ in range(3):
            client.get("/accounts/proof/")
        [sent] = mail.outbox
        assert code_in(str(sent.body)) not in str(dict(client.session))

    def test_is_refused_when_it_is_wrong_and_works_only_once(self, owner: Member) -> None:
        client = client_of(owner)
        client.get("/accounts/proof/")
        code = code_in(str(mail.outbox[0].body))
        assert client.post("/accounts/proof/", {"code": wrong(code)}).status_code == 422
        assert client.post("/accounts/proof/", {"code": ""}).status_code == 422
        assert client.post("/accounts/proof/", {"code": code}).status_code == 302
        assert client.post("/accounts/proof/", {"code": code}).status_code == 422

    def test_dies_after_five_wrong_tries_and_a_new_one_is_sent(self, owner: Member) -> None:
        client = client_of(owner)
        client.get("/accounts/proof/")
        code = code_in(str(mail.outbox[0].body))
        for _ in range(proof.MOST_TRIES):
            assert client.post("/accounts/proof/", {"code": wrong(code)}).status_code == 422
        assert client.post("/accounts/proof/", {"code": code}).status_code == 422
        assert RECORDS not in client.session
        client.get("/accounts/proof/")
        assert client.post("/accounts/proof/", {"code": code_in(str(mail.outbox[1].body))}).status_code == 302

    def test_cannot_be_guessed_on_and_on(self, owner: Member) -> None:
        client, answers = client_of(owner), []
        for _ in range(12):
            client.get("/accounts/proof/")
            answers.append(client.post("/accounts/proof/", {"code": wrong(code_in(str(mail.outbox[-1].body)))}))
        assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
        assert len(mail.outbox) == 3

    def test_ends_in_time(self, owner: Member) -> None:
        client = client_of(owner)
        client.get("/accounts/proof/")
        change(client, proof=client.session["proof"] | {"until": time.time()})
        assert client.post("/accounts/proof/", {"code": code_in(str(mail.outbox[0].body))}).status_code == 422
        client.get("/accounts/proof/")
        assert len(mail.outbox) == 2

    def test_is_of_the_browser_that_asked_for_it(self, owner: Member) -> None:
        client_of(owner).get("/accounts/proof/")
        code = code_in(str(mail.outbox[0].body))
        assert client_of(owner).post("/accounts/proof/", {"code": code}).status_code == 422

    def test_comes_by_text_message_to_those_without_mail(self, settings: Settings) -> None:
        settings.DEMO = True
        client = Client()
        client.force_login(User.objects.create_user(phone="+8613800138000"))
        client.get("/accounts/proof/")
        sent = SentMessage.objects.get(recipient="+8613800138000")
        assert client.post("/accounts/proof/", {"code": code_in(sent.body)}).status_code == 302

    def test_is_tried_again_after_it_could_not_be_sent(self, settings: Settings) -> None:
        settings.DEMO, settings.SMS_HOOK_URL = False, ""
        client = Client()
        client.force_login(User.objects.create_user(phone="+8613800138000"))
        for _ in range(2):
            assert client.get("/accounts/proof/").status_code == 503
        settings.DEMO = True
        assert client.get("/accounts/proof/").status_code == 200
        assert SentMessage.objects.count() == 1

    def test_is_for_who_is_signed_in(self, client: Client) -> None:
        assert client.get("/accounts/proof/")["Location"] == "/accounts/login/?next=/accounts/proof/"
        assert not mail.outbox
