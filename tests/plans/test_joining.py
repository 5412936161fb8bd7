"""Joining: the page behind a link, which a mail scanner may open, and what the person finds inside."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import invitations, members
from accounts.invitations import Place
from accounts.models import Account, AuditEvent, Invitation, Member, User
from plans import joining
from plans.models import Quota
from portal.kit import clock
from tests.accounts.people import Firm, client_of, found, join, staffed

pytestmark = pytest.mark.django_db
ADDRESS = "li@example.com"


def invite(inviter: Member, **given: Any) -> Invitation:
    usual: dict[str, Any] = {"way": "email", "contact": ADDRESS}
    return invitations.invite(inviter, Place(**usual | given), now=clock.now())


def code(inviter: Member, **given: Any) -> Invitation:
    return invite(inviter, way="screen", contact="", **given)


def path_of(invitation: Invitation) -> str:
    secret = invitations.link_of(invitation).rstrip("/").rpartition("/")[2]
    return reverse("plans:invitation", args=[invitation.pk, secret])


def confirmation(invitation: Invitation) -> str:
    return f"/people/invitations/{invitation.pk}/confirmation/"


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(db: None) -> Member:
    return found("owner@example.com", kind="household", name="Li")


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("wang@example.com", kind="business", name="Wang & Co"))


@pytest.fixture
def invited(db: None) -> User:
    return User.objects.create_user(ADDRESS, name="Ming")


class TestAccept:
    def test_gives_the_quota_that_was_kept(self, owner: Member, invited: User) -> None:
        made = invite(owner, monthly_microcredits=0)
        member = joining.accept(made, user=invited, now=clock.now())
        quota = Quota.objects.get()
        assert (quota.node_kind, quota.node_id, quota.window, quota.limit) == ("member", member.pk, "month", 0)
        assert AuditEvent.objects.get(verb="quota.put").actor == owner.user

    def test_gives_none_where_none_was_kept(self, owner: Member, invited: User) -> None:
        joining.accept(invite(owner), user=invited, now=clock.now())
        assert not Quota.objects.exists()

    def test_leaves_nothing_behind_where_it_is_refused(self, firm: Firm, owner: Member, invited: User) -> None:
        made = invite(owner, monthly_microcredits=5)
        with pytest.raises(invitations.WrongPerson):
            joining.accept(made, user=firm.clerk.user, now=clock.now())
        assert not Quota.objects.exists()
        assert Invitation.objects.get().state == "open"


class TestConfirm:
    def test_gives_the_quota_too(self, owner: Member, invited: User) -> None:
        made = code(owner, monthly_microcredits=7)
        invitations.ask(made, user=invited, now=clock.now())
        made.refresh_from_db()
        member = joining.confirm(made, by=owner.user, now=clock.now())
        assert Quota.objects.get().node_id == member.pk


class TestThePage:
    def test_only_shows_however_often_it_is_opened(self, owner: Member, invited: User) -> None:
        for made in (invite(owner), code(owner)):
            before = Invitation.objects.filter(pk=made.pk).values().get()
            for client in (Client(), at(invited)):
                for method in (client.get, client.head, client.get):
                    answer = method(path_of(made))
                    assert answer.status_code == 200
                    assert "no-store" in answer["Cache-Control"]
                    assert answer["Referrer-Policy"] == "same-origin"
            assert client.put(path_of(made)).status_code == 405
            assert Invitation.objects.filter(pk=made.pk).values().get() == before
        assert not Member.objects.of(invited).exists()

    def test_says_who_invites_into_what(self, firm: Firm) -> None:
        made = invite(firm.owner, role="head", department_id=firm.shop.pk, monthly_microcredits=500_000_000)
        page = Client().get(path_of(made)).content.decode()
        for words in ("Join Wang &amp; Co?", "wang", "Head of a department", "Shop", "500", ADDRESS):
            assert words in page

    def test_takes_in_by_a_post_and_acts_for_the_account(self, owner: Member, invited: User) -> None:
        own = found("x@example.com", kind="household", name="Own")
        Member.objects.create(account=own.account, user=invited, role="adult", name="x", joined_at=clock.now())
        made = invite(owner, name="Ming")
        client = at(invited)
        assert client.post(path_of(made))["Location"] == "/chat/"
        assert client.get("/people/").context["account"]() == owner.account
        assert at(invited).get("/people/").context["account"]() == own.account

    def test_works_once(self, owner: Member, invited: User) -> None:
        made = invite(owner)
        client = at(invited)
        answers = [client.post(path_of(made)).status_code for _ in range(3)]
        assert answers == [302, 410, 410]
        assert client.get(path_of(made)).status_code == 410
        assert Member.objects.of(invited).count() == 1

    def test_ignores_whatever_a_browser_adds(self, owner: Member, firm: Firm, invited: User) -> None:
        made = invite(owner, role="auditor", monthly_microcredits=5)
        tampered = {
            "role": "owner",
            "account": firm.owner.account_id,
            "department": firm.sales.pk,
            "monthly_credits": "",
        }
        at(invited).post(path_of(made), tampered)
        member = Member.objects.get(user=invited)
        assert (member.account, member.role, member.department) == (owner.account, "auditor", None)
        assert Quota.objects.get().limit == 5

    def test_is_worth_nothing_to_anybody_else(self, owner: Member, firm: Firm) -> None:
        made = invite(owner)
        child = join(owner, role="child", name="child")
        for member in (owner, child, firm.owner, firm.head, firm.auditor):
            answer = client_of(member).post(path_of(made))
            assert answer.status_code == 409
            assert "sent to another address" in answer.content.decode()
        assert owner.account.members.count() == 2
        assert Invitation.objects.get().state == "open"

    def test_answers_every_dead_link_alike(self, owner: Member, firm: Firm, invited: User) -> None:
        made, other, ended = invite(owner), invite(firm.owner), invite(owner, contact="x@example.com")
        invitations.withdraw(ended, by=owner.user, now=clock.now())
        lapsed = invite(owner, contact="y@example.com")
        Invitation.objects.filter(pk=lapsed.pk).update(expires_at=clock.now())
        secret = path_of(made).split("/")[-2]
        dead = [path_of(ended), path_of(lapsed), f"/join/{other.pk}/{secret}/", f"/join/999999/{secret}/"]
        dead += [f"/join/{made.pk}/{'0' * 64}/", f"/join/{made.pk}/{secret.upper()}/", f"/join/{10**30}/x/"]
        client = at(invited)
        for method in (client.get, client.post, Client().get, Client().post):
            answers = [method(path) for path in dead]
            assert {answer.status_code for answer in answers} == {410}
            assert len({str(answer.context["sentence"]) for answer in answers}) == 1
        assert not Member.objects.of(invited).exists()

    def test_dies_when_a_new_link_is_sent(self, owner: Member, invited: User) -> None:
        made = invite(owner)
        old = path_of(made)
        client_of(owner).post(f"/people/invitations/{made.pk}/sending/")
        made.refresh_from_db()
        client = at(invited)
        assert client.post(old).status_code == 410
        assert client.post(path_of(made)).status_code == 302

    def test_lets_nobody_back_in_who_was_removed(self, owner: Member, invited: User) -> None:
        first, second = invite(owner), code(owner)
        client = at(invited)
        client.post(path_of(first))
        member = Member.objects.get(user=invited)
        Invitation.objects.filter(pk=second.pk).update(state="asked", asked_by=invited, asked_at=clock.now())
        members.remove(member, by=owner.user, reason="", now=clock.now())
        assert {client.post(path_of(made)).status_code for made in (first, second)} == {410}
        assert client_of(owner).post(confirmation(second)).status_code == 410
        assert not Member.objects.of(invited).active().exists()


class TestNewcomers:
    def test_are_led_through_signing_up_and_back_without_founding_anything(self, owner: Member) -> None:
        cache.clear()
        made = invite(owner)
        client = Client()
        signup = client.post(path_of(made))["Location"]
        assert signup == f"/accounts/signup/?next={path_of(made).replace('/', '%2F')}"
        page = client.get(signup).content.decode()
        assert path_of(made) in page
        client.post("/accounts/signup/", {"contact": ADDRESS, "agreed": "on", "next": path_of(made)})
        sent = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
        assert sent
        answer = client.post("/accounts/confirm-email/", {"code": sent[0]})
        assert answer["Location"] == path_of(made)
        assert client.post(path_of(made))["Location"] == "/chat/"
        assert Member.objects.get(user__email=ADDRESS).account == owner.account
        assert Account.objects.count() == 1

    def test_join_nothing_by_an_address_that_they_never_proved(self, owner: Member) -> None:
        cache.clear()
        made = invite(owner)
        client = Client()
        client.post("/accounts/signup/", {"contact": ADDRESS, "agreed": "on", "next": path_of(made)})
        assert client.post(path_of(made))["Location"].startswith("/accounts/signup/")
        squatter = User.objects.get(email=ADDRESS)
        assert at(squatter).post(path_of(made)).status_code == 409
        assert owner.account.members.count() == 1


class TestACode:
    def test_lets_its_scanner_wait_for_a_yes(self, owner: Member, invited: User) -> None:
        made = code(owner)
        client = at(invited)
        assert client.post(path_of(made))["Location"] == path_of(made)
        assert "Almost there" in client.get(path_of(made)).content.decode()
        assert client.post(path_of(made)).status_code == 302  # a second click changes nothing
        assert not Member.objects.of(invited).exists()
        answer = client_of(owner).post(confirmation(made))
        assert answer["Location"] == f"/people/invitations/{made.pk}/"
        assert Member.objects.get(user=invited).account == owner.account
        assert client_of(owner).post(confirmation(made)).status_code == 410

    def test_is_dead_to_everybody_after_the_first(self, owner: Member, firm: Firm, invited: User) -> None:
        made = code(owner)
        at(invited).post(path_of(made))
        for client in (client_of(firm.clerk), client_of(owner), Client()):
            assert client.get(path_of(made)).status_code == 410
        client_of(firm.clerk).post(path_of(made))
        assert Invitation.objects.get().asked_by == invited

    def test_is_no_use_to_members_and_children(self, owner: Member) -> None:
        made = code(owner)
        guarded = join(owner, role="child", name="child")
        User.objects.filter(pk=guarded.user_id).update(guarded_at=clock.now())
        assert client_of(join(owner, role="adult", name="a")).post(path_of(made)).status_code == 409
        assert client_of(guarded).post(path_of(made)).status_code == 409
        assert Invitation.objects.get().state == "open"


class TestConfirmation:
    def test_is_a_yes_of_the_owner_or_of_the_head_who_invited(self, firm: Firm, owner: Member, invited: User) -> None:
        made = code(firm.head, department_id=firm.team.pk)
        assert client_of(firm.head).post(confirmation(made)).status_code == 410  # nobody has asked
        invitations.ask(made, user=invited, now=clock.now())
        for member in (owner, firm.bill_payer, firm.auditor, firm.clerk):
            assert client_of(member).post(confirmation(made)).status_code == 404
        assert at(invited).post(confirmation(made)).status_code == 403
        assert client_of(firm.head).get(confirmation(made)).status_code == 405
        assert client_of(firm.head).post(confirmation(made)).status_code == 302
        assert Member.objects.get(user=invited).department == firm.team

    def test_sends_visitors_to_sign_in(self, client: Client, owner: Member) -> None:
        made = code(owner)
        assert client.post(confirmation(made))["Location"] == f"/accounts/login/?next={confirmation(made)}"
