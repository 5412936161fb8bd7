"""Open calls: setting credits aside, letting one worker run a call, and keeping its lease alive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from psycopg import errors

from plans.ledger.refusals import (
    Busy,
    IdempotencyMismatch,
    KeyRevoked,
    MinutesUsed,
    ModelNotAllowed,
    NoCredits,
    NotInPlan,
    OnlyReads,
    Paused,
    QuietHours,
    QuotaExceeded,
    Repriced,
    ScenarioNotAllowed,
    SetAside,
    Suspended,
)
from plans.models import Quota
from portal.kit import database
from portal.kit.gathering import Gathering
from portal.kit.refusals import Refusal
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS, Microcredits

MOST_RESERVATIONS = 512
"""No set is larger, so that no transaction is long."""
MOST_TOGETHER = 8
"""No more of what is asked at the same moment goes together: the first waits for the last."""

WALLETS = "plans_wallet"
"""In the context of an error it tells which lock was waited for, in whatever language the server speaks."""

RATED = (Quota.Metric.CALLS, Quota.Metric.TOKENS)
"""What headers tell of a minute."""

REFUSALS: Mapping[str, type[Refusal]] = {
    "busy": Busy,
    "minutes": MinutesUsed,
    "mismatch": IdempotencyMismatch,
    "model_not_allowed": ModelNotAllowed,
    "no_credits": NoCredits,
    "not_in_plan": NotInPlan,
    "only_reads": OnlyReads,
    "paused": Paused,
    "quiet_hours": QuietHours,
    "quota": QuotaExceeded,
    "repriced": Repriced,
    "revoked": KeyRevoked,
    "scenario_not_allowed": ScenarioNotAllowed,
    "set_aside": SetAside,
    "suspended": Suspended,
}


@dataclass(frozen=True)
class Idempotency:
    """A caller's own name for a call: `key` within `scope`, for a body with this hash."""

    scope: str
    key: str
    body_hash: str


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """What is asked for one call.

    `amount` microcredits cover the prompt and `output_limit` tokens at most. Where the caller named no
    limit, `floor_amount` says with how little the call may still begin; otherwise it equals `amount`.
    `price_id` must be the row that counts at that moment, else nothing is opened (`Repriced`). `output_rate` is the
    dearest price of an output token, in microcredits a million. `tokens` and `floor_tokens` are
    the same bounds in tokens, in and out, of all `choices` together. Quotas of sessions go by the name of `session`.
    """

    call_id: UUID
    account_id: int
    member_id: int
    departments: tuple[int, ...]
    project_id: int | None
    scenario_id: int | None
    api_key_id: int | None
    end_user: str
    chat_model_id: int
    price_id: int
    amount: Microcredits
    floor_amount: Microcredits
    output_limit: int
    output_rate: int
    prompt_tokens: int
    tokens: int
    floor_tokens: int
    choices: int
    source: str
    streamed: bool
    reply_to: str
    queue_deadline_seconds: float
    hard_deadline_seconds: float
    idempotency: Idempotency | None = None
    tier: str = ""
    session: str = ""


@dataclass(frozen=True)
class Rate:
    """What a quota a minute leaves: `remaining` of `limit` "calls" or "tokens", until so many seconds have passed."""

    metric: str
    limit: int
    remaining: int
    resets_after_seconds: int


@dataclass(frozen=True)
class Hold:
    """An open call and what was set aside for it; a replay is the earlier call of the same key.

    `over` tells of each soft quota that is past its limit and lets calls through for a while yet: `node_kind`,
    `node_id`, `window`, `metric`, `used`, `held`, `limit` and `grace_percent`. `rates` has for each metric the quota a
    minute that leaves least, this call counted.
    """

    call_id: UUID
    amount: Microcredits
    output_limit: int
    over: tuple[Mapping[str, Any], ...] = ()
    rates: tuple[Rate, ...] = ()
    is_replay: bool = False


@dataclass(frozen=True)
class Claim:
    """A call that this worker, and no other, may run, with the terms it was opened on."""

    call_id: UUID
    fence: int
    account_id: int
    time_zone: str
    member_id: int
    chat_model_id: int
    price_id: int
    amount: Microcredits
    prompt_tokens: int
    output_limit: int
    source: str
    streamed: bool
    reply_to: str
    hard_deadline_seconds: float
    opened_at: datetime
    tier: str = ""
    is_mainland_only: bool = False
    is_never_trained: bool = False


async def reserve(reservations: Sequence[Reservation]) -> list[Hold | Refusal]:
    """This will open each call, or say why not, in the order asked; a refused call leaves nothing behind.

    Who waits too long while a price is being published hears from the database, as whenever that is slow.
    """
    assert len(reservations) <= MOST_RESERVATIONS
    given = orjson.dumps([_given(reservation) for reservation in reservations]).decode()
    try:
        rows = await database.fetch("SELECT * FROM ledger_reserve(%s::jsonb)", [given])
    except errors.LockNotAvailable as error:
        if len(reservations) > 1 or WALLETS not in (error.diag.context or ""):
            raise
        return [Busy()]
    return [_answer(row) for row in rows]


async def reserve_one(reservation: Reservation) -> Hold | Refusal:
    """This will do the same for one call, together with what else is asked for at this moment."""
    return await _reservations.ask(reservation)


async def claim(call_id: UUID, *, worker: str) -> Claim | None:
    """This will let `worker` run the call; nothing when another one has it, or when it is too late."""
    return await _claims.ask((call_id, worker))


async def heartbeat(calls: Sequence[UUID], *, accepted: Sequence[UUID], worker: str) -> set[UUID]:
    """This will prolong the leases of a worker's calls and return those that are still the worker's.

    `accepted` are those of the calls that the upstream has accepted.
    """
    rows = await database.fetch(
        "SELECT * FROM ledger_heartbeat(%s::uuid[], %s::uuid[], %s, %s)",
        [list(calls), list(accepted), worker, settings.TIMINGS.lease],
    )
    return {row["call_id"] for row in rows}


def stop_admission(account_id: int) -> datetime:
    """This will let nobody open a call of the account until the transaction ends, and return the moment."""
    moment: datetime = database.value("SELECT ledger_stop_admission(%s)", account_id)
    return moment


async def _claim_all(asked: Sequence[tuple[UUID, str]]) -> list[Claim | None]:
    """All asks of one process are one worker's, but for tests."""
    claims: dict[tuple[UUID, str], Claim] = {}
    for worker in {worker for _, worker in asked}:
        calls = [call_id for call_id, asking in asked if asking == worker]
        given = [calls, worker, settings.TIMINGS.lease]
        for row in await database.fetch("SELECT * FROM ledger_claim(%s::uuid[], %s, %s)", given):
            claims[row["call_id"], worker] = Claim(**row)
    return [claims.pop(one, None) for one in asked]


def _given(reservation: Reservation) -> dict[str, Any]:
    assert 0 <= reservation.floor_amount <= reservation.amount <= LARGEST_AMOUNT_MICROCREDITS
    given = dict(vars(reservation))
    if idempotency := given.pop("idempotency"):
        given["idempotency_scope"] = idempotency.scope
        given["idempotency_key"] = idempotency.key
        given["body_hash"] = idempotency.body_hash
    return given


def _answer(row: database.Row) -> Hold | Refusal:
    details = row["details"]
    match row["outcome"]:
        case "ok":
            over, rates = tuple(details.get("over", ())), _rates(details)
            return Hold(row["call_id"], details["amount"], details["output_limit"], over, rates)
        case "replay":
            return Hold(UUID(details["call_id"]), Microcredits(0), 0, is_replay=True)
        case refused:
            return REFUSALS[refused](**details)


def _rates(details: Mapping[str, Any]) -> tuple[Rate, ...]:
    tightest: dict[str, Rate] = {}
    for quota in details.get("minutes", ()):
        metric, taken = quota["metric"], quota["used"] + quota["held"]
        if metric in RATED:
            own = details["tokens"] if metric == Quota.Metric.TOKENS else 1
            left = max(quota["limit"] - taken - own, 0)
            if metric not in tightest or left < tightest[metric].remaining:
                tightest[metric] = Rate(metric, quota["limit"], left, details["minute_left"])
    return tuple(tightest.values())


_reservations = Gathering(reserve, most=MOST_TOGETHER, is_harmless=database.changed_nothing)
_claims = Gathering(_claim_all, most=MOST_TOGETHER, is_harmless=database.changed_nothing)
