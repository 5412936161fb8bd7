"""Reads OpenAI's Responses API: its items are rebuilt as the messages that models read; nothing is kept between calls.

What only makes sense where answers are stored is refused by name. Tools other than functions are offers of what the
vendor would run itself (search, a shell, an interpreter): nobody here runs them, so the model never hears of them.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from models_catalog.providers.base import ChatRequest
from usage.dialects import fields
from usage.dialects.fields import BadRequest, Json, Name, Positive, Short
from usage.dialects.openai_chat import FunctionOffer

BETWEEN_TEXTS = "\n\n"
"""Between the parts of one message, and between messages that are read as one."""


class InputText(Struct, frozen=True, tag_field="type", tag="input_text"):
    """A piece of text that was said to the model."""

    text: str


class OutputText(Struct, frozen=True, tag_field="type", tag="output_text"):
    """A piece of text that the model said."""

    text: str


class RefusalPart(Struct, frozen=True, tag_field="type", tag="refusal"):
    """A piece in which the model refused."""

    refusal: str


class ImagePart(Struct, frozen=True, tag_field="type", tag="input_image"):
    """An image, which is not read here."""


class FilePart(Struct, frozen=True, tag_field="type", tag="input_file"):
    """A file, which is not read here."""


Content = str | list[InputText | OutputText | RefusalPart | ImagePart | FilePart]


class Message(Struct, frozen=True):
    """One message of the conversation; its type may be left out."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Content


class FunctionCall(Struct, frozen=True):
    """A call of a function by the model."""

    call_id: Annotated[Short, Meta(min_length=1)]
    name: Name
    arguments: str


class FunctionOutput(Struct, frozen=True):
    """What a function that the model called gave back."""

    call_id: Annotated[Short, Meta(min_length=1)]
    output: Content


class ChosenFunction(Struct, frozen=True):
    """The function that the model must call."""

    type: Literal["function"]
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
    tool_choice: Literal["none", "auto", "required"] | ChosenFunction | None = None
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
_SHAPES: dict[object, type[Message | FunctionCall | FunctionOutput]] = {
    "message": Message,
    "function_call": FunctionCall,
    "function_call_output": FunctionOutput,
}
REASONING = "reasoning"
"""What the model thought before; it is given back by clients, and no model here reads it again."""


def read(body: bytes) -> ChatRequest:
    """This will rebuild a request from `body`. Raises `strict_json.BadJson` and `BadRequest`."""
    return fields.read(body, Body, rebuild=_rebuild)


def _rebuild(body: Body) -> ChatRequest:
    for name, problem in _REFUSED.items():
        if getattr(body, name):
            raise BadRequest(problem=f"{name}: {problem}", param=name)
    tools = _tools(body.tools or [])
    return ChatRequest(
        model=body.model,
        messages=_messages(body),
        stream=bool(body.stream),
        max_output_tokens=body.max_output_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        tools=tools or None,
        tool_choice=_tool_choice(body.tool_choice, tools),
        response_format=_response_format(body.text),
        user=body.user or body.safety_identifier or body.prompt_cache_key or "",
    )


def _messages(body: Body) -> list[Json]:
    items = [{"role": "user", "content": body.input}] if isinstance(body.input, str) else body.input
    asked: list[Json] = []
    for position, item in enumerate(items):
        _add_item(asked, item, place=f"input[{position}]")
    if not asked:
        raise BadRequest(problem="input: there is nothing in it to answer", param="input")
    messages: list[Json] = []
    if body.instructions:
        _add_text(messages, "system", body.instructions)
    if messages and asked[0]["role"] == "system":
        _add_text(messages, "system", asked.pop(0)["content"])
    return messages + asked


def _add_item(messages: list[Json], item: Json, *, place: str) -> None:
    kind = item.get("type", "message")
    if kind == REASONING:
        return
    if kind == "item_reference":
        raise BadRequest(problem=f"{place}: nothing is kept here to refer to, so send the item itself", param=place)
    if not isinstance(kind, str) or kind not in _SHAPES:
        raise BadRequest(problem=f"{place}.type: items of this type are not read here", param=f"{place}.type")
    match _converted(item, _SHAPES[kind], place=place):
        case Message(role="user") as said:
            messages.append({"role": "user", "content": _text_of(said.content, place=f"{place}.content")})
        case Message() as said:
            role = "assistant" if said.role == "assistant" else "system"
            _add_text(messages, role, _text_of(said.content, place=f"{place}.content"))
        case FunctionCall() as call:
            _add_call(messages, call)
        case FunctionOutput() as given:
            text = _text_of(given.output, place=f"{place}.output")
            messages.append({"role": "tool", "content": text, "tool_call_id": given.call_id})


def _add_text(messages: list[Json], role: str, text: str) -> None:
    """Neighbors of one role become one message: many a model reads one system prompt, and one turn of its own."""
    if messages and messages[-1]["role"] == role:
        before = messages[-1]["content"]
        messages[-1]["content"] = f"{before}{BETWEEN_TEXTS}{text}" if before else text
    else:
        messages.append({"role": role, "content": text})


def _add_call(messages: list[Json], call: FunctionCall) -> None:
    """All that the model called in one turn stands in one message, beside what it said."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    function = {"name": call.name, "arguments": call.arguments}
    messages[-1].setdefault("tool_calls", []).append({"id": call.call_id, "type": "function", "function": function})


def _text_of(content: Content, *, place: str) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for position, part in enumerate(content):
        match part:
            case InputText() | OutputText():
                texts.append(part.text)
            case RefusalPart():
                texts.append(part.refusal)
            case _:
                where = f"{place}[{position}]"
                raise BadRequest(problem=f"{where}: images and files are not read here; send text", param=where)
    return BETWEEN_TEXTS.join(texts)


def _tools(offered: list[Json]) -> list[Json]:
    functions = [
        _converted(tool, FunctionOffer, place=f"tools[{position}]")
        for position, tool in enumerate(offered)
        if tool.get("type") == "function"
    ]
    return [{"type": "function", "function": msgspec.to_builtins(function)} for function in functions]


def _tool_choice(choice: str | ChosenFunction | None, tools: list[Json]) -> str | Json | None:
    """Without a function on offer there is nothing to choose, so only a call that must be is a mistake."""
    if isinstance(choice, ChosenFunction):
        if choice.name not in {tool["function"]["name"] for tool in tools}:
            raise BadRequest(problem="tool_choice: no function of this name is among the tools", param="tool_choice")
        return {"type": "function", "function": {"name": choice.name}}
    if choice == "required" and not tools:
        raise BadRequest(problem="tool_choice: there is no function among the tools", param="tool_choice")
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


def _converted(value: Json, shape: type[Any], *, place: str) -> Any:
    """Says where in the whole body a field is wrong, as for fields that are read with it."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        problem, _, within = str(error).partition(" - at `$")
        where = f"{problem} - at `$.{place}{within.rstrip('`')}`"
        raise msgspec.ValidationError(where) from None
