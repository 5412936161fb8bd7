"""The other paths under /v1: models, calls, the balance and management, with documents that need nothing else."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from pydantic import AwareDatetime

from accounts.callers import Caller
from accounts.models import ApiKey
from models_catalog import catalog
from models_catalog.catalog import Offer
from models_catalog.models import Alias, ChatModel
from plans import access, ledger
from portal.kit import clock
from portal.kit.refusals import Refusal, gettext_noop
from usage import receipts, showcase, unfolding
from usage.api import documents, figures, management, message_documents
from usage.api.holders import ApiRequest, key_holder
from usage.dialects import anthropic_answer, openai_answer
from usage.dialects.openai_answer import in_credits
from usage.models import AssistantVersion, Call
from usage.watch import open_state

Json = dict[str, Any]

MESSAGES = "/v1/messages"
OTHER_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]


class UnknownCall(Refusal):
    """No call of this member has this id."""

    code = "call_not_found"
    status = 404
    sentence = gettext_noop("There is no call with this id here. Check the x-request-id of its answer.")


class UnknownPath(Refusal):
    """Nothing is served under this path."""

    code = "not_found"
    status = 404
    sentence = gettext_noop("There is nothing here. The documents under /v1/docs list what there is.")


class Unreadable(Refusal):
    """A parameter in the address is not what it should be."""

    code = "invalid_value"
    status = 400
    sentence = gettext_noop("{name}: {why}. Nothing was charged; the documentation of /v1 shows what is expected.")


class WrongMethod(Refusal):
    """The path is there, but not for this method or these parameters."""

    code = "invalid_request"
    status = 400
    sentence = gettext_noop("The request is not valid: {problem}. Nothing was charged; please correct it.")


class OnlyPost(Refusal):
    """The path makes calls, which are POSTs."""

    code = "method_not_allowed"
    status = 405
    sentence = gettext_noop("Calls are made by POST. Nothing was charged; please send the request as one.")


api = NinjaAPI(
    title="API",
    description=documents.INTRODUCTION,
    auth=key_holder,
    urls_namespace="api",
)
leftovers = Router()


@api.get("/models", summary="List the models that you may call")
def models(request: ApiRequest) -> Json:
    """Lists aliases first, then models, then assistants, each with its price in credits a token."""
    visible = access.visible(request.auth)
    found = {model.slug: model for model in visible.select_related("vendor", "replacement")}
    names = [*Alias.objects.order_by("position").values_list("slug", flat=True), *found]
    offers = [(name, offer) for name in names if (offer := _offer(name)) and offer.slug in found]
    told = [_model(name, offer, found[offer.slug]) for name, offer in offers]
    return {"object": "list", "data": [*told, *_assistants(request.auth, found)]}


@api.get("/models/{path:name}", summary="One model")
def model(request: ApiRequest, name: str) -> Json:
    """Tells of one model, alias or assistant."""
    version = showcase.seen_version(name, request.auth) if unfolding.is_assistant(name) else None
    offer = catalog.offer(version.model_name if version else name)
    visible = access.visible(unfolding.spoken_by(version, request.auth) if version else request.auth)
    found = visible.select_related("vendor", "replacement").filter(slug=offer.slug).first()
    if found is None:
        raise catalog.UnknownModel(model=name)
    return _assistant(version, offer, found, name=name) if version else _model(name, offer, found)


@api.get("/calls/{uuid:call_id}", summary="The receipt of a call")
def call(request: ApiRequest, call_id: UUID) -> Json:
    """Tells what a call used, cost and drew on; its id is the x-request-id of its answer."""
    mine = Call.objects.of_account(request.auth.account_id).filter(member_id=request.auth.member_id)
    ended = mine.filter(pk=call_id).select_related("chat_model", "price").first()
    if ended is not None:
        return figures.of_call(receipts.of(ended))
    state = open_state(call_id, account_id=request.auth.account_id, member_id=request.auth.member_id)
    if not state:
        raise UnknownCall
    return {"id": str(call_id), "object": "call", "state": state}


@api.get("/balance", summary="What is left")
def balance(request: ApiRequest, at: AwareDatetime | None = None) -> Json:
    """Lists the lots in the order in which calls draw on them; with `at`, what each had left at that moment."""
    if at is not None:
        return figures.of_past_balance(ledger.left_at(request.auth.account_id, at))
    return figures.of_balance(ledger.balance(request.auth.account_id, now=clock.now()))


@api.get("/key", summary="This key")
def key(request: ApiRequest) -> Json:
    """Tells what the key that asks is for, what it is kept to and when it ends."""
    return management.told(ApiKey.objects.select_related("member").get(pk=request.auth.api_key_id or 0))


@api.post("/chat/completions", summary="Ask a model", openapi_extra=documents.CHAT_COMPLETIONS)
def chat_completions(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - never asked
    """Answers in one piece, or as server-sent events that end with [DONE]."""
    raise UnknownPath  # only described here: where calls can be made, the thin application takes them


@api.post("/responses", summary="Ask a model by items", openapi_extra=documents.RESPONSES)
def responses(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - never asked
    """Answers with items, in one piece or as numbered events. Nothing is kept: each call brings the whole conversation.

    Tools are what the caller shapes and runs: functions, custom tools and namespaces of them. Offers of what only the
    vendor could run (search, a shell) are passed over; the answer's `tools` shows what the model heard of. Images,
    files, references, `previous_response_id`, `conversation`, `prompt` and `background` are refused. What was reasoned
    before and items of other types are passed over, and so are `store`, `include`, `truncation`, `metadata`,
    `parallel_tool_calls` and `reasoning`. `user`, else `safety_identifier` or `prompt_cache_key`, names the end user.
    """
    raise UnknownPath  # only described here, as above


@api.post("/messages", summary="Ask a model by messages", openapi_extra=message_documents.MESSAGES)
def messages(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - never asked
    """Answers with a message, in one piece or as named events; errors have Anthropic's shape.

    Blocks are text, and calls of tools that the caller runs; images, documents and Anthropic's own tools are refused.
    What was thought before is passed over, and so are `thinking`, `cache_control`, `top_k` and the beta headers: models
    think and keep as they are set up here. `metadata.user_id` names the end user.
    """
    raise UnknownPath  # only described here, as above


@api.post("/messages/count_tokens", summary="Count a prompt", openapi_extra=message_documents.COUNT_TOKENS)
def count_tokens(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - never asked
    """Estimates how many tokens a prompt has, free of charge. The answer itself tells what its model counted."""
    raise UnknownPath  # only described here, as above


@api.api_operation(OTHER_METHODS, "/messages", auth=None, include_in_schema=False)
@api.api_operation(OTHER_METHODS, "/messages/count_tokens", auth=None, include_in_schema=False)
@api.api_operation(OTHER_METHODS, "/chat/completions", auth=None, include_in_schema=False)
@api.api_operation(OTHER_METHODS, "/responses", auth=None, include_in_schema=False)
def only_post(request: HttpRequest) -> HttpResponse:
    """Answers all but the POSTs, which the thin application takes before Django sees them."""
    answer = say_no(request, OnlyPost())
    answer["Allow"] = "POST"
    return answer


@leftovers.api_operation(["POST", *OTHER_METHODS], "/{path:rest}", auth=None, include_in_schema=False)
def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:  # noqa: ARG001 - the path that nobody knows
    """Answers what no other path does, in the shape that programs read."""
    return say_no(request, UnknownPath())


api.add_router("", management.router)
api.add_router("", leftovers)  # the last one: it answers what no other does


@api.exception_handler(Refusal)
def say_no(request: HttpRequest, no: Refusal) -> HttpResponse:
    """This will answer a refusal as OpenAI does, or as Anthropic where its clients ask."""
    dialect = anthropic_answer if request.path.startswith(MESSAGES) else openai_answer
    status, headers, body = dialect.refusal(no)
    answer = HttpResponse(body, status=status, content_type="application/json")
    for name, value in headers:
        answer[name.decode()] = value.decode()
    return answer


@api.exception_handler(Http404)
def say_nothing_here(request: HttpRequest, _error: Http404) -> HttpResponse:
    """This will answer what is not there in the same shape."""
    return say_no(request, UnknownPath())


@api.exception_handler(ValidationError)
def say_unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """This will name the first parameter that cannot be read."""
    name, why = error.errors[0]["loc"][-1], error.errors[0]["msg"]
    return say_no(request, Unreadable(name=name, why=why, param=name))


@api.exception_handler(HttpError)
def say_invalid(request: HttpRequest, error: HttpError) -> HttpResponse:
    """This will answer what the framework refuses in the same shape."""
    return say_no(request, WrongMethod(problem=type(error).__name__))


def _offer(name: str) -> Offer | None:
    try:
        return catalog.offer(name)
    except (catalog.NotConnected, catalog.UnknownModel):
        return None


def _assistants(caller: Caller, found: dict[str, ChatModel]) -> list[Json]:
    """Those that the key may call, whose model it may call too."""
    return [
        _assistant(version, offer, found[offer.slug], name=version.assistant.model_id)
        for version, offer in showcase.callable_by(caller)
        if offer.slug in found
    ]


def _assistant(version: AssistantVersion, offer: Offer, found: ChatModel, *, name: str) -> Json:
    """In the shape of a model, with its own name and bound; of what it is told not a word."""
    longest = min(version.max_output_tokens or offer.max_output_tokens, offer.max_output_tokens)
    return _model(name, offer, found) | {
        "owned_by": "assistant",
        "created": int(version.created_at.timestamp()),
        "name": version.assistant.name,
        "description": version.assistant.summary,
        "top_provider": {"context_length": offer.context_tokens, "max_completion_tokens": longest},
    }


def _model(name: str, offer: Offer, found: ChatModel) -> Json:
    return {
        "id": name,
        "object": "model",
        "created": int(found.published_at.timestamp()) if found.published_at else 0,
        "owned_by": offer.vendor_name,
        "canonical_slug": offer.slug,
        "name": found.name,
        "description": found.summary,
        "state": found.state,
        "expiration_date": found.retires_date and found.retires_date.isoformat(),
        "replacement": found.successor and found.successor.slug,
        "context_length": offer.context_tokens,
        "pricing": {
            "unit": "credits per token",
            "prompt": figures.per_token(offer.rates.in_fresh),
            "completion": figures.per_token(offer.rates.out_text),
            "input_cache_read": figures.per_token(offer.rates.cache_read),
            "request": in_credits(offer.rates.per_request),
        },
        "top_provider": {
            "context_length": offer.context_tokens,
            "max_completion_tokens": offer.max_output_tokens,
        },
    }


urlpatterns = [path("", api.urls)]
