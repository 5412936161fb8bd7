"""What the chat remembers: sealed at rest, asked once at a time, taken back whole, kept once."""

from datetime import datetime

import pytest
from cryptography.exceptions import InvalidTag

from models_catalog.pricing import Usage
from portal.kit import clock, ids
from tests.usage import cast
from tests.usage.cast import Home
from usage import content_keys, conversations, failures
from usage.events import Failed
from usage.models import ContentKey, Conversation, Turn

pytestmark = pytest.mark.django_db


class TestSealing:
    def test_leaves_no_word_readable_in_any_row(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        sealed = [bytes(turn.sealed_text) for turn in conversation.turns.all()] + [bytes(conversation.sealed_title)]
        for word in ("sky", "小明", "scattering"):
            assert not any(word.encode() in each for each in sealed)
        assert [said.text for said in conversations.read(conversation, now=now)] == [cast.QUESTION, cast.ANSWER]

    def test_opens_no_row_that_was_moved(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        question, answer = conversation.turns.all()
        Turn.objects.filter(pk=question.pk).update(sealed_text=answer.sealed_text)
        with pytest.raises(InvalidTag):
            conversations.read(conversation, now=now)

    def test_opens_nothing_with_the_key_of_another(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        key = content_keys.of(home.child.pk, now=now)
        with pytest.raises(LookupError):
            content_keys.unseal(bytes(conversation.sealed_title), key=key, row=conversation.pk)

    def test_opens_no_key_that_was_moved_to_another(self, home: Home, now: datetime) -> None:
        content_keys.of(home.owner.pk, now=now)
        content_keys.of(home.child.pk, now=now)
        stolen = ContentKey.objects.get(member=home.owner).sealed_key
        ContentKey.objects.filter(member=home.child).update(sealed_key=stolen)
        with pytest.raises(InvalidTag):
            content_keys.of(home.child.pk, now=now)


class TestOpenTurns:
    def test_refuses_a_second_question_while_the_first_is_answered(self, home: Home, now: datetime) -> None:
        first = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        with pytest.raises(conversations.StillAnswering):
            _ask_on(home, first.conversation, now=now)
        assert first.conversation.turns.count() == 2

    def test_goes_on_after_the_answer(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        second = _ask_on(home, conversation, now=now)
        assert second.position == 3
        assert [said["role"] for said in conversations.messages(second, room_bytes=10_000, now=now)] == [
            "user",
            "assistant",
            "user",
        ]

    @pytest.mark.parametrize("text", ["", "  \n ", "\x00"])
    def test_refuses_nothing(self, home: Home, now: datetime, text: str) -> None:
        with pytest.raises(conversations.NothingAsked):
            cast.asked(home.owner, call_id=ids.uuid7(now), now=now, text=text)
        assert not Conversation.objects.exists()

    def test_refuses_what_is_too_long(self, home: Home, now: datetime) -> None:
        text = "x" * (conversations.LONGEST_QUESTION_CHARACTERS + 1)
        with pytest.raises(conversations.QuestionTooLong):
            cast.asked(home.owner, call_id=ids.uuid7(now), now=now, text=text)

    def test_sends_the_newest_that_fits_and_the_question_always(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        second = _ask_on(home, conversation, now=now)
        sent = conversations.messages(second, room_bytes=1, now=now)
        assert [said["content"] for said in sent] == ["And at night?"]


class TestWithdraw:
    def test_leaves_nothing_of_a_first_question(self, home: Home, now: datetime) -> None:
        conversations.withdraw(cast.asked(home.owner, call_id=ids.uuid7(now), now=now))
        assert not Turn.objects.exists()
        assert not Conversation.objects.exists()

    def test_leaves_what_was_said_before(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        conversations.withdraw(_ask_on(home, conversation, now=now))
        assert [turn.state for turn in conversation.turns.all()] == [Turn.KEPT, Turn.KEPT]
        assert _ask_on(home, conversation, now=now).position == 3


class TestKeepAnswer:
    def test_keeps_it_once(self, home: Home, now: datetime) -> None:
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        assert turn.call_id
        assert conversations.keep_answer(turn.call_id, text="first", end=cast.finished())
        assert not conversations.keep_answer(turn.call_id, text="second", end=cast.finished())
        assert conversations.read(turn.conversation, now=now)[1].text == "first"

    @pytest.mark.parametrize(
        ("end", "state"),
        [
            (cast.finished(), Turn.KEPT),
            (cast.finished("length"), Turn.KEPT),
            (cast.finished("stopped"), Turn.STOPPED),
            (Failed("cancelled", "", 499), Turn.STOPPED),
            (Failed("platform", "", 503), Turn.FAILED),
        ],
    )
    def test_tells_how_it_ended(self, home: Home, now: datetime, end: object, state: str) -> None:
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        assert turn.call_id
        conversations.keep_answer(turn.call_id, text="", end=end)  # type: ignore[arg-type] # either kind of end
        turn.refresh_from_db()
        assert turn.state == state
        assert turn.ended_at

    def test_knows_calls_that_are_not_of_the_chat(self, home: Home) -> None:
        call = cast.called(home.owner, used=Usage(in_fresh=1))
        assert not conversations.keep_answer(call.pk, text="x", end=cast.finished())


class TestRemove:
    def test_keeps_the_call_and_what_it_cost(self, home: Home, now: datetime) -> None:
        conversation, call = cast.answered(home.owner, now=now)
        conversations.remove(conversation)
        assert not Turn.objects.exists()
        call.refresh_from_db()
        assert call.charged_microcredits > 0

    def test_waits_for_an_answer_that_is_awaited(self, home: Home, now: datetime) -> None:
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        with pytest.raises(conversations.StillAnswering):
            conversations.remove(turn.conversation)
        assert Turn.objects.count() == 2


class TestFailures:
    def test_have_a_sentence_for_every_code(self) -> None:
        for code in ("platform", "queue_timeout", "cancelled", "sweep_partial", "answer_lost", "never heard of"):
            assert failures.sentence_of(code).endswith(".")


def _ask_on(home: Home, conversation: Conversation, *, now: datetime) -> Turn:
    return conversations.open_turns(
        home.owner,
        conversation=conversation,
        text="And at night?",
        model_name="fast",
        call_id=ids.uuid7(clock.now()),
        now=now,
    )
