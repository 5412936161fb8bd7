"""The course of a payment or a refund: one status, its table of moves, and what time will do to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from portal.kit.moves import Moves
from portal.sandbox.operator_clock import Clock
from portal.sandbox.operator_scripts import SOON_SECONDS, Script

SOON = timedelta(seconds=SOON_SECONDS)


@dataclass(frozen=True)
class Sink:
    """Where events go and what they show there; `expires_at` is when the credential ends."""

    address: str
    bearer: str
    expires_at: datetime | None = None


@dataclass(kw_only=True, eq=False)
class Course:
    """`tell` hears of every move; `plan` holds what happens by itself, with its moment and its reason."""

    moves: Moves
    clock: Clock
    script: Script
    tell: Callable[[Any], None]
    sink: Sink | None = None
    status: str = "processing"
    created_at: datetime = field(init=False)
    decided_at: datetime | None = None
    reason: str = ""
    plan: list[tuple[datetime, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.created_at = self.clock.now()

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return self.moves.is_final(self.status)

    def decide(self, status: str, *, reason: str = "", at: datetime | None = None) -> bool:
        """This will move on to `status` if it may follow, and tell whether it did."""
        if self.status not in self.moves.before(status):
            return False
        self.status, self.reason, self.decided_at = status, reason, at or self.clock.now()
        self.tell(self)
        return True

    def later(self, status: str, *, after: timedelta, reason: str = "") -> None:
        """This will move on to `status` when so much time has passed, if it may follow then."""
        self.plan = sorted([*self.plan, (self.clock.now() + after, status, reason)])

    def settle_by_time(self) -> None:
        """This will apply what is due by now, the earliest first."""
        while self.plan and self.plan[0][0] <= self.clock.now():
            at, status, reason = self.plan.pop(0)
            self.decide(status, reason=reason, at=at)
        if self.is_final:
            self.plan = []
