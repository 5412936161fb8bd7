"""What may be said to the sandbox operator: the request bodies of both interfaces, read strictly.

Shapes, patterns and steps are those of CAMARA Carrier Billing 0.5.0 and Carrier Billing Refund 0.3.0.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portal.sandbox.operator_answers import INVALID, INVALID_CREDENTIAL, INVALID_SINK, INVALID_TOKEN, Refused

BEARER = "bearer"
STEP, FEE_STEP = Decimal("0.001"), Decimal("0.01")
LARGEST = Decimal("9999999.999")
"""Beyond it an amount is not looked at closely: no bill carries it."""
_SINK = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")

Phone = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{4,14}\Z")]
Moment = Annotated[datetime, Meta(tz=True)]


class Body(msgspec.Struct, rename="camel", kw_only=True):
    """What all bodies share: names as the specification writes them."""

    def echo(self) -> dict[str, Any]:
        """This will return what was said, without what the specification does not know."""
        said: dict[str, Any] = msgspec.to_builtins(self, builtin_types=(Decimal,))
        return said


class Charging(Body, kw_only=True):
    """An amount in steps of 0.001, its currency, and the text of the bill."""

    amount: Any
    currency: str
    description: str
    is_tax_included: bool | UnsetType = UNSET
    tax_amount: Any = UNSET

    def __post_init__(self) -> None:
        self.amount = _number(self.amount, least=STEP, step=STEP)
        if self.tax_amount is not UNSET:
            self.tax_amount = _number(self.tax_amount, least=Decimal(0), step=STEP)

    @property
    def includes_tax(self) -> bool:
        """Whether the amount has its tax inside; not said means no."""
        return self.is_tax_included is True


class Item(Charging, kw_only=True):
    """A part of a payment."""

    id: str


class MetaData(Body):
    """What the merchant says of itself and of what is sold."""

    merchant_name: str | UnsetType = UNSET
    merchant_identifier: str | UnsetType = UNSET
    fee: Any = UNSET
    purchase_category_code: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
    service_id: str | UnsetType = UNSET
    product_id: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.fee is not UNSET:
            self.fee = _number(self.fee, least=None, step=FEE_STEP)


class PaymentAmount(Body, kw_only=True):
    """What a payment costs."""

    charging_information: Charging
    charging_meta_data: MetaData | UnsetType = UNSET
    payment_details: Annotated[list[Item], Meta(min_length=1)] | UnsetType = UNSET


class Transaction(Body, kw_only=True):
    """Who pays what, under which of the merchant's names."""

    payment_amount: PaymentAmount
    reference_code: str
    phone_number: Phone | UnsetType = UNSET
    client_correlator: str | UnsetType = UNSET

    @property
    def merchant(self) -> str:
        """The merchant's identifier, or nothing."""
        return _merchant(self.payment_amount.charging_meta_data)


class Credential(Body, kw_only=True):
    """How events prove where they come from."""

    credential_type: Literal["PLAIN", "ACCESSTOKEN", "REFRESHTOKEN"]
    access_token: str | UnsetType = UNSET
    access_token_expires_utc: Moment | UnsetType = UNSET
    access_token_type: str | UnsetType = UNSET


class Watched(Body):
    """Something whose events may be sent to an address."""

    sink: str | UnsetType = UNSET
    sink_credential: Credential | UnsetType = UNSET

    def check_sink(self) -> None:
        """This will refuse an address that is not https, and credentials that are not a bearer's."""
        if self.sink is not UNSET and not _SINK.fullmatch(self.sink):
            raise Refused(INVALID_SINK)
        credential = self.sink_credential
        if credential is UNSET:
            return
        if credential.credential_type != "ACCESSTOKEN":
            raise Refused(INVALID_CREDENTIAL)
        if credential.access_token_type != BEARER:
            raise Refused(INVALID_TOKEN)
        if credential.access_token is UNSET or credential.access_token_expires_utc is UNSET:
            raise Refused(INVALID)


class CreatePayment(Watched, kw_only=True):
    """The body of `POST /payments` and of `POST /payments/prepare`."""

    amount_transaction: Transaction


class Subscriber(Body):
    """The body of a confirmation or a cancellation."""

    phone_number: Phone | UnsetType = UNSET


class Validation(Body):
    """The code that the subscriber read in a message."""

    authorization_id: str
    code: str


class RefundItem(Charging, kw_only=True):
    """A part of a refund, for a part of its payment."""

    payment_item_id: str


class RefundMetaData(Body):
    """Which merchant gives back."""

    merchant_identifier: str | UnsetType = UNSET


class WholeAmount(Body):
    """All that is left."""

    charging_meta_data: RefundMetaData | UnsetType = UNSET


class PartialAmount(WholeAmount, kw_only=True):
    """A part of what is left."""

    charging_information: Charging
    refund_details: Annotated[list[RefundItem], Meta(min_length=1)] | UnsetType = UNSET


class WholeTransaction(Body, kw_only=True):
    """What is given back under which of the merchant's names."""

    refund_amount: WholeAmount
    reference_code: str
    client_correlator: str | UnsetType = UNSET

    @property
    def merchant(self) -> str:
        """The merchant's identifier, or nothing."""
        return _merchant(self.refund_amount.charging_meta_data)


class PartialTransaction(WholeTransaction, kw_only=True):
    """The same for a part."""

    refund_amount: PartialAmount


class TotalRefund(Watched, kw_only=True, tag_field="type", tag="total"):
    """A refund after which there is none."""

    amount_transaction: WholeTransaction
    reason: str | UnsetType = UNSET


class PartialRefund(Watched, kw_only=True, tag_field="type", tag="partial"):
    """A refund that others may follow."""

    amount_transaction: PartialTransaction
    reason: str | UnsetType = UNSET


def read(body: bytes, shape: Any) -> Any:
    """This will read a body of this shape, amounts as exact decimals. Raises `Refused`."""
    try:
        return msgspec.json.Decoder(shape, float_hook=Decimal).decode(body)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeError) as error:
        raise Refused(INVALID) from error


def _number(said: Any, *, least: Decimal | None, step: Decimal) -> Decimal:
    if isinstance(said, bool) or not isinstance(said, int | Decimal):
        wrong = "a number is expected"
        raise ValueError(wrong)  # noqa: TRY004 - msgspec turns it into its own error
    number = Decimal(said)
    if least is not None and number < least:
        wrong = f"at least {least} is expected"
        raise ValueError(wrong)
    if abs(number) <= LARGEST and number % step:
        wrong = f"steps of {step} are expected"
        raise ValueError(wrong)
    return number


def _merchant(said: MetaData | RefundMetaData | UnsetType) -> str:
    if said is UNSET or said.merchant_identifier is UNSET:
        return ""
    return said.merchant_identifier
