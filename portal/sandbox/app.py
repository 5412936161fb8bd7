"""The sandbox as one app: scripted upstream, telephone operator, WeChat Pay and cards, each at its own first word."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from portal.kit import environment, merchants
from portal.sandbox import operator, upstream
from portal.sandbox.cards import CardsPeer
from portal.sandbox.operator_course import Sink
from portal.sandbox.wechat import WechatPeer

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def _sink() -> Sink | None:
    """Where the operator tells what nobody named an address for: the portal beside it, which has no https."""
    address = os.environ.get("OPERATOR_SINK", "")
    return Sink(address, os.environ.get("OPERATOR_SINK_TOKEN", "")) if address else None


_secrets = Path(environment.text("VAR_DIR", "var")) / "secrets"
_wechat, _stripe = merchants.read(sandbox="here", folder=_secrets)

_MOUNTS: dict[str, App] = {
    "/upstream": upstream.app,
    "/operator": operator.Operator(os.environ.get("OPERATOR_TOKEN", "sandbox"), sink=_sink()),
    "/wechat": WechatPeer(_wechat, merchants.sandbox_platform_key(_secrets)),
    "/cards": CardsPeer(_stripe, webhook_url=os.environ.get("CARDS_WEBHOOK_URL", "")),
}


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """This will hand a request to the app that is mounted at the first part of its path (ASGI)."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    if scope["type"] != "http":
        return
    for mount, mounted in _MOUNTS.items():
        if scope["path"] == mount or scope["path"].startswith(mount + "/"):
            root = scope.get("root_path", "") + mount
            await mounted(scope | {"root_path": root}, receive, send)
            return
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"nothing is mounted here\n"})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
