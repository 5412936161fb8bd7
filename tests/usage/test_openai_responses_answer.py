"""How an answer is told in numbered events and as one object, with the stock client's own types as referees."""

import json
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs
from openai.types.responses import Response as StockResponse
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from models_catalog.pricing import Usage
from usage.dialects import openai_responses_answer
from usage.dialects.openai_responses_answer import Framing, Response
from usage.dialects.openai_responses_tools import Question, Tool
from usage.events import Accepted, Answer, Chunk, Delta, Event, Failed, Finished, KeepAlive

CALL_ID = UUID("019a0000-0000-7000-8000-000000000001")
FUNCTION = {"name": "look_up", "parameters": {"type": "object"}, "strict": True}
QUESTION = Question(
    model="everyday",
    messages=[{"role": "user", "content": "SECRET"}],
    max_output_tokens=9,
    tools=[{"type": "function", "function": FUNCTION}],
    tool_choice={"type": "function", "function": {"name": "look_up"}},
    response_format={"type": "json_schema", "json_schema": {"name": "color", "schema": {"type": "object"}}},
    callers_tools={"mcp__notes__find": Tool("find", "mcp__notes"), "patch": Tool("patch", takes_text=True)},
)
USAGE = Usage(in_fresh=5, cache_read=3, out_text=4, out_reasoning=2)
STOCK: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
CUT_SHORT = ("length", "stopped", "insufficient_system_resource", "network_error")
REASONED = [Chunk(reasoning="I "), Chunk(reasoning="think.")]
SPOKEN = [Chunk(text="It is "), Chunk(text="blue.")]


def calling(place: int, arguments: str, **named: str) -> Chunk:
    function = {"arguments": arguments} | ({"name": named["name"]} if "name" in named else {})
    return Chunk(tool_calls=[{"index": place, "function": function} | ({"id": named["id"]} if "id" in named else {})])


CALLED = [calling(0, "", name="look_up", id="call_a"), calling(0, '{"a":'), calling(0, "1}")]


def response() -> Response:
    return Response(CALL_ID, model="demo", created=1_700_000_000, question=QUESTION)


def ended(reason: str = "stop") -> Finished:
    return Finished(USAGE, 1_500_000, 0, "usage", reason)


def told(*events: Event) -> list[dict[str, Any]]:
    """What a stream says, read back as a client would."""
    framing = Framing(response())
    frames = b"".join(framing.frame(event) for event in events).decode().split("\n\n")[:-1]
    found = []
    for frame in frames:
        if frame.startswith(":"):
            continue
        name, data = frame.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    assert [step["sequence_number"] for step in found] == list(range(len(found)))
    return found


def streamed(chunks: list[Chunk], reason: str = "stop") -> list[dict[str, Any]]:
    return told(Accepted("m"), *map(Delta, chunks), ended(reason))


def whole(chunks: list[Chunk], reason: str = "stop") -> dict[str, Any]:
    answer = Answer()
    for chunk in chunks:
        answer.add(chunk)
    body: dict[str, Any] = json.loads(openai_responses_answer.whole(response(), answer=answer, end=ended(reason)))
    return body


PATCHED = [calling(0, "", name="patch", id="call_b"), calling(0, '{"input":'), calling(0, ' "a\\nb"}')]


class TestFraming:
    def test_tells_of_an_answer_from_its_beginning_to_its_end(self) -> None:
        assert [step["type"].removeprefix("response.") for step in streamed(REASONED + SPOKEN + CALLED)] == [
            "created",
            "in_progress",
            "output_item.added",
            "content_part.added",
            "reasoning_text.delta",
            "reasoning_text.delta",
            "reasoning_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "completed",
        ]

    def test_is_what_the_stock_client_knows(self) -> None:
        for step in streamed(REASONED + SPOKEN + CALLED) + streamed(PATCHED):
            assert STOCK.validate_python(step).type == step["type"]

    @pytest.mark.parametrize(
        "chunks",
        [
            [],
            SPOKEN,
            CALLED,
            REASONED + SPOKEN + CALLED,
            [Chunk(reasoning="r", text="t", tool_calls=CALLED[0].tool_calls), *CALLED[1:]],
            [
                calling(0, "{", name="one", id="a"),
                calling(1, "[", name="two", id="b"),
                calling(0, "}"),
                calling(1, "]"),
            ],
            [calling(0, "{"), calling(0, "}", name="late", id="a")],
            [calling(0, "{}")],
            PATCHED,
            [calling(0, "{}", name="mcp__notes__find", id="a")],
            [Chunk(tool_calls=[{"id": "a", "function": {"name": "whole", "arguments": "{}"}}])],
            [Chunk(tool_calls=[{"index": [], "function": "broken"}])],
        ],
        ids=[
            "none",
            "text",
            "call",
            "all",
            "at once",
            "mingled",
            "named late",
            "unnamed",
            "text tool",
            "in a namespace",
            "no index",
            "broken",
        ],
    )
    def test_ends_in_what_is_answered_in_one_piece(self, chunks: list[Chunk]) -> None:
        steps = streamed(chunks)
        assert steps[-1]["response"] == whole(chunks)
        done = {step["output_index"]: step["item"] for step in steps if step["type"] == "response.output_item.done"}
        assert [done[place] for place in sorted(done)] == steps[-1]["response"]["output"]

    def test_gives_the_arguments_whole_whenever_the_name_comes(self) -> None:
        mingled = [calling(0, "{"), calling(1, "[", name="two"), calling(0, "}", name="one", id="a"), calling(1, "]")]
        items = whole(mingled)["output"]
        assert {item["name"]: item["arguments"] for item in items} == {"one": "{}", "two": "[]"}
        deltas = [step for step in streamed(mingled) if step["type"] == "response.function_call_arguments.delta"]
        assert [(step["output_index"], step["delta"]) for step in deltas] == [(0, "["), (1, "{}"), (0, "]")]

    @pytest.mark.parametrize("given", ['{"input": "a\\nb"}', "a\nb"], ids=["as asked", "as it is"])
    def test_gives_a_tool_that_takes_text_its_text(self, given: str) -> None:
        steps = streamed([calling(0, given, name="patch", id="call_b")])
        assert [step["type"] for step in steps[2:-1]] == [
            "response.output_item.added",
            "response.custom_tool_call_input.delta",
            "response.custom_tool_call_input.done",
            "response.output_item.done",
        ]
        assert steps[-2]["item"] == {
            "id": steps[-2]["item"]["id"],
            "type": "custom_tool_call",
            "status": "completed",
            "call_id": "call_b",
            "name": "patch",
            "input": "a\nb",
        }

    @pytest.mark.parametrize("given", ['{"input":"\\ud83d"}', "[" * 100_000, "NaN"], ids=["half", "deep", "no JSON"])
    def test_passes_on_what_cannot_be_read_as_it_was_written(self, given: str) -> None:
        steps = streamed([calling(0, given, name="patch", id="call_b")])
        assert steps[-1]["response"]["output"][0]["input"] == given

    def test_gives_a_tool_back_its_namespace(self) -> None:
        [item] = whole([calling(0, "{}", name="mcp__notes__find", id="a")])["output"]
        assert (item["namespace"], item["name"], item["arguments"]) == ("mcp__notes", "find", "{}")

    def test_begins_a_new_item_where_text_comes_after_thoughts_again(self) -> None:
        items = streamed([*SPOKEN, *REASONED, Chunk(text="Yes.")])[-1]["response"]["output"]
        assert [item["type"] for item in items] == ["message", "reasoning", "message"]
        assert len({item["id"] for item in items}) == len(items)

    def test_shows_an_item_empty_at_first(self) -> None:
        added = [step["item"] for step in streamed(SPOKEN + CALLED) if step["type"] == "response.output_item.added"]
        assert [(item["status"], item.get("content", []), item.get("arguments", "")) for item in added] == [
            ("in_progress", [], "")
        ] * 2

    @pytest.mark.parametrize(
        ("reason", "lacking"),
        [
            *((reason, "max_output_tokens") for reason in CUT_SHORT),
            *((reason, "content_filter") for reason in ("content_filter", "sensitive")),
        ],
    )
    def test_says_what_an_incomplete_answer_lacks(self, reason: str, lacking: str) -> None:
        last = streamed(SPOKEN, reason)[-1]
        assert last["type"] == "response.incomplete"
        assert (last["response"]["status"], last["response"]["incomplete_details"]) == (
            "incomplete",
            {"reason": lacking},
        )
        assert last["response"]["output"][0]["status"] == "incomplete"
        assert last["response"]["usage"]["output_tokens"] == 6

    @pytest.mark.parametrize("reason", ["stop", "tool_calls", "function_call"])
    def test_says_that_an_answer_is_all_there(self, reason: str) -> None:
        last = streamed(SPOKEN, reason)[-1]
        assert (last["type"], last["response"]["status"]) == ("response.completed", "completed")
        assert last["response"]["incomplete_details"] is None

    def test_tells_of_a_failure_twice_for_two_kinds_of_client(self) -> None:
        error, last = told(Accepted("m"), Delta(SPOKEN[0]), Failed("upstream_cut", "It broke.", 502, 7))[-2:]
        assert (error["type"], error["code"], error["error"]["message"]) == ("error", "upstream_cut", "It broke.")
        assert last["type"] == "response.failed"
        assert last["response"]["status"] == "failed"
        assert last["response"]["error"] == {"code": "upstream_cut", "message": "It broke."}
        assert last["response"]["output"][0]["status"] == "incomplete"

    def test_begins_when_something_is_there_and_shows_signs_of_life_before(self) -> None:
        framing = Framing(response())
        assert framing.frame(KeepAlive()) == b": keep-alive\n\n"
        assert framing.frame(Delta(SPOKEN[0])).startswith(b"event: response.created\n")
        assert framing.frame(Accepted("m")) == b""


class TestWhole:
    def test_is_what_the_stock_client_knows(self) -> None:
        body = whole(REASONED + SPOKEN + CALLED, "tool_calls")
        stock = StockResponse.model_validate(body)
        assert (stock.status, stock.output_text) == ("completed", "It is blue.")
        assert [item.type for item in stock.output] == ["reasoning", "message", "function_call"]
        assert stock.usage is not None
        assert (stock.usage.input_tokens, stock.usage.input_tokens_details.cached_tokens) == (8, 3)
        assert (stock.usage.output_tokens, stock.usage.output_tokens_details.reasoning_tokens) == (6, 2)
        assert stock.usage.total_tokens == 14
        assert body["usage"]["credits_charged"] == "1.5"

    def test_repeats_how_it_was_asked_and_nothing_that_was_said(self) -> None:
        body = whole(SPOKEN)
        assert body["tools"] == [{"type": "function", **FUNCTION}]
        assert body["tool_choice"] == {"type": "function", "name": "look_up"}
        assert body["text"]["format"]["type"] == "json_schema"
        assert (body["store"], body["max_output_tokens"]) == (False, 9)
        assert "SECRET" not in json.dumps(body)

    def test_promises_no_calls_one_by_one(self) -> None:
        assert whole(SPOKEN)["parallel_tool_calls"] is True
        one_by_one = structs.replace(QUESTION, wants_one_by_one=True)
        assert openai_responses_answer.asked_of(one_by_one)["parallel_tool_calls"] is None
