"""The ledger: setting credits aside for calls, granting lots, ending them, and telling what is left."""

from plans.ledger.balances import Balance, LotLeft, balance, granted_by_plans
from plans.ledger.expiry import expire, forget_keys, make_partitions
from plans.ledger.grants import Grant, Granted, Received, grant
from plans.ledger.holds import (
    Claim,
    Hold,
    Idempotency,
    Reservation,
    claim,
    heartbeat,
    reserve,
    reserve_one,
)
from plans.ledger.refusals import (
    Busy,
    IdempotencyMismatch,
    KeyRevoked,
    NoCredits,
    Paused,
    QuotaExceeded,
    Suspended,
)

__all__ = [
    "Balance",
    "Busy",
    "Claim",
    "Grant",
    "Granted",
    "Hold",
    "Idempotency",
    "IdempotencyMismatch",
    "KeyRevoked",
    "LotLeft",
    "NoCredits",
    "Paused",
    "QuotaExceeded",
    "Received",
    "Reservation",
    "Suspended",
    "balance",
    "claim",
    "expire",
    "forget_keys",
    "grant",
    "granted_by_plans",
    "heartbeat",
    "make_partitions",
    "reserve",
    "reserve_one",
]
