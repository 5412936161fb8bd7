"""A question from the browser: written down, sent the way every call goes, and taken back when it is refused."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asgiref.sync import async_to_sync

from accounts import callers
from accounts.models import Member
from models_catalog import catalog, pricing
from models_catalog.pricing import Usage
from models_catalog.providers.base import ChatRequest
from plans import ledger
from portal.kit import ids
from portal.kit.refusals import Refusal
from portal.kit.units import Microcredits
from usage import conversations, gateway
from usage.models import Conversation, Turn

BYTES_PER_TOKEN = 3
"""A careful middle of English (about 4 letters a token) and Chinese (1 or 2 characters of 3 bytes)."""
USUAL_ANSWER_TOKENS = 400
SHARE_OF_CONTEXT = 2
"""At most a half of a model's context is filled with what was said before."""


@dataclass(frozen=True)
class Estimate:
    """What a question would cost about, and what part of the credits left that is."""

    credits: Microcredits
    left: Microcredits
    data_region: str

    @property
    def share(self) -> float:
        """This will return the part of what is left, 0 to 1."""
        return min(self.credits / self.left, 1.0) if self.left else 1.0


def ask(
    member: Member, *, conversation: Conversation | None, text: str, model_name: str, now: datetime
) -> Turn:
    """This will ask `model_name` and return the turn in which the answer is awaited.

    Raises what `conversations.open_turns`, `catalog.offer` and `gateway.start` refuse; then nothing is left.
    """
    offer = catalog.offer(model_name)
    answer = conversations.open_turns(
        member,
        conversation=conversation,
        text=text,
        model_name=model_name,
        call_id=ids.uuid7(now),
        now=now,
    )
    try:
        _start(member, answer=answer, room_bytes=offer.context_tokens // SHARE_OF_CONTEXT, now=now)
    except Refusal:
        conversations.withdraw(answer)
        raise
    return answer


def stop(call_id: UUID) -> None:
    """This will stop the call, wherever it has come to; what it has used so far is charged."""
    async_to_sync(gateway.stop)(call_id)


def estimate(member: Member, *, text: str, model_name: str, now: datetime) -> Estimate:
    """This will say what a question costs about, before it is sent; nothing is set aside."""
    offer = catalog.offer(model_name)
    tokens = -(-len(text.encode()) // BYTES_PER_TOKEN)
    usage = Usage(in_fresh=tokens, out_text=min(USUAL_ANSWER_TOKENS, offer.max_output_tokens))
    balance = ledger.balance(member.account_id, now=now)
    return Estimate(pricing.cost(usage, offer.rates), balance.left, offer.routes[0].region)


def _start(member: Member, *, answer: Turn, room_bytes: int, now: datetime) -> None:
    request = ChatRequest(
        model=answer.model_name,
        messages=conversations.messages(answer, room_bytes=room_bytes, now=now),
        stream=True,
        include_usage=True,
    )
    assert answer.call_id is not None
    async_to_sync(gateway.start)(
        callers.from_member(member), request, source="chat", call_id=answer.call_id
    )
