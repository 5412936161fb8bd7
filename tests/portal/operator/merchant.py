"""A merchant of the sandbox operator: asks over HTTP, listens for events, and holds all of it against the contract."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from portal.sandbox.app import App
from portal.sandbox.operator import Operator
from portal.sandbox.operator_clock import Clock
from portal.sandbox.operator_course import Sink
from portal.sandbox.operator_events import Post
from portal.sandbox.operator_http import Message, Receive, Send
from tests.plans.cast import listening, scripted
from tests.portal.operator import contract

TOKEN = "operator-token"
BEARER = "what events show"
PHONE = "+8613812341234"
PAYMENTS, REFUNDS = "/carrier-billing/v0.5/payments", "/carrier-billing-refund/v0.3/payments"
NOON = datetime(2026, 11, 10, 4, tzinfo=UTC)
"""In the middle of a month, the operator's clock stands still until a test moves it."""
PATIENCE_SECONDS = 5.0

Body = dict[str, Any]


class Ears:
    """Where events arrive (ASGI); `status` is what each is answered, `heard` the bearers and bodies in their order.

    What operators of earlier tests still have to tell comes to other paths, and is not heard.
    """

    def __init__(self) -> None:
        self.path = f"/{uuid4()}/"
        self.status = 204
        self.heard: list[tuple[str, Body]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        headers = dict(scope["headers"])
        assert headers[b"content-type"] == b"application/cloudevents+json"
        if scope["path"] == self.path:
            self.heard.append((headers[b"authorization"].decode().removeprefix("Bearer "), json.loads(body)))
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def kinds(self) -> list[str]:
        """The last words of the types of what was heard."""
        return [event["type"].rsplit(".", 1)[1] for _, event in list(self.heard)]


class Merchant:
    """One merchant of one operator."""

    def __init__(self, operator: Operator, client: httpx.Client, ears: Ears) -> None:
        self.operator = operator
        self.client = client
        self.ears = ears

    def pay(self, phone: str = PHONE, **changes: Any) -> httpx.Response:
        """This will ask for a payment in one step."""
        return self.client.post(PAYMENTS, json=payment(phone, **changes))

    def prepare(self, phone: str = PHONE, **changes: Any) -> httpx.Response:
        """This will ask for a payment in two."""
        return self.client.post(f"{PAYMENTS}/prepare", json=payment(phone, **changes))

    def validate(self, told: Body, code: str | None = None) -> httpx.Response:
        """This will send a code, the right one if none is given."""
        payment_id, info = told["paymentId"], told["validationInfo"]
        said = {"authorizationId": info["authorizationId"], "code": code or self.operator.charges[payment_id].code}
        return self.client.post(f"{PAYMENTS}/{payment_id}/validate", json=said)

    def confirm(self, told: Body, phone: str = PHONE) -> httpx.Response:
        """This will confirm what was prepared."""
        return self.client.post(f"{PAYMENTS}/{told['paymentId']}/confirm", json={"phoneNumber": phone})

    def cancel(self, told: Body, phone: str = PHONE) -> httpx.Response:
        """This will call it off."""
        return self.client.post(f"{PAYMENTS}/{told['paymentId']}/cancel", json={"phoneNumber": phone})

    def status(self, told: Body) -> str:
        """This will read where a payment stands."""
        return str(self.client.get(f"{PAYMENTS}/{told['paymentId']}").json()["paymentStatus"])

    def listed(self, **query: Any) -> httpx.Response:
        """This will ask for the list; `_` in a name stands for its dot."""
        return self.client.get(PAYMENTS, params={name.replace("_", "."): value for name, value in query.items()})

    def give_back(self, told: Body, amount: float | None = None, **changes: Any) -> httpx.Response:
        """This will ask for a refund of everything, or of an amount."""
        return self.client.post(f"{REFUNDS}/{told['paymentId']}/refunds", json=refund(amount, **changes))

    def refund(self, told: Body, refund_id: str) -> Body:
        """This will read a refund."""
        answer: Body = self.client.get(f"{REFUNDS}/{told['paymentId']}/refunds/{refund_id}").json()
        return answer

    def remaining(self, told: Body) -> float:
        """This will read what is left to be refunded."""
        answer = self.client.get(f"{REFUNDS}/{told['paymentId']}/refunds/remaining-amount")
        return float(answer.json()["amount"])

    def tell(self, **order: Any) -> httpx.Response:
        """This will use the operator's control address."""
        return self.client.post("/control/", json=order)

    def hears(self, *kinds: str) -> bool:
        """This will wait until exactly these events were heard, in this order."""
        return waited(lambda: self.ears.kinds == list(kinds))


class Turn:
    """One address behind which one app after another answers (ASGI)."""

    def __init__(self) -> None:
        self.app: App = Ears()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Stage:
    """Where operators are asked, and where merchants listen."""

    operators: Turn
    merchants: Turn
    operator_url: str
    merchant_url: str


@contextmanager
def staged() -> Iterator[Stage]:
    """This will open both addresses."""
    operators, merchants = Turn(), Turn()
    with listening(operators) as operator_url, listening(merchants) as merchant_url:
        yield Stage(operators, merchants, operator_url, merchant_url)


@contextmanager
def trading(stage: Stage, *, post: Post | None = None) -> Iterator[Merchant]:
    """This will open an operator and a merchant that listens, and hold every exchange against the contract.

    With `post` the operator has no address to tell things to but those of requests, and sends that way.
    """
    ears = Ears()
    clock = Clock(standing=NOON)
    sink = Sink(stage.merchant_url + ears.path, BEARER)
    operator = Operator(TOKEN, clock=clock, post=post) if post else Operator(TOKEN, clock=clock, sink=sink)
    stage.operators.app, stage.merchants.app = operator, ears
    with _client(stage.operator_url) as client:
        yield Merchant(operator, client, ears)
    for _, event in ears.heard:
        contract.check_event(event)


async def nowhere(_address: str, _headers: dict[str, str], _content: bytes) -> int:
    """This will send an event to nobody, who takes it."""
    return 204


@contextmanager
def _client(base: str) -> Iterator[httpx.Client]:
    def check(answer: httpx.Response) -> None:
        answer.read()
        contract.check_exchange(answer)
        if answer.request.url.path.startswith("/carrier-billing"):
            assert answer.headers["x-correlator"]

    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=base, headers=headers, event_hooks={"response": [check]}, timeout=5.0) as client:
        yield client


def payment(phone: str = "", *, amount: float = 9.9, **changes: Any) -> Body:
    """This will write the body of a payment; `changes` go into its charging information, or beside it by name."""
    beside = {name: changes.pop(name) for name in ("sink", "sinkCredential") if name in changes}
    correlator = changes.pop("correlator", str(uuid4()))
    details = {name: changes.pop(name) for name in ("paymentDetails",) if name in changes}
    merchant = {"merchantIdentifier": changes.pop("merchant", "ciyuan")}
    charging = {"amount": amount, "currency": "CNY", "description": "Ciyuan Starter", "isTaxIncluded": True} | changes
    transaction = {
        "clientCorrelator": correlator,
        "referenceCode": "ABC123",
        "paymentAmount": {"chargingInformation": charging, "chargingMetaData": merchant} | details,
    }
    return {"amountTransaction": transaction | ({"phoneNumber": phone} if phone else {})} | beside


def refund(amount: float | None, **changes: Any) -> Body:
    """This will write the body of a refund; `changes` go into its charging information, or beside it by name."""
    beside = {name: changes.pop(name) for name in ("sink", "sinkCredential", "reason") if name in changes}
    names = {"clientCorrelator": changes.pop("correlator", str(uuid4())), "referenceCode": "REF1"}
    if amount is None:
        return {"type": "total", "amountTransaction": {**names, "refundAmount": {}}} | beside
    details = {name: changes.pop(name) for name in ("refundDetails",) if name in changes}
    charging = {"amount": amount, "currency": "CNY", "description": "Back", "isTaxIncluded": True} | changes
    said = {"chargingInformation": charging} | details
    return {"type": "partial", "amountTransaction": {**names, "refundAmount": said}} | beside


def code(answer: httpx.Response) -> str:
    """This will return the code of a refusal."""
    return str(answer.json()["code"])


def waited(is_so: Callable[[], bool]) -> bool:
    """This will wait until something is so, and tell whether it ever was."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.01)
    return False


__all__ = ["scripted"]
