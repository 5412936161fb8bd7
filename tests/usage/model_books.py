"""What an account's books should be, in plain Python."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from models_catalog.pricing import Rates
from plans import ledger

LIMIT = 6000
AT_ONCE = 5
PROMPT, LONGEST = 10, 10**6
SESSION_TOKENS = 2_500_000
"""What a session may use: two whole calls at once, and a part of a third."""
SESSION_LASTS = timedelta(days=60)
COUNTERS = ("granted", "available", "held", "spent", "expired", "revoked", "refunded", "rolled")


@dataclass
class ModelLot:
    """What a lot should be; all counters in microcredits, money in minor units."""

    id: int
    source: str
    priority: int
    expires_at: datetime | None
    granted: int
    available: int
    order_id: UUID | None = None
    paid: int = 0
    repaid: int = 0
    held: int = 0
    spent: int = 0
    expired: int = 0
    revoked: int = 0
    refunded: int = 0
    rolled: int = 0
    frozen: int = 0
    is_refunding: bool = False

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def rank(self) -> tuple[int, float, int]:
        end = self.expires_at.timestamp() if self.expires_at else float("inf")
        return (self.priority, end, self.id)

    @property
    def is_drawable(self) -> bool:
        return self.available > 0 and not self.frozen


def share(whole: int, part: int, of: int) -> int:
    """Of each `of` a `part`, rounded down."""
    return whole if part >= of else whole * part // of


@dataclass
class ModelSession:
    """The tokens that a session has used and holds."""

    ends_at: datetime
    used: int = 0
    held: int = 0

    @property
    def left(self) -> int:
        return SESSION_TOKENS - self.used - self.held

    def holding(self, tokens: int, now: datetime) -> "ModelSession":
        self.held += tokens
        self.ends_at = now + SESSION_LASTS
        return self


@dataclass
class ModelCall:
    """An open call: what it asked, what it drew, of which session, and the price that it was opened at."""

    asked: ledger.Reservation
    lines: list[tuple[ModelLot, int]]
    rates: Rates
    is_counted: bool
    """By the quota in force; one that ended counts on for itself."""
    session: ModelSession
    tokens: int
    is_running: bool = False

    @property
    def held(self) -> int:
        return sum(part for _, part in self.lines)


@dataclass
class ModelRefund:
    """A refund under way."""

    id: UUID
    lot: ModelLot
    amount: int
    opened_at: datetime


@dataclass
class ModelDispute:
    """A dispute under way."""

    id: UUID
    order_id: UUID
    minor: int
    lots: list[ModelLot]


@dataclass
class Facts:
    """What the model knows beside lots and open calls."""

    debt: int = 0
    used: int = 0
    limit: int | None = LIMIT
    owed: Counter[UUID] = field(default_factory=Counter)
    """What lost disputes made debt of each order."""
    given: list[tuple[datetime, int]] = field(default_factory=list)
    """What one of the staff gave alone, and when."""
    calls: dict[UUID, ModelCall] = field(default_factory=dict)
    charges: dict[UUID, int] = field(default_factory=dict)
    sessions: dict[str, ModelSession] = field(default_factory=dict)

    def session(self, name: str, now: datetime) -> ModelSession:
        known = self.sessions.get(name)
        return known if known is not None and known.ends_at > now else ModelSession(now)
