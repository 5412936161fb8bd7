"""A payment in the sandbox operator's books, in one step or in two (CAMARA Carrier Billing 0.5.0)."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from portal.kit.moves import moves
from portal.sandbox.operator_bodies import Transaction
from portal.sandbox.operator_course import SOON, Course
from portal.sandbox.operator_scripts import PAID_AT_ONCE

UNANSWERED_AFTER = timedelta(minutes=15)
RESERVED_FOR = timedelta(minutes=15)
MOST_ATTEMPTS = 3
ONE_STEP = moves(processing="succeeded denied", succeeded="", denied="")
TWO_STEP = moves(
    processing="pending_validation reserved denied",
    pending_validation="reserved denied cancelled",
    reserved="succeeded denied cancelled",
    succeeded="",
    denied="",
    cancelled="",
)
BLOCKED, SAID_NO = "The line is blocked for unpaid bills", "The subscriber said no"
TIME_UP, WRONG_CODE = "Nobody answered in time", "The code was wrong too often"
WRONG_ONE = Decimal("1.00")
"""By how much the operator's list is wrong where it is."""


@dataclass(kw_only=True, eq=False)
class Charge(Course):
    """One payment. `asked` is the merchant's own account of it, `code` what stands in the text message."""

    asked: Transaction
    phone: str
    payment_id: str = field(default_factory=lambda: "OP" + secrets.token_hex(10).upper())
    code: str = field(default_factory=lambda: f"{secrets.randbelow(1_000_000):06}")
    authorization_id: str = field(default_factory=lambda: "AU" + secrets.token_hex(8).upper())
    page_url: str = ""
    named_sink: str = ""
    attempts: int = 0
    is_validated: bool = False
    is_confirmed: bool = False

    @property
    def is_two_step(self) -> bool:
        """Whether the payment was prepared, to be confirmed later."""
        return self.moves is TWO_STEP

    @property
    def amount(self) -> Decimal:
        """What the operator takes, whatever was asked."""
        return (
            Decimal("0.01") if "wrong_amount" in self.script else self.asked.payment_amount.charging_information.amount
        )

    @property
    def currency(self) -> str:
        """The currency in which it does."""
        return "USD" if "wrong_currency" in self.script else self.asked.payment_amount.charging_information.currency

    @property
    def is_charged(self) -> bool:
        """Whether it stands on the bill, whatever the merchant was told."""
        return self.status == "succeeded" or ("told_denied" in self.script and self.status == "denied")

    @property
    def is_listed(self) -> bool:
        """Whether the list of payments shows it."""
        return "unlisted" not in self.script

    def begin(self) -> None:
        """This will do what the operator does as soon as a payment is asked for."""
        if self.is_two_step:
            self._begin_reservation()
        elif self.script & PAID_AT_ONCE:
            self.decide("succeeded")
        elif "approve_soon" in self.script:
            self.later("succeeded", after=SOON)
        elif self.script & {"deny_soon", "told_denied"}:
            self.later("denied", after=SOON, reason=BLOCKED)
        else:
            self.later("denied", after=UNANSWERED_AFTER, reason=TIME_UP)

    def _begin_reservation(self) -> None:
        if "deny_soon" in self.script:
            self.later("denied", after=SOON, reason=BLOCKED)
        elif "approve_soon" in self.script:
            self.later("reserved", after=SOON)
        elif "code_soon" in self.script:
            self.later("pending_validation", after=SOON)
        elif self.script & (PAID_AT_ONCE | {"told_denied"}):
            self.decide("reserved")
        else:
            self.decide("pending_validation")
        self.later("cancelled", after=SOON if "expire_soon" in self.script else RESERVED_FOR, reason=TIME_UP)

    def confirm(self) -> None:
        """This will take the amount that was reserved, or begin to."""
        self.is_confirmed = True
        self.plan = []
        if self.script & {"confirm_deny", "told_denied"}:
            self.decide("denied", reason=BLOCKED)
        elif "confirm_soon" in self.script:
            self.later("succeeded", after=SOON)
        elif "confirm_deny_soon" in self.script:
            self.later("denied", after=SOON, reason=BLOCKED)
        else:
            self.decide("succeeded")

    def answer(self, decision: str) -> None:
        """This will hear the subscriber, whose `decision` is approval or denial; anything else waits."""
        if decision == "denial":
            self.decide("denied", reason=SAID_NO)
        elif decision == "approval" and self.is_two_step:
            if self.page_url:
                self.decide("reserved")
        elif decision == "approval":
            self.decide("succeeded")

    def shown(self) -> dict[str, Any]:
        """This will return the payment object of the specification."""
        self.settle_by_time()
        body = {
            "paymentId": self.payment_id,
            "amountTransaction": self._transaction(self.amount),
            "paymentStatus": self.status,
            "paymentCreationDate": self.created_at.isoformat(),
        }
        if self.status == "succeeded" and self.decided_at:
            body["paymentDate"] = self.decided_at.isoformat()
        if self.named_sink:
            body["sink"] = self.named_sink
        return body

    def prepared(self) -> dict[str, Any]:
        """This will return the same with what the merchant must do to have it validated."""
        if self.page_url:
            info = {"action": "open", "validationURL": self.page_url}
        else:
            info = {"action": "validate", "authorizationId": self.authorization_id}
        body = self.shown()
        waits = self.status == "pending_validation" or "code_soon" in self.script
        return body | {"validationInfo": info} if waits else body

    def listed(self) -> dict[str, Any]:
        """This will return the payment as the list shows it, which is where planted errors stand."""
        body = self.shown()
        if "list_amount" in self.script:
            body["amountTransaction"] = self._transaction(self.amount + WRONG_ONE)
        if self.is_charged and self.decided_at:
            body |= {"paymentStatus": "succeeded", "paymentDate": self.decided_at.isoformat()}
        return body

    def _transaction(self, amount: Decimal) -> dict[str, Any]:
        said = self.asked.echo()
        said["paymentAmount"]["chargingInformation"] |= {"amount": amount, "currency": self.currency}
        ours = {"resourceURL": f"urn:payments:{self.payment_id}", "serverReferenceCode": f"S-{self.payment_id}"}
        return said | {"phoneNumber": self.phone} | ours
