"""POST /v1/responses: OpenAI's Responses API without its memory, as the stock clients and Codex speak it."""

from portal.kit.refusals import Refusal
from usage.admission import OutputTooLong
from usage.api import serving
from usage.api.door import Receive, Scope, Send
from usage.api.serving import Dialect, Told
from usage.dialects import openai_answer, openai_responses, openai_responses_answer
from usage.dialects.openai_responses_answer import Framing, Response
from usage.dialects.openai_responses_tools import Question
from usage.events import Failed, Finished
from usage.gateway import Flight

PATH = "/v1/responses"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """This will answer one POST (ASGI)."""
    await serving.serve(DIALECT, scope, receive, send)


def _response(flight: Flight) -> Response:
    assert isinstance(flight.request, Question)
    created = int(flight.opened_at.timestamp())
    return Response(flight.call_id, model=flight.model, created=created, question=flight.request)


def _framing(flight: Flight) -> Framing:
    return Framing(_response(flight))


def _whole(flight: Flight, end: Finished) -> bytes:
    return openai_responses_answer.whole(_response(flight), answer=flight.answer, end=end)


def _failed(_flight: Flight, end: Failed) -> Told:
    return end.status, *openai_answer.failed(end)


def _refusal(no: Refusal) -> Told:
    """What limits an answer has another name here."""
    if isinstance(no, OutputTooLong):
        no = OutputTooLong(**{**no.details, "param": "max_output_tokens"})
    return openai_answer.refusal(no)


DIALECT = Dialect(
    read=openai_responses.read,
    framing=_framing,
    whole=_whole,
    failed=_failed,
    refusal=_refusal,
)
