"""What every way to pay offers, and how it may fail.

PaymentFailure
├── Unanswered      no answer or an empty one: the money may have moved, so ask again under the same id
│   └── Unaccepted  our credentials were refused: the same, and staff must look
├── Unknown         the provider has never heard of this payment or refund
├── Denied          a clear no with a reason: nothing was charged
├── WrongCode       the SMS code is not the one that was sent; the payer may try again
└── Forged          a message that does not come from the provider
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable
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


class WrongCode(PaymentFailure):
    """The code that the payer typed is not the one that was sent."""


class Forged(PaymentFailure):
    """A message without the provider's own signature, or an old one sent again."""


REASONS = frozenset({"denied", "unknown_number", "not_available", "amount", "ceiling", "impossible", "code", "timeout"})


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What we ask a provider to collect; `id` is ours and never used for another charge.

    `tax_minor` is part of the amount. With `asks_code` the payer proves by an SMS code to hold the phone (E.164).
    A provider with pages of its own sends the payer back to `return_url`; it sends its messages to `message_url`.
    """

    id: UUID
    reference_code: str
    amount: Money
    description: str
    product: str
    tax_minor: int = 0
    phone: str = ""
    asks_code: bool = False
    return_url: str = ""
    message_url: str = ""


@dataclass(frozen=True)
class Disputed:
    """What the payer's bank takes back: `state` is open, won or lost; the fee is the provider's."""

    reference: str
    state: str
    amount: Money
    fee_minor: int = 0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a payment stands by the provider's own books; `charge_id` is empty when it does not tell.

    `state` is processing, pending_validation (the payer has to act), reserved, succeeded, denied or canceled.
    """

    reference: str
    state: str
    amount: Money
    charge_id: str
    mode: str = "live"
    page_url: str = ""
    code_url: str = ""
    authorization_id: str = ""
    refunded_minor: int = 0
    fee_minor: int = 0
    disputed: Disputed | None = None


@dataclass(frozen=True)
class Message:
    """What came to our door, byte for byte; the names of headers are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True)
class Event:
    """What a genuine message is about: a payment by the provider's reference or by our charge, either may be empty.

    `is_in_bill` says that a refund of it was put on the next phone bill, which no object tells.
    """

    event_id: str
    reference: str
    charge_id: str
    is_in_bill: bool = False


@dataclass(frozen=True, kw_only=True)
class Repayment:
    """What we ask a provider to pay back of a payment; `id` is ours and never used for another refund."""

    id: UUID
    charge_id: UUID
    reference: str
    amount: Money
    paid: Money
    tax_minor: int
    reason: str


@dataclass(frozen=True)
class Repaid:
    """Where a refund stands: processing, succeeded, in_bill (it appears on the next phone bill) or denied."""

    reference: str
    state: str
    amount: Money


@dataclass(frozen=True)
class Listed:
    """A payment as the provider lists it for reconciliation."""

    reference: str
    charge_id: str
    state: str
    amount: Money
    refunded_minor: int
    created_at: datetime


class PaymentProvider(Protocol):
    """One way to pay. Every verb speaks over the network: call it outside any transaction."""

    def begin(self, charge: Charge) -> Standing:
        """This will ask for the money once, however often it is called for the same charge."""

    def find(self, charge_id: UUID) -> Standing:
        """This will look for a charge whose answer was lost; raises `Unknown` when it never arrived."""

    def query(self, reference: str) -> Standing:
        """This will return where the payment `reference` stands."""

    def cancel(self, standing: Standing) -> Standing:
        """This will give up a payment that was not made yet, and return where it stands then."""

    def read(self, message: Message) -> Event:
        """This will check who a message is from and say what it is about; raises `Forged`. It asks nobody."""

    def refund(self, repayment: Repayment) -> Repaid:
        """This will ask to pay back once, however often it is called for the same repayment; raises `Denied`."""

    def find_refund(self, repayment: Repayment) -> Repaid:
        """This will look for a refund whose answer was lost; raises `Unknown` when it never arrived."""

    def listed(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """This will go through the payments that began from `since` until before `until`."""


@runtime_checkable
class AsksCode(Protocol):
    """What a way to pay offers beside that when the payer proves by an SMS code to hold the phone."""

    def validate(self, standing: Standing, code: str) -> Standing:
        """This will send the code that the payer typed; raises `WrongCode`, or `Denied` once tries are used up."""

    def confirm(self, standing: Standing) -> Standing:
        """This will take the money that was set aside; done twice, it is taken once."""
