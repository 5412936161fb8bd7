"""Paying by phone bill: a client of CAMARA Carrier Billing r3.2 (version 0.5.0), in one step or with an SMS code."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import msgspec

from plans.payment_providers import carrier_refunds
from plans.payment_providers import carrier_shapes as shapes
from plans.payment_providers.base import (
    Charge,
    Denied,
    Event,
    Forged,
    Listed,
    Message,
    Repaid,
    Repayment,
    Standing,
    Unaccepted,
    Unanswered,
    Unknown,
    WrongCode,
)

API = "/carrier-billing/v0.5"
PAGE_SIZE = 100
PAGES_SEARCHED = 10
PAGES_LISTED = 1000
HEARD_UNTIL = "2099-12-31T23:59:59Z"
"""Until when events may show our credential, which has to outlive every payment and refund: ours has no end."""
CODE = "code"
"""Why a payment was denied whose code was wrong too often."""
_LONGEST_ID = 128
_IN_BILL = "org.camaraproject.carrier-billing-refund.v0.refund-in-bill"


class CarrierBilling:
    """One operator. `client` is an httpx client with its base address, credentials and timeouts.

    `event_bearer` is what events have to show; without one, none is asked for and none is believed.
    """

    def __init__(self, client: httpx.Client, *, merchant: str, event_bearer: str = "", message_url: str = "") -> None:
        self._client = client
        self._merchant = merchant
        self._event_bearer = event_bearer
        self._message_url = message_url

    def begin(self, charge: Charge) -> Standing:
        """This will create the payment, or prepare it where the payer types a code.

        A correlator that the operator knows already is looked up instead.
        """
        path = "/payments/prepare" if charge.asks_code else "/payments"
        answer = self._send("POST", API + path, charge.id.hex, content=shapes.encode(self._body(charge)))
        if answer.status_code == httpx.codes.CREATED:
            return shapes.standing(shapes.read(answer, shapes.Payment))
        problem = shapes.problem(answer)
        if problem.is_duplicate:
            return self.find(charge.id)
        raise Denied(shapes.REASONS.get(problem.code, "impossible"))

    def find(self, charge_id: UUID) -> Standing:
        """This will go through the newest payments for the one that carries our correlator."""
        for page in range(1, PAGES_SEARCHED + 1):
            payments = self._page(page, order="desc")
            for payment in payments:
                if payment.amount_transaction.client_correlator == str(charge_id):
                    return shapes.standing(payment)
            if len(payments) < PAGE_SIZE:
                raise Unknown(str(charge_id))
        raise Unanswered(str(charge_id))

    def query(self, reference: str) -> Standing:
        """This will read the payment object, which alone decides, whatever a notification says."""
        return shapes.standing(self._payment(reference))

    def validate(self, standing: Standing, code: str) -> Standing:
        """This will send the code; raises `WrongCode`, or `Denied` once the operator takes no more tries."""
        content = shapes.encode({"authorizationId": standing.authorization_id, "code": code})
        path = f"{self._path(standing.reference)}/validate"
        answer = self._send("POST", path, uuid4().hex, content=content)
        word = shapes.problem(answer).code
        if word == "CARRIER_BILLING.INVALID_CODE":
            raise WrongCode
        if word in {"CARRIER_BILLING.VALIDATION_FAILED", "CARRIER_BILLING.INVALID_AUTHORIZATION_ID"}:
            raise Denied(CODE)
        return self.query(standing.reference)  # 204, or 409 when it was validated before

    def confirm(self, standing: Standing) -> Standing:
        """This will take what is reserved. A 202 is acceptance, not success: where it stands is read afterwards."""
        return self._decide(standing, "confirm")

    def cancel(self, standing: Standing) -> Standing:
        """This will let go of what is reserved; a payment in one step cannot be called off and stands as it stood."""
        return self._decide(standing, "cancel")

    def read(self, message: Message) -> Event:
        """This will take a CloudEvent that shows our bearer; the comparison takes the same time for any other."""
        scheme, _, shown = message.headers.get("authorization", "").partition(" ")
        expected = self._event_bearer.encode()
        if not expected or scheme.lower() != "bearer" or not hmac.compare_digest(shown.encode(), expected):
            raise Forged
        try:
            event = msgspec.json.decode(message.body, type=shapes.CloudEvent)
        except msgspec.MsgspecError as error:
            raise Forged from error
        is_short = 0 < len(event.id) <= _LONGEST_ID
        name = event.id if is_short else hashlib.sha256(event.id.encode()).hexdigest()
        return Event(name, event.data.payment_id, "", is_in_bill=event.type == _IN_BILL)

    def refund(self, repayment: Repayment) -> Repaid:
        """This will ask to take it off the phone bill, in whole or in part."""
        return carrier_refunds.refund(repayment, send=self._send, watched=self._watched())

    def find_refund(self, repayment: Repayment) -> Repaid:
        """This will look for a refund by our correlator."""
        return carrier_refunds.find(repayment, send=self._send)

    def listed(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """This will go through the payments that were created in that time, the oldest first."""
        span = {"paymentCreationDate.gte": _moment(since), "paymentCreationDate.lte": _moment(until)}
        for page in range(1, PAGES_LISTED + 1):
            payments = self._page(page, order="asc", merchantIdentifier=self._merchant, **span)
            yield from (listed for listed in map(shapes.listed, payments) if listed.created_at < until)
            if len(payments) < PAGE_SIZE:
                return
        raise Unanswered(self._merchant)  # a list without an end

    def _decide(self, standing: Standing, verb: str) -> Standing:
        stood = self._payment(standing.reference)
        phone = {"phoneNumber": stood.amount_transaction.phone_number}
        self._send("POST", f"{self._path(standing.reference)}/{verb}", uuid4().hex, content=shapes.encode(phone))
        return self.query(standing.reference)  # also after a 409: somebody was first, and the object tells who

    def _payment(self, reference: str) -> shapes.Payment:
        answer = self._send("GET", self._path(reference), uuid4().hex)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise Unknown(reference)
        if not answer.is_success:
            raise Unanswered(shapes.problem(answer).code)
        payment: shapes.Payment = shapes.read(answer, shapes.Payment)
        return payment

    def _page(self, page: int, *, order: str, **question: str) -> list[shapes.Payment]:
        query = {"page": page, "perPage": PAGE_SIZE, "order": order, **question}
        answer = self._send("GET", f"{API}/payments", uuid4().hex, params=query)
        if not answer.is_success:
            raise Unanswered(shapes.problem(answer).code)
        payments: list[shapes.Payment] = shapes.read(answer, list[shapes.Payment])
        return payments

    @staticmethod
    def _path(reference: str) -> str:
        return f"{API}/payments/{quote(reference, safe='')}"

    def _body(self, charge: Charge) -> dict[str, Any]:
        charging = {
            "amount": shapes.major(charge.amount.minor, charge.amount.currency),
            "currency": charge.amount.currency,
            "description": charge.description,
            "isTaxIncluded": True,
        }
        if charge.tax_minor:
            charging["taxAmount"] = shapes.major(charge.tax_minor, charge.amount.currency)
        metadata = {"merchantIdentifier": self._merchant, "channel": "web", "productId": charge.product}
        transaction = {
            "phoneNumber": charge.phone,
            "clientCorrelator": str(charge.id),
            "referenceCode": charge.reference_code,
            "paymentAmount": {"chargingInformation": charging, "chargingMetaData": metadata},
        }
        return {"amountTransaction": transaction} | self._watched()

    def _watched(self) -> dict[str, Any]:
        """Where events are to go; an address without TLS is none, and the operator sends them as it was set up."""
        if not self._event_bearer:
            return {}
        credential = {
            "credentialType": "ACCESSTOKEN",
            "accessToken": self._event_bearer,
            "accessTokenExpiresUtc": HEARD_UNTIL,
            "accessTokenType": "bearer",
        }
        sink = {"sink": self._message_url} if self._message_url.startswith("https://") else {}
        return {**sink, "sinkCredential": credential}

    def _send(self, method: str, path: str, correlator: str, **options: Any) -> httpx.Response:
        headers = {"x-correlator": correlator, "content-type": "application/json"}
        try:
            answer = self._client.request(method, path, headers=headers, **options)
        except httpx.HTTPError as error:
            raise Unanswered(type(error).__name__) from error
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unaccepted(shapes.problem(answer).code)
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Unanswered(str(answer.status_code))
        return answer


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
