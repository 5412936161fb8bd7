"""A first talk with an upstream: which models it lists, and one tiny real call. No transaction is open meanwhile."""

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from uuid import uuid4

from django.conf import settings

from models_catalog import providers
from models_catalog.providers.base import (
    BadAnswer,
    ChatRequest,
    Chunk,
    Cut,
    Json,
    KeyRejected,
    Listed,
    NotThere,
    Overloaded,
    RawUsage,
    Refused,
    RouteOffer,
    Silent,
    Unpaid,
    Unreachable,
    UpstreamFailure,
)
from portal.kit import egress
from portal.kit.refusals import gettext_noop

QUESTION = "Say hello in one short sentence."
ANSWER_TOKENS = 24
FIRST_BYTE_SECONDS = 20.0
IDLE_SECONDS = 10.0
WHOLE_SECONDS = 30.0
LONGEST_WORDS = 90
_NOT_FOR_CHAT = ("embed", "rerank", "whisper", "tts", "speech", "audio", "image", "video", "moderation", "ocr", "asr")

WORDS: tuple[tuple[type[UpstreamFailure], str], ...] = (
    (Unpaid, gettext_noop("The account at the vendor is empty. Top it up there, then test again.")),
    (
        NotThere,
        gettext_noop(
            "There is nothing at this address, or no model of this name (404). Most addresses end with /v1; "
            "compare it with the vendor's manual."
        ),
    ),
    (KeyRejected, gettext_noop("The key is not accepted. Copy it again from the vendor's console, whole, and test.")),
    (
        Unreachable,
        gettext_noop("Nobody answers at this address. Check how it is written, and that this machine may go there."),
    ),
    (
        Silent,
        gettext_noop("It did not answer in time. Try again; if it stays so, ask the vendor or choose another region."),
    ),
    (Overloaded, gettext_noop("It says that it is busy or broken just now. Test again in a minute.")),
    (Refused, gettext_noop("It does not take the test question. Choose a model for chat and test again.")),
    (
        BadAnswer,
        gettext_noop(
            "What answers is not OpenAI-compatible: a web page, a redirect or something unreadable. Take the address "
            "of the API, not that of the console; most end with /v1."
        ),
    ),
    (Cut, gettext_noop("The connection broke in the middle of the answer. Test again.")),
)
"""What went wrong and what to do about it, for whoever connects; the first class that fits counts."""


@dataclass(frozen=True)
class Endpoint:
    """Where an upstream stands and how it is spoken to, kept or only typed."""

    base_url: str
    dialect: str
    secret: str = field(repr=False)
    is_private: bool


@dataclass(frozen=True)
class Probed:
    """What a test found: the models listed, and how the call to `called` went; token counts as told, else 0.

    An upstream that says our own key back to us is not quoted with it.
    """

    listed: tuple[Listed, ...] = ()
    list_failure: UpstreamFailure | None = None
    called: str = ""
    words: str = ""
    milliseconds: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    call_failure: UpstreamFailure | None = None

    @property
    def failure(self) -> UpstreamFailure | None:
        """Why it does not do, if it does not: the call says more than the list, which some keep open to anybody."""
        if self.called:
            return self.call_failure
        return self.list_failure

    @property
    def has_passed(self) -> bool:
        """Whether a model answered."""
        return bool(self.called) and self.call_failure is None

    @property
    def is_sound(self) -> bool:
        """Whether address and key are right: it answered, or it lists models and only this one does not do."""
        if self.failure is None:
            return True
        is_locked = isinstance(self.failure, KeyRejected) and not isinstance(self.failure, NotThere | Unpaid)
        return bool(self.listed) and not is_locked


def probe(endpoint: Endpoint, *, model_name: str = "") -> Probed:
    """This will ask the endpoint for its models and call one: `model_name`, else the first that looks like chat.

    It takes at most `LIST_SECONDS` and `WHOLE_SECONDS`. Raises `egress.AddressRefused`.
    """
    policy = egress.Policy(loopback=settings.EGRESS_LOOPBACK, private=endpoint.is_private)
    egress.check(endpoint.base_url, policy=policy)
    return asyncio.run(_talk(_route_of(endpoint), model_name))


def words_of(failure: UpstreamFailure) -> str:
    """This will return what to do about a failure, in English; translate it at the edge."""
    return next(words for kind, words in WORDS if isinstance(failure, kind))


async def _talk(route: RouteOffer, model_name: str) -> Probed:
    try:
        probed = await _listed(route)
        name = model_name or _first_of(probed.listed)
        if not name or isinstance(probed.list_failure, Unreachable | Silent):
            return probed
        return await _called(replace(route, upstream_model=name), probed)
    finally:
        await providers.close_clients()


async def _listed(route: RouteOffer) -> Probed:
    try:
        listed = await providers.client_for(route).list_models()
        return Probed(listed=tuple(model for model in listed if not route.secret or route.secret not in model.name))
    except UpstreamFailure as failure:
        return Probed(list_failure=failure)


async def _called(route: RouteOffer, probed: Probed) -> Probed:
    words: list[str] = []
    usage: Json = {}
    failure: UpstreamFailure | None = None
    began = time.monotonic()
    asked = ChatRequest(model=route.upstream_model, messages=[{"role": "user", "content": QUESTION}], stream=True)
    stream = providers.client_for(route).stream(asked, call_id=str(uuid4()), output_limit=ANSWER_TOKENS)
    try:
        async with aclosing(stream):
            async for event in stream:
                if isinstance(event, Chunk):
                    words.append(event.text or event.reasoning)
                elif isinstance(event, RawUsage):
                    usage = event.usage
    except UpstreamFailure as failed:
        failure = failed
    said = _printable("".join(words))
    return replace(
        probed,
        called=route.upstream_model,
        words=(said.replace(route.secret, "…") if route.secret else said)[:LONGEST_WORDS],
        milliseconds=int((time.monotonic() - began) * 1000),
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        call_failure=failure,
    )


def _route_of(endpoint: Endpoint) -> RouteOffer:
    return RouteOffer(
        route_id=0,
        upstream_slug="tested",
        upstream_model="",
        base_url=endpoint.base_url,
        dialect=endpoint.dialect,
        secret=endpoint.secret,
        region="",
        concurrency=1,
        first_byte_timeout_seconds=FIRST_BYTE_SECONDS,
        idle_timeout_seconds=IDLE_SECONDS,
        hard_deadline_seconds=WHOLE_SECONDS,
        loopback=settings.EGRESS_LOOPBACK,
        private=endpoint.is_private,
    )


def _first_of(listed: tuple[Listed, ...]) -> str:
    names = [model.name for model in listed]
    talking = [name for name in names if not any(mark in name.lower() for mark in _NOT_FOR_CHAT)]
    return next(iter([*talking, *names]), "")


def _printable(words: str) -> str:
    """One line of what can be shown and stored: an upstream may say anything."""
    return "".join(letter for letter in " ".join(words.split()) if letter.isprintable())


def _count(told: object) -> int:
    return told if type(told) is int and told > 0 else 0
