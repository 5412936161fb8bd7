"""POST /v1/chat/completions: OpenAI's Chat Completions, as the stock clients speak them."""

from usage.api import serving
from usage.api.door import Receive, Scope, Send
from usage.api.serving import Dialect, Told
from usage.dialects import openai_answer, openai_chat
from usage.events import Failed, Finished
from usage.gateway import Flight

PATH = "/v1/chat/completions"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """This will answer one POST (ASGI)."""
    await serving.serve(DIALECT, scope, receive, send)


def _framing(flight: Flight) -> openai_answer.Framing:
    return openai_answer.Framing(
        flight.call_id,
        model=flight.model,
        created=int(flight.opened_at.timestamp()),
        with_usage=bool(flight.request and flight.request.include_usage),
    )


def _whole(flight: Flight, end: Finished) -> bytes:
    created = int(flight.opened_at.timestamp())
    return openai_answer.whole(flight.call_id, model=flight.model, created=created, answer=flight.answer, end=end)


def _failed(_flight: Flight, end: Failed) -> Told:
    return end.status, *openai_answer.failed(end)


DIALECT = Dialect(
    read=openai_chat.read,
    framing=_framing,
    whole=_whole,
    failed=_failed,
    refusal=openai_answer.refusal,
)
