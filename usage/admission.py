"""What a call asks of the ledger before it may begin: how much to set aside, and by when it must have run."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from accounts.callers import Caller
from models_catalog import pricing
from models_catalog.catalog import Offer
from models_catalog.providers.base import ChatRequest, TooLong
from plans import ledger
from plans.ledger import Reservation
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS, divide_up
from usage import metering

DEFAULT_OUTPUT_TOKENS = 4096
FLOOR_OUTPUT_TOKENS = 256
PERMILLE = 1000
MOST_BYTES_PER_TOKEN = 16
"""No language has more bytes to a token than this on average; what may still fit is left to the upstream."""


class OutputTooLong(Refusal):
    """More output was asked for than the model can write."""

    code = "invalid_value"
    status = 400
    sentence = gettext_noop(
        "{param}: this model writes at most {most} tokens. Nothing was charged; please ask for fewer."
    )


class TooDear(Refusal):
    """The call could cost more than the books take for one."""

    code = "call_too_dear"
    status = 400
    sentence = gettext_noop(
        "This could cost more than one call may. Nothing was charged; please shorten it, or ask for fewer or shorter "
        "answers."
    )


@dataclass(frozen=True)
class Idempotency:
    """A caller's own name for a call, and the hash of the body it came with."""

    key: str
    body_hash: str


def reservation(  # noqa: PLR0913 - an admission is exactly these facts
    caller: Caller, request: ChatRequest, offer: Offer,
    *, call_id: UUID, source: str, reply_to: str, idempotency: Idempotency | None,
) -> Reservation:  # fmt: skip
    """This will compute what to set aside. Raises `TooLong`, `OutputTooLong` and `TooDear`."""
    prompt = metering.prompt_bound(request)
    if prompt > offer.context_tokens * MOST_BYTES_PER_TOKEN:
        raise TooLong(context_tokens=offer.context_tokens)
    # The bound is of bytes; the model's learnt factor makes it one of the tokens that its vendor counts.
    read = divide_up(prompt * offer.prompt_permille, PERMILLE)
    limit = _output_limit(request, offer)
    floor = limit if request.max_output_tokens else min(limit, FLOOR_OUTPUT_TOKENS)
    amount = pricing.ceiling(prompt_tokens=read, output_tokens=limit * request.n, tariff=offer.tariff)
    if amount > LARGEST_AMOUNT_MICROCREDITS:
        raise TooDear
    return Reservation(
        call_id=call_id,
        account_id=caller.account_id,
        member_id=caller.member_id,
        departments=caller.departments,
        project_id=caller.project_id,
        scenario_id=caller.scenario_id,
        api_key_id=caller.api_key_id,
        end_user=request.user,
        chat_model_id=offer.chat_model_id,
        price_id=offer.price_id,
        amount=amount,
        floor_amount=pricing.ceiling(prompt_tokens=read, output_tokens=floor * request.n, tariff=offer.tariff),
        source=source,
        streamed=request.stream,
        reply_to=reply_to,
        prompt_tokens=prompt,
        tokens=read + limit * request.n,
        floor_tokens=read + floor * request.n,
        choices=request.n,
        session=caller.session,
        output_limit=limit,
        output_rate=offer.tariff.dearest_output(read) * request.n,
        idempotency=_scoped(caller, idempotency),
        tier=caller.tier,
        queue_deadline_seconds=settings.TIMINGS.queue_deadline,
        hard_deadline_seconds=float(offer.routes[0].hard_deadline_seconds),
    )


def _output_limit(request: ChatRequest, offer: Offer) -> int:
    if request.max_output_tokens is None:
        return min(DEFAULT_OUTPUT_TOKENS, offer.max_output_tokens)
    if request.max_output_tokens > offer.max_output_tokens:
        raise OutputTooLong(most=offer.max_output_tokens, param="max_tokens")
    return request.max_output_tokens


def _scoped(caller: Caller, idempotency: Idempotency | None) -> ledger.Idempotency | None:
    if idempotency is None:
        return None
    scope = f"key:{caller.api_key_id}" if caller.api_key_id else f"member:{caller.member_id}"
    return ledger.Idempotency(scope, idempotency.key, idempotency.body_hash)
