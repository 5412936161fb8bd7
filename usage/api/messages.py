"""POST /v1/messages and /v1/messages/count_tokens: Anthropic's Messages, as its SDKs and Claude Code speak them."""

from functools import partial

from accounts.callers import Caller
from models_catalog import catalog
from models_catalog.providers.base import ChatRequest
from portal.kit.refusals import Refusal
from usage import metering, unfolding
from usage.api import door, serving
from usage.api.door import Receive, Request, Scope, Send
from usage.api.serving import Dialect, Told
from usage.dialects import anthropic_answer, anthropic_messages
from usage.dialects.anthropic_messages import Question
from usage.events import Failed, Finished
from usage.gateway import Flight

PATH = "/v1/messages"
COUNT_PATH = "/v1/messages/count_tokens"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """This will answer one POST (ASGI)."""
    await serving.serve(DIALECT, scope, receive, send)


async def count_tokens(scope: Scope, receive: Receive, send: Send) -> None:
    """This will tell how many tokens a prompt is thought to have (ASGI); it opens no call and charges nothing."""
    try:
        status, headers, body = await _count(scope, receive)
    except door.Gone:
        return
    except Refusal as no:
        status, headers, body = anthropic_answer.refusal(no)
    await door.send_whole(send, status=status, headers=headers, body=body)


async def _count(scope: Scope, receive: Receive) -> Told:
    request = Request(scope)
    door.check(request)
    caller = await door.caller_of(request)
    prompt: ChatRequest = anthropic_messages.read_prompt(await door.read_body(receive))
    if unfolding.is_assistant(prompt.model):
        prompt = await door.asked(request, partial(_unfolded, prompt, caller))
    elif catalog.remembered(prompt.model) is None:
        await door.asked(request, catalog.offer, prompt.model)
    return 200, [], b'{"input_tokens":%d}' % _likely_tokens(prompt)


def _unfolded(prompt: ChatRequest, caller: Caller) -> ChatRequest:
    """What is said before an assistant's first word is read and paid for, so it counts."""
    version = unfolding.find(prompt.model, caller)
    return unfolding.unfold(version, prompt, offer=catalog.offer(version.model_name))


def _framing(flight: Flight) -> anthropic_answer.Framing:
    question = _question(flight)
    likely = _likely_tokens(question)
    shows = question.shows_thoughts
    return anthropic_answer.Framing(flight.call_id, model=flight.model, input_tokens=likely, shows_thoughts=shows)


def _question(flight: Flight) -> Question:
    assert isinstance(flight.request, Question)
    return flight.request


def _likely_tokens(prompt: ChatRequest) -> int:
    """What the portal itself takes for the count of a prompt that nobody has counted."""
    return metering.estimated_prompt(metering.prompt_bound(prompt))


def _whole(flight: Flight, end: Finished) -> bytes:
    shows = _question(flight).shows_thoughts
    model, answer = flight.model, flight.answer
    return anthropic_answer.whole(flight.call_id, model=model, answer=answer, end=end, shows_thoughts=shows)


def _failed(flight: Flight, end: Failed) -> Told:
    return anthropic_answer.failed(flight.call_id, end)


DIALECT = Dialect(
    read=anthropic_messages.read,
    framing=_framing,
    whole=_whole,
    failed=_failed,
    refusal=anthropic_answer.refusal,
    id_headers=(b"x-request-id", b"request-id"),
)
