"""How the sandbox operator is asked and answers over ASGI: one question, its route, one answer."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

from portal.sandbox.operator_answers import INVALID, METHOD_NOT_ALLOWED, NOT_FOUND, Answer, Refused
from portal.sandbox.operator_books import Asking, Books

BODY_BYTES = 1_048_576
_CORRELATOR = re.compile(r"[a-zA-Z0-9\-_:;./<>{}]{0,256}")

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


@dataclass(frozen=True)
class Question:
    """One request: `path` below the operator's address `root`, `subject` the phone that its token is for, if any."""

    method: str
    path: str
    root: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    is_too_long: bool = False
    subject: str = ""

    @property
    def correlator(self) -> str | None:
        """The x-correlator if there is one of the right form, None if there is none. Raises `Refused`."""
        said = self.headers.get("x-correlator")
        if said is not None and not _CORRELATOR.fullmatch(said):
            raise Refused(INVALID)
        return said

    @property
    def json(self) -> bytes:
        """The body, if it is said to be JSON. Raises `Refused`."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" or self.is_too_long:
            raise Refused(INVALID)
        return self.body

    @property
    def asking(self) -> Asking:
        """Who asks, and where a subscriber is sent who is to agree."""
        return Asking(subject=self.subject, page_url=f"{self.root}/inbox/")

    def of(self, subject: str) -> "Question":
        """This will return the same question, asked with a token for that phone."""
        return replace(self, subject=subject)


Handler = Callable[[Books, Question, list[str]], Awaitable[Answer]]


async def routed(books: Books, question: Question, parts: list[str], handlers: Mapping[str, Handler]) -> Answer:
    """This will let the handler of the method answer, with the parts of the path."""
    if not handlers:
        return NOT_FOUND.answer()
    handler = handlers.get(question.method)
    if handler is None:
        return replace(METHOD_NOT_ALLOWED.answer(), headers={"allow": ", ".join(handlers)})
    return await handler(books, question, parts)


async def read(scope: Message, receive: Receive) -> Question:
    """This will read one request to its end, and keep of its body what is not too long."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    mount = scope.get("root_path", "")
    body, is_too_long = await _body(receive)
    return Question(
        method=scope["method"],
        path=scope["path"].removeprefix(mount).removeprefix("/operator"),
        root=f"{scope.get('scheme', 'http')}://{headers.get('host', '')}{mount}",
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers=headers,
        body=body,
        is_too_long=is_too_long,
    )


async def send_answer(send: Send, answer: Answer, *, correlator: str = "") -> None:
    """This will send an answer, with the correlator of its question."""
    content, kind = answer.encoded()
    headers = {"content-length": str(len(content)), **answer.headers}
    if kind:
        headers["content-type"] = kind
    if correlator:
        headers["x-correlator"] = correlator
    if answer.status == 204:  # noqa: PLR2004 - no content, so no length of it
        del headers["content-length"]
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": content})


async def _body(receive: Receive) -> tuple[bytes, bool]:
    body, size = bytearray(), 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= BODY_BYTES:
            body += part
        if not message.get("more_body"):
            return bytes(body), size > BODY_BYTES
