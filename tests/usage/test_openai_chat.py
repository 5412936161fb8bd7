"""How a Chat Completions request is read: rebuilt from what is allowed, refused where it is ambiguous."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.refusals import Refusal
from usage.dialects import openai_chat
from usage.dialects.fields import BadRequest

QUESTION = [{"role": "user", "content": "Why is the sky blue?"}]
BAD_BODIES = [
    b"{",
    b"[1]",
    b"\xff",
    b"NaN",
    b'{"model":"m","model":"n","messages":[{"role":"user","content":"x"}]}',
    b'{"model":"m","messages":[{"role":"user","content":"\\ud800"}]}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":' + b"9" * 5000 + b"}",
    *(
        b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":'
        b'{"name":"f","parameters":{"const":%d}}}]}' % number
        for number in (2**64, -(2**63) - 1)
    ),
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":1e400}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":NaN}',
    b"[" * 5000,
    b"[" * 40 + b"]" * 40,
]
BAD_LIMITS: list[Any] = [-1, 0, 10**9, "100", True, 1.5, 2**63, []]
BAD_TEMPERATURES: list[Any] = [-0.1, 2.1, "hot", []]
BAD_FIELDS: list[dict[str, Any]] = [
    *({"max_tokens": value} for value in BAD_LIMITS),
    *({"n": value} for value in (0, -1, 10**6, 18446744073686646784, 1.5)),
    *({"temperature": value} for value in BAD_TEMPERATURES),
    {"stop": ["x"] * 5},
    {"stop": "x" * 300},
    {"seed": 2**63},
    {"user": "a\0b"},
    {"messages": []},
    {"messages": "hi"},
    {"messages": [{"role": "root", "content": "x"}]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://10.0.0.1"}}]}]},
    {"model": ""},
    {"stream": "yes"},
    {"tools": [{"type": "function", "function": {"name": "a b"}}]},
]


def body(**fields: object) -> bytes:
    return json.dumps({"model": "everyday", "messages": QUESTION, **fields}).encode()


class TestRead:
    def test_keeps_what_is_allowed(self) -> None:
        request = openai_chat.read(
            body(max_completion_tokens=9, stop="\n", n=2, stream=True, stream_options={"include_usage": True})
        )
        assert (request.max_output_tokens, request.stop, request.n) == (9, ["\n"], 2)
        assert request.stream
        assert request.include_usage
        assert request.messages == QUESTION

    def test_drops_what_it_does_not_know(self) -> None:
        request = openai_chat.read(body(api_base="http://10.0.0.1", __proto__={"admin": True}, metadata={}))
        assert request == openai_chat.read(body())

    @pytest.mark.parametrize("bad", BAD_BODIES)
    def test_refuses_what_is_not_plain_json(self, bad: bytes) -> None:
        with pytest.raises(Refusal) as no:
            openai_chat.read(bad)
        assert no.value.status == 400
        assert "Nothing was charged" in str(no.value)

    @pytest.mark.parametrize("fields", BAD_FIELDS)
    def test_refuses_values_out_of_bounds(self, fields: dict[str, Any]) -> None:
        with pytest.raises(BadRequest):
            openai_chat.read(body(**fields))

    @given(st.binary(max_size=200))
    def test_refuses_or_reads_any_bytes(self, noise: bytes) -> None:
        with pytest.raises(Refusal):
            openai_chat.read(noise)
