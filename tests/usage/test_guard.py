"""What the guard of a child's line looks at: all that a program sends, and of a chat what the child wrote."""

import json
from typing import Any

import pytest

from models_catalog.providers.base import ChatRequest
from usage import guard
from usage.guard import HeldBack, NoPersonalData

PHONE = "13812345678"
FORBIDDEN = f"My phone number is {PHONE}, call me"
ASKED = {"role": "user", "content": "And then?"}


def answered(**said: object) -> dict[str, Any]:
    return {"role": "assistant", "content": None, **said}


def calling(arguments: str, name: str = "note") -> dict[str, Any]:
    return answered(tool_calls=[{"id": "a", "type": "function", "function": {"name": name, "arguments": arguments}}])


def request(*messages: dict[str, Any], **more: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=[*messages], **more)


ESCAPED = json.dumps({"text": FORBIDDEN}).replace("phone", "\\u0070hone").replace("1", "\\u0031")
HIDDEN = {
    "answer": request(answered(content=FORBIDDEN), ASKED),
    "parts": request(answered(content=[{"type": "text", "text": "I"}, {"type": "refusal", "refusal": FORBIDDEN}])),
    "arguments": request(calling(json.dumps({"to": ["me", {"text": FORBIDDEN}]})), ASKED),
    "escapes": request(calling(ESCAPED), ASKED),
    "no JSON": request(calling(FORBIDDEN), ASKED),
    "deep": request(calling("[" * 1000 + json.dumps(FORBIDDEN) + "]" * 1000), ASKED),
    "name": request(ASKED | {"name": FORBIDDEN}),
    "shape": request(ASKED, response_format={"type": "json_schema", "json_schema": {"schema": {"const": FORBIDDEN}}}),
    "words apart": request(ASKED, response_format={"type": "json_schema", "json_schema": {"enum": FORBIDDEN.split()}}),
    "a number": request(ASKED, response_format={"json_schema": {"My phone number is": int(PHONE)}}),
}


class TestCheckAll:
    @pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
    def test_refuses_what_hides_where_the_model_will_read_it(self, hidden: ChatRequest) -> None:
        with pytest.raises(NoPersonalData):
            guard.check_all(hidden, tier="under_12")

    def test_lets_pass_what_is_harmless(self) -> None:
        shape = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object", "maximum": 9}}}
        harmless = request(ASKED, answered(content="It rains."), calling('{"city": "Paris"}'), response_format=shape)
        guard.check_all(harmless, tier="under_12")


class TestCheck:
    def test_does_not_look_at_what_the_portal_wrote(self) -> None:
        guard.check(request(ASKED, answered(content=FORBIDDEN), ASKED), tier="under_12")

    def test_refuses_what_the_child_says(self) -> None:
        with pytest.raises(HeldBack):
            guard.check(request(ASKED | {"content": FORBIDDEN}), tier="under_12")
