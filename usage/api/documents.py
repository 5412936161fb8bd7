"""What the API's documents say beside what the code of its paths says by itself."""

from typing import Any

INTRODUCTION = (
    "Speaks OpenAI's Chat Completions: point any OpenAI client at this address, with a key of yours. "
    "Every answer carries x-request-id (the call's id), x-credits-charged and x-credits-left, x-output-limit (how many "
    "tokens it may have) and, for each soft quota that is past its limit, x-quota-over. The header "
    "x-scenario says what a call is for, by the scenario's name or id; a refusal's ask_url leads to where more can be "
    "asked for. "
    "What manages keys and reads figures asks for a management key, which calls no models."
)

_ERROR = {
    "description": "A refusal; nothing was charged.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "error": {
                        "type": "object",
                        "properties": {name: {"type": "string"} for name in ("message", "type", "code")},
                    }
                },
            }
        }
    },
}
_MESSAGE = {
    "type": "object",
    "required": ["role"],
    "properties": {
        "role": {"enum": ["system", "developer", "user", "assistant", "tool"]},
        "content": {"type": "string"},
    },
}
_BODY = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {
        "model": {"type": "string", "example": "everyday"},
        "messages": {"type": "array", "minItems": 1, "items": _MESSAGE},
        "stream": {"type": "boolean"},
        "stream_options": {"type": "object", "properties": {"include_usage": {"type": "boolean"}}},
        "max_tokens": {"type": "integer", "minimum": 1},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
        "top_p": {"type": "number", "minimum": 0, "maximum": 1},
        "n": {"type": "integer", "minimum": 1, "maximum": 4},
        "stop": {"type": "array", "maxItems": 4, "items": {"type": "string"}},
        "seed": {"type": "integer"},
        "user": {"type": "string", "maxLength": 256},
    },
}

CHAT_COMPLETIONS: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}},
    "responses": {
        200: {"description": "The answer."},
        **dict.fromkeys((400, 401, 402, 403, 404, 409, 413, 415, 422, 429, 502, 503), _ERROR),
    },
}
