"""How a Responses request is read: items become messages, and what asks for memory or for more than text is refused."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.usage import codex
from usage.dialects import openai_responses, openai_responses_tools
from usage.dialects.fields import UNREAD, BadRequest
from usage.dialects.openai_responses_tools import Question, Tool
from usage.dialects.strict_json import BadJson

QUESTION = "Why is the sky blue?"
LOOK_UP = {"type": "function", "name": "look_up", "parameters": {"type": "object"}, "strict": True}
SCHEMA = {"type": "object", "properties": {"color": {"type": "string"}}}
ASKED = {"role": "user", "content": QUESTION}
CALL = {"type": "function_call", "call_id": "call_1", "name": "look_up", "arguments": "{}"}
BAD_FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"input": None}, "input"),
    ({"input": []}, "input"),
    ({"input": [{"type": "reasoning", "summary": []}]}, "input"),
    ({"input": [7]}, "input[0]"),
    ({"input": [ASKED, {"type": "item_reference", "id": "msg_1"}]}, "input[1]"),
    ({"input": [ASKED, {"type": "compaction", "encrypted_content": "x"}]}, "input[1]"),
    ({"input": [{"id": "msg_1"}]}, "input[0]"),
    ({"input": [{"type": "web_search_call", "id": "ws_1"}]}, "input"),
    ({"input": [{"type": "additional_tools", "tools": "x"}, ASKED]}, "input[0].tools"),
    ({"input": [{"type": ["message"], "role": "user", "content": "x"}]}, "input[0].type"),
    ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0]"),
    ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0]"),
    ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0]"),
    ({"input": [{"type": "function_call_output", "call_id": "", "output": "x"}]}, "input[0].call_id"),
    ({"input": [{**CALL, "name": "look up"}]}, "input[0].name"),
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"conversation": {"id": "conv_1"}}, "conversation"),
    ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    ({"background": True}, "background"),
    ({"model": ""}, "model"),
    ({"stream": "yes"}, "stream"),
    ({"max_output_tokens": 0}, "max_output_tokens"),
    ({"temperature": 2.1}, "temperature"),
    ({"top_p": -1}, "top_p"),
    ({"tools": [{"type": "web_search"}, {"type": "function", "name": "a b"}]}, "tools[1].name"),
    ({"tools": [{"type": "namespace", "name": "n", "tools": [LOOK_UP, {"type": "custom"}]}]}, "tools[0].tools[1]"),
    ({"tool_choice": "required", "tools": [{"type": "web_search"}]}, "tool_choice"),
    ({"tool_choice": {"type": "function", "name": "other"}, "tools": [LOOK_UP]}, "tool_choice"),
    ({"tool_choice": {"type": "web_search"}}, "tool_choice.type"),
    ({"text": {"format": {"type": "json_schema", "name": "color"}}}, "text.format"),
    ({"user": "a\0b"}, "user"),
]


def read(**fields: object) -> Question:
    return openai_responses.read(json.dumps({"model": "everyday", "input": QUESTION, **fields}).encode())


class TestRead:
    def test_keeps_what_is_allowed(self) -> None:
        request = read(max_output_tokens=9, temperature=0.5, top_p=0.9, stream=True)
        assert request == Question(
            model="everyday", messages=[ASKED], max_output_tokens=9, temperature=0.5, top_p=0.9, stream=True
        )

    def test_drops_what_it_does_not_know(self) -> None:
        passed = {"store": True, "include": ["x"], "truncation": "auto", "metadata": {"a": "b"}, "service_tier": "auto"}
        assert read(**passed, api_base="http://10.0.0.1", previous_response_id=None, background=False) == read()

    def test_takes_a_message_without_its_type(self) -> None:
        assert read(input=[ASKED]) == read(input=[{"type": "message", **ASKED}]) == read()

    def test_makes_one_system_prompt_of_all_that_comes_first(self) -> None:
        items = [
            codex.said("developer", "Two", "three"),
            codex.said("system", "Four"),
            ASKED,
            codex.said("system", "x"),
        ]
        assert read(instructions="One", input=items).messages == [
            {"role": "system", "content": "One\n\nTwo\n\nthree\n\nFour"},
            ASKED,
            {"role": "system", "content": "x"},
        ]

    def test_keeps_what_people_said_apart(self) -> None:
        assert read(input=[ASKED, ASKED]).messages == [ASKED, ASKED]

    @pytest.mark.parametrize("order", ["before", "after"])
    def test_puts_what_was_said_and_called_in_one_turn_into_one_message(self, order: str) -> None:
        said = codex.said("assistant", "I look.")
        thought = {"type": "reasoning", "summary": [], "encrypted_content": "x"}
        pair = [said, CALL] if order == "before" else [CALL, said]
        outcome = {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [{"type": "input_text", "text": "Yes"}],
        }
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": "look_up", "arguments": "{}"}} for n in (1, 2)
        ]
        assert read(input=[ASKED, thought, *pair, thought, {**CALL, "call_id": "call_2"}, outcome]).messages == [
            ASKED,
            {"role": "assistant", "content": "I look.", "tool_calls": calls},
            {"role": "tool", "content": "Yes", "tool_call_id": "call_1"},
        ]

    def test_offers_what_the_caller_runs_and_passes_over_what_the_vendor_would(self) -> None:
        request = read(tools=[*codex.OF_THE_VENDOR, LOOK_UP, codex.PATCH, codex.NOTES, LOOK_UP], tool_choice="required")
        functions = [tool["function"] for tool in request.tools or ()]
        assert functions[0] == {"name": "look_up", "parameters": {"type": "object"}, "strict": True}
        assert [function["name"] for function in functions] == ["look_up", "apply_patch", "mcp__notes__find"]
        assert functions[1]["parameters"]["required"] == ["input"]
        assert codex.GRAMMAR["definition"] in functions[1]["description"]
        assert request.tool_choice == "required"
        assert request.callers_tools == {
            "look_up": Tool("look_up"),
            "apply_patch": Tool("apply_patch", takes_text=True),
            "mcp__notes__find": Tool("find", "mcp__notes"),
        }

    @pytest.mark.parametrize("tool", [LOOK_UP, {"type": "custom", "name": "look_up"}], ids=["function", "custom"])
    def test_lets_one_tool_be_chosen(self, tool: dict[str, Any]) -> None:
        request = read(tools=[tool], tool_choice={"type": tool["type"], "name": "look_up"})
        assert request.tool_choice == {"type": "function", "function": {"name": "look_up"}}

    def test_asks_for_no_tool_where_none_is_left(self) -> None:
        assert read(tools=codex.OF_THE_VENDOR, tool_choice="auto") == read()

    def test_keeps_long_names_of_tools_short_and_apart(self) -> None:
        long = [openai_responses_tools.known_as("find" + "_more" * 20 + end, namespace="mcp__notes") for end in "ab"]
        assert [len(name) for name in long] == [64, 64]
        assert len(set(long)) == 2

    def test_notes_who_wants_tools_called_one_by_one(self) -> None:
        assert read(parallel_tool_calls=False).wants_one_by_one
        assert read(parallel_tool_calls=True) == read()

    def test_reads_the_shape_of_the_answer(self) -> None:
        shape = {"name": "color", "schema": SCHEMA, "strict": True}
        assert read(text={"format": {"type": "json_schema", **shape}}).response_format == {
            "type": "json_schema",
            "json_schema": shape,
        }
        assert read(text={"format": {"type": "json_object"}}).response_format == {"type": "json_object"}
        assert read(text={"format": {"type": "text"}, "verbosity": "low"}) == read()

    def test_names_the_end_user_by_the_first_that_is_given(self) -> None:
        assert read(prompt_cache_key="c").user == "c"
        assert read(prompt_cache_key="c", safety_identifier="b").user == "b"
        assert read(prompt_cache_key="c", safety_identifier="b", user="a").user == "a"

    def test_reads_a_turn_of_codex(self) -> None:
        request = openai_responses.read(json.dumps(codex.turn(codex.second(QUESTION))).encode())
        system, *_, asked, said, first, second, third = request.messages
        assert system == {"role": "system", "content": f"{codex.INSTRUCTIONS}\n\n{codex.PERMISSIONS}"}
        assert asked == ASKED
        called = [(call["function"]["name"], call["function"]["arguments"]) for call in said["tool_calls"]]
        assert called == [
            ("shell_command", '{"command":"ls"}'),
            ("mcp__notes__find", "{}"),
            ("apply_patch", '{"input":"*** Begin Patch"}'),
        ]
        assert first["content"].endswith("README.md\n")
        assert [(told["role"], told["content"]) for told in (second, third)] == [("tool", UNREAD), ("tool", "Done")]
        names = [tool["function"]["name"] for tool in request.tools or ()]
        assert names == ["shell_command", "apply_patch", "mcp__notes__find", "exec"]
        assert (request.stream, request.tool_choice, request.user) == (True, "auto", codex.THREAD)

    @pytest.mark.parametrize(("fields", "place"), BAD_FIELDS, ids=str)
    def test_refuses_and_names_the_place(self, fields: dict[str, Any], place: str) -> None:
        with pytest.raises(BadRequest) as no:
            read(**fields)
        assert no.value.details["param"] == place
        assert str(no.value).startswith(place)
        assert "Nothing was charged" in str(no.value)

    def test_does_not_repeat_all_of_what_it_does_not_know(self) -> None:
        with pytest.raises(BadRequest) as no:
            read(text={"format": {"type": "x" * 100_000}})
        assert len(str(no.value)) < 400

    def test_refuses_half_a_character(self) -> None:
        with pytest.raises(BadRequest):
            openai_responses.read(b'{"model":"m","input":"\\ud800"}')

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(),
            lambda some: (
                st.lists(some)
                | st.dictionaries(
                    st.sampled_from(["type", "role", "content", "text", "output", "call_id", "name", "arguments"]), some
                )
            ),
        )
    )
    def test_refuses_or_reads_anything(self, noise: object) -> None:
        with contextlib.suppress(BadRequest, BadJson):
            assert read(input=noise, tools=[noise] if isinstance(noise, dict) else None).messages
