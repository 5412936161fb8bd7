"""Inviting: who may offer which place, how often, and a link that is worth nothing to anybody else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from accounts import invitations, names
from accounts.invitations import Place
from accounts.models import AuditEvent, Invitation, Member, Notification, User
from tests.accounts.people import NOW, Firm

pytestmark = pytest.mark.django_db
ADDRESS = "li@example.com"
PHONE = "+8613800138000"
SOON = timedelta(minutes=1)
THREE_DAYS = timedelta(hours=72)


def place(**given: Any) -> Place:
    usual: dict[str, Any] = {"way": "email", "contact": ADDRESS}
    return Place(**usual | given)


def invite(inviter: Member, *, now: datetime = NOW, **given: Any) -> Invitation:
    return invitations.invite(inviter, place(**given), now=now)


def code(inviter: Member, *, now: datetime = NOW) -> Invitation:
    return invite(inviter, way="screen", contact="", now=now)


def secret_of(invitation: Invitation) -> str:
    return invitations.link_of(invitation).rstrip("/").rpartition("/")[2]


@pytest.fixture
def invited() -> User:
    return User.objects.create_user(ADDRESS)


class TestInvite:
    def test_keeps_a_place_for_three_days_and_writes_it_down(self, owner: Member) -> None:
        made = invite(owner, name="  Li \n Ming ", monthly_microcredits=5)
        assert (made.state, made.name, made.role, made.sent_at) == ("open", "Li Ming", "adult", None)
        assert (made.account, made.invited_by, made.expires_at) == (owner.account, owner.user, NOW + THREE_DAYS)
        assert AuditEvent.objects.get(verb="invitation.make").actor == owner.user

    def test_makes_a_code_that_is_good_for_ten_minutes_and_never_sent(self, owner: Member) -> None:
        made = code(owner)
        assert (made.contact, made.sent_at, made.expires_at) == ("", NOW, NOW + timedelta(minutes=10))

    def test_stores_no_secret(self, owner: Member) -> None:
        made = invite(owner)
        secret = secret_of(made)
        assert len(bytes.fromhex(secret)) == 32
        stored = [*Invitation.objects.values(), *AuditEvent.objects.values()]
        assert not any(secret in str(row) for row in stored)

    @pytest.mark.parametrize("role", ["owner", "child", "emperor"])
    def test_offers_no_place_that_is_taken_on_in_another_way(self, owner: Member, role: str) -> None:
        with pytest.raises(invitations.MayNotInvite):
            invite(owner, role=role)
        made = invite(owner)
        for wrong in ({"role": "owner"}, {"role": "child"}, {"monthly_microcredits": -1}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Invitation.objects.filter(pk=made.pk).update(**wrong)

    def test_is_for_owners_and_heads(self, firm: Firm, owner: Member, child: Member) -> None:
        for member in (firm.bill_payer, firm.auditor, firm.clerk, child):
            with pytest.raises(invitations.MayNotInvite):
                invite(member)
        assert not Invitation.objects.exists()

    def test_lets_a_head_invite_adults_into_what_they_lead(self, firm: Firm) -> None:
        for number, department in enumerate((firm.sales, firm.team)):
            invite(firm.head, contact=f"{number}@example.com", department_id=department.pk)
        wrongs: list[dict[str, Any]] = [
            {"department_id": firm.shop.pk},
            {"department_id": None},
            {"department_id": firm.team.pk, "role": "auditor"},
            {"department_id": firm.team.pk, "role": "head"},
        ]
        for wrong in wrongs:
            with pytest.raises(invitations.MayNotInvite):
                invite(firm.head, **wrong)

    def test_knows_only_places_of_the_account(self, firm: Firm, owner: Member) -> None:
        for wrong in (
            {"department_id": firm.sales.pk},
            {"role": "head"},
            {"monthly_microcredits": -1},
            {"monthly_microcredits": invitations.LARGEST_QUOTA_MICROCREDITS + 1},
        ):
            with pytest.raises(invitations.BadPlace):
                invite(owner, **wrong)
        assert not Invitation.objects.exists()

    @pytest.mark.parametrize(
        "name", ["https://evil.example", "win at evil.com", "www evil", "a@b", "Li\nevil.cn/x", "evil.example now"]
    )
    def test_takes_no_address_for_a_name(self, owner: Member, name: str) -> None:
        with pytest.raises(names.BadName):
            invite(owner, name=name)

    def test_ends_at_twenty_a_day(self, owner: Member) -> None:
        for number in range(invitations.MOST_A_DAY):
            invitations.withdraw(invite(owner, contact=f"{number}@example.com"), by=owner.user, now=NOW)
        with pytest.raises(invitations.TooManyInvitations):
            invite(owner)
        assert invite(owner, now=NOW + timedelta(days=1)).state == "open"

    def test_does_not_count_codes_on_the_screen(self, owner: Member) -> None:
        for _ in range(invitations.MOST_A_DAY):
            code(owner)
        assert invite(owner).state == "open"

    def test_is_refused_for_who_is_here_but_not_for_who_left(self, owner: Member, adult: Member) -> None:
        User.objects.filter(pk=adult.user_id).update(phone=PHONE)
        for way, contact in (("email", str(adult.user.email)), ("phone", PHONE)):
            with pytest.raises(invitations.AlreadyHere):
                invite(owner, way=way, contact=contact)
        Member.objects.filter(pk=adult.pk).update(left_at=NOW)
        assert invite(owner, contact=str(adult.user.email)).state == "open"

    def test_is_refused_while_the_address_has_an_open_one(self, owner: Member, stranger: Member) -> None:
        first = invite(owner)
        invite(stranger)
        with pytest.raises(invitations.AlreadyInvited):
            invite(owner)
        again = invite(owner, now=NOW + THREE_DAYS)
        assert again.pk != first.pk


class TestSendAgain:
    def test_makes_a_new_link_and_kills_the_old_one(self, owner: Member) -> None:
        made = invite(owner)
        old, later = secret_of(made), NOW + timedelta(days=2)
        Invitation.objects.filter(pk=made.pk).update(sent_at=NOW)
        invitations.send_again(made, by=owner.user, now=later)
        made.refresh_from_db()
        assert (made.sent_at, made.expires_at) == (None, later + THREE_DAYS)
        with pytest.raises(invitations.LinkEnded):
            invitations.find(made.pk, old, now=later)
        assert invitations.find(made.pk, secret_of(made), now=later) == made

    def test_counts_two_clicks_once(self, owner: Member) -> None:
        made = invite(owner)
        invitations.send_again(made, by=owner.user, now=NOW)
        with pytest.raises(invitations.LinkEnded):
            invitations.send_again(made, by=owner.user, now=NOW)

    def test_ends_after_three(self, owner: Member) -> None:
        made = invite(owner)
        for _ in range(invitations.MOST_SENT - 1):
            invitations.send_again(made, by=owner.user, now=NOW)
            made.refresh_from_db()
        with pytest.raises(invitations.SentOften):
            invitations.send_again(made, by=owner.user, now=NOW)

    def test_sends_nothing_that_ended_or_is_only_shown(self, owner: Member) -> None:
        ended, shown = invite(owner), code(owner)
        invitations.withdraw(ended, by=owner.user, now=NOW)
        for made in (ended, shown):
            with pytest.raises(invitations.LinkEnded):
                invitations.send_again(made, by=owner.user, now=NOW)
        assert Invitation.objects.get(pk=shown.pk).sent_at == NOW


class TestFind:
    def test_answers_a_wrong_secret_like_an_unknown_invitation(self, owner: Member) -> None:
        made, other = invite(owner), code(owner)
        secret = secret_of(made)
        for number, given in ((made.pk, secret_of(other)), (made.pk, secret[:-1]), (made.pk, "é"), (10**9, secret)):
            with pytest.raises(invitations.LinkEnded) as refused:
                invitations.find(number, given, now=NOW)
            assert (refused.value.status, refused.value.details) == (410, {})

    def test_finds_nothing_that_lapsed_or_was_withdrawn(self, owner: Member) -> None:
        made = invite(owner)
        secret = secret_of(made)
        assert invitations.find(made.pk, secret, now=NOW + THREE_DAYS - SOON) == made
        with pytest.raises(invitations.LinkEnded):
            invitations.find(made.pk, secret, now=NOW + THREE_DAYS)
        invitations.withdraw(made, by=owner.user, now=NOW)
        with pytest.raises(invitations.LinkEnded):
            invitations.find(made.pk, secret, now=NOW)


class TestAccept:
    def test_takes_the_person_in_on_the_terms_of_the_row(self, firm: Firm, invited: User) -> None:
        made = invite(firm.owner, role="head", department_id=firm.shop.pk, name="Li")
        made.role = "owner"  # as if somebody had tampered with what the browser carries
        made.refresh_from_db()
        member = invitations.accept(made, user=invited, now=NOW)
        assert (member.account, member.role, member.department, member.name) == (
            firm.owner.account, "head", firm.shop, "Li",
        )  # fmt: skip
        made.refresh_from_db()
        assert (made.state, made.member, made.ended_by) == ("accepted", member, invited)
        assert AuditEvent.objects.get(verb="member.join").actor == invited
        told = Notification.objects.get()
        assert (told.member, str(told)) == (firm.owner, "Li has joined Wang & Co.")

    def test_refuses_everybody_else_and_takes_nobody_in(self, owner: Member, stranger: Member, invited: User) -> None:
        made = invite(owner)
        with pytest.raises(invitations.WrongPerson) as refused:
            invitations.accept(made, user=stranger.user, now=NOW)
        assert refused.value.status == 409
        assert not Member.objects.filter(account=owner.account, user=stranger.user).exists()
        assert invitations.accept(made, user=invited, now=NOW).user == invited

    def test_wants_a_proven_mailbox(self, owner: Member, invited: User) -> None:
        EmailAddress.objects.filter(user=invited).update(verified=False)
        made = invite(owner)
        with pytest.raises(invitations.WrongPerson):
            invitations.accept(made, user=invited, now=NOW)
        EmailAddress.objects.filter(user=invited).update(verified=True)
        assert invitations.accept(made, user=invited, now=NOW).role == "adult"

    def test_wants_a_proven_phone(self, owner: Member) -> None:
        user = User.objects.create_user(phone=PHONE)
        User.objects.filter(pk=user.pk).update(phone_verified_at=None)
        made = invite(owner, way="phone", contact=PHONE)
        with pytest.raises(invitations.WrongPerson):
            invitations.accept(made, user=User.objects.get(pk=user.pk), now=NOW)
        assert invitations.accept(made, user=user, now=NOW).name == "…8000"

    def test_takes_in_once(self, owner: Member, invited: User) -> None:
        made = invite(owner)
        invitations.accept(made, user=invited, now=NOW)
        with pytest.raises(invitations.LinkEnded):
            invitations.accept(made, user=invited, now=NOW)
        assert Member.objects.of(invited).count() == 1

    def test_comes_too_late_after_the_end(self, owner: Member, invited: User) -> None:
        made = invite(owner)
        with pytest.raises(invitations.LinkEnded):
            invitations.accept(made, user=invited, now=NOW + THREE_DAYS)
        invitations.withdraw(made, by=owner.user, now=NOW)
        with pytest.raises(invitations.LinkEnded):
            invitations.accept(made, user=invited, now=NOW)
        assert not Member.objects.of(invited).exists()

    def test_is_refused_to_a_member(self, owner: Member, adult: Member, invited: User) -> None:
        made = invite(owner)
        EmailAddress.objects.filter(user=invited).update(user=adult.user, primary=False)
        with pytest.raises(invitations.AlreadyHere):
            invitations.accept(made, user=adult.user, now=NOW)


class TestAsk:
    def test_waits_for_a_yes_and_takes_nobody_in_by_itself(self, owner: Member, invited: User) -> None:
        made = code(owner)
        with pytest.raises(invitations.WrongPerson):
            invitations.accept(made, user=invited, now=NOW)
        invitations.ask(made, user=invited, now=NOW)
        made.refresh_from_db()
        assert (made.state, made.asked_by) == ("asked", invited)
        assert not Member.objects.of(invited).exists()
        assert invitations.confirm(made, by=owner.user, now=NOW + SOON).user == invited

    def test_is_for_one_person(self, owner: Member, stranger: Member, invited: User) -> None:
        made = code(owner)
        invitations.ask(made, user=invited, now=NOW)
        with pytest.raises(invitations.LinkEnded):
            invitations.ask(made, user=stranger.user, now=NOW)
        assert Invitation.objects.get(pk=made.pk).asked_by == invited

    def test_is_for_codes_for_grown_ups_and_for_those_outside(
        self, owner: Member, adult: Member, child: Member, invited: User
    ) -> None:
        User.objects.filter(pk=child.user_id).update(guarded_at=NOW)
        with pytest.raises(invitations.WrongPerson):
            invitations.ask(code(owner), user=User.objects.get(pk=child.user_id), now=NOW)
        with pytest.raises(invitations.WrongPerson):
            invitations.ask(invite(owner), user=invited, now=NOW)
        with pytest.raises(invitations.AlreadyHere):
            invitations.ask(code(owner), user=adult.user, now=NOW)

    @pytest.mark.parametrize("ending", ["decline", "withdraw", "lapse"])
    def test_comes_to_nothing_where_the_owner_does_not_say_yes(self, owner: Member, invited: User, ending: str) -> None:
        made = code(owner)
        invitations.ask(made, user=invited, now=NOW)
        made.refresh_from_db()
        if ending != "lapse":
            getattr(invitations, ending)(made, by=owner.user, now=NOW)
        with pytest.raises(invitations.LinkEnded):
            invitations.confirm(made, by=owner.user, now=NOW + timedelta(minutes=10) * (ending == "lapse"))
        assert not Member.objects.of(invited).exists()

    def test_comes_before_a_yes(self, owner: Member) -> None:
        for verb in (invitations.confirm, invitations.decline):
            with pytest.raises(invitations.LinkEnded):
                verb(code(owner), by=owner.user, now=NOW)
