"""The ways to pay that this portal has been given an address and credentials for."""

from threading import Lock

import httpx
from django.conf import settings

from plans.payment_providers.carrier_billing import CarrierBilling
from portal.kit.refusals import Refusal, gettext_noop

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 8.0
CARRIER_BILLING = "carrier_billing"


class NoWayToPay(Refusal):
    """Nobody connected this way to pay: it does not exist, whatever anyone sends."""

    code = "no_way_to_pay"
    status = 503
    sentence = gettext_noop("Paying by phone bill is not open on this portal yet. Nothing was ordered or charged.")


_clients: dict[tuple[str, str], httpx.Client] = {}
_opening = Lock()


def provider(name: str) -> CarrierBilling:
    """This will return the client of the way to pay `name`; raises `NoWayToPay`."""
    if name != CARRIER_BILLING or not settings.CARRIER_BILLING_URL or not settings.CARRIER_BILLING_TOKEN:
        raise NoWayToPay
    where = (settings.CARRIER_BILLING_URL, settings.CARRIER_BILLING_TOKEN)
    with _opening:
        if where not in _clients:
            _clients[where] = _client(*where)
    return CarrierBilling(_clients[where], merchant=settings.CARRIER_BILLING_MERCHANT)


def close() -> None:
    """This will close the connections to all providers; the next question opens them again."""
    while _clients:
        _clients.popitem()[1].close()


def _client(address: str, token: str) -> httpx.Client:
    """This will make a client for the one address that staff configured; it follows nothing elsewhere."""
    return httpx.Client(
        base_url=address,
        headers={"authorization": f"Bearer {token}", "accept": "application/json"},
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    )
