"""The entry: the POSTs that make calls go to the API's own thin ASGI application, the rest to Django."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

_django = get_asgi_application()

from usage import gateway  # noqa: E402 - Django has to be set up first
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


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """This will hand a connection on to whoever answers it."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in CALLS:
        await CALLS[scope["path"]](scope, receive, send)
    elif scope["type"] == "http":
        await _django(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await gateway.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await gateway.close()
    await send({"type": "lifespan.shutdown.complete"})
