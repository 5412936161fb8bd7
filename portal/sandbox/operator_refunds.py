"""A refund in the sandbox operator's books, and what may be refunded (CAMARA Carrier Billing Refund 0.3.0)."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from portal.kit.moves import moves
from portal.sandbox.operator_answers import (
    NOT_COMPLETED,
    NOT_ELIGIBLE,
    OTHER_DETAILS,
    OTHER_TAXES,
    REFUND_DENIED,
    REFUNDS_OVERPASSED,
    TOO_MUCH_BACK,
    WRONG_CURRENCY,
    Problem,
    Refused,
)
from portal.sandbox.operator_bodies import Item, PartialRefund, TotalRefund
from portal.sandbox.operator_charges import BLOCKED, Charge
from portal.sandbox.operator_clock import month_of
from portal.sandbox.operator_course import SOON, Course

COURSE = moves(processing="succeeded denied", succeeded="", denied="")
_REFUSED: Mapping[str, Problem] = {
    "refund_deny": REFUND_DENIED,
    "refund_ineligible": NOT_ELIGIBLE,
    "refund_ceiling": REFUNDS_OVERPASSED,
}


@dataclass(kw_only=True, eq=False)
class Refund(Course):
    """One refund of a payment; `month` is the bill on which it stands."""

    charge: Charge
    asked: TotalRefund | PartialRefund
    amount: Decimal
    refund_id: str = field(default_factory=lambda: "RF" + secrets.token_hex(10).upper())
    named_sink: str = ""
    month: str = ""

    @property
    def is_in_bill(self) -> bool:
        """Whether it waits for the next bill."""
        return "refund_in_bill" in self.script

    def begin(self) -> None:
        """This will do what the operator does as soon as a refund is asked for."""
        if self.is_in_bill:
            self.tell(self)
        elif "refund_soon" in self.script:
            self.later("succeeded", after=SOON)
        elif "refund_deny_soon" in self.script:
            self.later("denied", after=SOON, reason=BLOCKED)
        elif "refund_ask" not in self.script:
            self.decide("succeeded")

    def answer(self, decision: str) -> None:
        """This will hear the operator's clerk, whose `decision` is approval or denial."""
        if decision == "approval":
            self.decide("succeeded")
        elif decision == "denial":
            self.decide("denied", reason=BLOCKED)

    def settle_by_time(self) -> None:
        """This will apply what is due by now; a new month brings the next bill."""
        super().settle_by_time()
        if self.is_in_bill and month_of(self.clock.now()) > month_of(self.created_at):
            self.decide("succeeded")

    def shown(self) -> dict[str, Any]:
        """This will return the refund object of the specification."""
        self.settle_by_time()
        body = {
            "refundId": self.refund_id,
            "refundStatus": self.status,
            "refundCreationDate": self.created_at.isoformat(),
            "type": "total" if isinstance(self.asked, TotalRefund) else "partial",
            "amountTransaction": self.asked.amount_transaction.echo(),
        }
        if self.asked.reason is not UNSET:
            body["reason"] = self.asked.reason
        if self.status == "succeeded" and self.decided_at:
            body["refundDate"] = self.decided_at.isoformat()
        if self.named_sink:
            body["sink"] = self.named_sink
        return body


def remaining(charge: Charge, refunds: Iterable[Refund]) -> Decimal:
    """This will return what was never asked back, or was and was denied; nothing for a payment that never came."""
    if charge.status != "succeeded":
        return Decimal(0)
    return charge.amount - sum((refund.amount for refund in _counting(refunds)), Decimal(0))


def allowed(charge: Charge, asked: TotalRefund | PartialRefund, refunds: list[Refund]) -> Decimal:
    """This will return the amount that such a refund gives back. Raises `Refused`."""
    if charge.status != "succeeded":
        raise Refused(NOT_COMPLETED)
    if problem := _refusal(charge):
        raise Refused(problem)
    left = remaining(charge, refunds)
    amount = left if isinstance(asked, TotalRefund) else _part(charge, asked, refunds)
    if not 0 < amount <= left:
        raise Refused(TOO_MUCH_BACK)
    return amount


def _refusal(charge: Charge) -> Problem | None:
    return next((problem for word, problem in _REFUSED.items() if word in charge.script), None)


def _part(charge: Charge, asked: PartialRefund, refunds: list[Refund]) -> Decimal:
    said = asked.amount_transaction.refund_amount.charging_information
    if said.currency != charge.currency:
        raise Refused(WRONG_CURRENCY)
    if said.includes_tax != charge.asked.payment_amount.charging_information.includes_tax:
        raise Refused(OTHER_TAXES)
    if asked.amount_transaction.refund_amount.refund_details is not UNSET:
        _check_details(charge, asked, refunds)
    amount: Decimal = said.amount
    return amount


def _check_details(charge: Charge, asked: PartialRefund, refunds: list[Refund]) -> None:
    """Each part must belong to a part of the payment, agree with it, and not be more than is left of it."""
    left = {item.id: Decimal(item.amount) for item in _items(charge)}
    kinds = {item.id: (item.currency, item.includes_tax) for item in _items(charge)}
    for refund in _counting(refunds):
        for part in _parts(refund.asked):
            left[part.payment_item_id] -= part.amount
    parts = _parts(asked)
    for part in parts:
        if kinds.get(part.payment_item_id) != (part.currency, part.includes_tax):
            raise Refused(OTHER_DETAILS)
        left[part.payment_item_id] -= part.amount
        if left[part.payment_item_id] < 0:
            raise Refused(OTHER_DETAILS)
    if sum(part.amount for part in parts) != asked.amount_transaction.refund_amount.charging_information.amount:
        raise Refused(OTHER_DETAILS)


def _items(charge: Charge) -> list[Item]:
    details = charge.asked.payment_amount.payment_details
    return [] if details is UNSET else details


def _parts(asked: TotalRefund | PartialRefund) -> list[Any]:
    if isinstance(asked, TotalRefund):
        return []
    details = asked.amount_transaction.refund_amount.refund_details
    return [] if details is UNSET else details


def _counting(refunds: Iterable[Refund]) -> list[Refund]:
    return [refund for refund in refunds if refund.status != "denied"]
