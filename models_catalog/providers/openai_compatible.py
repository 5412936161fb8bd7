"""The client of every endpoint that speaks OpenAI's Chat Completions."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport

from models_catalog.providers import answers, failures, model_lists, sse
from models_catalog.providers.base import (
    BadAnswer,
    ChatRequest,
    Cut,
    Event,
    Json,
    Listed,
    RouteOffer,
    Silent,
    Unreachable,
    UpstreamFailure,
)
from models_catalog.providers.silence import Watch

OK = 200
EVENT_STREAM = b"text/event-stream"
JSON = b"application/json"
ANSWER_BYTES = 16 * 1_048_576
ERROR_BYTES = 65_536
CONNECT_SECONDS = 5.0
LIST_SECONDS = 10.0
LIST_BYTES = 4 * 1_048_576
DONE = b"[DONE]"
_TIMEOUTS = {"timeout": {"connect": CONNECT_SECONDS}}
_AS_IT_IS = (
    "temperature",
    "top_p",
    "stop",
    "tools",
    "tool_choice",
    "response_format",
    "seed",
    "presence_penalty",
    "frequency_penalty",
)


class Client:
    """Asks one route. The transport is shared by all routes of the upstream in this event loop.

    It speaks to the transport itself: what `httpx.AsyncClient` would do on top of it (cookies, redirects,
    authentication, hooks) is exactly what must not happen here, and costs a third of a short call.
    """

    def __init__(self, route: RouteOffer, transport: AiohttpTransport) -> None:
        self._route = route
        self._transport = transport
        self._url = httpx.URL(route.base_url.rstrip("/") + "/chat/completions")
        self._list_url = httpx.URL(route.base_url.rstrip("/") + "/models")
        self._headers = [
            (b"accept-encoding", b"identity"),
            (b"content-type", JSON),
            (b"user-agent", b"ciyuan"),
        ]
        if route.secret:
            self._headers.append((b"authorization", b"Bearer " + route.secret.encode()))

    async def stream(
        self, request: ChatRequest, *, call_id: str, output_limit: int | None
    ) -> AsyncGenerator[Event, None]:
        """This will ask, and give the answer as it arrives (`base.Client`)."""
        body = msgspec.json.encode(body_of(request, route=self._route, output_limit=output_limit))
        hard_stop = asyncio.get_running_loop().time() + self._route.hard_deadline_seconds
        kind = EVENT_STREAM if request.stream else JSON
        response = await self._ask(body, call_id=call_id, kind=kind, patience=self._patience(request))
        watch = Watch(response, route=self._route, hard_stop=hard_stop)
        reader = _Streamed(request.n) if request.stream else _Whole(request.n)
        try:
            with watch:
                if response.status_code != OK:
                    raise await _failure(response)
                _check_kind(response, expected=kind)
                async for piece in response.stream:  # type: ignore[union-attr] # an async transport's stream
                    watch.heard()
                    for event in reader.feed(piece):
                        yield event
                    if reader.failure is not None:
                        raise reader.failure
                for event in reader.finish():
                    yield event
        except (httpx.HTTPError, OSError) as error:
            raise (Silent() if watch.fired else Cut()) from error
        finally:
            await response.stream.aclose()  # type: ignore[union-attr] # an async transport's stream

    async def list_models(self) -> tuple[Listed, ...]:
        """This will ask which models there are (`base.Client`), in `LIST_SECONDS` and `LIST_BYTES` at most."""
        request = httpx.Request(
            "GET", self._list_url, headers=[*self._headers, (b"accept", JSON)], extensions=_TIMEOUTS
        )
        try:
            async with asyncio.timeout(min(LIST_SECONDS, self._route.hard_deadline_seconds)):
                response = await self._send(request)
                try:
                    return model_lists.read(await _body_of(response))
                finally:
                    await response.stream.aclose()  # type: ignore[union-attr] # an async transport's stream
        except TimeoutError as error:
            raise Silent from error

    def _patience(self, request: ChatRequest) -> float:
        """An answer in one piece begins when it is finished, so its first byte may take as long as all of it."""
        return self._route.first_byte_timeout_seconds if request.stream else self._route.hard_deadline_seconds

    async def _ask(self, body: bytes, *, call_id: str, kind: bytes, patience: float) -> httpx.Response:
        request = httpx.Request(
            "POST",
            self._url,
            headers=[*self._headers, (b"accept", kind), (b"x-request-id", call_id.encode())],
            content=body,
            extensions=_TIMEOUTS,
        )
        try:
            async with asyncio.timeout(patience):
                return await self._send(request)
        except TimeoutError as error:
            raise Silent from error

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._transport.handle_async_request(request)
        except TimeoutError as error:
            raise Silent from error
        except httpx.HTTPError as error:
            raise failures.of_connection(error) from error
        except OSError as error:
            raise Unreachable from error


def body_of(request: ChatRequest, *, route: RouteOffer, output_limit: int | None) -> Json:
    """This will build the body that goes upstream; of the caller's, only what we know is in it."""
    body: Json = {"model": route.upstream_model, "messages": request.messages, "stream": request.stream}
    for name in _AS_IT_IS:
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    limits = [limit for limit in (request.max_output_tokens, output_limit) if limit is not None]
    if limits:
        body["max_tokens"] = min(limits)
    if request.n > 1:
        body["n"] = request.n
    if request.stream:
        body["stream_options"] = {"include_usage": True}
    return body


class _Streamed:
    """Reads an answer that comes as events."""

    __slots__ = ("_answer", "_done", "_parser", "failure")

    def __init__(self, choices: int) -> None:
        self.failure: UpstreamFailure | None = None
        self._parser = sse.Parser()
        self._answer = answers.Answer(choices=choices)
        self._done = False

    def feed(self, piece: bytes) -> list[Event]:
        try:
            found = self._parser.feed(piece)
        except sse.TooMuch as error:
            raise BadAnswer from error
        return self._read(found)

    def finish(self) -> list[Event]:
        """A stream is whole when it said so, or at least why the answer ended."""
        events = self._read(self._parser.finish())
        if self.failure is not None:
            raise self.failure
        if not self._answer.accepted:
            raise BadAnswer
        if not (self._done or self._answer.finished):
            raise Cut
        return events

    def _read(self, found: list[bytes]) -> list[Event]:
        """What came before a failure in the same piece still counts: the failure waits in `failure`."""
        events: list[Event] = []
        for data in found:
            if data == DONE:
                self._done = True
                continue
            try:
                events += self._answer.read(data)
            except UpstreamFailure as failure:
                self.failure = failure
                break
        return events


class _Whole:
    """Reads an answer that comes as one body."""

    __slots__ = ("_answer", "_text", "failure")

    def __init__(self, choices: int) -> None:
        self.failure: UpstreamFailure | None = None
        self._answer = answers.Answer(choices=choices)
        self._text = bytearray()

    def feed(self, piece: bytes) -> list[Event]:
        self._text += piece
        if len(self._text) > ANSWER_BYTES:
            raise BadAnswer
        return []

    def finish(self) -> list[Event]:
        return self._answer.read_whole(bytes(self._text))


async def _body_of(response: httpx.Response) -> bytes:
    if response.status_code != OK:
        raise await _failure(response)
    _check_kind(response, expected=JSON)
    text = bytearray()
    try:
        async for piece in response.stream:  # type: ignore[union-attr] # an async transport's stream
            text += piece
            if len(text) > LIST_BYTES:
                raise BadAnswer
    except (httpx.HTTPError, OSError) as error:
        raise Cut from error
    return bytes(text)


async def _failure(response: httpx.Response) -> UpstreamFailure:
    text = bytearray()
    try:
        async for piece in response.stream:  # type: ignore[union-attr] # an async transport's stream
            text += piece
            if len(text) > ERROR_BYTES:
                break
    except (httpx.HTTPError, OSError):
        text.clear()
    return failures.of_status(response.status_code, headers=response.headers, body=bytes(text))


def _check_kind(response: httpx.Response, *, expected: bytes) -> None:
    kind = b""
    for name, value in response.headers.raw:
        lowered = name.lower()
        if lowered == b"content-type":
            kind = value.lower()
        elif lowered == b"content-encoding" and value.lower() != b"identity":
            raise BadAnswer
    if not kind.startswith(expected):
        raise BadAnswer
