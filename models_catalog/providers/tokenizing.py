"""Asks the server of the model on this machine how that model splits a text (llama.cpp's `/tokenize`)."""

import asyncio

import httpx
import msgspec

from models_catalog.providers import failures
from models_catalog.providers.base import BadAnswer, Cut, RouteOffer, Silent, Unreachable
from portal.kit import egress

OK = 200
SECONDS = 2.0
ANSWER_BYTES = 4 * 1_048_576
_HEADERS = [(b"accept-encoding", b"identity"), (b"content-type", b"application/json"), (b"user-agent", b"ciyuan")]


class _Word(msgspec.Struct):
    piece: str | list[int]
    """Its text, or its bytes where they are no whole characters."""


class _Split(msgspec.Struct):
    tokens: list[_Word]


_read = msgspec.json.Decoder(_Split).decode


async def split(text: str, *, route: RouteOffer) -> list[bytes]:
    """This will return the tokens of `text`, each as its bytes; what looks like a special token is text.

    Raises an `UpstreamFailure`, and `egress.AddressRefused` for an upstream that may not be called.
    """
    url = route.base_url.rstrip("/").removesuffix("/v1") + "/tokenize"
    transport = egress.open_transport(url, policy=egress.Policy(loopback=route.loopback))
    body = msgspec.json.encode({"content": text, "parse_special": False, "with_pieces": True})
    try:
        async with asyncio.timeout(SECONDS):
            answer = await transport.handle_async_request(httpx.Request("POST", url, headers=_HEADERS, content=body))
            found = _read(await _body_of(answer))
    except TimeoutError as error:
        raise Silent from error
    except msgspec.MsgspecError as error:
        raise BadAnswer from error
    except httpx.HTTPError as error:
        raise failures.of_connection(error) from error
    except OSError as error:
        raise Unreachable from error
    finally:
        await transport.aclose()
    return [_bytes_of(word.piece) for word in found.tokens]


async def _body_of(answer: httpx.Response) -> bytes:
    if answer.status_code != OK:
        raise failures.of_status(answer.status_code, headers=answer.headers, body=b"")
    body = bytearray()
    try:
        async for piece in answer.stream:  # type: ignore[union-attr] # an async transport's stream
            body += piece
            if len(body) > ANSWER_BYTES:
                raise BadAnswer
    except (httpx.HTTPError, OSError) as error:
        raise Cut from error
    return bytes(body)


def _bytes_of(piece: str | list[int]) -> bytes:
    return piece.encode() if isinstance(piece, str) else bytes(byte & 0xFF for byte in piece)
