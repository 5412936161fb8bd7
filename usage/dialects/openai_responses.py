"""Reads OpenAI's Responses API: a request is rebuilt from an allow-list; what needs memory is refused by name. Pure."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from usage.dialects import fields, openai_responses_items, openai_responses_tools
from usage.dialects.fields import BadRequest, Json, Name, Positive, Short
from usage.dialects.openai_responses_tools import Question, Tool


class ChosenTool(Struct, frozen=True):
    """The tool that the model must call."""

    type: Literal["function", "custom"]
    name: Name


class PlainFormat(Struct, frozen=True, tag_field="type", tag="text"):
    """An answer in any shape."""


class ObjectFormat(Struct, frozen=True, tag_field="type", tag="json_object"):
    """An answer that is some JSON object."""


class SchemaFormat(Struct, frozen=True, tag_field="type", tag="json_schema", omit_defaults=True):
    """An answer that is JSON of one shape."""

    name: Name
    schema: Json
    description: str | None = None
    strict: bool | None = None


class Text(Struct, frozen=True):
    """How the answer's text should be."""

    format: PlainFormat | ObjectFormat | SchemaFormat | None = None


class Body(Struct, frozen=True):
    """The fields that are understood; all others are dropped, none is passed on unread."""

    model: Annotated[str, Meta(min_length=1, max_length=128)]
    input: str | Annotated[list[Json], Meta(max_length=4096)]
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: Positive | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    tools: Annotated[list[Json], Meta(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    parallel_tool_calls: bool | None = None
    text: Text | None = None
    user: Short | None = None
    safety_identifier: Short | None = None
    prompt_cache_key: Short | None = None
    background: bool | None = None
    previous_response_id: Any = None
    conversation: Any = None
    prompt: Any = None


_REFUSED = {
    "previous_response_id": "no answer is kept here, so send the whole conversation in `input`",
    "conversation": "no conversation is kept here, so send all of it in `input`",
    "prompt": "no prompts are kept here, so send the text itself in `instructions` and `input`",
    "background": "an answer is given at once or not at all, so leave this out and use `stream`",
}


def read(body: bytes) -> Question:
    """This will rebuild a request from `body`. Raises `strict_json.BadJson` and `BadRequest`."""
    return fields.read(body, Body, rebuild=_rebuild)


def _rebuild(body: Body) -> Question:
    for name, problem in _REFUSED.items():
        if getattr(body, name):
            raise BadRequest(problem=f"{name}: {problem}", param=name)
    items = [{"role": "user", "content": body.input}] if isinstance(body.input, str) else body.input
    offers = [(f"tools[{position}]", tool) for position, tool in enumerate(body.tools or ())]
    functions, tools = openai_responses_tools.read([*offers, *openai_responses_items.offers_in(items)])
    return Question(
        model=body.model,
        messages=openai_responses_items.messages_of(items, instructions=body.instructions or ""),
        stream=bool(body.stream),
        max_output_tokens=body.max_output_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        tools=functions or None,
        tool_choice=_tool_choice(body.tool_choice, tools),
        response_format=_response_format(body.text),
        user=body.user or body.safety_identifier or body.prompt_cache_key or "",
        callers_tools=tools,
        wants_one_by_one=body.parallel_tool_calls is False,
    )


def _tool_choice(choice: str | ChosenTool | None, tools: dict[str, Tool]) -> str | Json | None:
    """Without a tool there is nothing to choose, so only a call that must be is a mistake."""
    if isinstance(choice, ChosenTool):
        if choice.name not in tools:
            raise BadRequest(problem="tool_choice: no tool of this name is among the tools", param="tool_choice")
        return {"type": "function", "function": {"name": choice.name}}
    if choice == "required" and not tools:
        raise BadRequest(problem="tool_choice: there is no tool that could be called", param="tool_choice")
    return choice if tools else None


def _response_format(text: Text | None) -> Json | None:
    match text.format if text else None:
        case ObjectFormat():
            return {"type": "json_object"}
        case SchemaFormat() as shape:
            schema = msgspec.to_builtins(shape)
            return {"type": schema.pop("type"), "json_schema": schema}
        case _:
            return None
