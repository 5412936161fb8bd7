"""What waits as a row goes out once, in the reader's language, and nothing stands in the way of all others."""

import smtplib
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django.fixtures import Settings

from accounts import accounts, invitations, notifications, outbox, tasks
from accounts.invitations import Place
from accounts.models import Account, Invitation, Member, Notification, SentMessage, User
from portal.kit import clock
from tests.accounts.people import NOW, client_of

pytestmark = pytest.mark.django_db
PHONE = "+8613800138000"
LATER = NOW + timedelta(minutes=1)


class StumblingBackend(BaseEmailBackend):
    """A way to send mail whose second message brings the process down."""

    carried: ClassVar[int] = 0

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """This will carry the first message and fall over the second."""
        type(self).carried += 1
        if self.carried == 2:
            message = "a mistake of ours"
            raise RuntimeError(message)
        return len(email_messages)


class RefusingBackend(BaseEmailBackend):
    """A mail server that takes nothing for anybody, for good or for now."""

    code: ClassVar[int] = 550

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """This will refuse every recipient."""
        addresses = [address for message in email_messages for address in message.recipients()]
        raise smtplib.SMTPRecipientsRefused(dict.fromkeys(addresses, (self.code, b"no")))


class BusyBackend(RefusingBackend):
    """A mail server that asks to come again."""

    code = 450


def invite(inviter: Member, contact: str = "li@example.com", **given: Any) -> Invitation:
    way = "phone" if contact.startswith("+") else "email" if contact else "screen"
    return invitations.invite(inviter, Place(way=way, contact=contact, **given), now=NOW)


def tell(member: Member, kind: str = "member_left", name: str = "Li") -> None:
    sentence = "{name} has left {account}."
    notifications.tell([member], kind=kind, sentence=sentence, path="/people/", now=NOW, name=name, account="Wang")


def break_mail(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture
def by_phone(owner: Member) -> Member:
    """A grown-up who signs in by phone alone."""
    user = User.objects.create_user(phone=PHONE)
    return Member.objects.create(account=owner.account, user=user, role="adult", name="x", joined_at=NOW)


class TestSendInvitations:
    def test_mails_the_link_once(self, owner: Member) -> None:
        made = invite(owner, name="Li")
        assert (outbox.send_invitations(LATER), outbox.send_invitations(LATER)) == (1, 0)
        [sent] = mail.outbox
        assert (sent.to, sent.subject) == (["li@example.com"], "owner invites you to Li")
        assert invitations.link_of(made) in sent.body
        assert "Hello Li," in sent.body
        assert Invitation.objects.get().sent_at == LATER

    def test_writes_a_text_message_to_a_phone(self, owner: Member, demo: None) -> None:
        made = invite(owner, PHONE)
        assert outbox.send_invitations(LATER) == 1
        sent = SentMessage.objects.get()
        assert (sent.channel, sent.recipient) == ("sms", PHONE)
        assert invitations.link_of(made) in sent.body

    def test_speaks_the_language_of_who_invites(self, owner: Member) -> None:
        User.objects.filter(pk=owner.user_id).update(language="zh-hans")
        invite(Member.objects.get(pk=owner.pk))
        outbox.send_invitations(LATER)
        assert "invites you" not in mail.outbox[0].subject

    def test_sends_the_new_link_again_and_only_that(self, owner: Member) -> None:
        made = invite(owner)
        outbox.send_invitations(NOW)
        invitations.send_again(made, by=owner.user, now=NOW)
        outbox.send_invitations(LATER)
        made.refresh_from_db()
        assert len(mail.outbox) == 2
        assert invitations.link_of(made) in mail.outbox[1].body
        assert invitations.link_of(made) not in mail.outbox[0].body

    def test_counts_links_that_are_sent_again_towards_the_day(self, owner: Member) -> None:
        made = [invite(owner, f"{number}@example.com") for number in range(invitations.MOST_A_DAY - 1)]
        invitations.send_again(made[0], by=owner.user, now=NOW)
        with pytest.raises(invitations.TooManyInvitations):
            invitations.send_again(made[1], by=owner.user, now=NOW)
        with pytest.raises(invitations.TooManyInvitations):
            invite(owner, "more@example.com")
        invitations.send_again(made[1], by=owner.user, now=NOW + invitations.A_DAY)

    def test_sends_nothing_that_ended_lapsed_or_is_only_shown(self, owner: Member) -> None:
        invitations.withdraw(invite(owner), by=owner.user, now=NOW)
        invite(owner, "")
        invite(owner, "late@example.com")
        assert outbox.send_invitations(NOW + timedelta(hours=72)) == 0
        assert [invitation.sent_at for invitation in Invitation.objects.filter(contact="late@example.com")] == [None]
        assert not mail.outbox

    def test_carries_no_address_in_anybodys_name_and_one_line_of_subject(self, owner: Member) -> None:
        Account.objects.filter(pk=owner.account_id).update(name="Win at\nhttps://evil.example")
        User.objects.filter(pk=owner.user_id).update(name="evil.example")
        made = invite(Member.objects.get(pk=owner.pk))
        Invitation.objects.filter(pk=made.pk).update(name="www.evil.example\nBcc: x")
        outbox.send_invitations(LATER)
        [sent] = mail.outbox
        assert sent.subject == "… invites you to …"
        assert "evil" not in sent.body.replace(invitations.link_of(made), "")

    def test_waits_while_mail_is_away(self, owner: Member, settings: Settings) -> None:
        kept = settings.EMAIL_BACKEND
        invite(owner)
        break_mail(settings)
        assert outbox.send_invitations(LATER) == 1
        assert Invitation.objects.get().sent_at is None
        settings.EMAIL_BACKEND = kept
        assert outbox.send_invitations(LATER) == 0
        assert outbox.send_invitations(LATER + outbox.SHORTEST_PAUSE) == 1
        assert len(mail.outbox) == 1

    def test_waits_longer_each_time_and_at_last_a_quarter_of_an_hour(self, owner: Member, settings: Settings) -> None:
        made = invite(owner)
        settings.EMAIL_BACKEND = f"{__name__}.BusyBackend"
        now, tried = NOW, []
        while now < made.expires_at:
            assert outbox.send_invitations(now) == 1
            tried.append(now)
            made.refresh_from_db()
            assert made.sent_at is None
            assert made.next_try_at is not None
            now = made.next_try_at
        pauses = [later - earlier for earlier, later in pairwise(tried)]
        assert all(pause <= outbox.SHORTEST_PAUSE * 2**failed for failed, pause in enumerate(pauses[:8]))
        assert {outbox.LONGEST_PAUSE / 2 <= pause <= outbox.LONGEST_PAUSE for pause in pauses[9:]} == {True}
        assert 288 < len(tried) < 600
        assert made.tries == len(tried)

    def test_gives_up_an_address_that_is_refused_for_good(self, owner: Member, settings: Settings) -> None:
        made, client, kept = invite(owner), client_of(owner), settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
        assert (outbox.send_invitations(NOW), outbox.send_invitations(LATER)) == (1, 0)
        assert Invitation.objects.get().refused_at == NOW
        Invitation.objects.update(expires_at=clock.now() + timedelta(days=1))
        assert "Mail for li@example.com is refused." in client.get(f"/people/invitations/{made.pk}/").content.decode()
        assert "could not be delivered" in client.get("/people/").content.decode()
        settings.EMAIL_BACKEND = kept
        invitations.send_again(Invitation.objects.get(), by=owner.user, now=LATER)
        assert outbox.send_invitations(LATER) == 1
        assert Invitation.objects.get().refused_at is None
        assert len(mail.outbox) == 1

    def test_lets_what_cannot_be_sent_stand_in_nobodys_way(self, owner: Member, settings: Settings) -> None:
        settings.DEMO, settings.SMS_HOOK_URL = False, ""
        for number in range(outbox.BATCH):
            Invitation.objects.create(
                account=owner.account, invited_by=owner.user, way="phone", contact=f"+86138001380{number:02}",
                role="adult", created_at=NOW - timedelta(hours=1), expires_at=NOW + timedelta(days=3),
            )  # fmt: skip
        firm = accounts.found(User.objects.create_user("w@example.com"), kind="business", name="Wang", now=NOW)
        invite(firm)
        for _ in range(20):
            outbox.send_invitations(LATER)
        assert [sent.to for sent in mail.outbox] == [["li@example.com"]]

    def test_loses_one_message_in_a_crash(self, owner: Member, settings: Settings) -> None:
        for number in range(5):
            invite(owner, f"{number}@example.com")
        kept, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.StumblingBackend"
        with pytest.raises(RuntimeError):
            outbox.send_invitations(LATER)
        settings.EMAIL_BACKEND = kept
        assert outbox.send_invitations(LATER) == 3


class TestSendNotifications:
    def test_mails_each_once(self, owner: Member) -> None:
        tell(owner)
        assert (outbox.send_notifications(LATER), outbox.send_notifications(LATER)) == (1, 0)
        [sent] = mail.outbox
        assert (sent.to, sent.subject) == (["owner@example.com"], "Li has left Wang.")
        assert "/people/" in sent.body

    def test_gives_up_an_address_that_is_refused_for_good(self, owner: Member, settings: Settings) -> None:
        tell(owner)
        settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
        assert (outbox.send_notifications(NOW), outbox.send_notifications(LATER)) == (1, 0)

    def test_speaks_the_language_of_the_reader(self, owner: Member) -> None:
        User.objects.filter(pk=owner.user_id).update(language="zh-hans")
        tell(owner)
        outbox.send_notifications(LATER)
        assert "has left" not in mail.outbox[0].subject

    def test_keeps_a_subject_to_one_line(self, owner: Member) -> None:
        tell(owner, name="Li\nBcc: everybody@example.com")
        outbox.send_notifications(LATER)
        assert mail.outbox[0].subject == "Li Bcc: everybody@example.com has left Wang."

    def test_rings_the_phone_only_for_what_is_urgent(self, by_phone: Member, demo: None) -> None:
        tell(by_phone)
        tell(by_phone, kind="ownership_offered")
        assert outbox.send_notifications(LATER) == 2
        assert SentMessage.objects.get().recipient == PHONE

    def test_sends_a_child_nothing(self, owner: Member, demo: None) -> None:
        user = User.objects.create(name="Mei", created_at=NOW, guarded_at=NOW)
        child = Member.objects.create(account=owner.account, user=user, role="child", name="Mei", joined_at=NOW)
        tell(child, kind="extra_asked")
        assert outbox.send_notifications(LATER) == 1
        assert not mail.outbox
        assert not SentMessage.objects.exists()

    def test_waits_for_a_sender_and_for_a_day_at_most(self, by_phone: Member, settings: Settings) -> None:
        settings.DEMO, settings.SMS_HOOK_URL = False, ""
        tell(by_phone, kind="pin_locked")
        outbox.send_notifications(LATER)
        assert Notification.objects.get().sent_at is None
        settings.DEMO = True
        outbox.send_notifications(NOW + outbox.STALE)
        assert Notification.objects.get().sent_at is not None
        assert not SentMessage.objects.exists()


class TestPauseAfter:
    @pytest.mark.parametrize(("tries", "most"), [(1, 3), (2, 6), (8, 384), (9, 768), (10, 900), (30_000, 900)])
    def test_doubles_up_to_a_quarter_of_an_hour(self, tries: int, most: int) -> None:
        pauses = [outbox.pause_after(tries).total_seconds() for _ in range(50)]
        assert all(most / 2 <= pause <= most for pause in pauses)
        assert len(set(pauses)) > 1


class TestTheTasks:
    def test_send_what_waits(self, owner: Member) -> None:
        invitations.invite(owner, Place(way="email", contact="li@example.com"), now=clock.now())
        notifications.tell([owner], kind="x", sentence="Hello.", path="/", now=clock.now())
        assert (tasks.send_invitations(), tasks.send_notifications()) == (1, 1)
        assert len(mail.outbox) == 2
