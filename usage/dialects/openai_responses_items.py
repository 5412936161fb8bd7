"""The items of OpenAI's Responses API, rebuilt as the messages that models read. Pure.

An item that is not known tells of a tool that is not served, and is passed over; one that stands for what is not here,
such as a reference or a sealed summary, is refused.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from usage.dialects import fields, openai_responses_tools
from usage.dialects.fields import UNREAD, BadRequest, Json, Name, Short

BETWEEN_TEXTS = "\n\n"
"""Between the parts of one message, and between messages that are read as one."""
ADDITIONAL_TOOLS = "additional_tools"


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


Parts = list[InputText | OutputText | RefusalPart | ImagePart | FilePart]
CallId = Annotated[Short, Meta(min_length=1)]


class Message(Struct, frozen=True):
    """One message of the conversation; its type may be left out."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | Parts


class FunctionCall(Struct, frozen=True):
    """A call of a function by the model."""

    call_id: CallId
    name: Name
    arguments: str
    namespace: Name | None = None


class CustomCall(Struct, frozen=True):
    """A call of a tool that takes text."""

    call_id: CallId
    name: Name
    input: str
    namespace: Name | None = None


class Outcome(Struct, frozen=True):
    """What a tool that the model called gave back."""

    call_id: CallId
    output: str | Parts


class AdditionalTools(Struct, frozen=True):
    """Tools that stand between the items."""

    tools: list[Json]


_SHAPES: dict[object, type[Struct]] = {
    "message": Message,
    "function_call": FunctionCall,
    "custom_tool_call": CustomCall,
    "function_call_output": Outcome,
    "custom_tool_call_output": Outcome,
}
_ELSEWHERE = {"item_reference", "compaction", "compaction_summary", "context_compaction"}


def messages_of(items: Sequence[Json], *, instructions: str) -> list[Json]:
    """This will return the messages, of which the first is all that instructs the model before anybody speaks.

    Raises `BadRequest` and `msgspec.ValidationError`.
    """
    asked: list[Json] = []
    for position, item in enumerate(items):
        _add(asked, item, place=f"input[{position}]")
    if not asked:
        raise BadRequest(problem="input: there is nothing in it to answer", param="input")
    messages: list[Json] = []
    if instructions:
        _add_text(messages, "system", instructions)
        if asked[0]["role"] == "system":
            _add_text(messages, "system", asked.pop(0)["content"])
    return messages + asked


def offers_in(items: Sequence[Json]) -> list[openai_responses_tools.Placed]:
    """This will return the tools that are offered between the items."""
    found = []
    for position, item in enumerate(items):
        if item.get("type") == ADDITIONAL_TOOLS:
            place = f"input[{position}]"
            offered = fields.convert(item, AdditionalTools, place=place).tools
            found += [(f"{place}.tools[{each}]", tool) for each, tool in enumerate(offered)]
    return found


def _add(messages: list[Json], item: Json, *, place: str) -> None:
    kind: Any = item.get("type", "message")
    if not isinstance(kind, str):
        raise BadRequest(problem=f"{place}.type: it is not a name", param=f"{place}.type")
    if kind in _ELSEWHERE:
        raise BadRequest(problem=f"{place}: this leads to what is not here; send the items themselves", param=place)
    if kind not in _SHAPES:
        return
    match fields.convert(item, _SHAPES[kind], place=place):
        case Message() as said:
            text = _text_of(said.content, place=f"{place}.content")
            role = "system" if said.role == "developer" else said.role
            _add_text(messages, role, text)
        case FunctionCall() as call:
            _add_call(messages, call, call.arguments)
        case CustomCall() as call:
            _add_call(messages, call, openai_responses_tools.arguments_of(call.input))
        case Outcome() as told:
            messages.append({"role": "tool", "content": _text_of(told.output), "tool_call_id": told.call_id})


def _add_text(messages: list[Json], role: str, text: str) -> None:
    """But for people's, neighbors of one role become one message: many a model knows no two system prompts."""
    if role != "user" and messages and messages[-1]["role"] == role:
        before = messages[-1]["content"]
        messages[-1]["content"] = f"{before}{BETWEEN_TEXTS}{text}" if before else text
    else:
        messages.append({"role": role, "content": text})


def _add_call(messages: list[Json], call: FunctionCall | CustomCall, arguments: str) -> None:
    """All that the model called in one turn stands in one message, beside what it said."""
    if not messages or messages[-1]["role"] != "assistant":
        messages.append({"role": "assistant", "content": None})
    name = openai_responses_tools.known_as(call.name, namespace=call.namespace or "")
    called = {"id": call.call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    messages[-1].setdefault("tool_calls", []).append(called)


def _text_of(content: str | Parts, *, place: str = "") -> str:
    """Images and files that a person shows are refused; without a place, the model is told that they are missing."""
    if isinstance(content, str):
        return content
    texts = []
    for position, part in enumerate(content):
        match part:
            case InputText() | OutputText():
                texts.append(part.text)
            case RefusalPart():
                texts.append(part.refusal)
            case _ if place:
                where = f"{place}[{position}]"
                raise BadRequest(problem=f"{where}: images and files are not read here; send text", param=where)
            case _:
                texts.append(UNREAD)
    return BETWEEN_TEXTS.join(texts)
