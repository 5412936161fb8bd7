"""What every way to pay offers, and how it may fail.

PaymentFailure
├── Unanswered      no answer or an empty one: the money may have moved, so ask again under the same id
│   └── Unaccepted  our credentials were refused: the same, and staff must look
├── Unknown         the provider has never heard of this payment
└── Denied          a clear no with a reason: nothing was charged
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from portal.kit.units import Money


class PaymentFailure(Exception):
    """Anything but an answer about a payment."""


class Unanswered(PaymentFailure):
    """Whether money moved is not known."""


class Unaccepted(Unanswered):
    """The provider does not take our credentials."""


class Unknown(PaymentFailure):
    """No payment goes by this name at the provider."""


class Denied(PaymentFailure):
    """Nothing was charged, and `reason` says why in one of our own words (see `REASONS`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


REASONS = frozenset({"denied", "unknown_number", "not_available", "amount", "ceiling", "impossible"})


@dataclass(frozen=True)
class Charge:
    """What we ask a provider to collect; `id` is ours and never used for another charge."""

    id: UUID
    reference_code: str
    phone: str
    amount: Money
    description: str
    product: str


@dataclass(frozen=True)
class Standing:
    """Where a payment stands by the provider's own books; `charge_id` is empty when it does not tell."""

    reference: str
    state: str
    amount: Money
    charge_id: str


class PaymentProvider(Protocol):
    """One way to pay."""

    def begin(self, charge: Charge) -> Standing:
        """This will ask for the money once, however often it is called for the same charge."""

    def find(self, charge_id: UUID) -> Standing:
        """This will look for a charge whose answer was lost; raises `Unknown` when it never arrived."""

    def query(self, reference: str) -> Standing:
        """This will return where the payment `reference` stands."""
