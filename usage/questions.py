"""A question from the browser: written down, sent the way every call goes, and taken back when it is refused."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from asgiref.sync import async_to_sync

from accounts import callers
from accounts.callers import Caller
from accounts.models import Account, Member
from models_catalog import catalog, pricing, tokenizers
from models_catalog.catalog import Offer
from models_catalog.pricing import Usage
from models_catalog.providers.base import ChatRequest
from portal.kit import clock, ids
from portal.kit.refusals import Refusal
from portal.kit.units import Microcredits
from usage import answers, averages, conversations, gateway, guard, texts, unfolding
from usage.models import AssistantVersion, Conversation, Turn

COUNT_SECONDS = 0.3
"""How long a composer waits for its text to be counted, before it takes an estimate."""
USUAL_ANSWER_TOKENS = 400
SHARE_OF_CONTEXT = 2
"""At most a half of a model's context is filled with what was said before."""


@dataclass(frozen=True)
class Estimate:
    """What a question would cost about, and what that is a share of: the `month`, 0 without a plan.

    `whole` is what all of it takes on average, with what is asked back: of a homework question, a letter or a page,
    as `kind` says; 0 where it is for something else.
    """

    credits: Microcredits
    whole: Microcredits
    kind: str
    month: Microcredits
    is_household: bool


def ask(
    member: Member,
    *,
    conversation: Conversation | None,
    text: str,
    model_name: str,
    scenario_id: int | None = None,
    now: datetime,
) -> Turn:
    """This will ask `model_name` and return the turn in which the answer is awaited.

    The name may be an assistant's, which a conversation keeps and which says what the call is for. Raises what
    `conversations.open_turns`, `unfolding.find`, `catalog.offer`, `callers` and `gateway.start` refuse; then nothing
    is left.
    """
    caller = callers.of_member(member)
    version = _version(caller, conversation=conversation, model_name=model_name)
    offer = catalog.offer(version.model_name if version else model_name)
    if version is not None:
        scenario_id = unfolding.spoken_by(version, caller).scenario_id  # which the gateway gives the call
    elif scenario_id is not None:
        caller = callers.for_scenario(caller, str(scenario_id))
    answer = _write_down(member, conversation, version, text=text, model_name=model_name, now=now)
    try:
        request = _request(answer, offer=offer, now=now)
        spoken = replace(caller, session=str(answer.conversation_id))
        async_to_sync(gateway.start)(spoken, request, source="chat", call_id=answer.call_id)
    except Refusal:
        conversations.withdraw(answer)
        raise
    Conversation.objects.filter(pk=answer.conversation_id).update(scenario=scenario_id)
    return answer


def stop(call_id: UUID) -> None:
    """This will stop the call, wherever it has come to; what it has used so far is charged."""
    async_to_sync(gateway.stop)(call_id)


def estimate(member: Member, *, text: str, model_name: str, scenario_id: int | None = None, now: datetime) -> Estimate:
    """This will say what a question costs about, before it is sent; nothing is set aside.

    What an assistant is told before it is part of what it reads.
    """
    version = _version(callers.of_member(member), conversation=None, model_name=model_name)
    name = version.model_name if version else model_name
    offer = catalog.offer(name, time_zone=member.account.time_zone)
    read = text + version.prompt_for(text) if version else text
    usage = Usage(in_fresh=_tokens_of(read, offer=offer), out_text=min(USUAL_ANSWER_TOKENS, offer.max_output_tokens))
    account, kind = member.account, averages.kind_of(scenario_id)
    return Estimate(
        credits=pricing.cost(usage, offer.tariff),
        whole=pricing.cost(averages.for_account(account.pk, kind).used, offer.tariff) if kind else Microcredits(0),
        kind=kind,
        month=answers.month_of(account, now=now),
        is_household=account.kind == Account.Kind.HOUSEHOLD,
    )


def repeat(call_id: UUID) -> ChatRequest | None:
    """This will rebuild the request of a chat call from its stored turns, for whoever must send it again."""
    waiting = Turn.objects.filter(call_id=call_id, state=Turn.WAITING)
    answer = waiting.select_related(
        "conversation__member__account",
        "conversation__member__guardianship",
        "conversation__assistant_version__assistant",
    ).first()
    if answer is None:
        return None
    offer = catalog.offer(answer.model_name)
    request = _request(answer, offer=offer, now=clock.now())
    if version := answer.conversation.assistant_version:
        request = unfolding.unfold(version, request, offer=offer)
    is_tutored = callers.of_member(answer.conversation.member).is_tutored
    return guard.tutored(request) if is_tutored else request


def _tokens_of(text: str, *, offer: Offer) -> int:
    """Counted where the model's own vocabulary is here and answers at once, else estimated."""
    name = offer.tokenizer
    if name and len(text) <= texts.LONGEST_CHARACTERS:
        counts = texts.count(text, names=[name], wait_seconds=COUNT_SECONDS).counts
        if name in counts:
            return counts[name].tokens
    return tokenizers.estimate(text).tokens


def _version(caller: Caller, *, conversation: Conversation | None, model_name: str) -> AssistantVersion | None:
    """That of the conversation, which it began with; a new one takes the newest of what is named."""
    if conversation is not None:
        return conversation.assistant_version
    return unfolding.find(model_name, caller) if unfolding.is_assistant(model_name) else None


def _write_down(
    member: Member,
    conversation: Conversation | None,
    version: AssistantVersion | None,
    *,
    text: str,
    model_name: str,
    now: datetime,
) -> Turn:
    call_id = ids.uuid7(now)
    if version is not None and conversation is None:
        return conversations.begin(member, version=version, text=text, call_id=call_id, now=now)
    name = version.model_name if version else model_name
    return conversations.open_turns(
        member, conversation=conversation, text=text, model_name=name, call_id=call_id, now=now
    )


def _request(answer: Turn, *, offer: Offer, now: datetime) -> ChatRequest:
    """A conversation with an assistant asks it by the name of its version, which the gateway unfolds."""
    version = answer.conversation.assistant_version
    room_bytes = offer.context_tokens // SHARE_OF_CONTEXT
    return ChatRequest(
        model=unfolding.name_of(version) if version else answer.model_name,
        messages=conversations.messages(answer, room_bytes=room_bytes, now=now),
        stream=True,
        include_usage=True,
    )
