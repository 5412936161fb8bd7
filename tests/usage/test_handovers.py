"""Handing chats over: by their author alone, to a grown-up beside them, readable for that one from then on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from cryptography.exceptions import InvalidTag
from django.http import Http404

from accounts import members
from accounts.models import AuditEvent, Member, Notification
from portal.kit import clock, ids
from tests.accounts.people import client_of, fresh
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import ANSWER, QUESTION, Home
from usage import content_keys, conversations, departures, handovers, privacy
from usage.models import Call, Conversation

pytestmark = pytest.mark.django_db
ADULT, OWNER, CHILD = "adult@example.com", "olga@example.com", "child@example.com"


@pytest.fixture
def written(home: Home, now: datetime) -> Conversation:
    """What the adult asked and was answered."""
    return cast.answered(home.adult, now=now)[0]


def give(author: Member, *given: Conversation, to: str = OWNER) -> int:
    return handovers.hand_over(author, [each.pk for each in given], contact=to, now=clock.now())


def path_of(member: Member) -> str:
    return f"/people/{member.pk}/handover/"


def form_of(*given: Conversation, to: str = OWNER) -> dict[str, Any]:
    return {"conversations": [str(each.pk) for each in given], "contact": to}


def words(conversation: Conversation) -> list[str]:
    conversation.refresh_from_db()
    return [said.text for said in conversations.read(conversation, now=clock.now())]


class TestHandOver:
    def test_lets_the_receiver_read_and_the_author_no_longer(self, home: Home, written: Conversation) -> None:
        kept = cast.answered(home.adult, now=clock.now())[0]
        assert give(home.adult, written) == 1
        assert words(written) == [QUESTION, ANSWER]
        heading = conversations.headings(home.owner, now=clock.now())[0]
        assert (heading.conversation, heading.conversation.handed_over_by) == (written, home.adult)
        assert [each.conversation for each in conversations.headings(home.adult, now=clock.now())] == [kept]
        old = content_keys.of(home.adult.pk, now=clock.now())
        with pytest.raises((InvalidTag, LookupError)):
            content_keys.unseal(bytes(written.sealed_title), key=old, row=written.pk)

    def test_tells_the_receiver_and_keeps_no_name_or_word(self, home: Home, written: Conversation) -> None:
        give(home.adult, written)
        told = Notification.objects.get(kind="chats_handed_over")
        assert (told.member, told.details) == (home.owner, {"number": 1})
        event = AuditEvent.objects.get(verb="conversations.hand_over")
        assert (event.actor, event.subject, event.details) == (
            home.adult.user,
            f"member {home.owner.pk}",
            {"number": 1},
        )

    @pytest.mark.parametrize("to", [ADULT, CHILD, "stan@example.com", "nobody@example.com"])
    def test_knows_no_receiver_but_another_grown_up_of_the_account(
        self, home: Home, written: Conversation, to: str
    ) -> None:
        with pytest.raises(handovers.NobodyThere):
            give(home.adult, written, to=to)
        assert words(written) == [QUESTION, ANSWER]

    def test_knows_nobody_by_an_address_that_was_not_proven_or_who_left(self, home: Home, now: datetime) -> None:
        mine = cast.answered(home.owner, now=now)[0]
        EmailAddress.objects.filter(email=ADULT).update(verified=False)
        with pytest.raises(handovers.NobodyThere):
            give(home.owner, mine, to=ADULT)
        EmailAddress.objects.filter(email=ADULT).update(verified=True)
        departures.remove(home.adult, by=home.owner.user, reason="", now=now)
        with pytest.raises(handovers.NobodyThere):
            give(home.owner, mine, to=ADULT)

    def test_gives_nothing_that_others_wrote(self, home: Home, written: Conversation, now: datetime) -> None:
        theirs = cast.answered(home.owner, now=now)[0]
        assert give(home.adult, theirs) == 0
        give(home.adult, written)
        assert give(home.owner, written, to=ADULT) == 0
        assert {theirs.member, written.member} == {home.owner, home.adult}
        assert set(Conversation.objects.values_list("member", flat=True)) == {home.owner.pk}

    def test_gives_nothing_of_a_child(self, home: Home, now: datetime) -> None:
        theirs = cast.answered(home.child, now=now)[0]
        with pytest.raises(handovers.MayNotHandOver):
            give(home.child, theirs)
        Member.objects.filter(pk=home.child.pk).update(left_at=now)
        with pytest.raises(handovers.MayNotHandOver):
            give(Member.objects.get(pk=home.child.pk), theirs)

    def test_waits_for_an_answer_under_way(self, home: Home, written: Conversation, now: datetime) -> None:
        open_turn = cast.asked(home.adult, call_id=ids.uuid7(now), now=now)
        with pytest.raises(conversations.StillAnswering):
            give(home.adult, written, open_turn.conversation)
        assert set(Conversation.objects.values_list("member", flat=True)) == {home.adult.pk}

    def test_takes_no_question_of_the_author_any_more(self, home: Home, written: Conversation) -> None:
        opened_before = Conversation.objects.get(pk=written.pk)
        give(home.adult, written)
        now = clock.now()
        with pytest.raises(Http404):
            conversations.open_turns(
                home.adult, conversation=opened_before, text="Why?", model_name="fast", call_id=ids.uuid7(now), now=now
            )
        assert words(written) == [QUESTION, ANSWER]


class TestAfterLeaving:
    def test_is_possible_for_thirty_days(self, home: Home, written: Conversation) -> None:
        departures.remove(home.adult, by=home.owner.user, reason="moved out", now=clock.now())
        other = cast.answered(home.owner, now=clock.now())[0]
        assert conversations.headings(home.owner, now=clock.now())[0].conversation == other
        books.move_clock(members.LINGERS - timedelta(minutes=1))
        client = fresh(client_of(home.adult))
        assert QUESTION[:20] in client.get(path_of(home.adult)).content.decode()
        assert client.post(path_of(home.adult), form_of(written)).status_code == 302
        assert words(written) == [QUESTION, ANSWER]
        books.move_clock(timedelta(minutes=2))
        assert client.get(path_of(home.adult)).status_code == 404
        with pytest.raises(handovers.MayNotHandOver):
            give(Member.objects.get(pk=home.adult.pk), written)

    def test_is_found_where_the_accounts_are_listed(self, home: Home, written: Conversation) -> None:
        departures.remove(home.adult, by=home.owner.user, reason="", now=clock.now())
        page = client_of(home.adult).get("/people/acting/").content.decode()
        assert path_of(home.adult) in page
        assert f"/privacy/{home.adult.pk}/" in page
        taken = fresh(client_of(home.adult)).post(f"/privacy/{home.adult.pk}/export/").content.decode()
        assert QUESTION in taken

    def test_is_nothing_for_the_owner_who_let_them_go(self, home: Home, written: Conversation) -> None:
        departures.remove(home.adult, by=home.owner.user, reason="", now=clock.now())
        client = fresh(client_of(home.owner))
        assert client.get(path_of(home.adult)).status_code == 404
        assert client.post(path_of(home.adult), form_of(written)).status_code == 404
        assert client.get(f"/chat/{written.pk}/").status_code == 404


class TestErasure:
    def test_of_the_author_leaves_the_words_and_takes_the_name(self, home: Home, written: Conversation) -> None:
        stays = cast.answered(home.adult, now=clock.now())[0]
        give(home.adult, written)
        privacy.erase(home.adult.user, now=clock.now())
        assert words(written) == [QUESTION, ANSWER]
        assert not Conversation.objects.filter(pk=stays.pk).exists()
        page = client_of(home.owner).get(f"/chat/{written.pk}/").content.decode()
        assert f"from #{home.adult.pk}" in page
        assert "from adult" not in page

    def test_of_the_receiver_takes_what_they_were_given(self, home: Home, written: Conversation) -> None:
        give(home.owner, cast.answered(home.owner, now=clock.now())[0], to=ADULT)
        privacy.erase(home.adult.user, now=clock.now())
        assert not Conversation.objects.filter(account=home.owner.account).exists()


class TestThePage:
    def test_hands_over_what_was_chosen(self, home: Home, written: Conversation) -> None:
        kept = cast.answered(home.adult, now=clock.now())[0]
        client = fresh(client_of(home.adult))
        assert path_of(home.adult) in client.get(f"/people/{home.adult.pk}/removal/").content.decode()
        answer = client.post(path_of(home.adult), form_of(written, to=" OLGA@example.com "), follow=True)
        assert "1 chat was handed over." in answer.content.decode()
        assert {each.pk: each.member for each in Conversation.objects.all()} == {
            written.pk: home.owner,
            kept.pk: home.adult,
        }

    def test_says_what_is_wrong(self, home: Home, written: Conversation, now: datetime) -> None:
        client = fresh(client_of(home.adult))
        theirs = cast.answered(home.owner, now=now)[0]
        for form in ({"contact": OWNER}, form_of(theirs), form_of(written, to="x")):
            assert client.post(path_of(home.adult), form).status_code == 422
        unknown = client.post(path_of(home.adult), form_of(written, to="nobody@example.com"))
        assert unknown.status_code == 422
        page = unknown.content.decode()
        assert "signs in with this address" in page
        assert 'value="nobody@example.com"' in page
        assert " checked" in page

    def test_holds_back_without_a_fresh_sign_in(self, home: Home, written: Conversation) -> None:
        answer = client_of(home.adult).post(path_of(home.adult), form_of(written))
        assert answer["Location"].startswith("/accounts/reauthenticate/")
        assert words(written) == [QUESTION, ANSWER]
        assert written.member == home.adult


class TestTheChat:
    def test_is_marked_goes_on_and_ends_with_the_receiver(self, home: Home, written: Conversation) -> None:
        give(home.adult, written)
        client = client_of(home.owner)
        page = client.get(f"/chat/{written.pk}/").content.decode()
        assert "from adult" in page
        assert "who handed this over to you" in page
        written.refresh_from_db()
        now = clock.now()
        turn = conversations.open_turns(
            home.owner, conversation=written, text="And at night?", model_name="fast", call_id=ids.uuid7(now), now=now
        )
        sent = conversations.messages(turn, room_bytes=10_000, now=now)
        assert [each["content"] for each in sent] == [QUESTION, ANSWER, "And at night?"]
        assert turn.call_id
        assert conversations.keep_answer(turn.call_id, text="Dark.", end=cast.finished())
        assert client.post(f"/chat/{written.pk}/removal/").status_code == 302
        assert not Conversation.objects.filter(pk=written.pk).exists()

    def test_tells_whose_stop_it_was(self, home: Home, now: datetime) -> None:
        turn = cast.asked(home.adult, call_id=ids.uuid7(now), now=now)
        assert turn.call_id
        conversations.keep_answer(turn.call_id, text=ANSWER, end=cast.finished("stopped"))
        path = f"/chat/{turn.conversation_id}/"
        assert "You stopped this answer." in client_of(home.adult).get(path).content.decode()
        give(home.adult, turn.conversation)
        page = client_of(home.owner).get(path).content.decode()
        assert "This answer was stopped." in page
        assert "You stopped this answer." not in page

    def test_shows_no_receipt_of_the_author(self, home: Home, written: Conversation) -> None:
        call = Call.objects.get(member_id=home.adult.pk)
        receipt = f"/usage/calls/{call.pk}/"
        assert receipt in client_of(home.adult).get(f"/chat/{written.pk}/").content.decode()
        give(home.adult, written)
        assert receipt not in client_of(home.owner).get(f"/chat/{written.pk}/").content.decode()
        assert Call.objects.get(pk=call.pk).member_id == home.adult.pk
        assert client_of(home.adult).get(receipt).status_code == 200
