"""How a Messages request is read: turned into the words that upstreams speak, refused where it is ambiguous."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.refusals import Refusal
from tests.usage.test_openai_chat import BAD_BODIES
from usage.dialects import anthropic_messages
from usage.dialects.fields import UNREAD, BadRequest

QUESTION = [{"role": "user", "content": "Why is the sky blue?"}]
WEATHER = {"name": "weather", "description": "Tells it", "input_schema": {"type": "object", "properties": {}}}
CACHED = {"cache_control": {"type": "ephemeral"}}
BAD_FIELDS: list[dict[str, Any]] = [
    *({"max_tokens": value} for value in (None, 0, -1, 10**9, "100", True, 1.5)),
    *({"temperature": value} for value in (-0.1, 1.1, "hot")),
    {"stop_sequences": ["x"] * 5},
    {"stop_sequences": "x"},
    {"metadata": {"user_id": "a\0b"}},
    {"metadata": {"user_id": "a" * 257}},
    {"messages": []},
    {"messages": "hi"},
    {"messages": [{"role": "root", "content": "x"}]},
    {"messages": [{"role": "user"}]},
    {"messages": [{"role": "user", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": {}}]}]},
    {
        "messages": [
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]}]}
        ]
    },
    {"messages": [{"role": "assistant", "content": [{"type": "tool_result", "tool_use_id": "a"}]}]},
    {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": "{}"}]}]},
    {"system": [{"type": "image"}]},
    {"model": ""},
    {"stream": "yes"},
    {"tools": [{"name": "a b", "input_schema": {}}]},
    {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    {"tools": [WEATHER], "tool_choice": {"type": "tool"}},
    {"tools": [WEATHER], "tool_choice": {"type": "perhaps"}},
    {"output_config": {"format": {"type": "json_schema"}}},
]


def body(**fields: object) -> bytes:
    return json.dumps({"model": "everyday", "max_tokens": 9, "messages": QUESTION, **fields}).encode()


def said(*messages: object) -> list[dict[str, Any]]:
    return anthropic_messages.read(body(messages=messages)).messages


class TestRead:
    def test_keeps_what_is_allowed(self) -> None:
        request = anthropic_messages.read(
            body(stop_sequences=["\n"], stream=True, temperature=0.5, top_p=0.9, metadata={"user_id": "ann"})
        )
        assert (request.model, request.max_output_tokens, request.stop) == ("everyday", 9, ["\n"])
        assert (request.temperature, request.top_p, request.user, request.stream) == (0.5, 0.9, "ann", True)
        assert request.messages == QUESTION

    def test_drops_what_upstreams_do_not_know(self) -> None:
        beside = {"top_k": 40, "thinking": {"type": "disabled"}, "service_tier": "auto"}
        request = anthropic_messages.read(body(api_base="http://10.0.0.1", container="c", **beside, **CACHED))
        assert request == anthropic_messages.read(body())

    @pytest.mark.parametrize(
        "system",
        ["Be brief.\n\nBe kind.", [{"type": "text", "text": text, **CACHED} for text in ("Be brief.", "Be kind.")]],
    )
    def test_puts_the_instructions_first(self, system: object) -> None:
        request = anthropic_messages.read(body(system=system))
        assert request.messages == [{"role": "system", "content": "Be brief.\n\nBe kind."}, *QUESTION]

    def test_joins_blocks_of_text(self) -> None:
        blocks = [{"type": "text", "text": "Look:"}, {"type": "text", "text": "the sky", **CACHED}]
        assert said({"role": "user", "content": blocks}) == [{"role": "user", "content": "Look:\n\nthe sky"}]

    def test_turns_calls_of_tools_and_their_results_around(self) -> None:
        call = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "上海"}}
        thought = {"type": "thinking", "thinking": "It asks for the weather.", "signature": ""}
        hidden = {"type": "redacted_thinking", "data": "xyz"}
        spoken = {"type": "text", "text": "Let me see."}
        results = [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "sunny"}]},
            {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True},
        ]
        assert said(
            *QUESTION,
            {"role": "assistant", "content": [thought, hidden, spoken, call]},
            {"role": "user", "content": [{"type": "text", "text": "And now?"}, *results]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": results[:1]},
        )[1:] == [
            {
                "role": "assistant",
                "content": "Let me see.",
                "tool_calls": [
                    {
                        "id": "toolu_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"上海"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "toolu_1", "content": "sunny"},
            {"role": "tool", "tool_call_id": "toolu_2", "content": "Error: "},
            {"role": "user", "content": "And now?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "toolu_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"上海"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "toolu_1", "content": "sunny"},
        ]

    @pytest.mark.parametrize(
        ("choice", "told"),
        [
            ({"type": "auto", "disable_parallel_tool_use": True}, "auto"),
            ({"type": "any"}, "required"),
            ({"type": "none"}, "none"),
            ({"type": "tool", "name": "weather"}, {"type": "function", "function": {"name": "weather"}}),
        ],
    )
    def test_offers_tools(self, choice: object, told: object) -> None:
        request = anthropic_messages.read(body(tools=[WEATHER | CACHED], tool_choice=choice))
        function = {"name": "weather", "description": "Tells it", "parameters": WEATHER["input_schema"]}
        assert request.tools == [{"type": "function", "function": function}]
        assert request.tool_choice == told

    def test_asks_for_the_shape_of_an_answer(self) -> None:
        schema = {"type": "object"}
        request = anthropic_messages.read(body(output_config={"format": {"type": "json_schema", "schema": schema}}))
        assert request.response_format is not None
        assert request.response_format["json_schema"]["schema"] == schema

    @pytest.mark.parametrize("kind", ["image", "document"])
    def test_says_that_it_reads_only_text(self, kind: str) -> None:
        block = {"type": kind, "source": {"type": "url", "url": "http://10.0.0.1"}}
        with pytest.raises(BadRequest, match="only text"):
            said({"role": "user", "content": [block]})

    @pytest.mark.parametrize("kind", ["image", "document", "search_result", "tool_reference", "to_come"])
    def test_tells_the_model_of_what_a_tool_gave_that_is_no_text(self, kind: str) -> None:
        blocks = [{"type": "text", "text": "Here:"}, {"type": kind, "source": {}, "tool_name": "x", "content": []}]
        result = {"type": "tool_result", "tool_use_id": "a", "content": blocks, "is_error": kind == "image"}
        [told] = said({"role": "user", "content": [result]})
        assert told["content"] == ("Error: " if kind == "image" else "") + f"Here:\n\n{UNREAD}"

    @pytest.mark.parametrize(
        ("thinking", "shown"),
        [
            ({"type": "enabled", "budget_tokens": 1024}, True),
            ({"type": "adaptive"}, True),
            ({"type": "disabled"}, False),
            (None, False),
        ],
        ids=str,
    )
    def test_notes_whether_thoughts_are_to_be_shown(self, thinking: object, *, shown: bool) -> None:
        assert anthropic_messages.read(body(thinking=thinking)).shows_thoughts is shown

    @pytest.mark.parametrize("tools", [[WEATHER], []], ids=["another", "none"])
    def test_refuses_the_choice_of_a_tool_that_is_not_on_offer(self, tools: list[object]) -> None:
        with pytest.raises(BadRequest, match="no tool of this name"):
            anthropic_messages.read(body(tools=tools, tool_choice={"type": "tool", "name": "climate"}))

    def test_does_not_repeat_all_of_what_it_does_not_know(self) -> None:
        with pytest.raises(BadRequest) as no:
            said({"role": "user", "content": [{"type": "x" * 100_000}]})
        assert len(str(no.value)) < 400

    @pytest.mark.parametrize("bad", BAD_BODIES)
    def test_refuses_what_is_not_plain_json(self, bad: bytes) -> None:
        with pytest.raises(Refusal) as no:
            anthropic_messages.read(bad)
        assert no.value.status == 400
        assert "Nothing was charged" in str(no.value)

    @pytest.mark.parametrize("fields", BAD_FIELDS)
    def test_refuses_values_out_of_bounds(self, fields: dict[str, Any]) -> None:
        with pytest.raises(BadRequest):
            anthropic_messages.read(body(**fields))

    @given(st.binary(max_size=200))
    def test_refuses_or_reads_any_bytes(self, noise: bytes) -> None:
        with pytest.raises(Refusal):
            anthropic_messages.read(noise)


class TestReadPrompt:
    def test_asks_for_no_bound_of_the_answer(self) -> None:
        prompt = json.dumps({"model": "everyday", "messages": QUESTION, "system": "Be brief."}).encode()
        assert anthropic_messages.read_prompt(prompt).messages == [
            {"role": "system", "content": "Be brief."},
            *QUESTION,
        ]
