"""A question from the browser: written down, sent the way every call goes, and taken back when it is refused."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from asgiref.sync import async_to_sync

from accounts import callers
from accounts.models import Account, Member
from models_catalog import catalog, pricing
from models_catalog.catalog import Offer
from models_catalog.pricing import Usage
from models_catalog.providers.base import ChatRequest
from portal.kit import clock, ids
from portal.kit.refusals import Refusal
from portal.kit.units import Microcredits
from usage import answers, averages, conversations, gateway, guard
from usage.models import Conversation, Turn

BYTES_PER_TOKEN = 3
"""A careful middle of English (about 4 letters a token) and Chinese (1 or 2 characters of 3 bytes)."""
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

    Raises what `conversations.open_turns`, `catalog.offer`, `callers` and `gateway.start` refuse; then nothing is left.
    """
    offer = catalog.offer(model_name)
    caller = callers.of_member(member)
    if scenario_id is not None:
        caller = callers.for_scenario(caller, str(scenario_id))
    answer = conversations.open_turns(
        member,
        conversation=conversation,
        text=text,
        model_name=model_name,
        call_id=ids.uuid7(now),
        now=now,
    )
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
    """This will say what a question costs about, before it is sent; nothing is set aside."""
    offer = catalog.offer(model_name)
    tokens = -(-len(text.encode()) // BYTES_PER_TOKEN)
    usage = Usage(in_fresh=tokens, out_text=min(USUAL_ANSWER_TOKENS, offer.max_output_tokens))
    account, kind = member.account, averages.kind_of(scenario_id)
    return Estimate(
        credits=pricing.cost(usage, offer.rates),
        whole=pricing.cost(averages.for_account(account.pk, kind).used, offer.rates) if kind else Microcredits(0),
        kind=kind,
        month=answers.month_of(account, now=now),
        is_household=account.kind == Account.Kind.HOUSEHOLD,
    )


def repeat(call_id: UUID) -> ChatRequest | None:
    """This will rebuild the request of a chat call from its stored turns, for whoever must send it again."""
    waiting = Turn.objects.filter(call_id=call_id, state=Turn.WAITING)
    answer = waiting.select_related("conversation__member__account", "conversation__member__guardianship").first()
    if answer is None:
        return None
    request = _request(answer, offer=catalog.offer(answer.model_name), now=clock.now())
    is_tutored = callers.of_member(answer.conversation.member).is_tutored
    return guard.tutored(request) if is_tutored else request


def _request(answer: Turn, *, offer: Offer, now: datetime) -> ChatRequest:
    room_bytes = offer.context_tokens // SHARE_OF_CONTEXT
    return ChatRequest(
        model=answer.model_name,
        messages=conversations.messages(answer, room_bytes=room_bytes, now=now),
        stream=True,
        include_usage=True,
    )
