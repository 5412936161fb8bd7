"""The entry: the POSTs that make calls go to the API's own thin ASGI application, the rest to Django."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

_django = get_asgi_application()

from plans.messages import LARGEST_BYTES  # noqa: E402 - Django has to be set up first
from usage import gateway  # noqa: E402 - as above
from usage.api import chat_completions, messages, responses  # noqa: E402 - as above

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

CALLS = {
    chat_completions.PATH: chat_completions.application,
    responses.PATH: responses.application,
    messages.PATH: messages.application,
    messages.COUNT_PATH: messages.count_tokens,
}
"""Where calls are made, and who takes them."""
MESSAGES = re.compile(r"/payments/[a-z_]+/messages/")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """This will hand a connection on to whoever answers it."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in CALLS:
        await CALLS[scope["path"]](scope, receive, send)
    elif scope["type"] == "http" and MESSAGES.fullmatch(scope["path"]) and not _is_small(scope):
        await send({"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body"})
    elif scope["type"] == "http":
        await _django(scope, receive, send)


def _is_small(scope: Scope) -> bool:
    """Whether a message of a payment provider says, before it is read, that it is no larger than one may be."""
    declared = dict(scope["headers"]).get(b"content-length", b"")
    return declared.isdigit() and int(declared) <= LARGEST_BYTES


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await gateway.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await gateway.close()
    await send({"type": "lifespan.shutdown.complete"})
