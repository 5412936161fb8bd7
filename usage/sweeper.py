"""Finds calls that nobody looks after any more and ends them by the best evidence there is; two may run."""

import asyncio
import contextlib
import logging
import signal
import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from portal.kit import database
from portal.kit.refusals import Refusal
from usage import conversations, dispatch, questions, relay, watch
from usage.calls import endings, known, settlement
from usage.calls.endings import OURS, Charge, Ending, Facts, Try
from usage.calls.settlement import TROUBLE
from usage.flights import OUT_OF_BAND
from usage.models import CHAT, How
from usage.relay import Evidence, Frame, Publisher, Tried
from usage.valkey import Unavailable, Valkey

MOST_A_TICK = 200
ALARMING_SHARE = 0.2
FEWEST_FOR_ALARM = 20
LARGEST_JUMP_SECONDS = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Overdue:
    """A call that is past a deadline; `kind` is unclaimed, expired or dead."""

    call_id: UUID
    kind: str
    source: str
    amount: int
    price_id: int
    chat_model_id: int
    prompt_tokens: int
    reply_to: str
    queued_seconds: float
    running_calls: int
    dead_calls: int
    postmaster_seconds: float


class Clocks:
    """Notices when the wall clock jumped: leases are of the wall, so none is trusted for a while then."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()
        self._doubtful_until = float("-inf")

    def are_trusted(self) -> bool:
        """This will tell whether leases may be judged now."""
        offset = time.time() - time.monotonic()
        if abs(offset - self._offset) > LARGEST_JUMP_SECONDS:
            logger.error("the clock jumped by %.0f seconds; leases wait", offset - self._offset)
            self._doubtful_until = time.monotonic() + settings.TIMINGS.restart_grace
        self._offset = offset
        return time.monotonic() >= self._doubtful_until


def run() -> None:
    """This will sweep until SIGINT or SIGTERM."""
    asyncio.run(_run())


async def sweep(valkey: Valkey, publisher: Publisher, clocks: Clocks) -> int:
    """This will end every call that is overdue and return how many it ended."""
    rows = await database.fetch("SELECT * FROM call_overdue(%s, %s)", [settings.TIMINGS.republish, MOST_A_TICK])
    overdue = [Overdue(**row) for row in rows]
    dead = [each for each in overdue if each.kind == "dead"]
    if dead and not (clocks.are_trusted() and _are_plausible(dead)):
        dead = []
    for each in overdue:
        if each.kind == "unclaimed" and each.source == CHAT:
            await _send_again(valkey, each)
    ended = 0
    for each in [each for each in overdue if each.kind == "expired"] + dead:
        ended += await _end(valkey, publisher, each)
    return ended


async def _run() -> None:
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    await database.open_pool()
    valkey, clocks = Valkey(settings.VALKEY_URL), Clocks()
    publisher = Publisher(valkey)
    while not stopped.is_set():
        try:
            await sweep(valkey, publisher, clocks)
        except TROUBLE:
            logger.warning("PostgreSQL is away; sweeping waits")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), settings.TIMINGS.sweep)
    valkey.close()
    await database.close_pool()


def _are_plausible(dead: list[Overdue]) -> bool:
    if dead[0].postmaster_seconds < settings.TIMINGS.restart_grace:
        return False  # workers that live settle first
    found, running = dead[0].dead_calls, dead[0].running_calls
    if found >= FEWEST_FOR_ALARM and found > ALARMING_SHARE * running:
        logger.error("%s of %s running calls look dead; is a worker or its heartbeat gone?", found, running)
    return True


async def _send_again(valkey: Valkey, overdue: Overdue) -> None:
    """Whoever asked may be gone with the web process; the question stands in its turn."""
    try:
        request = await database.in_thread(questions.repeat, overdue.call_id)
    except Refusal:  # its model is gone: it waits for its deadline
        return
    routes = await known.routes_of(overdue.chat_model_id)
    if request is not None and routes:
        with contextlib.suppress(Unavailable):
            await dispatch.push(valkey, queue=routes[0].queue, call_id=overdue.call_id, request=request, keep=False)


async def _end(valkey: Valkey, publisher: Publisher, overdue: Overdue) -> bool:
    text = ""
    if overdue.kind == "expired":
        ending = Ending(overdue.call_id, endings.nothing(How.QUEUE_TIMEOUT), if_state="queued", if_lapsed=True)
    else:
        ending, text = await _ending_of_dead(valkey, overdue)
    settled = (await settlement.settle([ending]))[0]
    if settled.outcome != "ok":
        return False
    failed = watch.failure_of(ending.charge.how)
    if overdue.reply_to:
        publisher.publish(overdue.reply_to, Frame(overdue.call_id.bytes, OUT_OF_BAND, failed))
    if overdue.source == CHAT:
        await database.in_thread(conversations.keep_answer, overdue.call_id, text=text, end=failed)
    return True


async def _ending_of_dead(valkey: Valkey, overdue: Overdue) -> tuple[Ending, str]:
    evidence: Evidence | None = None
    arrived_bytes, text = 0, ""
    with contextlib.suppress(Unavailable):
        evidence = await relay.evidence_of(valkey, overdue.call_id)
        snapshot = await relay.snapshot_of(valkey, overdue.call_id)
        if snapshot:
            arrived_bytes, text = snapshot.answer.size_bytes, snapshot.answer.text
    charge = endings.nothing(How.PLATFORM)
    if evidence is not None or arrived_bytes:
        charge = await _charge(overdue, evidence, arrived_bytes)
    ending = Ending(
        overdue.call_id,
        charge,
        if_state="running",
        if_lapsed=True,
        error_code=How.PLATFORM.value,
        route_id=evidence.route_id if evidence else None,
        tries=tuple(map(_try, evidence.tries)) if evidence else (),
    )
    return ending, text


def _try(one: Tried) -> Try:
    behind = time.monotonic() - time.time()
    accepted = None if one.accepted_at is None else one.accepted_at + behind
    return Try(one.route_id, one.outcome, one.started_at + behind, accepted, one.ended_at + behind, one.raw_usage)


async def _charge(overdue: Overdue, evidence: Evidence | None, arrived_bytes: int) -> Charge:
    routes = await known.routes_of(overdue.chat_model_id)
    facts = Facts(
        reason=OURS,
        raw_usage=evidence.raw_usage if evidence else None,
        dialect=evidence.dialect if evidence else routes[0].dialect if routes else "",
        prompt_bound=overdue.prompt_tokens,
        answer_bytes=max(arrived_bytes, evidence.answer_bytes if evidence else 0),
    )
    return endings.charge_for(facts, tariff=await known.tariff_of(overdue.price_id), held=overdue.amount)
