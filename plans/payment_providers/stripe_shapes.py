"""What we read of Stripe's objects, and where they say that a payment stands."""

from typing import Any

import msgspec

from plans.payment_providers.base import Disputed, Standing, Unanswered
from portal.kit.units import Money

_REFUND_STATES = {
    "pending": "processing",
    "requires_action": "processing",
    "succeeded": "succeeded",
    "failed": "denied",
    "canceled": "denied",
}
_DISPUTE_STATES = {"needs_response": "open", "under_review": "open", "won": "won", "lost": "lost", "prevented": "won"}
"""The other states begin with warning_: a question of the bank, by which no money moves."""


class Fee(msgspec.Struct):
    """What Stripe keeps of one movement of money."""

    fee: int = 0
    currency: str = ""


class Paid(msgspec.Struct):
    """A charge: one attempt at one card."""

    id: str
    amount_refunded: int = 0
    disputed: bool = False
    balance_transaction: Fee | str | None = None


class Intent(msgspec.Struct):
    """A payment intent: all attempts to pay one amount."""

    id: str
    status: str
    amount: int
    currency: str
    created: int = 0
    amount_received: int = 0
    metadata: dict[str, str] = {}
    latest_charge: Paid | str | None = None


class Session(msgspec.Struct):
    """A checkout session: the page on which people pay."""

    id: str
    status: str
    payment_status: str
    amount_total: int
    currency: str
    livemode: bool
    client_reference_id: str | None = None
    url: str | None = None
    payment_intent: Intent | str | None = None


class Dispute(msgspec.Struct):
    """What the payer's bank takes back."""

    id: str
    status: str
    amount: int
    currency: str
    balance_transactions: list[Fee] = []


class Refund(msgspec.Struct):
    """What is paid back."""

    id: str
    status: str
    amount: int
    currency: str
    metadata: dict[str, str] | None = None


class Page(msgspec.Struct):
    """One page of a list; `data` is read by whoever asked for it."""

    data: list[msgspec.Raw]
    has_more: bool = False


class Trouble(msgspec.Struct):
    """What went wrong."""

    type: str = ""
    code: str | None = None
    param: str | None = None


class Problem(msgspec.Struct):
    """An error as it arrives."""

    error: Trouble = msgspec.field(default_factory=Trouble)


def standing(session: Session, *, dispute: Dispute | None = None) -> Standing:
    """This will return where a session stands by its own status and by that of its payment intent."""
    intent = session.payment_intent if isinstance(session.payment_intent, Intent) else None
    charge = intent.latest_charge if intent and isinstance(intent.latest_charge, Paid) else None
    fee = charge.balance_transaction if charge and isinstance(charge.balance_transaction, Fee) else Fee()
    state = _state(session, intent)
    arrived = intent.amount_received if intent and state == "succeeded" else session.amount_total
    return Standing(
        reference=session.id,
        state=state,
        amount=money(arrived, (intent or session).currency),
        charge_id=session.client_reference_id or "",
        mode="live" if session.livemode else "test",
        page_url=(session.url or "") if state == "pending_validation" else "",
        refunded_minor=charge.amount_refunded if charge else 0,
        fee_minor=fee.fee if fee.currency == session.currency else 0,
        disputed=_disputed(dispute),
    )


def intent_state(intent: Intent) -> str:
    """This will return in our words where a payment intent stands; a declined card leaves it waiting for another."""
    known = {"succeeded": "succeeded", "processing": "processing", "canceled": "canceled"}
    return known.get(intent.status, "pending_validation")


def refund_state(refund: Refund) -> str:
    """This will return in our words where a refund stands; raises `Unanswered` for a word we do not know."""
    if refund.status not in _REFUND_STATES:
        raise Unanswered(refund.status[:64])
    return _REFUND_STATES[refund.status]


def money(minor: int, currency: str) -> Money:
    """This will return an amount; Stripe writes currencies in lower case."""
    return Money(minor, currency.upper())


def read(content: bytes, shape: Any) -> Any:
    """This will return `content` as a `shape` of msgspec; raises `Unanswered`."""
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.MsgspecError as error:
        raise Unanswered(type(error).__name__) from error


def _state(session: Session, intent: Intent | None) -> str:
    if session.payment_status == "paid":
        return "succeeded"
    if session.status == "expired":
        return "canceled"
    if session.status == "open":
        return "pending_validation"
    if session.status != "complete":
        raise Unanswered(session.status[:64])
    has_failed = intent is not None and intent.status in {"requires_payment_method", "canceled"}
    return "denied" if has_failed else "processing"


def _disputed(dispute: Dispute | None) -> Disputed | None:
    if dispute is None or dispute.status not in _DISPUTE_STATES:
        return None
    fee = sum(moved.fee for moved in dispute.balance_transactions if moved.currency == dispute.currency)
    return Disputed(dispute.id, _DISPUTE_STATES[dispute.status], money(dispute.amount, dispute.currency), fee)
