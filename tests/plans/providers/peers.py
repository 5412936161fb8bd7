"""The payment companies of the sandbox as the tests meet them: listening, with one merchant, and a door of ours."""

import queue
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx

from plans.payment_providers.base import Charge, Message, Repayment, Standing
from plans.payment_providers.stripe import Stripe
from plans.payment_providers.wechat_pay import WechatPay
from portal.kit import merchants
from portal.kit.units import Money
from portal.sandbox import plain_http
from portal.sandbox.cards import CardsPeer
from portal.sandbox.wechat import WechatPeer
from tests.plans.cast import listening

PATIENCE_SECONDS = 5.0
NOTHING_SECONDS = 0.3
TIMEOUT_SECONDS = 2.0
GOOD, ASKED, DECLINED, POOR = "4242 4242 4242 4242", "4000000000003220", "4000000000000002", "4000000000009995"


class Door:
    """Where the messages of a company arrive; answers with the statuses it is told, and 200 otherwise."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self._heard: queue.Queue[Message] = queue.Queue()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        question = await plain_http.read(scope, receive, mount="/nowhere")
        self._heard.put(Message(question.headers, question.body, datetime.now(UTC)))
        await plain_http.send_answer(send, plain_http.Answer(self.statuses.pop(0) if self.statuses else 200))

    def message(self) -> Message:
        """The next message, waited for."""
        return self._heard.get(timeout=PATIENCE_SECONDS)

    def is_quiet(self) -> bool:
        """Whether no message comes for a little while."""
        try:
            self._heard.get(timeout=NOTHING_SECONDS)
        except queue.Empty:
            return True
        return False


@cache
def wechat_keys() -> tuple[merchants.WechatPay, str]:
    """A merchant, and the private key of the platform."""
    platform_key = merchants.new_key()
    merchant = merchants.WechatPay(
        url="http://127.0.0.1",
        mchid="1900000109",
        appid="wx8888888888888888",
        serial="5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        private_key=merchants.new_key(),
        platform_key_id="PUB_KEY_ID_0114232134912410000000000000",
        platform_key=merchants.public_half(platform_key),
        api_key=secrets.token_hex(16),
    )
    return merchant, platform_key


@dataclass
class Wechat:
    """WeChat Pay with our client, both over HTTP."""

    pay: WechatPay
    peer: WechatPeer
    address: str
    door: Door
    door_address: str

    def charge(self, minor: int = 990, *, currency: str = "CNY") -> Charge:
        return charge(minor, currency=currency, message_url=self.door_address)

    def decide(self, standing: Standing, decision: str) -> httpx.Response:
        """What the payer does on the phone."""
        return httpx.post(f"{self.address}/scan/{standing.reference}/{decision}/", trust_env=False)

    def page(self, standing: Standing) -> str:
        address = f"{self.address}/scan/?code_url={quote(standing.code_url, safe='')}"
        return httpx.get(address, trust_env=False).text

    def paid(self, minor: int = 990) -> Standing:
        """A payment that was made, and whose message was read."""
        standing = self.pay.begin(self.charge(minor))
        self.decide(standing, "payment")
        self.door.message()
        return standing


@contextmanager
def wechat(*, mount: str = "") -> Iterator[Wechat]:
    """WeChat Pay, listening."""
    merchant, platform_key = wechat_keys()
    peer, door = WechatPeer(merchant, platform_key, refund_seconds=0.05, pauses=(0.05, 0.05)), Door()
    with listening(peer) as address, listening(door) as door_address, client(address + mount) as line:
        told = replace(merchant, url=address + mount)
        yield Wechat(WechatPay(line, merchant=told), peer, address + mount, door, door_address)


@cache
def stripe_keys() -> merchants.Stripe:
    """An account in test mode."""
    return merchants.Stripe(
        url="http://127.0.0.1",
        secret_key=f"sk_test_{secrets.token_hex(24)}",
        webhook_secret=f"whsec_{secrets.token_hex(24)}",
    )


@dataclass
class Cards:
    """Stripe with our client, both over HTTP."""

    pay: Stripe
    peer: CardsPeer
    address: str
    door: Door

    def type(self, standing: Standing, number: str) -> httpx.Response:
        """What the payer types on the hosted page, as far as the page that comes then."""
        return httpx.post(standing.page_url, data={"typed": number}, trust_env=False)

    def answer(self, standing: Standing, decision: str) -> httpx.Response:
        """What the holder answers to the bank."""
        return httpx.post(f"{standing.page_url}challenge/", data={"decision": decision}, trust_env=False)

    def dispute(self, standing: Standing, **decided: str) -> None:
        """What the payer's bank does."""
        asked = {"session": standing.reference, **decided}
        httpx.post(f"{self.address}/control/disputes/", params=asked, trust_env=False).raise_for_status()

    def paid(self, minor: int = 990) -> Standing:
        """A payment that was made, and whose two messages were read."""
        standing = self.pay.begin(charge(minor))
        self.type(standing, GOOD)
        self.door.message()
        self.door.message()
        return standing


@contextmanager
def cards() -> Iterator[Cards]:
    """Stripe, listening."""
    merchant, door = stripe_keys(), Door()
    bearer = f"Bearer {merchant.secret_key}"
    with listening(door) as door_address:
        peer = CardsPeer(merchant, webhook_url=door_address, pauses=(0.05, 0.05))
        with listening(peer) as address, client(address, authorization=bearer) as line:
            yield Cards(Stripe(line, merchant=merchant), peer, address, door)


@contextmanager
def client(address: str, **headers: str) -> Iterator[httpx.Client]:
    """A client as the registry makes it, but less patient."""
    with httpx.Client(base_url=address, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as line:
        yield line


def charge(minor: int, *, currency: str = "CNY", message_url: str = "") -> Charge:
    return Charge(
        id=uuid4(),
        reference_code="ABC123",
        amount=Money(minor, currency),
        description="Ciyuan 月包, starter",
        product="starter",
        return_url="http://127.0.0.1:9/order/",
        message_url=message_url,
    )


def repayment(standing: Standing, minor: int) -> Repayment:
    return Repayment(
        id=uuid4(),
        charge_id=UUID(standing.charge_id),
        reference=standing.reference,
        amount=Money(minor, standing.amount.currency),
        paid=standing.amount,
        tax_minor=0,
        reason="untouched",
    )
