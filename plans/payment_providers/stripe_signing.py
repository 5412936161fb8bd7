"""How Stripe signs its messages: HMAC-SHA256 over the moment and the raw body, scheme v1."""

import hashlib
import hmac

from plans.payment_providers.base import Forged
from plans.payment_providers.moments import is_near

MOST_SIGNATURES = 10


def check(header: str, body: bytes, *, secret: str, seconds: float) -> None:
    """This will raise `Forged` unless one of the v1 signatures is by `secret`, within the tolerance of `seconds`.

    While a secret is rolled there are several. An empty secret signs nothing: anybody could do as much.
    """
    items = [item.partition("=") for item in header.split(",")[: MOST_SIGNATURES + 1]]
    moments = [value for name, _, value in items if name == "t"]
    signatures = [value for name, _, value in items if name == "v1"]
    if not secret or len(moments) != 1 or not is_near(moments[0], seconds):
        message = "another time"
        raise Forged(message)
    expected = hmac.new(secret.encode(), moments[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    found = [hmac.compare_digest(expected, told.encode("utf-8", "replace")) for told in signatures]
    if not any(found):
        message = "another signature"
        raise Forged(message)
