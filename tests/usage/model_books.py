"""What an account's books should be, in plain Python."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from models_catalog.pricing import Rates
from plans import ledger

LIMIT = 6000
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
    held: int = 0
    spent: int = 0
    expired: int = 0
    revoked: int = 0
    refunded: int = 0
    rolled: int = 0
    frozen: int = 0

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def rank(self) -> tuple[int, float, int]:
        end = self.expires_at.timestamp() if self.expires_at else float("inf")
        return (self.priority, end, self.id)

    @property
    def is_drawable(self) -> bool:
        return self.available > 0 and not self.frozen


@dataclass
class ModelCall:
    """An open call: what it asked, what it drew, and the price that it was opened at."""

    asked: ledger.Reservation
    lines: list[tuple[ModelLot, int]]
    rates: Rates
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
    lots: list[ModelLot]
    opened_at: datetime


@dataclass
class Facts:
    """What the model knows beside lots and open calls."""

    debt: int = 0
    used: int = 0
    limit: int = LIMIT
    given: list[tuple[datetime, int]] = field(default_factory=list)
    """What one of the staff gave alone, and when."""
    calls: dict[UUID, ModelCall] = field(default_factory=dict)
    charges: dict[UUID, int] = field(default_factory=dict)
