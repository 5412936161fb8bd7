"""A phone's monthly bill at the sandbox operator: what was charged, what was given back, and what counts so far."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.sandbox.operator_charges import Charge
from portal.sandbox.operator_clock import month_of
from portal.sandbox.operator_refunds import Refund

CURRENCY = "CNY"
"""What bills and ceilings are counted in."""


@dataclass(frozen=True)
class Line:
    """One line of a bill; a refund is below zero."""

    at: datetime
    text: str
    amount: Decimal
    currency: str
    is_refund: bool = False


@dataclass(frozen=True)
class Bill:
    """One month of one phone: its lines and what they add up to, by currency."""

    month: str
    lines: list[Line]

    @property
    def totals(self) -> dict[str, Decimal]:
        """What is to be paid, by currency."""
        totals: dict[str, Decimal] = {}
        for line in self.lines:
            totals[line.currency] = totals.get(line.currency, Decimal(0)) + line.amount
        return totals


def of_month(charges: Iterable[Charge], refunds: Iterable[Refund], *, month: str) -> Bill:
    """This will make up the bill of these payments and of their refunds."""
    mine = list(charges)
    lines = [_charged(charge) for charge in mine if charge.is_charged and _is_in(charge.decided_at, month)]
    done = [refund for refund in refunds if refund.charge in mine and refund.status == "succeeded"]
    lines += [_given_back(refund) for refund in done if _is_in(refund.decided_at, month)]
    return Bill(month, sorted(lines, key=lambda line: line.at))


def accumulated(charges: Iterable[Charge], refunds: Iterable[Refund], *, month: str) -> Decimal:
    """This will return what counts against the ceiling: this month's payments that may still be taken, less refunds."""
    mine = list(charges)
    bill = of_month(mine, refunds, month=month).totals.get(CURRENCY, Decimal(0))
    waiting = [charge for charge in mine if not charge.is_final and charge.currency == CURRENCY]
    return bill + sum((charge.amount for charge in waiting), Decimal(0))


def _charged(charge: Charge) -> Line:
    text = charge.asked.payment_amount.charging_information.description
    return Line(charge.decided_at or charge.created_at, text, charge.amount, charge.currency)


def _given_back(refund: Refund) -> Line:
    text = refund.charge.asked.payment_amount.charging_information.description
    at = refund.decided_at or refund.created_at
    return Line(at, text, -refund.amount, refund.charge.currency, is_refund=True)


def _is_in(moment: datetime | None, month: str) -> bool:
    return moment is not None and month_of(moment) == month
