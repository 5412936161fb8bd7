"""A telephone operator for the demo and the tests: CAMARA Carrier Billing over a few charges in memory.

Whoever holds the phone decides on the page `/operator/inbox/?phone=+86…`. Numbers of the series
`SCRIPTED_SERIES` decide by themselves, by their last two digits (`SCRIPT`).
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from portal.sandbox.operator_pages import inbox_page

SCRIPTED_SERIES = "+86155005550"
SCRIPT = {
    "00": "approve",
    "01": "approve_soon",
    "02": "deny",
    "03": "ceiling",
    "04": "unknown_number",
    "05": "hang_after",
    "06": "fail_before",
    "07": "wrong_amount",
    "08": "wrong_currency",
    "09": "deny_soon",
    "10": "hang_before",
    "11": "unauthorized_amount",
    "12": "garbage",
}
SOON_SECONDS = 1.5
HANG_SECONDS = 30.0
UNANSWERED_AFTER = timedelta(minutes=15)
REFUSALS = {
    "deny": (403, "CARRIER_BILLING.PAYMENT_DENIED", "Payment denied by the subscriber's contract."),
    "ceiling": (422, "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED", "Accumulated threshold overpassed."),
    "unauthorized_amount": (422, "CARRIER_BILLING.UNAUTHORIZED_AMOUNT", "Unauthorized amount requested."),
    "unknown_number": (404, "IDENTIFIER_NOT_FOUND", "The phone number is not served here."),
}

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


@dataclass
class Charge:
    """One payment in the operator's books."""

    transaction: dict[str, Any]
    script: str
    payment_id: str = field(default_factory=lambda: "OP" + secrets.token_hex(10).upper())
    status: str = "processing"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    decided_at: datetime | None = None

    def decide(self, status: str) -> None:
        """This will end the payment, once."""
        if self.status == "processing":
            self.status, self.decided_at = status, datetime.now(UTC)

    def settle_by_time(self) -> None:
        """This will apply what the script or the patience of the operator says by now."""
        age = datetime.now(UTC) - self.created_at
        if self.script in {"approve_soon", "deny_soon"} and age.total_seconds() >= SOON_SECONDS:
            self.decide("succeeded" if self.script == "approve_soon" else "denied")
        if age >= UNANSWERED_AFTER:
            self.decide("denied")

    def shown(self) -> dict[str, Any]:
        """This will return the payment object of the specification."""
        self.settle_by_time()
        body = {
            "paymentId": self.payment_id,
            "amountTransaction": {
                **self.transaction,
                "paymentAmount": self._amount(),
                "resourceURL": f"urn:payments:{self.payment_id}",
                "serverReferenceCode": f"S-{self.payment_id}",
            },
            "paymentStatus": self.status,
            "paymentCreationDate": self.created_at.isoformat(),
        }
        if self.decided_at and self.status == "succeeded":
            body["paymentDate"] = self.decided_at.isoformat()
        return body

    def _amount(self) -> dict[str, Any]:
        charged = dict(self.transaction["paymentAmount"])
        wrong = {"wrong_amount": {"amount": 0.01}, "wrong_currency": {"currency": "USD"}}.get(self.script, {})
        return charged | {"chargingInformation": charged["chargingInformation"] | wrong}


class Operator:
    """An ASGI app; `token` is the bearer token that its only client must show."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.charges: dict[str, Charge] = {}
        self.requests: list[str] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """This will answer one request."""
        if scope["type"] != "http":
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/operator")
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
        body = await _body(receive)
        if path.startswith("/carrier-billing/v0.5/payments"):
            correlator = headers.get("x-correlator", "")
            self.requests.append(f"{scope['method']} {path}")
            if headers.get("authorization") != f"Bearer {self._token}":
                answer = _problem(401, "UNAUTHENTICATED", "Request not authenticated.")
            else:
                answer = await self._payments(scope["method"], path.split("/payments", 1)[1], query, body)
            await _send_json(send, *answer, correlator=correlator)
        elif path.startswith("/inbox/"):
            await self._inbox(scope["method"], path.removeprefix("/inbox/"), query, send)
        else:
            await _send_json(send, *_problem(404, "NOT_FOUND", "The specified resource is not found."))

    async def _payments(self, method: str, rest: str, query: dict[str, str], body: bytes) -> tuple[int, object]:
        if method == "POST" and rest == "":
            return await self._create(json.loads(body)["amountTransaction"])
        if method == "GET" and rest == "":
            return self._listed(int(query.get("page", 1)), int(query.get("perPage", 10)))
        if method == "GET" and (charge := self.charges.get(rest.strip("/"))):
            return 200, charge.shown()
        return _problem(404, "NOT_FOUND", "The specified resource is not found.")

    async def _create(self, transaction: dict[str, Any]) -> tuple[int, object]:
        phone = transaction.get("phoneNumber", "")
        script = SCRIPT.get(phone[-2:], "ask") if phone.startswith(SCRIPTED_SERIES) else "ask"
        if not phone:
            return _problem(422, "MISSING_IDENTIFIER", "The phone number cannot be identified.")
        if any(self._is_same(charge, transaction) for charge in self.charges.values()):
            return _problem(400, "INVALID_ARGUMENT", "clientCorrelator already exist on server.")
        if script in REFUSALS:
            return _problem(*REFUSALS[script])
        if script == "fail_before":
            return _problem(503, "UNAVAILABLE", "Service unavailable.")
        if script == "hang_before":
            await asyncio.sleep(HANG_SECONDS)
        charge = Charge(transaction, script)
        self.charges[charge.payment_id] = charge
        if script in {"approve", "wrong_amount", "wrong_currency", "hang_after"}:
            charge.decide("succeeded")
        if script == "hang_after":
            await asyncio.sleep(HANG_SECONDS)
        return 201, "garbage" if script == "garbage" else charge.shown()

    @staticmethod
    def _is_same(charge: Charge, transaction: dict[str, Any]) -> bool:
        correlator = transaction.get("clientCorrelator")
        return bool(correlator) and charge.transaction.get("clientCorrelator") == correlator

    def _listed(self, page: int, size: int) -> tuple[int, object]:
        newest_first = list(reversed(self.charges.values()))
        return 200, [charge.shown() for charge in newest_first[(page - 1) * size : page * size]]

    async def _inbox(self, method: str, rest: str, query: dict[str, str], send: Send) -> None:
        charge_id, _, decision = rest.strip("/").partition("/")
        phone = query.get("phone", "")
        if method == "POST" and (charge := self.charges.get(charge_id)):
            phone = charge.transaction["phoneNumber"]
            if decision in {"approval", "denial"}:
                charge.decide("succeeded" if decision == "approval" else "denied")
            await _send(send, 303, b"", [(b"location", f"../../?phone=%2B{phone.strip('+')}".encode())])
            return
        phone = "+" + phone.strip("+ ") if phone else ""
        mine = [charge.shown() for charge in self.charges.values() if self._rings(charge, phone)]
        page = inbox_page(phone, list(reversed(mine)))
        await _send(send, 200, page.encode(), [(b"content-type", b"text/html; charset=utf-8")])

    @staticmethod
    def _rings(charge: Charge, phone: str) -> bool:
        return bool(phone) and charge.transaction["phoneNumber"] == phone


def _problem(status: int, code: str, message: str) -> tuple[int, object]:
    return status, {"status": status, "code": code, "message": message}


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send_json(send: Send, status: int, body: object, *, correlator: str = "") -> None:
    headers = [(b"content-type", b"application/json"), (b"x-correlator", correlator.encode())]
    if isinstance(body, str):  # a broken gateway in front of the operator
        await _send(send, status, b"<html>502</html>", headers)
        return
    await _send(send, status, json.dumps(body).encode(), headers)


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
