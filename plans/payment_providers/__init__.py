"""The ways to pay that this portal has been given an address and credentials for."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpx
from django.conf import settings

from plans.payment_providers.base import PaymentProvider
from plans.payment_providers.carrier_billing import CarrierBilling
from plans.payment_providers.stripe import Stripe
from plans.payment_providers.wechat_pay import WechatPay
from portal.kit.refusals import Refusal, gettext_noop

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 8.0
SHORTEST_SECRET = 32
CARRIER_BILLING = "carrier_billing"
WECHAT_PAY = "wechat_pay"
STRIPE = "stripe"


class NoWayToPay(Refusal):
    """Nobody connected this way to pay: it does not exist, whatever anyone sends."""

    code = "no_way_to_pay"
    status = 503
    sentence = gettext_noop(
        "This way to pay is not open on this portal. Nothing was ordered or charged; please choose another one."
    )


@dataclass(frozen=True)
class Way:
    """A way to pay: its name for people, its client, the settings it cannot do without, and its account in the books.

    `proof` is the setting that proves messages: as long as it is empty, no message is taken. `mode` is live or test.
    """

    label: str
    client: Callable[[], PaymentProvider]
    needs: tuple[str, ...]
    proof: str
    money_account: str
    mode: Callable[[], str] = lambda: "live"

    @property
    def is_open(self) -> bool:
        """Whether it was given all that it needs."""
        return all(getattr(settings, name) for name in self.needs)


def _carrier_billing() -> PaymentProvider:
    return CarrierBilling(
        http_client(settings.CARRIER_BILLING_URL, bearer=settings.CARRIER_BILLING_TOKEN),
        merchant=settings.CARRIER_BILLING_MERCHANT,
        event_bearer=settings.CARRIER_BILLING_EVENT_BEARER,
        message_url=message_url(CARRIER_BILLING),
    )


def _wechat_pay() -> PaymentProvider:
    return WechatPay(http_client(settings.WECHAT_PAY.url), merchant=settings.WECHAT_PAY)


def _stripe() -> PaymentProvider:
    return Stripe(http_client(settings.STRIPE.url, bearer=settings.STRIPE.secret_key), merchant=settings.STRIPE)


WAYS: dict[str, Way] = {
    CARRIER_BILLING: Way(
        gettext_noop("Phone bill"),
        _carrier_billing,
        needs=("CARRIER_BILLING_URL", "CARRIER_BILLING_TOKEN"),
        proof="CARRIER_BILLING_EVENT_BEARER",
        money_account="carrier_receivable:carrier_billing",
    ),
    WECHAT_PAY: Way(
        gettext_noop("WeChat Pay"),
        _wechat_pay,
        needs=("WECHAT_PAY",),
        proof="WECHAT_PAY_PUBLIC_KEY",
        money_account="psp:wechat_pay",
    ),
    STRIPE: Way(
        gettext_noop("Bank card"),
        _stripe,
        needs=("STRIPE",),
        proof="STRIPE_WEBHOOK_SECRET",
        money_account="psp:stripe",
        mode=lambda: settings.STRIPE.mode,
    ),
}
"""In the order in which people are offered them."""

_clients: dict[tuple[str, str], httpx.Client] = {}
_opening = Lock()


def open() -> list[str]:  # noqa: A001 - what it says
    """This will return the ways to pay that were given all they need, in the order of the page."""
    return [name for name, way in WAYS.items() if way.is_open]


def provider(name: str) -> PaymentProvider:
    """This will return the client of the way to pay `name`; raises `NoWayToPay`."""
    if name not in open():
        raise NoWayToPay
    return WAYS[name].client()


def hears(name: str) -> bool:
    """This will tell whether messages of the way to pay `name` can be told from forged ones."""
    return name in open() and bool(getattr(settings, WAYS[name].proof))


def label(name: str) -> str:
    """This will return what people call the way to pay, marked for translation."""
    return WAYS[name].label


def money_account(name: str) -> str:
    """This will return where the money that comes this way stands in the books."""
    return WAYS[name].money_account


def mode(name: str) -> str:
    """This will tell whether the credentials move real money: live or test."""
    return WAYS[name].mode()


def message_url(name: str) -> str:
    """This will return the address to which the provider sends its messages."""
    return f"{settings.BASE_URL}/payments/{name}/messages/"


def http_client(address: str, *, bearer: str = "", **options: Any) -> httpx.Client:
    """This will return the client of the one address that staff configured; it follows nothing elsewhere."""
    where = (address, bearer)
    with _opening:
        if where not in _clients:
            _clients[where] = httpx.Client(
                base_url=address,
                headers={"accept": "application/json"} | ({"authorization": f"Bearer {bearer}"} if bearer else {}),
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
                trust_env=False,
                **options,
            )
        return _clients[where]


def close() -> None:
    """This will close the connections to all providers; the next question opens them again."""
    while _clients:
        _clients.popitem()[1].close()
