"""Paying by phone bill: a client of CAMARA Carrier Billing r3.2 (version 0.5.0), one-step payments."""

from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import msgspec
from babel.numbers import get_currency_precision

from plans.payment_providers.base import Charge, Denied, Standing, Unaccepted, Unanswered, Unknown
from portal.kit.units import Money

API = "/carrier-billing/v0.5"
PAGE_SIZE = 100
PAGES_SEARCHED = 10

_STATES = {
    "processing": "processing",
    "reserved": "processing",
    "pending_validation": "pending_validation",
    "succeeded": "succeeded",
    "denied": "denied",
    "cancelled": "canceled",
}
_REASONS = {
    "CARRIER_BILLING.PAYMENT_DENIED": "denied",
    "IDENTIFIER_NOT_FOUND": "unknown_number",
    "SERVICE_NOT_APPLICABLE": "not_available",
    "CARRIER_BILLING.UNAUTHORIZED_AMOUNT": "amount",
    "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED": "ceiling",
}
_encode = msgspec.json.Encoder(decimal_format="number").encode


class _Charging(msgspec.Struct):
    amount: Decimal
    currency: str


class _Amount(msgspec.Struct, rename="camel"):
    charging_information: _Charging


class _Transaction(msgspec.Struct, rename="camel"):
    payment_amount: _Amount
    client_correlator: str = ""


class _Payment(msgspec.Struct, rename="camel"):
    payment_id: str
    payment_status: str
    amount_transaction: _Transaction


class _Problem(msgspec.Struct):
    code: str = ""
    message: str = ""


class CarrierBilling:
    """One operator. `client` is an httpx client with its base address, credentials and timeouts."""

    def __init__(self, client: httpx.Client, *, merchant: str) -> None:
        self._client = client
        self._merchant = merchant

    def begin(self, charge: Charge) -> Standing:
        """This will create the payment; a correlator that the operator knows already is looked up instead."""
        answer = self._send("POST", "/payments", charge.id.hex, content=_encode(self._body(charge)))
        if answer.status_code == httpx.codes.CREATED:
            return _standing(_read(answer, _Payment))
        problem = _problem(answer)
        if problem.code == "ALREADY_EXISTS" or "clientCorrelator already" in problem.message:
            return self.find(charge.id)
        raise Denied(_REASONS.get(problem.code, "impossible"))

    def find(self, charge_id: UUID) -> Standing:
        """This will go through the newest payments for the one that carries our correlator."""
        for page in range(1, PAGES_SEARCHED + 1):
            query = {"page": page, "perPage": PAGE_SIZE, "order": "desc"}
            answer = self._send("GET", "/payments", charge_id.hex, params=query)
            if not answer.is_success:
                raise Unanswered(_problem(answer).code)
            payments = _read(answer, list[_Payment])
            for payment in payments:
                if payment.amount_transaction.client_correlator == str(charge_id):
                    return _standing(payment)
            if len(payments) < PAGE_SIZE:
                raise Unknown(str(charge_id))
        raise Unanswered(str(charge_id))

    def query(self, reference: str) -> Standing:
        """This will read the payment object, which alone decides, whatever a notification says."""
        answer = self._send("GET", f"/payments/{quote(reference, safe='')}", uuid4().hex)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise Unknown(reference)
        if not answer.is_success:
            raise Unanswered(_problem(answer).code)
        return _standing(_read(answer, _Payment))

    def _body(self, charge: Charge) -> dict[str, Any]:
        charging = {
            "amount": Decimal(charge.amount.minor).scaleb(-get_currency_precision(charge.amount.currency)),
            "currency": charge.amount.currency,
            "description": charge.description,
            "isTaxIncluded": True,
        }
        metadata = {"merchantIdentifier": self._merchant, "channel": "web", "productId": charge.product}
        return {
            "amountTransaction": {
                "phoneNumber": charge.phone,
                "clientCorrelator": str(charge.id),
                "referenceCode": charge.reference_code,
                "paymentAmount": {"chargingInformation": charging, "chargingMetaData": metadata},
            }
        }

    def _send(self, method: str, path: str, correlator: str, **options: Any) -> httpx.Response:
        headers = {"x-correlator": correlator, "content-type": "application/json"}
        try:
            answer = self._client.request(method, API + path, headers=headers, **options)
        except httpx.HTTPError as error:
            raise Unanswered(type(error).__name__) from error
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unaccepted(_problem(answer).code)
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Unanswered(str(answer.status_code))
        return answer


def _standing(payment: _Payment) -> Standing:
    charging = payment.amount_transaction.payment_amount.charging_information
    if payment.payment_status not in _STATES:
        raise Unanswered(payment.payment_status)
    return Standing(
        reference=payment.payment_id,
        state=_STATES[payment.payment_status],
        amount=_money(charging),
        charge_id=payment.amount_transaction.client_correlator,
    )


def _money(charging: _Charging) -> Money:
    # A fraction of a minor unit is no amount that we ever asked for: -1 matches nothing.
    minor = charging.amount.scaleb(get_currency_precision(charging.currency))
    return Money(int(minor) if minor == minor.to_integral_value() else -1, charging.currency)


def _read(answer: httpx.Response, shape: Any) -> Any:
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.MsgspecError as error:
        raise Unanswered(str(answer.status_code)) from error


def _problem(answer: httpx.Response) -> _Problem:
    try:
        return msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.MsgspecError:
        return _Problem()
