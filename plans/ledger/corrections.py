"""What goes back: refunds of what is unspent, disputed payments, and what staff gives, restores or takes by hand."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection

from portal.kit import database
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits, Money


class NotRefundable(Refusal):
    """Nothing of this lot can be paid back; `outcome` says why: unpaid, frozen or nothing."""

    code = "not_refundable"
    status = 409
    sentence = gettext_noop(
        "Nothing of this can be paid back: it was not paid for, is used up, or is in another refund."
    )


class NotDisputable(Refusal):
    """The order cannot be disputed so; `outcome` says why: unknown, open or too_much."""

    code = "not_disputable"
    status = 409
    sentence = gettext_noop("This order has no payment of that amount that could be disputed.")


class NotAdjustable(Refusal):
    """The adjustment does not fit the books; `outcome` says why: no_call, no_lot or same_person."""

    code = "not_adjustable"
    status = 409
    sentence = gettext_noop(
        "This cannot be done: the call cost less or was given back before, so much is not left, or it takes two people."
    )


@dataclass(frozen=True)
class Refundable:
    """What a refund gives back: credits, and the money that the provider has to pay, of which so much is tax."""

    microcredits: Microcredits
    money: Money
    tax_minor: int


@dataclass(frozen=True, kw_only=True)
class AskedAdjustment:
    """What staff wants done; `kind` is goodwill, restore (with `call_id`) or revoke (with `lot_id`)."""

    adjustment_id: UUID
    account_id: int
    kind: str
    microcredits: Microcredits
    reason: str
    asked_by: int
    call_id: UUID | None = None
    lot_id: int | None = None
    expires_at: datetime | None = None


def open_refund(
    refund_id: UUID, *, lot_id: int, reason: str, by_user_id: int | None, microcredits: Microcredits | None = None
) -> Refundable:
    """This will freeze a lot and say what is to be paid back for its unspent rest, or for `microcredits` of it.

    Asking again with the same id answers the same. Raises `NotRefundable`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM ledger_open_refund(%s, %s, %s, %s, %s)",
            [refund_id, lot_id, microcredits, by_user_id, reason],
        )
        return _refundable(*cursor.fetchone())


def refund_preview(lot_id: int, *, microcredits: Microcredits | None = None) -> Refundable:
    """This will tell what `open_refund` would give back now, and change nothing. Raises `NotRefundable`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_refundable(%s, %s)", [lot_id, microcredits])
        return _refundable(*cursor.fetchone())


def close_refund(refund_id: UUID, *, succeeded: bool, money_account: str) -> bool:
    """This will end a refund as the provider tells it; tells whether it had not ended before."""
    outcome = database.value("SELECT ledger_close_refund(%s, %s, %s)", refund_id, succeeded, money_account)
    return str(outcome) == "ok"


def open_dispute(dispute_id: UUID, *, order_id: UUID, money_minor: int, reason: str, by_user_id: int | None) -> None:
    """This will freeze what came from an order whose payment is disputed. Raises `NotDisputable`."""
    outcome = database.value(
        "SELECT ledger_open_dispute(%s, %s, %s, %s, %s)", dispute_id, order_id, money_minor, by_user_id, reason
    )
    if outcome not in {"ok", "again"}:
        raise NotDisputable(outcome=outcome)


def close_dispute(dispute_id: UUID, *, lost: bool, money_account: str, fee_minor: int = 0) -> str:
    """This will end a dispute: ok, already, or open_calls or open_refund when these have to end first (ask again)."""
    asked = (dispute_id, lost, fee_minor, money_account)
    return str(database.value("SELECT ledger_close_dispute(%s, %s, %s, %s)", *asked))


def ask_adjustment(asked: AskedAdjustment, *, alone: Microcredits) -> str:
    """This will do what staff asks for up to `alone` microcredits, and else let it wait for a second person.

    Answers done, waiting or again. Raises `NotAdjustable`.
    """
    given = asdict(asked)
    given["id"] = given.pop("adjustment_id")
    return _done(database.value("SELECT ledger_ask_adjustment(%s::jsonb, %s)", orjson.dumps(given).decode(), alone))


def decide_adjustment(adjustment_id: UUID, *, agreed: bool, by_user_id: int) -> str:
    """This will carry out or decline what waits: done, declined or already. Raises `NotAdjustable`."""
    return _done(database.value("SELECT ledger_decide_adjustment(%s, %s, %s)", adjustment_id, agreed, by_user_id))


def _refundable(outcome: str, microcredits: int, minor: int, tax: int, currency: str) -> Refundable:
    if outcome not in {"ok", "again"}:
        raise NotRefundable(outcome=outcome)
    return Refundable(Microcredits(microcredits), Money(minor, currency), tax)


def _done(outcome: str) -> str:
    if outcome in {"no_call", "no_lot", "same_person"}:
        raise NotAdjustable(outcome=outcome)
    return outcome
