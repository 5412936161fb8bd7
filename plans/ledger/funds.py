"""Money beside orders: what came in unasked, whose it is, what goes back, and what others charge us."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from plans.models import Cost
from portal.kit import database
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Money

VENDOR = "payable:vendor:"
"""What we owe each vendor stands in the books under this and its slug."""


class NotMatchable(Refusal):
    """The sum cannot be said to be this; `outcome` says why: unknown, currency, too_little or taken."""

    code = "not_matchable"
    status = 409
    sentence = gettext_noop(
        "This sum does not fit: it is too little for the order, in another currency, or was decided on before."
    )


class NotReturnable(Refusal):
    """The money cannot be sent back; `outcome` says why: unknown or too_much."""

    code = "not_returnable"
    status = 409
    sentence = gettext_noop("So much is not left to be sent back. Please look at what became of it, and ask for less.")


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A sum that came in on `money_account` (bank, psp:…, carrier_receivable:…); one for each `dedupe_key`."""

    incoming_id: UUID
    money: Money
    money_account: str
    dedupe_key: str
    reference: str = ""


@dataclass(frozen=True)
class Arrived:
    """The sum as it was noted; `is_new` tells whether that was just now or an earlier time."""

    incoming_id: UUID
    is_new: bool


@dataclass(frozen=True)
class Matched:
    """Whether the sum pays the order, which is then granted from `bank_unmatched`; and what became the account's."""

    is_for_order: bool
    surplus: Money


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Money to be sent back from `money_account`: of a sum that came in, or of what an account has of its own."""

    outgoing_id: UUID
    money: Money
    money_account: str
    reason: str
    by_user_id: int | None
    incoming_id: UUID | None = None
    account_id: int | None = None


def receive(arrival: Arrival) -> Arrived:
    """This will take note of money that no order waited for, in the caller's transaction if there is one."""
    asked = (
        arrival.incoming_id,
        arrival.dedupe_key,
        arrival.money_account,
        arrival.money.minor,
        arrival.money.currency,
        arrival.reference,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT incoming_id, received FROM ledger_receive(%s, %s, %s, %s, %s, %s)", asked)
        return Arrived(*cursor.fetchone())


def match(
    incoming_id: UUID, *, account_id: int, order_id: UUID, price: Money, by_user_id: int | None, reason: str
) -> Matched:
    """This will set the price of an order aside from a sum that came in; what is more becomes the account's own.

    The same transaction grants the order with `Received(price, "bank_unmatched")`. Of an order that was paid before
    all of it becomes the account's own: then there is nothing to grant. Raises `NotMatchable`.
    """
    return _match(incoming_id, account_id, (order_id, price.minor, price.currency), by_user_id, reason)


def credit(incoming_id: UUID, *, account_id: int, currency: str, by_user_id: int | None, reason: str) -> Matched:
    """This will make all that is left of a sum the account's own, which pays a later order as `customer_credit:<id>`.

    Raises `NotMatchable`.
    """
    return _match(incoming_id, account_id, (None, None, currency), by_user_id, reason)


def return_money(departure: Departure) -> bool:
    """This will book that money goes back, once by its id; tells whether it was booked just now.

    Raises `NotReturnable`.
    """
    asked = (
        departure.outgoing_id,
        departure.incoming_id,
        departure.account_id,
        departure.money.minor,
        departure.money.currency,
        departure.money_account,
        departure.by_user_id,
        departure.reason,
    )
    outcome = str(database.value("SELECT ledger_return_money(%s, %s, %s, %s, %s, %s, %s, %s)", *asked))
    if outcome not in {"ok", "again"}:
        raise NotReturnable(outcome=outcome)
    return outcome == "ok"


def book_fee(fee: Money, *, money_account: str, dedupe_key: str) -> int:
    """This will book what a provider keeps for itself, once by its key, and return what of it was not booked before.

    `money_account` is the provider's (psp:…, carrier_receivable:…); all in minor units.
    """
    return _book("psp_fee", dedupe_key, money_account, fee, None)


def book_vendor_day(cost: Money, *, vendor: str, day: date) -> int:
    """This will book what the calls of a day (UTC) cost at a vendor, by its slug.

    Returns what was not booked before; asked with another amount it books the difference, which may be negative.
    """
    key = f"vendor:{vendor}:{cost.currency}:{day.isoformat()}"
    return _book("provider_cost", key, VENDOR + vendor, cost, day)


def vendors_of(day: date) -> list[str]:
    """This will return the slugs of the vendors whose calls of a day were booked."""
    booked = Cost.objects.filter(kind=Cost.Kind.PROVIDER_COST, day=day).order_by("against")
    return [against.removeprefix(VENDOR) for against in booked.values_list("against", flat=True)]


def _match(
    incoming_id: UUID, account_id: int, order: tuple[UUID | None, int | None, str], by: int | None, reason: str
) -> Matched:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome, surplus_minor FROM ledger_match(%s, %s, %s, %s, %s, %s, %s)",
            [incoming_id, account_id, *order, by, reason],
        )
        outcome, surplus = cursor.fetchone()
    if outcome not in {"matched", "credited"}:
        raise NotMatchable(outcome=outcome)
    return Matched(outcome == "matched", Money(surplus, order[2]))


def _book(kind: str, key: str, against: str, cost: Money, day: date | None) -> int:
    asked = (kind, key, against, cost.minor, cost.currency, day, key)
    return database.count("SELECT ledger_book_cost(%s, %s, %s, %s, %s, %s, %s)", *asked)
