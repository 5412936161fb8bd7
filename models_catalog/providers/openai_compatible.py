"""The client of every endpoint that speaks OpenAI's Chat Completions."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport

from models_catalog.providers import answers, failures, sse
from models_catalog.providers.base import (
    Accepted,
    BadAnswer,
    ChatRequest,
    Chunk,
    Cut,
    Event,
    Json,
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
DONE = b"[DONE]"
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
    """Asks one route. The transport is shared by all routes of the upstream in this event loop."""

    def __init__(self, route: RouteOffer, transport: AiohttpTransport) -> None:
        self._route = route
        self._transport = transport
        self._url = httpx.URL(route.base_url.rstrip("/") + "/chat/completions")
        self._headers = {
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": "ciyuan",
        }
        if route.secret:
            self._headers["authorization"] = f"Bearer {route.secret}"

    async def stream(
        self, request: ChatRequest, *, call_id: str, output_limit: int | None
    ) -> AsyncGenerator[Event, None]:
        """This will ask, and give the answer as it arrives (`base.Client`)."""
        body = msgspec.json.encode(body_of(request, route=self._route, output_limit=output_limit))
        hard_stop = asyncio.get_running_loop().time() + self._route.hard_deadline_seconds
        response = await self._ask(body, call_id=call_id, streamed=request.stream)
        try:
            watch = Watch(response, route=self._route, hard_stop=hard_stop)
            with watch:
                if response.status_code != OK:
                    raise await _failure(response)
                _check_kind(response, expected=EVENT_STREAM if request.stream else JSON)
                events = _streamed if request.stream else _plain
                async for event in events(response, watch=watch, choices=request.n):
                    yield event
        finally:
            await response.stream.aclose()  # type: ignore[union-attr] # an async transport's stream

    async def _ask(self, body: bytes, *, call_id: str, streamed: bool) -> httpx.Response:
        accept = "text/event-stream" if streamed else "application/json"
        request = httpx.Request(
            "POST",
            self._url,
            headers={**self._headers, "accept": accept, "x-request-id": call_id},
            content=body,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )
        try:
            async with asyncio.timeout(self._route.first_byte_timeout_seconds):
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


async def _streamed(response: httpx.Response, *, watch: Watch, choices: int) -> AsyncIterator[Event]:
    parser = sse.Parser()
    answer = answers.Answer(choices=choices)
    finished = False
    async for piece in _pieces(response, watch=watch):
        for data in _feed(parser, piece):
            if data == DONE:
                finished = True
                continue
            for event in answer.read(data):
                yield event
    for data in parser.finish():
        if data == DONE:
            finished = True
            continue
        for event in answer.read(data):
            yield event
    if not answer.accepted:
        raise BadAnswer
    if not (finished or answer.finished):
        raise Cut


async def _plain(response: httpx.Response, *, watch: Watch, choices: int) -> AsyncIterator[Event]:
    text = bytearray()
    async for piece in _pieces(response, watch=watch):
        text += piece
        if len(text) > ANSWER_BYTES:
            raise BadAnswer
    for event in answers.Answer(choices=choices).read_whole(bytes(text)):
        yield event


async def _pieces(response: httpx.Response, *, watch: Watch) -> AsyncIterator[bytes]:
    """The bytes of the answer; silence and broken connections become failures here, and only here."""
    try:
        async for piece in response.stream:  # type: ignore[union-attr] # an async transport's stream
            watch.heard()
            yield piece
    except (httpx.HTTPError, OSError) as error:
        raise (Silent() if watch.fired else Cut()) from error


def _feed(parser: sse.Parser, piece: bytes) -> list[bytes]:
    try:
        return parser.feed(piece)
    except sse.TooMuch as error:
        raise BadAnswer from error


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
