"""What the browser chat remembers: a question opens two turns, the end of the call keeps the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404

from accounts.models import Member
from portal.kit import clock, ids
from portal.kit.refusals import Refusal, gettext_noop
from usage import content_keys
from usage.events import Failed, Finished
from usage.models import AssistantVersion, Conversation, Turn
from usage.models.conversation import ConversationQuerySet

LONGEST_QUESTION_CHARACTERS = 32_000
LONGEST_TITLE_CHARACTERS = 60
MOST_TURNS_SENT = 40
MOST_LISTED = 50

Message = dict[str, Any]


class StillAnswering(Refusal):
    """The last answer of this conversation is still on its way."""

    code = "still_answering"
    status = 409
    sentence = gettext_noop(
        "This conversation is still being answered. Wait for the answer or stop it, then ask again."
    )


class NothingAsked(Refusal):
    """The question was empty."""

    code = "nothing_asked"
    status = 400
    sentence = gettext_noop("Write a question first. Nothing was sent and nothing was charged.")


class QuestionTooLong(Refusal):
    """The question is longer than the chat takes."""

    code = "question_too_long"
    status = 400
    sentence = gettext_noop(
        "This is {characters} characters long; the chat takes {limit}. Shorten it or send it in parts. "
        "Nothing was charged."
    )


@dataclass(frozen=True)
class Said:
    """A turn as people read it; `text` is markdown."""

    turn: Turn
    text: str


@dataclass(frozen=True)
class Heading:
    """A conversation in the list."""

    conversation: Conversation
    title: str


def open_turns(
    member: Member,
    *,
    conversation: Conversation | None,
    text: str,
    model_name: str,
    call_id: UUID,
    now: datetime,
) -> Turn:
    """This will write down the question and the answer that is awaited, and return the answer's turn.

    Raises `NothingAsked`, `QuestionTooLong`, `Http404` when the conversation has been handed over, and
    `StillAnswering` when an answer is still awaited.
    """
    text = _checked(text)
    key = content_keys.of(member.pk, now=now)
    try:
        with transaction.atomic():
            spoken = conversation or _open(member, text=text, model_name=model_name, key=key, now=now)
            return _add_turns(spoken, text=text, model_name=model_name, call_id=call_id, key=key, now=now)
    except IntegrityError as error:
        raise StillAnswering from error


def begin(member: Member, *, version: AssistantVersion, text: str, call_id: UUID, now: datetime) -> Turn:
    """This will open a conversation with an assistant by its first question, and return the turn of the answer.

    It keeps the version; the prompt is sent with each question and is no turn. Raises what `open_turns` refuses of
    the text.
    """
    text = _checked(text)
    key = content_keys.of(member.pk, now=now)
    with transaction.atomic():
        spoken = _open(member, text=text, model_name=version.model_name, key=key, now=now)
        spoken.assistant_version = version
        spoken.save(update_fields=["assistant_version"])
        return _add_turns(spoken, text=text, model_name=version.model_name, call_id=call_id, key=key, now=now)


def withdraw(answer: Turn) -> None:
    """This will take back a question that was refused, as if it had not been asked."""
    with transaction.atomic():
        conversation = Conversation.objects.select_for_update().get(pk=answer.conversation_id)
        conversation.turns.filter(position__in=(answer.position - 1, answer.position)).delete()
        if not conversation.turns.exists():
            conversation.delete()


def keep_answer(call_id: UUID, *, text: str, end: Finished | Failed) -> bool:
    """This will keep the answer of a call that has ended, once; False means that it was already kept."""
    now = clock.now()
    turn = Turn.objects.filter(call_id=call_id).select_related("conversation").first()
    if turn is None:
        return False
    state = _state_after(end)
    key = content_keys.of(turn.conversation.member_id, now=now)
    return bool(
        Turn.objects.filter(pk=turn.pk, state__in=Turn.MOVES.before(state)).update(
            state=state,
            sealed_text=content_keys.seal(text, key=key, row=turn.pk),
            error_code=end.code if isinstance(end, Failed) else "",
            ended_at=now,
        )
    )


def messages(answer: Turn, *, room_bytes: int, now: datetime) -> list[Message]:
    """This will return what to send upstream for `answer`: the newest turns that fit in `room_bytes`."""
    earlier = list(
        answer.conversation.turns.filter(position__lt=answer.position).order_by("-position")[:MOST_TURNS_SENT]
    )
    chosen: list[Message] = []
    for said in _opened(earlier, member_id=answer.conversation.member_id, now=now):
        room_bytes -= len(said.text.encode())
        if chosen and room_bytes < 0:
            break
        if said.text:
            chosen.append({"role": _ROLES[said.turn.role], "content": said.text})
    chosen.reverse()
    return chosen


def read(conversation: Conversation, *, now: datetime) -> list[Said]:
    """This will return every turn of a conversation, opened."""
    return _opened(list(conversation.turns.all()), member_id=conversation.member_id, now=now)


def read_one(turn: Turn, *, now: datetime) -> Said:
    """This will return one turn, opened."""
    return _opened([turn], member_id=turn.conversation.member_id, now=now)[0]


def headings(member: Member, *, now: datetime) -> list[Heading]:
    """This will return the member's newest conversations with their titles."""
    return _headed(Conversation.objects.seen_by(member.pk).select_related("handed_over_by"), member, now=now)


def headings_first_hand(member: Member, *, now: datetime) -> list[Heading]:
    """This will return the newest of those that the member wrote from their beginning."""
    return _headed(Conversation.objects.seen_by(member.pk).first_hand(), member, now=now)


def remove(conversation: Conversation) -> None:
    """This will delete a conversation with its turns; the calls and what they cost stay in the books.

    Raises `StillAnswering` while an answer is awaited.
    """
    with transaction.atomic():
        locked = Conversation.objects.select_for_update().get(pk=conversation.pk)
        if locked.turns.filter(state=Turn.WAITING).exists():
            raise StillAnswering
        locked.delete()


_STOPPED = {"stopped", "cancelled"}
_ROLES = {Turn.QUESTION: "user", Turn.ANSWER: "assistant"}


def _headed(seen: ConversationQuerySet, member: Member, *, now: datetime) -> list[Heading]:
    newest = list(seen.newest_first()[:MOST_LISTED])
    if not newest:
        return []
    key = content_keys.of(member.pk, now=now)
    return [Heading(each, content_keys.unseal(bytes(each.sealed_title), key=key, row=each.pk)) for each in newest]


def _state_after(end: Finished | Failed) -> str:
    reason = end.code if isinstance(end, Failed) else end.finish_reason
    if reason in _STOPPED:
        return Turn.STOPPED
    return Turn.FAILED if isinstance(end, Failed) else Turn.KEPT


def _checked(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise NothingAsked
    if len(text) > LONGEST_QUESTION_CHARACTERS:
        raise QuestionTooLong(characters=len(text), limit=LONGEST_QUESTION_CHARACTERS)
    return text


def _open(member: Member, *, text: str, model_name: str, key: str, now: datetime) -> Conversation:
    row = ids.uuid7(now)
    title = " ".join(text.split())[:LONGEST_TITLE_CHARACTERS]
    return Conversation.objects.create(
        id=row,
        account_id=member.account_id,
        member=member,
        model_name=model_name,
        sealed_title=content_keys.seal(title, key=key, row=row),
        created_at=now,
        spoken_at=now,
    )


def _add_turns(
    conversation: Conversation, *, text: str, model_name: str, call_id: UUID, key: str, now: datetime
) -> Turn:
    mine = Conversation.objects.seen_by(conversation.member_id).select_for_update()
    position = get_object_or_404(mine, pk=conversation.pk).turns.count()  # not what was just handed over
    Conversation.objects.filter(pk=conversation.pk).update(spoken_at=now, model_name=model_name)
    question, answer = ids.uuid7(now), ids.uuid7(now)
    Turn.objects.create(
        id=question,
        conversation=conversation,
        position=position,
        role=Turn.QUESTION,
        state=Turn.KEPT,
        model_name=model_name,
        sealed_text=content_keys.seal(text, key=key, row=question),
        created_at=now,
        ended_at=now,
    )
    return Turn.objects.create(
        id=answer,
        conversation=conversation,
        position=position + 1,
        role=Turn.ANSWER,
        state=Turn.WAITING,
        call_id=call_id,
        model_name=model_name,
        sealed_text=content_keys.seal("", key=key, row=answer),
        created_at=now,
    )


def _opened(turns: Sequence[Turn], *, member_id: int, now: datetime) -> list[Said]:
    key = content_keys.of(member_id, now=now)
    return [Said(each, content_keys.unseal(bytes(each.sealed_text), key=key, row=each.pk)) for each in turns]
