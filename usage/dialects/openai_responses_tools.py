"""The tools of OpenAI's Responses API that callers run themselves, and the functions that models know them as. Pure.

A caller shapes a function, a custom tool (which takes text instead of JSON) and a namespace of both. What only the
vendor could shape and run (search, a shell, an interpreter) is an offer that nobody here can keep: it is passed over.
"""

import hashlib
from collections.abc import Iterable

import msgspec
import orjson
from msgspec import Struct

from models_catalog.providers.base import ChatRequest
from usage.dialects import fields
from usage.dialects.fields import Json, Name
from usage.dialects.openai_chat import FunctionOffer

FUNCTION, CUSTOM, NAMESPACE = "function", "custom", "namespace"
DEFAULT_NAMESPACE = "functions"
"""What stands in it may as well stand by itself."""
LONGEST_NAME = 64
"""Longer names are not known to be taken by every vendor."""
TEXT = "input"
"""The one parameter of the function that a custom tool becomes."""
_TAKES_TEXT = {"type": "object", "properties": {TEXT: {"type": "string"}}, "required": [TEXT]}

Placed = tuple[str, Json]
"""An offer and where in the body it stands."""


class CustomOffer(Struct, frozen=True):
    """A tool that takes text, in a grammar perhaps."""

    name: Name
    description: str | None = None
    format: Json | None = None


class NamespaceOffer(Struct, frozen=True):
    """Tools under one name."""

    name: Name
    tools: list[Json]


class Tool(Struct, frozen=True):
    """How the caller knows a tool that the model knows as a plain function."""

    name: str
    namespace: str = ""
    takes_text: bool = False


class Question(ChatRequest, frozen=True, kw_only=True):
    """A request with what its answer needs to be written: the caller's tools by the names that the model knows.

    `wants_one_by_one` is whether the caller asked for one call of a tool at a time, which no upstream is told.
    """

    callers_tools: dict[str, Tool] = {}
    wants_one_by_one: bool = False


def read(offers: Iterable[Placed]) -> tuple[list[Json], dict[str, Tool]]:
    """This will return the functions to offer, and the caller's tools by their names; of one name the first counts.

    Raises `msgspec.ValidationError`.
    """
    functions: dict[str, Json] = {}
    tools: dict[str, Tool] = {}
    for tool, function in _each(offers, namespace=""):
        known = known_as(tool.name, namespace=tool.namespace)
        if known not in functions:
            functions[known] = {"type": FUNCTION, "function": function | {"name": known}}
            tools[known] = tool
    return list(functions.values()), tools


def known_as(name: str, *, namespace: str) -> str:
    """This will return the name under which a model knows a tool of a namespace."""
    if namespace in {"", DEFAULT_NAMESPACE}:
        return name
    known = f"{namespace.rstrip('_')}__{name}"
    if len(known) <= LONGEST_NAME:
        return known
    digest = hashlib.blake2b(known.encode(), digest_size=4).hexdigest()
    return f"{known[: LONGEST_NAME - len(digest) - 1]}_{digest}"


def arguments_of(text: str) -> str:
    """This will return the arguments by which a model calls a tool that takes text."""
    return msgspec.json.encode({TEXT: text}).decode()


def text_of(arguments: str) -> str:
    """This will return the text in such arguments; a model that wrote it as it is meant just that.

    What cannot be written out again, or is too deep to be read, is passed on as the model wrote it.
    """
    try:
        told = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        return arguments
    text = told.get(TEXT) if isinstance(told, dict) else None
    return text if isinstance(text, str) else arguments


def _each(offers: Iterable[Placed], *, namespace: str) -> Iterable[tuple[Tool, Json]]:
    for place, offer in offers:
        match offer.get("type"):
            case "function":
                function = fields.convert(offer, FunctionOffer, place=place)
                yield Tool(function.name, namespace), msgspec.to_builtins(function)
            case "custom":
                custom = fields.convert(offer, CustomOffer, place=place)
                told = {"description": _described(custom), "parameters": _TAKES_TEXT}
                yield Tool(custom.name, namespace, takes_text=True), told
            case "namespace" if not namespace:
                group = fields.convert(offer, NamespaceOffer, place=place)
                within = ((f"{place}.tools[{position}]", each) for position, each in enumerate(group.tools))
                yield from _each(within, namespace=group.name)


def _described(custom: CustomOffer) -> str:
    grammar = (custom.format or {}).get("definition")
    text = custom.description or ""
    return f"{text}\n\nIts input follows this grammar:\n{grammar}".strip() if isinstance(grammar, str) else text
