"""Runs a call in the worker: claim it once, ask the upstream, pass the answer on, settle, say how it ended."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from models_catalog import providers
from models_catalog.catalog import NotConnected, RouteOffer
from models_catalog.pricing import Tariff
from models_catalog.providers.base import ChatRequest, Overloaded, Silent, UpstreamFailure
from plans import ledger
from usage.calls import endings, engine, known, settlement
from usage.calls.endings import BLOCKED, COMPLETE, CUT, LEFT, OURS, Charge, Ending, Facts
from usage.calls.kept import seal_answer
from usage.calls.runs import Run
from usage.events import Failed, Finished
from usage.guard import CONTENT_FILTER
from usage.models import CHAT, How

MOST_TRIES = 3
LONGEST_WAIT_SECONDS = 5.0
STOPPED = "stopped"
HTTP_UNAVAILABLE = 503
_UNASKED = {LEFT: How.CANCELLED, OURS: How.PLATFORM}


@dataclass(frozen=True)
class Performed:
    """How a call went, for those who keep its answer."""

    call_id: UUID
    source: str
    text: str
    end: Finished | Failed


async def perform(call_id: UUID, request: ChatRequest, *, keep: bool) -> Performed | None:
    """This will run the call if nobody has claimed it; None when somebody has, or it is too late.

    `keep` asks to keep the answer, encrypted, because the caller may ask for it again by its own key.
    """
    shared = engine.current()
    claim = await ledger.claim(call_id, worker=shared.worker)
    if claim is None:
        return None
    run = Run(call_id, claim, shared.publisher, is_kept=keep or claim.source == CHAT)
    shared.begin(run)
    try:
        await known.tariff_of(claim.price_id)  # remembered, so that the end of the call needs no more than settling
        failure = await _ask(run, request)
        run.is_answered = True
        end = await _settle(run, failure, keep=keep)
    finally:
        shared.end(run)
    return Performed(call_id, claim.source, run.answer.text, end)


async def _ask(run: Run, request: ChatRequest) -> UpstreamFailure | NotConnected | None:
    routes = _fitting(await known.routes_of(run.claim.chat_model_id), run.claim)
    failure: UpstreamFailure | NotConnected = NotConnected(model=request.model)
    for number in range(MOST_TRIES if routes else 0):
        tried = await _try(run, routes[number % len(routes)], request)
        if tried is None or not tried.retriable or run.accepted is not None or run.stop_reason:
            return tried
        failure = tried
        if isinstance(tried, Overloaded) and len(routes) == 1:
            if tried.wait_seconds > LONGEST_WAIT_SECONDS:
                break
            await asyncio.sleep(tried.wait_seconds or settings.TIMINGS.snapshot)
    return failure


async def _try(run: Run, route: RouteOffer, request: ChatRequest) -> UpstreamFailure | None:
    failure: UpstreamFailure | None = None
    async with engine.current().limit_of(route):
        if run.stop_reason:
            return Silent()
        run.begin_try(route)
        try:
            async with run.limit():
                await _stream(run, route, request)
        except UpstreamFailure as error:
            failure = error
        except TimeoutError:  # the hard deadline, or a stop
            failure = Silent()
    run.release()
    run.end_try(failure)
    return failure


def _fitting(routes: Sequence[RouteOffer], claim: ledger.Claim) -> list[RouteOffer]:
    """The account's rules may keep some routes from a call; the ledger saw that one is left."""
    return [
        route
        for route in routes
        if (route.is_mainland or not claim.is_mainland_only) and (route.is_never_trained or not claim.is_never_trained)
    ]


async def _stream(run: Run, route: RouteOffer, request: ChatRequest) -> None:
    client = providers.client_for(route)
    events = client.stream(request, call_id=str(run.call_id), output_limit=run.claim.output_limit)
    async with aclosing(events):
        async for event in events:
            run.hear(event)


async def _settle(run: Run, failure: UpstreamFailure | NotConnected | None, *, keep: bool) -> Finished | Failed:
    await run.until_told()
    charge = _charge(run, failure, await known.tariff_of(run.claim.price_id))
    if not run.is_lost:
        run.keep_evidence()
    planned = _end(run, failure, charge, credits_left=None)
    kept = seal_answer(run.call_id, run.answer, planned) if keep else None
    settled = await settlement.settle_surely(
        _ending(run, failure, charge, kept=kept), on_late=lambda: run.publish(planned)
    )
    end = _end(run, failure, charge, credits_left=settled.credits_left_microcredits)
    if settled.is_by(charge.microcredits):
        run.publish(end)
        if run.has_snapshot:
            run.keep_snapshot(end)
    return end


def _charge(run: Run, failure: UpstreamFailure | NotConnected | None, tariff: Tariff) -> Charge:
    if run.route is None or (run.accepted is None and not run.was_left_in_silence):
        return endings.nothing(_UNASKED.get(run.stop_reason, How.REFUSED))
    if run.stop_reason == LEFT and run.route.on_leave == "free":
        return endings.nothing(How.CANCELLED)
    facts = Facts(
        reason=run.stop_reason or (COMPLETE if failure is None else CUT),
        raw_usage=run.raw_usage,
        dialect=run.route.dialect,
        prompt_bound=run.claim.prompt_tokens,
        answer_bytes=run.told_bytes,
    )
    return endings.charge_for(facts, tariff=tariff, held=run.claim.amount)


def _ending(run: Run, failure: UpstreamFailure | NotConnected | None, charge: Charge, *, kept: str | None) -> Ending:
    first = run.first_token
    return Ending(
        call_id=run.call_id,
        charge=charge,
        fence=run.claim.fence,
        finish_reason=_finish_reason(run),
        error_code=_error_code(run, failure),
        route_id=run.route.route_id if run.route else None,
        accepted=run.accepted,
        first_token_milliseconds=None if first is None else int((first - run.started) * 1000),
        tries=tuple(run.tries),
        kept=kept,
    )


def _end(
    run: Run, failure: UpstreamFailure | NotConnected | None, charge: Charge, *, credits_left: int | None
) -> Finished | Failed:
    if _is_ours(run, failure):
        how = How.SWEEP_PARTIAL if charge.microcredits else How.PLATFORM
        return Failed(how.value, endings.SENTENCES[how], HTTP_UNAVAILABLE, charge.microcredits)
    if failure is None or run.stop_reason in {LEFT, BLOCKED}:
        reason = _finish_reason(run) or "stop"
        return Finished(charge.usage, charge.microcredits, credits_left, charge.how.value, reason)
    told = "What had arrived was charged." if charge.microcredits else ""
    sentence = f"{failure} {told}".strip()
    return Failed(failure.code, sentence, failure.status, charge.microcredits)


def _finish_reason(run: Run) -> str:
    if run.stop_reason == BLOCKED:
        return CONTENT_FILTER
    return run.answer.finish_reason or (STOPPED if run.stop_reason == LEFT else "")


def _error_code(run: Run, failure: UpstreamFailure | NotConnected | None) -> str:
    if _is_ours(run, failure):
        return How.PLATFORM.value
    return "" if failure is None or run.stop_reason in {LEFT, BLOCKED} else failure.code


def _is_ours(run: Run, failure: UpstreamFailure | NotConnected | None) -> bool:
    return run.is_lost or (failure is not None and run.stop_reason == OURS)
