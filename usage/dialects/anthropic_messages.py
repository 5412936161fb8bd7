"""Reads Anthropic's Messages: what was said, shown and called becomes a request in the words that upstreams speak."""

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from models_catalog.providers.base import ChatRequest
from usage.dialects import fields
from usage.dialects.fields import UNREAD, BadRequest, Json, Name, Positive, Short

APART = "\n\n"
"""What stands between blocks of text: many upstreams read one text in a message, and no list of them."""
FAILED = "Error: "
"""What stands before what a tool says that failed."""
CHOICES = {"auto": "auto", "any": "required", "none": "none"}
THINKING = {"enabled", "adaptive"}


class Text(Struct, frozen=True, tag_field="type", tag="text"):
    """A piece of text."""

    text: str


class Thought(Struct, frozen=True, tag_field="type", tag="thinking"):
    """What the model thought on an earlier turn: nothing that an upstream could be told again."""


class HiddenThought(Struct, frozen=True, tag_field="type", tag="redacted_thinking"):
    """The same, encrypted by who made it."""


class Image(Struct, frozen=True, tag_field="type", tag="image"):
    """A picture, which is told apart only to be refused in words."""


class Document(Struct, frozen=True, tag_field="type", tag="document"):
    """A document, likewise."""


class ToolUse(Struct, frozen=True, tag_field="type", tag="tool_use"):
    """One call of a tool by the model."""

    id: Short
    name: Name
    input: Json


class ToolResult(Struct, frozen=True, tag_field="type", tag="tool_result"):
    """What a tool answered."""

    tool_use_id: Short
    content: str | list[Json] | None = None
    is_error: bool | None = None


class Asking(Struct, frozen=True, tag_field="role", tag="user"):
    """A message of the caller."""

    content: str | list[Text | Image | Document | ToolResult]


class Answering(Struct, frozen=True, tag_field="role", tag="assistant"):
    """A message of the model."""

    content: str | list[Text | Thought | HiddenThought | ToolUse]


class Instructing(Struct, frozen=True, tag_field="role", tag="system"):
    """Instructions that came in the middle of the conversation."""

    content: str | list[Text]


class Tool(Struct, frozen=True):
    """A tool on offer that the caller runs."""

    name: Name
    input_schema: Json
    description: str | None = None
    type: Literal["custom"] | None = None
    strict: bool | None = None


class ToolChoice(Struct, frozen=True):
    """Whether the model may, must or must not call a tool, or which one it must call."""

    type: Literal["auto", "any", "none", "tool"]
    name: Name = ""


class Thinking(Struct, frozen=True):
    """Whether the caller wants to read what the model thinks."""

    type: Short = ""


class OutputFormat(Struct, frozen=True):
    """The shape that the answer must have."""

    type: Literal["json_schema"]
    schema: Json


class OutputConfig(Struct, frozen=True):
    """How the answer is to be."""

    format: OutputFormat | None = None


class Metadata(Struct, frozen=True):
    """What the caller says about the call."""

    user_id: Short | None = None


class Prompt(Struct, frozen=True, kw_only=True):
    """The fields that make a prompt; all others are dropped, none is passed on unread."""

    model: Annotated[str, Meta(min_length=1, max_length=128)]
    messages: Annotated[list[Asking | Answering | Instructing], Meta(min_length=1, max_length=4096)]
    system: str | list[Text] | None = None
    tools: Annotated[list[Tool], Meta(max_length=128)] | None = None
    tool_choice: ToolChoice | None = None
    output_config: OutputConfig | None = None


class Body(Prompt, frozen=True, kw_only=True):
    """The fields that are understood beside the prompt's."""

    max_tokens: Positive
    stream: bool | None = None
    stop_sequences: Annotated[list[Short], Meta(max_length=4)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    thinking: Thinking | None = None
    metadata: Metadata | None = None


class Question(ChatRequest, frozen=True, kw_only=True):
    """A request with what its answer needs to be written: whether it shows what the model thought."""

    shows_thoughts: bool = False


def read(body: bytes) -> Question:
    """This will rebuild a request from `body`. Raises `strict_json.BadJson` and `BadRequest`."""
    return fields.read(body, Body, rebuild=_rebuild)


def read_prompt(body: bytes) -> Question:
    """This will rebuild only the prompt, of which the tokens are to be counted; raises the same."""
    return fields.read(body, Prompt, rebuild=_prompt)


def _rebuild(body: Body) -> Question:
    return msgspec.structs.replace(
        _prompt(body),
        stream=bool(body.stream),
        max_output_tokens=body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        stop=body.stop_sequences or None,
        shows_thoughts=body.thinking is not None and body.thinking.type in THINKING,
        user=(body.metadata and body.metadata.user_id) or "",
    )


def _prompt(prompt: Prompt) -> Question:
    system = [{"role": "system", "content": _text(prompt.system)}] if prompt.system else []
    said = [each for message in prompt.messages for each in _said(message)]
    return Question(
        model=prompt.model,
        messages=[*system, *said],
        tools=[_tool(tool) for tool in prompt.tools] if prompt.tools else None,
        tool_choice=_tool_choice(prompt.tool_choice, prompt.tools or []) if prompt.tool_choice else None,
        response_format=_response_format(prompt.output_config),
    )


def _said(message: Asking | Answering | Instructing) -> list[Json]:
    if isinstance(message, Answering):
        return [_answered(message.content)]
    if isinstance(message, Asking):
        return _asked(message.content)
    return [{"role": "system", "content": _text(message.content)}]


def _asked(content: str | list[Text | Image | Document | ToolResult]) -> list[Json]:
    """What tools answered comes first: it must follow the calls at once."""
    if isinstance(content, str):
        return [{"role": "user", "content": content}]
    results = [
        {"role": "tool", "tool_call_id": block.tool_use_id, "content": _told(block)}
        for block in content
        if isinstance(block, ToolResult)
    ]
    rest = [block for block in content if not isinstance(block, ToolResult)]
    return [*results, {"role": "user", "content": _text(rest)}] if rest or not results else results


def _told(result: ToolResult) -> str:
    """What is no text cannot be left out by a program that sends what its tool gave, so the model is told of it."""
    content = result.content or ""
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    told = APART.join(_piece(block) for block in blocks)
    return f"{FAILED}{told}" if result.is_error else told


def _piece(block: Json) -> str:
    return fields.convert(block, Text, place="messages").text if block.get("type") == "text" else UNREAD


def _answered(content: str | list[Text | Thought | HiddenThought | ToolUse]) -> Json:
    if isinstance(content, str):
        return {"role": "assistant", "content": content}
    text = _text(block for block in content if isinstance(block, Text))
    calls = [_call(block) for block in content if isinstance(block, ToolUse)]
    if not calls:
        return {"role": "assistant", "content": text}
    return {"role": "assistant", "content": text or None, "tool_calls": calls}


def _call(used: ToolUse) -> Json:
    arguments = msgspec.json.encode(used.input).decode()
    return {"id": used.id, "type": "function", "function": {"name": used.name, "arguments": arguments}}


def _text(content: str | Iterable[Text | Image | Document]) -> str:
    if isinstance(content, str):
        return content
    return APART.join(map(_readable, content))


def _readable(block: Text | Image | Document) -> str:
    if isinstance(block, Text):
        return block.text
    raise BadRequest(problem="messages: images and documents are not read here, only text", param="messages")


def _tool(tool: Tool) -> Json:
    function: Json = {"name": tool.name, "parameters": tool.input_schema}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def _tool_choice(choice: ToolChoice, tools: list[Tool]) -> str | Json | None:
    if choice.type != "tool":
        return CHOICES[choice.type] if tools else None
    if choice.name not in {tool.name for tool in tools}:
        raise BadRequest(problem="tool_choice: no tool of this name is among the tools", param="tool_choice")
    return {"type": "function", "function": {"name": choice.name}}


def _response_format(wished: OutputConfig | None) -> Json | None:
    if wished is None or wished.format is None:
        return None
    schema = {"name": "answer", "schema": wished.format.schema, "strict": True}
    return {"type": "json_schema", "json_schema": schema}
