"""What we hold on a person: all of it in one file, or gone, and the books without a name."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts import audit, callers, children, members
from accounts.models import ApiKey, AuditEvent, Member, Notification, User
from plans.ledger.refusals import MinutesUsed
from portal.kit import clock, ids
from tests.accounts.people import client_of, found, fresh, join
from tests.plans.ledger import books
from usage import content_keys, conversations, departures, digests, privacy, refusals
from usage.models import ContentKey, Conversation, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Member:
    return found("parent@example.com", kind="household", name="Li")


@pytest.fixture
def adult(owner: Member) -> Member:
    return join(owner, role="adult", name="partner")


def asks(member: Member, text: str) -> Conversation:
    now = clock.now()
    return conversations.open_turns(
        member, conversation=None, text=text, model_name="fast", call_id=ids.uuid7(now), now=now
    ).conversation


class TestExport:
    def test_opens_the_own_words_and_no_secret(self, owner: Member, adult: Member) -> None:
        asks(adult, "Why is the sky blue?")
        books.key_of(adult)
        told = json.dumps(privacy.export(adult.user, by=adult.user, now=clock.now()))
        assert "Why is the sky blue?" in told
        assert "partner@example.com" in told
        assert "digest" not in told
        assert "parent@example.com" not in told

    def test_is_a_file_for_oneself_after_proof(self, owner: Member, adult: Member) -> None:
        client = client_of(adult)
        path = f"/privacy/{adult.pk}/export/"
        assert client.post(path).status_code == 302
        answer = fresh(client).post(path)
        assert "attachment" in answer["Content-Disposition"]
        assert json.loads(answer.content)["person"]["email"] == "partner@example.com"
        assert fresh(client_of(owner)).post(path).status_code == 404

    def test_stays_open_to_who_has_left_their_only_account(self, owner: Member, adult: Member) -> None:
        asks(adult, "Why is the sky blue?")
        departures.remove(adult, by=owner.user, reason="", now=clock.now())
        client, path = fresh(client_of(adult)), f"/privacy/{adult.pk}/"
        assert "Why is the sky blue?" in client.post(f"{path}export/").content.decode()
        assert fresh(client_of(owner)).post(f"{path}export/").status_code == 404
        assert client.post(f"{path}erasure/", {"confirmed": "yes"})["Location"] == "/"
        assert not Conversation.objects.filter(member=adult).exists()


class TestReading:
    def line(self, owner: Member, years: int) -> Member:
        now = clock.now()
        born_in = date(now.year - years, 1, 1)
        return children.open(owner, nickname="Mei", born_in=born_in, pin="2580", language="en", now=now)

    def told(self, owner: Member, child: Member) -> str:
        exported = fresh(client_of(owner)).post(f"/privacy/{child.pk}/export/").content.decode()
        listed = client_of(owner).get(f"/people/{child.pk}/child/chats/")
        return exported + listed.content.decode()

    def test_begins_when_it_is_switched_on_and_not_before(self, owner: Member) -> None:
        child = self.line(owner, 9)
        asks(child, "Before it")
        assert "Before it" not in self.told(owner, child)
        assert client_of(owner).get(f"/people/{child.pk}/child/chats/").status_code == 403
        books.move_clock(timedelta(minutes=1))
        children.begin_reading(child, by=owner, now=clock.now())
        kept = asks(child, "After it")
        told = self.told(owner, child)
        assert "After it" in told
        assert "Before it" not in told
        page = client_of(owner).get(f"/people/{child.pk}/child/chats/{kept.pk}/").content.decode()
        assert "After it" in page

    def test_ends_at_fourteen(self, owner: Member) -> None:
        child = self.line(owner, 13)
        children.begin_reading(child, by=owner, now=clock.now())
        kept = asks(child, "A secret")
        books.move_clock(timedelta(days=366))
        assert "A secret" not in self.told(owner, child)
        assert client_of(owner).get(f"/people/{child.pk}/child/chats/{kept.pk}/").status_code == 403

    def test_is_for_guardians_alone(self, owner: Member, adult: Member) -> None:
        child = self.line(owner, 9)
        children.begin_reading(child, by=owner, now=clock.now())
        for other in (adult, found("stranger@example.com", kind="household", name="Wu")):
            assert client_of(other).get(f"/people/{child.pk}/child/chats/").status_code == 404


class TestErase:
    def test_forgets_words_names_and_addresses(self, owner: Member, adult: Member) -> None:
        asks(adult, "A secret")
        key = books.key_of(adult)
        privacy.erase(adult.user, now=clock.now())
        assert not Conversation.objects.filter(member=adult).exists()
        assert not ContentKey.objects.filter(member=adult).exists()
        user, member = User.objects.get(pk=adult.user_id), Member.objects.get(pk=adult.pk)
        assert (user.email, user.name, user.is_active) == (f"{user.pk}@erased.invalid", "", False)
        assert (member.name, member.left_at is not None) == (f"#{member.pk}", True)
        assert ApiKey.objects.get(pk=key.pk).revoked_at is not None

    def test_leaves_no_name_in_news_and_audit_events(self, owner: Member, adult: Member) -> None:
        now = clock.now()
        members.welcome(adult, now=now)
        audit.record(
            "device.sign_in", subject=f"partner: {'iPad' * 30}", account=adult.account, by=None, now=now, who="partner"
        )
        kept = audit.record(
            "member.join",
            subject="partners",
            account=adult.account,
            by=None,
            now=now,
            whose="x partner",
            kinds=["partner"],
        )
        elsewhere = join(found("other@example.com", kind="household", name="Wu"), role="adult", name="former")
        Member.objects.filter(pk=elsewhere.pk).update(user=adult.user, name="P. of Wu's")
        elsewhere.refresh_from_db()
        members.welcome(elsewhere, now=now)
        departures.remove(elsewhere, by=adult.user, reason="", now=now)
        privacy.erase(adult.user, now=now)
        told = list(Notification.objects.values_list("details", flat=True))
        written = list(AuditEvent.objects.exclude(pk=kept.pk).values_list("subject", "details"))
        assert not [each for each in (*told, *written) if "partner" in str(each) or "P. of" in str(each)]
        assert {each["name"] for each in told} == {f"#{adult.pk}", f"#{elsewhere.pk}"}
        assert f"#{adult.pk} has left" in str(Notification.objects.get(member=owner, kind="member_left"))
        kept.refresh_from_db()
        assert (kept.subject, kept.details) == ("partners", {"whose": "x partner", "kinds": ["partner"]})

    def test_lets_nobody_change_anything_else_that_was_written_down(self, owner: Member, adult: Member) -> None:
        event = audit.record("member.join", subject="partner", account=adult.account, by=None, now=clock.now())
        privacy.erase(adult.user, now=clock.now())
        assert AuditEvent.objects.get(pk=event.pk).subject == f"#{adult.pk}"
        for changes in ({"subject": "partner"}, {"verb": "member.place"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                AuditEvent.objects.filter(pk=event.pk).update(**changes)
        books.run("SELECT set_config('accounts.erasing', 'on', true)")
        with pytest.raises(IntegrityError), transaction.atomic():
            AuditEvent.objects.filter(pk=event.pk).update(verb="member.place")
        with pytest.raises(IntegrityError), transaction.atomic():
            AuditEvent.objects.filter(pk=event.pk).delete()

    def test_forgets_what_they_were_refused(self, owner: Member, adult: Member) -> None:
        for member in (owner, adult):
            refusals.note(MinutesUsed(limit=30), callers.of_member(member), source="chat", model_name="fast")
        privacy.erase(adult.user, now=clock.now())
        assert [row.member_id for row in Refused.objects.all()] == [owner.pk]
        assert client_of(owner).get("/usage/refusals/").status_code == 200

    def test_signs_every_browser_out(self, owner: Member, adult: Member) -> None:
        other = client_of(adult)
        client = fresh(client_of(adult))
        assert client.post(f"/privacy/{adult.pk}/erasure/")["Location"] == f"/privacy/{adult.pk}/"
        assert Member.objects.get(pk=adult.pk).left_at is None
        assert client.post(f"/privacy/{adult.pk}/erasure/", {"confirmed": "yes"})["Location"] == "/"
        assert other.get("/people/").status_code == 302

    def test_leaves_no_account_without_an_owner(self, owner: Member) -> None:
        answer = fresh(client_of(owner)).post(f"/privacy/{owner.pk}/erasure/", {"confirmed": "yes"})
        assert answer.status_code == 409
        assert User.objects.get(pk=owner.user_id).email == "parent@example.com"

    def test_of_a_child_is_for_the_guardian(self, owner: Member, adult: Member) -> None:
        now = clock.now()
        line = children.open(
            owner, nickname="Mei", born_in=date(now.year - 9, 1, 1), pin="2580", language="en", now=now
        )
        path = f"/privacy/{line.pk}/erasure/"
        assert fresh(client_of(adult)).post(path, {"confirmed": "yes"}).status_code == 404
        assert fresh(client_of(owner)).post(path, {"confirmed": "yes"})["Location"] == "/people/"
        assert Member.objects.get(pk=line.pk).name == f"#{line.pk}"


class TestDigest:
    def test_tells_guardians_once_a_week_and_no_words(self, owner: Member) -> None:
        now = clock.now()
        line = children.open(
            owner, nickname="Mei", born_in=date(now.year - 9, 1, 1), pin="2580", language="en", now=now
        )
        content_keys.of(line.pk, now=now)
        assert digests.send_due(now) == 0
        later = books.move_clock(digests.A_WEEK)
        assert [digests.send_due(later) for _ in range(2)] == [1, 0]
        assert "Mei’s week: 0 minutes, 0 questions" in str(owner.notifications.latest("pk"))
        assert digests.send_due(books.move_clock(digests.A_WEEK)) == 1
