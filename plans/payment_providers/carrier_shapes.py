"""What an operator answers (CAMARA Carrier Billing 0.5.0 and Refund 0.3.0), read into what every way to pay shares."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
import msgspec
from babel.numbers import get_currency_precision

from plans.payment_providers.base import Listed, Standing, Unanswered
from portal.kit.units import Money

_STATES = {
    "processing": "processing",
    "pending_validation": "pending_validation",
    "reserved": "reserved",
    "succeeded": "succeeded",
    "denied": "denied",
    "cancelled": "canceled",
}
REASONS = {
    "CARRIER_BILLING.PAYMENT_DENIED": "denied",
    "IDENTIFIER_NOT_FOUND": "unknown_number",
    "SERVICE_NOT_APPLICABLE": "not_available",
    "CARRIER_BILLING.UNAUTHORIZED_AMOUNT": "amount",
    "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED": "ceiling",
    "CARRIER_BILLING_REFUND.REFUND_DENIED": "denied",
    "CARRIER_BILLING_REFUND.PAYMENT_NOT_ELIGIBLE_FOR_REFUND": "not_available",
    "CARRIER_BILLING_REFUND.UNAUTHORIZED_AMOUNT": "amount",
    "CARRIER_BILLING_REFUND.USER_AMOUNT_THRESHOLD_OVERPASSED": "ceiling",
}
encode = msgspec.json.Encoder(decimal_format="number").encode


class Charging(msgspec.Struct):
    """An amount with its currency."""

    amount: Decimal
    currency: str


class _Amount(msgspec.Struct, rename="camel"):
    charging_information: Charging


class Transaction(msgspec.Struct, rename="camel"):
    """Who is charged, and what, under which of our names."""

    payment_amount: _Amount
    phone_number: str = ""
    client_correlator: str = ""


class ValidationInfo(msgspec.Struct, rename="camel"):
    """What the payer has to do: type a code, or open a page."""

    authorization_id: str = ""
    validation_url: str = msgspec.field(name="validationURL", default="")


class Payment(msgspec.Struct, rename="camel"):
    """The payment object."""

    payment_id: str
    payment_status: str
    amount_transaction: Transaction
    payment_creation_date: datetime | None = None
    validation_info: ValidationInfo | None = None


class _RefundAmount(msgspec.Struct, rename="camel"):
    charging_information: Charging | None = None


class _RefundTransaction(msgspec.Struct, rename="camel"):
    refund_amount: _RefundAmount | None = None
    client_correlator: str = ""


class Refund(msgspec.Struct, rename="camel"):
    """The refund object; a total one does not tell its amount."""

    refund_id: str
    refund_status: str
    amount_transaction: _RefundTransaction


class _Data(msgspec.Struct, rename="camel"):
    payment_id: str


class CloudEvent(msgspec.Struct):
    """A notification: what it says beside the payment's id is only a hint."""

    id: str
    source: str
    type: str
    data: _Data


class Problem(msgspec.Struct):
    """An error of the specification."""

    code: str = ""
    message: str = ""

    @property
    def is_duplicate(self) -> bool:
        """Whether the operator knows our correlator already."""
        return self.code == "ALREADY_EXISTS" or "clientCorrelator already" in self.message


def standing(payment: Payment) -> Standing:
    """This will tell where a payment stands; raises `Unanswered` for a status that nobody specified."""
    if payment.payment_status not in _STATES:
        raise Unanswered(payment.payment_status)
    info = payment.validation_info or ValidationInfo()
    return Standing(
        reference=payment.payment_id,
        state=_STATES[payment.payment_status],
        amount=money(payment.amount_transaction.payment_amount.charging_information),
        charge_id=payment.amount_transaction.client_correlator,
        page_url=info.validation_url,
        authorization_id=info.authorization_id,
    )


def listed(payment: Payment) -> Listed:
    """This will read an entry of the operator's list."""
    told = standing(payment)
    if payment.payment_creation_date is None:
        raise Unanswered(payment.payment_id)
    return Listed(told.reference, told.charge_id, told.state, told.amount, 0, payment.payment_creation_date)


def money(charging: Charging) -> Money:
    """This will return the amount in minor units."""
    # A fraction of a minor unit is no amount that we ever asked for: -1 matches nothing.
    minor = charging.amount.scaleb(get_currency_precision(charging.currency))
    return Money(int(minor) if minor == minor.to_integral_value() else -1, charging.currency)


def major(minor: int, currency: str) -> Decimal:
    """This will return minor units as the decimal that travels."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def read(answer: httpx.Response, shape: Any) -> Any:
    """This will read a body; raises `Unanswered` for one of another shape."""
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.MsgspecError as error:
        raise Unanswered(str(answer.status_code)) from error


def problem(answer: httpx.Response) -> Problem:
    """This will read an error, whatever stands in its body."""
    try:
        return msgspec.json.decode(answer.content, type=Problem)
    except msgspec.MsgspecError:
        return Problem()
