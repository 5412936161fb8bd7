"""The thin ASGI application for the POSTs that make calls: it checks Host, body and key itself, without Django."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError
from django.http.request import split_domain_port, validate_host

from accounts import callers
from accounts.callers import Caller
from plans.models.quota import LONGEST_SESSION
from portal.kit import database
from portal.kit.refusals import Refusal, gettext_noop
from usage import key_use, refusals, stops
from usage.calls.settlement import TROUBLE
from usage.failures import OutOfService
from usage.gateway import PATIENCE_SECONDS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Answer = TypeVar("Answer")

BELOW = "/v1/"
LARGEST_BODY = 4 * 1_048_576
REMEMBERED_SECONDS = 5.0
"""`ledger.reserve` asks for key, member and account at each call; a person who was locked out shows only here."""
MOST_REMEMBERED = 10_000
LONGEST_KEY = 256

_known: dict[bytes, tuple[float, Caller]] = {}


class WrongHost(Refusal):
    """The Host header names another place."""

    code = "invalid_host"
    status = 400
    sentence = gettext_noop("This address is not served here. Nothing was charged; check the base URL.")


class WrongKind(Refusal):
    """The body is not plain JSON."""

    code = "unsupported_media_type"
    status = 415
    sentence = gettext_noop("The body must be JSON (application/json), not compressed. Nothing was charged.")


class TooLarge(Refusal):
    """The body has more bytes than any model could read."""

    code = "request_too_large"
    status = 413
    sentence = gettext_noop("The body has more than {most} bytes. Nothing was charged; please send less.")


class WrongIdempotencyKey(Refusal):
    """The idempotency key is empty, too long or holds characters that are not printable ASCII."""

    code = "invalid_idempotency_key"
    status = 400
    sentence = gettext_noop(
        "Idempotency-Key must be 1 to 256 printable ASCII characters. Nothing was charged; choose another one."
    )


class WrongSession(Refusal):
    """The name of the session is too long or holds characters that are not printable ASCII."""

    code = "invalid_session_id"
    status = 400
    sentence = gettext_noop(
        "X-Session-Id must be 1 to 64 printable ASCII characters. Nothing was charged; choose another one."
    )


class Gone(Exception):
    """The client left before its request was read."""


class Request:
    """What the door looks at of one request: each header once, joined where it may repeat nowhere."""

    def __init__(self, scope: Scope) -> None:
        self.query = scope["query_string"].decode("latin-1")
        self.endpoint = scope["path"].removeprefix(BELOW)
        self.address = (scope.get("client") or ("",))[0]
        self.patience_seconds = PATIENCE_SECONDS
        self._headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in self._headers and name in {b"host", b"authorization", b"x-api-key", b"content-length"}:
                raise WrongHost if name == b"host" else callers.UnknownKey
            self._headers[name] = value

    def text(self, name: bytes) -> str:
        """This will return a header as text; empty when it was not sent."""
        return self._headers.get(name, b"").decode("latin-1")


def check(request: Request) -> None:
    """This will refuse a wrong Host, and a body that is no plain JSON or too large."""
    domain, _port = split_domain_port(request.text(b"host"))
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        raise WrongHost
    kind = request.text(b"content-type").partition(";")[0].strip().lower()
    if kind != "application/json" or request.text(b"content-encoding").lower() not in {"", "identity"}:
        raise WrongKind
    length = request.text(b"content-length")
    if length and (not length.isdecimal() or int(length) > LARGEST_BODY):
        raise TooLarge(most=LARGEST_BODY)


async def read_body(receive: Receive) -> bytes:
    """This will read the whole body, at most `LARGEST_BODY` bytes. Raises `TooLarge` and `Gone`."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            raise TooLarge(most=LARGEST_BODY)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def caller_of(request: Request) -> Caller:
    """This will return who holds the key, if it is for this; asked of the database at most every 5 seconds.

    A key that stands in the address ends. Raises `UnknownKey`, `UnknownScenario`, `KeyInAddress`, `ManagementKey`,
    `NotForThis` and `WrongSession`.
    """
    if callers.secrets_in(request.query):
        await stops.stop_all(await asked(request, key_use.end_exposed, request.query))
        raise callers.KeyInAddress
    caller = await _known_caller(request)
    try:
        if caller.is_management:
            raise callers.ManagementKey
        callers.check_use(caller, endpoint=request.endpoint, address=request.address)
    except Refusal as no:
        with contextlib.suppress(OutOfService):
            await asked(request, partial(refusals.note, no, caller, source="api", model_name=""))
        raise
    return _in_session(caller, request)


def idempotency_key(request: Request) -> str:
    """This will return the caller's own name for the call; empty when there is none."""
    key = request.text(b"idempotency-key")
    if key and (len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable()):
        raise WrongIdempotencyKey
    return key


async def asked(request: Request, verb: Callable[..., Answer], *given: str) -> Answer:
    """This will ask the database for as long as the caller has patience. Raises `OutOfService`."""
    asked_at = time.monotonic()
    try:
        async with asyncio.timeout(request.patience_seconds):
            return await database.in_thread(verb, *given)
    except (*TROUBLE, DatabaseError, TimeoutError) as error:
        raise OutOfService from error
    finally:
        request.patience_seconds -= time.monotonic() - asked_at


async def send_whole(send: Send, *, status: int, headers: Headers, body: bytes) -> None:
    """This will answer in one piece."""
    always = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": always + headers})
    await send({"type": "http.response.body", "body": body})


def _in_session(caller: Caller, request: Request) -> Caller:
    name = request.text(b"x-session-id")
    if not name:
        return caller
    if len(name) > LONGEST_SESSION or not name.isascii() or not name.isprintable():
        raise WrongSession(param="x-session-id")
    return replace(caller, session=name)


async def _known_caller(request: Request) -> Caller:
    given = request.text(b"authorization"), request.text(b"x-api-key"), request.text(b"x-scenario")
    digest = hashlib.blake2b("\0".join(given).encode(), key=settings.API_KEY_PEPPER.encode()[:64]).digest()
    until, caller = _known.get(digest, (0.0, None))
    if caller is not None and until > time.monotonic():
        return caller
    try:
        caller = await asked(request, callers.from_bearer, *given)
    except callers.UnknownKey:
        _known.pop(digest, None)
        raise
    while len(_known) >= MOST_REMEMBERED:
        _known.pop(next(iter(_known)))
    _known[digest] = (time.monotonic() + REMEMBERED_SECONDS, caller)
    return caller
