"""HTTP as the payment companies of the sandbox need it: one question, one answer, nothing streamed."""

import html
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

MOST_BYTES = 262_144
NO_CONTENT = 204
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Question:
    """One question. `target` is path and query as they were sent, `root` the address at which the company stands."""

    method: str
    path: str
    target: str
    root: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form, the last of each name."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


async def read(scope: dict[str, Any], receive: Receive, *, mount: str) -> Question:
    """This will read a question to its end; the app that answers it may be mounted at `mount`, or stand alone."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query_string = scope["query_string"].decode("latin-1")
    raw_path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    is_mounted = scope["path"].startswith(mount + "/")
    return Question(
        method=scope["method"],
        path=scope["path"].removeprefix(mount) if is_mounted else scope["path"],
        target=f"{raw_path}?{query_string}" if query_string else raw_path,
        root=f"{scope.get('scheme', 'http')}://{headers.get('host', '')}{mount if is_mounted else ''}",
        query=dict(parse_qsl(query_string, keep_blank_values=True)),
        headers=headers,
        body=await _body(receive),
    )


async def send_answer(send: Send, answer: Answer) -> None:
    """This will send an answer."""
    length = {"content-length": str(len(answer.body))} if answer.status != NO_CONTENT else {}
    headers = {**length, **answer.headers}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body})


def as_json(status: int, content: object) -> Answer:
    """This will return `content` as a JSON answer."""
    return Answer(status, json.dumps(content, ensure_ascii=False).encode(), {"content-type": "application/json"})


def as_page(title: str, style: str, main: str) -> Answer:
    """This will return a page; `main` is HTML, the title is text."""
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{style}</style><main>{main}</main></html>"
    )
    return Answer(200, page.encode(), {"content-type": "text/html; charset=utf-8"})


def see_other(address: str) -> Answer:
    """This will send a browser on."""
    return Answer(303, b"", {"location": address})


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")[: MOST_BYTES - len(body)]
        if not message.get("more_body"):
            return bytes(body)
