"""Founding, the people page, languages, legal texts, refusals and the demo's mailbox."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import accounts, audit, invitations
from accounts.models import Account, AuditEvent, LegalText, Member, SentMessage, User
from portal.kit import clock
from tests.accounts.people import NOW, client_of, join

pytestmark = pytest.mark.django_db


class TestFound:
    def test_founds_one_account_for_two_clicks(self, owner: Member) -> None:
        with pytest.raises(accounts.AlreadyFounded):
            accounts.found(owner.user, kind="household", name="Again", now=NOW)
        assert Account.objects.filter(members__user=owner.user).count() == 1

    def test_knows_its_time_zones(self, owner: Member) -> None:
        with pytest.raises(accounts.UnknownTimeZone):
            accounts.found(owner.user, kind="business", name="X", now=NOW, time_zone="Mars/Olympus")

    def test_needs_an_owner_by_the_database_itself(self, owner: Member) -> None:
        Member.objects.filter(pk=owner.pk).update(left_at=NOW)
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_takes_a_person_into_an_account_once(self, owner: Member) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Member.objects.create(account=owner.account, user=owner.user, role="adult", name="x", joined_at=NOW)


class TestUsers:
    def test_can_always_be_reached(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user()

    def test_have_their_address_in_one_form(self) -> None:
        assert User.objects.create_user(" Ｌi@EXAMPLE.com ").email == "li@example.com"
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(email="li@example.com").update(email="LI@example.com")


class TestRecords:
    def test_stay_as_they_were_written(self, owner: Member) -> None:
        audit.record("test", subject="x", account=owner.account, by=owner.user, now=NOW)
        for change in (AuditEvent.objects.all().delete, LegalText.objects.all().delete):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()
        with pytest.raises(IntegrityError), transaction.atomic():
            LegalText.objects.update(body="other")


class TestThePeoplePage:
    def test_shows_the_account_to_its_owner(self, owner: Member, adult: Member) -> None:
        page = client_of(owner).get("/people/").content.decode()
        assert "owner" in page
        assert "partner" in page
        assert "Asia/Shanghai" in page

    def test_shows_a_child_nobody_else(self, adult: Member, child: Member) -> None:
        page = client_of(child).get("/people/").content.decode()
        assert "partner@example.com" not in page

    def test_shows_all_of_a_large_account_a_page_at_a_time(self, owner: Member) -> None:
        names = [f"person-{number:02}" for number in range(30)]
        for name in names:
            join(owner, role="adult", name=name)
            place = invitations.Place(way="email", contact=f"{name}@example.org", name=f"guest-{name[-2:]}")
            invitations.invite_list(owner, [place], now=clock.now())
        client = client_of(owner)
        first = client.get("/people/")
        text = first.content.decode()
        seen, invited = first.context["people"], first.context["invitations"]
        second = client.get("/people/", {"after": seen.next_key, "invited_after": invited.next_key}).content.decode()
        assert ["person-29" in text, "person-29" in second] == [False, True]
        assert ["guest-29" in text, "guest-29" in second] == [False, True]
        assert client.get("/people/", {"after": "x", "invited_after": "9" * 30}).status_code == 200

    def test_lets_the_owner_rename_the_account(self, owner: Member) -> None:
        client_of(owner).post("/people/account/", {"name": "Li home", "time_zone": "Asia/Tokyo"})
        account = Account.objects.get(pk=owner.account_id)
        assert (account.name, account.time_zone) == ("Li home", "Asia/Tokyo")

    def test_refuses_that_to_others(self, owner: Member, adult: Member) -> None:
        answer = client_of(adult).post("/people/account/", {"name": "Mine", "time_zone": "Asia/Tokyo"})
        assert answer.status_code == 403
        assert Account.objects.get(pk=owner.account_id).name == "Li"

    @pytest.mark.parametrize("form", ["account", "me"])
    def test_shows_what_is_wrong_with_a_form_on_the_whole_page(self, owner: Member, adult: Member, form: str) -> None:
        answer = client_of(owner).post(f"/people/{form}/", {"name": ""})
        assert answer.status_code == 422
        assert answer.context[f"{form}_form"].errors
        page = answer.content.decode()
        for words in ("partner@example.com", 'action="/people/account/"', 'action="/people/me/"'):
            assert words in page
        assert page.count("This field is required") == len(answer.context[f"{form}_form"].errors)

    def test_leads_from_the_address_of_a_form_to_its_page(self, owner: Member) -> None:
        for path in ("/people/account/", "/people/me/"):
            assert client_of(owner).get(path)["Location"] == "/people/"

    def test_lets_everyone_say_what_they_are_called(self, child: Member) -> None:
        client_of(child).post("/people/me/", {"name": "Xiao Li"})
        assert Member.objects.get(pk=child.pk).name == "Xiao Li"

    def test_leads_a_person_without_an_account_to_founding(self, client: Client) -> None:
        client.force_login(User.objects.create_user("new@example.com"))
        page = client.get("/people/")
        assert page.status_code == 403
        assert b'href="/accounts/founding/"' in page.content


class TestRefusals:
    @pytest.fixture
    def newcomer(self, client: Client) -> Client:
        client.force_login(User.objects.create_user("new@example.com"))
        return client

    def test_are_a_page_for_a_browser(self, newcomer: Client) -> None:
        page = newcomer.get("/keys/")
        assert b"<html" in page.content
        assert b"nothing was charged" in page.content

    def test_are_a_fragment_for_htmx(self, newcomer: Client) -> None:
        page = newcomer.get("/keys/", headers={"HX-Request": "true"})
        assert b"<html" not in page.content
        assert b"Found one first" in page.content

    def test_are_json_for_machines(self, client: Client) -> None:
        answer = client.get("/v1/balance", headers={"authorization": "Bearer ck-wrong"})
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "invalid_api_key"


class TestLanguage:
    def test_is_kept_by_cookie_for_a_visitor(self, client: Client) -> None:
        answer = client.post("/language/", {"language": "zh-hans", "next": "/legal/terms/"})
        assert answer["Location"] == "/legal/terms/"
        assert "您得到什么" in client.get("/legal/terms/").content.decode()

    def test_is_kept_for_good_for_a_person(self, owner: Member) -> None:
        client_of(owner).post("/language/", {"language": "zh-hans", "next": "/people/"})
        assert User.objects.get(pk=owner.user_id).language == "zh-hans"

    def test_never_leads_to_another_site(self, client: Client) -> None:
        answer = client.post("/language/", {"language": "en", "next": "https://evil.example/"})
        assert "evil" not in answer["Location"]


class TestLegalTexts:
    @pytest.mark.parametrize("kind", ["terms", "privacy"])
    def test_are_there_in_english(self, client: Client, kind: str) -> None:
        page = client.get(f"/legal/{kind}/").content.decode()
        assert "Version 1" in page
        assert "<h2>Children</h2>" in page

    def test_are_only_two(self, client: Client) -> None:
        assert client.get("/legal/cookies/").status_code == 404


class TestTheDemosMailbox:
    def test_shows_what_was_sent_to_one_recipient(self, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        for recipient in ("+8613800138000", "+8613900139000"):
            SentMessage.objects.create(channel="sms", recipient=recipient, body=f"for {recipient}", created_at=NOW)
        page = client.get("/demo/messages/", {"recipient": "138"}).content.decode()
        assert "for +8613800138000" in page
        assert "for +8613900139000" not in page

    def test_is_not_there_outside_the_demo(self, client: Client, settings: Settings) -> None:
        settings.DEMO = False
        assert client.get("/demo/messages/").status_code == 404
