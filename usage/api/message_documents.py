"""What the API's documents say of Anthropic's Messages."""

from typing import Any

Schema = dict[str, Any]


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, **({"required": [*required]} if required else {})}


_TEXT = {"type": "string"}
_DETAILS = _object(error_code=_TEXT)
_ERROR = {
    "description": "A refusal; nothing was charged.",
    "content": _json(
        _object(
            type={"enum": ["error"]},
            error=_object(type=_TEXT, message=_TEXT, details=_DETAILS),
            request_id={"type": ["string", "null"]},
        )
    ),
}
_REFUSALS = dict.fromkeys((400, 401, 402, 403, 404, 409, 413, 415, 422, 429, 502, 503, 504, 529), _ERROR)
_BLOCK = _object(
    ("type",),
    type={"enum": ["text", "thinking", "redacted_thinking", "tool_use", "tool_result"]},
    text=_TEXT,
    id=_TEXT,
    name=_TEXT,
    input=_object(),
    tool_use_id=_TEXT,
    content={"oneOf": [_TEXT, {"type": "array", "items": _object(("type",), type=_TEXT, text=_TEXT)}]},
    is_error={"type": "boolean"},
)
_TEXTS = {"oneOf": [_TEXT, {"type": "array", "items": _BLOCK}]}
_MESSAGE = _object(("role", "content"), role={"enum": ["user", "assistant", "system"]}, content=_TEXTS)
_TOOL = _object(("name", "input_schema"), name=_TEXT, description=_TEXT, input_schema=_object())
_TOOL_CHOICE = _object(("type",), type={"enum": ["auto", "any", "none", "tool"]}, name=_TEXT)
_PROMPT: dict[str, Schema] = {
    "model": {"type": "string", "example": "everyday"},
    "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
    "system": _TEXTS,
    "tools": {"type": "array", "maxItems": 128, "items": _TOOL},
    "tool_choice": _TOOL_CHOICE,
    "output_config": _object(format=_object()),
}
_CALL = {
    **_PROMPT,
    "max_tokens": {"type": "integer", "minimum": 1},
    "stream": {"type": "boolean"},
    "stop_sequences": {"type": "array", "maxItems": 4, "items": _TEXT},
    "temperature": {"type": "number", "minimum": 0, "maximum": 1},
    "top_p": {"type": "number", "minimum": 0, "maximum": 1},
    "thinking": _object(("type",), type={"enum": ["enabled", "adaptive", "disabled"]}),
    "metadata": _object(user_id={"type": "string", "maxLength": 256}),
}


def _asking(required: tuple[str, ...], properties: dict[str, Schema], *, answer: Schema) -> Schema:
    return {
        "requestBody": {"required": True, "content": _json(_object(required, **properties))},
        "responses": {200: answer, **_REFUSALS},
    }


MESSAGES = _asking(("model", "max_tokens", "messages"), _CALL, answer={"description": "The message."})
COUNT_TOKENS = _asking(
    ("model", "messages"),
    _PROMPT,
    answer={
        "description": "How many tokens the prompt is thought to have.",
        "content": _json(_object(("input_tokens",), input_tokens={"type": "integer"})),
    },
)
