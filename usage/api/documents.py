"""What the API's documents say beside what the code of its paths says by itself."""

from typing import Any

INTRODUCTION = (
    "Speaks OpenAI's Chat Completions and Responses: point any OpenAI client at this address, with a key of yours. "
    "Speaks Anthropic's Messages: point its clients at this address without /v1, which they add themselves. "
    "Every answer carries x-request-id (the call's id), x-credits-charged and x-credits-left, x-output-limit (how many "
    "tokens it may have) and, for each soft quota that is past its limit, x-quota-over. Where a quota counts calls or "
    "tokens a minute, x-ratelimit-limit-requests, -remaining-requests and -reset-requests, or the same of tokens, tell "
    "of the tightest one; 429 rate_limit_exceeded says in retry-after when to come again. The header "
    "x-scenario says what a call is for, by the scenario's name or id; x-session-id names the session that it is of "
    "(at most 64 ASCII characters), for quotas of a session; a refusal's ask_url leads to where more can be asked for. "
    "Where a model is named, the id of an assistant may stand, such as assistant/translator: its instructions go "
    "before what you send, its bounds hold, and x-served-model names the model that answered. "
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

_PART = {
    "type": "object",
    "required": ["type"],
    "properties": {"type": {"enum": ["input_text", "output_text", "refusal"]}, "text": {"type": "string"}},
}
_TEXTS = {"oneOf": [{"type": "string"}, {"type": "array", "items": _PART}]}
_ITEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "default": "message", "example": "function_call_output"},
        "role": {"enum": ["system", "developer", "user", "assistant"]},
        "content": _TEXTS,
        "call_id": {"type": "string"},
        "name": {"type": "string"},
        "arguments": {"type": "string"},
        "input": {"type": "string"},
        "output": _TEXTS,
    },
}
_TOOL = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"type": "string", "example": "function"},
        "name": {"type": "string"},
        "description": {"type": "string"},
        "parameters": {"type": "object"},
        "strict": {"type": "boolean"},
    },
}
_FORMAT = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": ["text", "json_object", "json_schema"]},
        "name": {"type": "string"},
        "schema": {"type": "object"},
    },
}
_ITEMS_BODY = {
    "type": "object",
    "required": ["model", "input"],
    "properties": {
        "model": {"type": "string", "example": "everyday"},
        "input": {"oneOf": [{"type": "string"}, {"type": "array", "items": _ITEM}]},
        "instructions": {"type": "string"},
        "stream": {"type": "boolean"},
        "max_output_tokens": {"type": "integer", "minimum": 1},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2},
        "top_p": {"type": "number", "minimum": 0, "maximum": 1},
        "tools": {"type": "array", "maxItems": 128, "items": _TOOL},
        "tool_choice": {"oneOf": [{"enum": ["none", "auto", "required"]}, _TOOL]},
        "text": {"type": "object", "properties": {"format": _FORMAT}},
        "user": {"type": "string", "maxLength": 256},
        "safety_identifier": {"type": "string", "maxLength": 256},
        "prompt_cache_key": {"type": "string", "maxLength": 256},
    },
}


def _call(body: dict[str, Any]) -> dict[str, Any]:
    refusals = dict.fromkeys((400, 401, 402, 403, 404, 409, 413, 415, 422, 429, 502, 503, 504), _ERROR)
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {200: {"description": "The answer."}, **refusals},
    }


CHAT_COMPLETIONS = _call(_BODY)
RESPONSES = _call(_ITEMS_BODY)
