"""Reads OpenAI's Chat Completions: a request is rebuilt from an allow-list, with bounds on every number."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from models_catalog.providers.base import ChatRequest
from usage.dialects import fields
from usage.dialects.fields import Json, Name, Positive, Short

Penalty = Annotated[float, Meta(ge=-2, le=2)]


class TextPart(Struct, frozen=True, tag_field="type", tag="text"):
    """A piece of text."""

    text: str


class RefusalPart(Struct, frozen=True, tag_field="type", tag="refusal"):
    """A piece in which the model refused."""

    refusal: str


class CalledFunction(Struct, frozen=True):
    """What a model called."""

    name: Name
    arguments: str


class ToolCall(Struct, frozen=True):
    """One call of a tool by the model."""

    id: Short
    function: CalledFunction
    type: Literal["function"] = "function"


class Message(Struct, frozen=True, omit_defaults=True):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart | RefusalPart] | None = None
    name: Short | None = None
    tool_calls: Annotated[list[ToolCall], Meta(max_length=128)] | None = None
    tool_call_id: Short | None = None


class FunctionOffer(Struct, frozen=True, omit_defaults=True):
    """A function that the model may call."""

    name: Name
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class Tool(Struct, frozen=True):
    """A tool on offer."""

    function: FunctionOffer
    type: Literal["function"]


class ChosenFunction(Struct, frozen=True):
    """The name of a function."""

    name: Name


class ToolChoice(Struct, frozen=True):
    """The tool that the model must call."""

    function: ChosenFunction
    type: Literal["function"]


class ResponseFormat(Struct, frozen=True, omit_defaults=True):
    """The shape that the answer must have."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: Json | None = None


class StreamOptions(Struct, frozen=True):
    """What a stream should carry beside the answer."""

    include_usage: bool | None = None


class Body(Struct, frozen=True):
    """The fields that are understood; all others are dropped, none is passed on unread."""

    model: Annotated[str, Meta(min_length=1, max_length=128)]
    messages: Annotated[list[Message], Meta(min_length=1, max_length=4096)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Positive | None = None
    max_completion_tokens: Positive | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop: Short | Annotated[list[Short], Meta(max_length=4)] | None = None
    n: Annotated[int, Meta(ge=1, le=4)] | None = None
    tools: Annotated[list[Tool], Meta(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    response_format: ResponseFormat | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    user: Short | None = None


def read(body: bytes) -> ChatRequest:
    """This will rebuild a request from `body`. Raises `strict_json.BadJson` and `BadRequest`."""
    return fields.read(body, Body, rebuild=_rebuild)


def _rebuild(body: Body) -> ChatRequest:
    stop = [body.stop] if isinstance(body.stop, str) else body.stop
    return ChatRequest(
        model=body.model,
        messages=msgspec.to_builtins(body.messages),
        stream=bool(body.stream),
        max_output_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        stop=stop or None,
        n=body.n or 1,
        tools=msgspec.to_builtins(body.tools),
        tool_choice=msgspec.to_builtins(body.tool_choice),
        response_format=msgspec.to_builtins(body.response_format),
        seed=body.seed,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        include_usage=bool(body.stream_options and body.stream_options.include_usage),
        user=body.user or "",
    )
