"""How a call ends: what it used, what that costs and how both were found (reliability: how much to charge)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models_catalog import pricing
from models_catalog.pricing import Tariff, Usage
from models_catalog.providers.base import UpstreamFailure
from portal.kit.refusals import gettext_noop
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS
from usage import metering
from usage.models import How

Json = dict[str, Any]

COMPLETE = "complete"
CUT = "cut"
LEFT = "left"
OURS = "ours"
BLOCKED = "blocked"
"""The content filter held a child's answer back."""

_ESTIMATED = {
    COMPLETE: How.ESTIMATE,
    CUT: How.ESTIMATE_CUT,
    BLOCKED: How.ESTIMATE_CUT,
    LEFT: How.ESTIMATE_LEFT,
    OURS: How.SWEEP_PARTIAL,
}
SENTENCES: Mapping[str, str] = {
    How.QUEUE_TIMEOUT: gettext_noop("No worker was free in time. Nothing was charged; please try again in a moment."),
    How.CANCELLED: gettext_noop("The call was stopped. Nothing was charged."),
    How.PLATFORM: gettext_noop("Something broke on our side. Nothing was charged; please try again."),
    How.SWEEP_PARTIAL: gettext_noop(
        "Something broke on our side. Only what had arrived was charged; please try again."
    ),
}
"""What people are told of a call that no upstream ended."""
VOID = frozenset({How.REFUSED, How.PLATFORM, How.QUEUE_TIMEOUT, How.CANCELLED})


@dataclass(frozen=True)
class Facts:
    """What is known of an accepted call when it ends; `reason` is complete, cut, left, ours or blocked."""

    reason: str
    raw_usage: Json | None
    dialect: str
    prompt_bound: int
    answer_bytes: int


@dataclass(frozen=True)
class Charge:
    """What a call is charged and how that was found; what it cost beyond the charge is ours."""

    usage: Usage
    microcredits: int
    how: How
    cost: int = 0

    @property
    def is_estimated(self) -> bool:
        """Whether we counted because the vendor did not."""
        return self.how in {*_ESTIMATED.values()}


@dataclass(frozen=True)
class Try:
    """One try at one route; moments are of the worker's monotonic clock."""

    route_id: int
    outcome: str
    started: float
    accepted: float | None
    ended: float
    raw_usage: Json | None


@dataclass(frozen=True)
class Ending:
    """All that settles one call; no fence for those who are not its worker."""

    call_id: UUID
    charge: Charge
    fence: int | None = None
    if_state: str | None = None
    if_lapsed: bool = False
    finish_reason: str = ""
    error_code: str = ""
    route_id: int | None = None
    accepted: float | None = None
    first_token_milliseconds: int | None = None
    tries: tuple[Try, ...] = field(default=())
    kept: str | None = None

    def as_json(self, *, now: float) -> Json:
        """This will write the ending as `call_settle` reads it; `now` is the same monotonic clock's."""
        return {
            "call_id": str(self.call_id),
            "fence": self.fence,
            "if_state": self.if_state,
            "if_lapsed": self.if_lapsed,
            "charge": self.charge.microcredits,
            "cost": self.charge.cost,
            "tokens": self.charge.usage.input_tokens + self.charge.usage.output_tokens,
            "usage": self.charge.usage,  # which the encoder writes as an object
            "how": self.charge.how.value,
            "state": "voided" if self.charge.how in VOID else "settled",
            "estimated": self.charge.is_estimated,
            "finish_reason": self.finish_reason,
            "error_code": self.error_code,
            "route_id": self.route_id,
            "accepted_ago": None if self.accepted is None else now - self.accepted,
            "first_token_milliseconds": self.first_token_milliseconds,
            "attempts": [_try(one, position, now) for position, one in enumerate(self.tries)],
            "kept": self.kept,
        }


def nothing(how: How) -> Charge:
    """This will charge nothing, for a call that never reached an upstream or of which nothing arrived."""
    return Charge(Usage(), 0, how)


def charge_for(facts: Facts, *, tariff: Tariff, held: int) -> Charge:
    """This will charge an accepted call: what the vendor counted, else our count; never more than was held."""
    measured = metering.measure(
        facts.raw_usage,
        dialect=facts.dialect,
        prompt_tokens=metering.estimated_prompt(facts.prompt_bound),
        answer_bytes=facts.answer_bytes,
    )
    if facts.reason == OURS and measured.estimated and not facts.answer_bytes:
        return nothing(How.PLATFORM)
    cost = pricing.cost(measured.usage, tariff)
    if measured.estimated:
        return Charge(measured.usage, min(cost, held), _ESTIMATED[facts.reason])
    if cost > held:
        return Charge(measured.usage, held, How.USAGE_CAPPED, min(cost, LARGEST_AMOUNT_MICROCREDITS))
    return Charge(measured.usage, cost, How.SWEEP_USAGE if facts.reason == OURS else How.USAGE)


def outcome_of(failure: UpstreamFailure | None) -> str:
    """This will name how one try went."""
    return "ok" if failure is None else failure.code


def _try(one: Try, position: int, now: float) -> Json:
    return {
        "route_id": one.route_id,
        "position": position,
        "outcome": one.outcome,
        "raw_usage": one.raw_usage,
        "started_ago": now - one.started,
        "accepted_ago": None if one.accepted is None else now - one.accepted,
        "ended_ago": now - one.ended,
    }
