"""How an answer is framed for Anthropic's clients: blocks in their order, whole messages, and errors."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from models_catalog.pricing import Usage
from plans.ledger import QuotaExceeded
from portal.kit import ids
from portal.kit.refusals import Refusal
from usage.api.door import TooLarge, WrongKind
from usage.dialects import anthropic_answer
from usage.dialects.anthropic_answer import Framing
from usage.events import Accepted, Answer, Chunk, Delta, Event, Failed, Finished, KeepAlive

CALL = ids.uuid7(datetime(2026, 11, 27, tzinfo=UTC))
USAGE = Usage(in_fresh=7, cache_read=5, cache_write_5m=2, cache_write_1h=1, out_text=3, out_reasoning=4)
Json = dict[str, Any]


def end(reason: str = "stop") -> Finished:
    return Finished(USAGE, 1_500_000, 0, "usage", reason)


def told(*events: Event, shows_thoughts: bool = True) -> list[Json]:
    """The events as a client reads them; each has the name that its data says."""
    framing = Framing(CALL, model="fast", input_tokens=11, shows_thoughts=shows_thoughts)
    text = b"".join(map(framing.frame, events)).decode()
    found = []
    for event in filter(None, text.split("\n\n")):
        name, data = event.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def called(place: int, *, arguments: str = "", **named: str) -> Delta:
    function = {"name": named.get("name", ""), "arguments": arguments}
    return Delta(Chunk(tool_calls=[{"index": place, "id": named.get("call", ""), "function": function}]))


def blocks(events: list[Json]) -> list[tuple[str, str]]:
    """What a client puts together: the kind and the content of each block, which it was told to start and stop."""
    found: list[tuple[str, str]] = []
    open_: list[int] = []
    for event in events:
        match event["type"]:
            case "content_block_start":
                assert (event["index"], open_) == (len(found), [])
                open_.append(event["index"])
                found.append((event["content_block"]["type"], ""))
            case "content_block_delta":
                assert [event["index"]] == open_
                kind, content = found[-1]
                (piece,) = (value for name, value in event["delta"].items() if name != "type")
                found[-1] = (kind, content + piece)
            case "content_block_stop":
                open_.remove(event["index"])
    assert open_ == []
    return found


def started(events: list[Json]) -> list[Json]:
    """The calls of tools, as they began."""
    beginnings = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    return [block for block in beginnings if block["type"] == "tool_use"]


NAMED = [(f"toolu_{CALL.hex}_0", "f"), (f"toolu_{CALL.hex}_1", "g"), (f"toolu_{CALL.hex}_2", "unnamed")]


class TestFraming:
    def test_begins_at_the_first_sign_of_life_and_once(self) -> None:
        first, ping, delta, stop = told(KeepAlive(), Accepted("x"), end())
        assert (first["type"], ping) == ("message_start", {"type": "ping"})
        assert first["message"]["content"] == []
        assert first["message"]["usage"]["input_tokens"] == 11
        assert (first["message"]["id"], first["message"]["model"]) == (f"msg_{CALL}", "fast")
        assert delta["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
        assert stop == {"type": "message_stop"}

    def test_puts_thoughts_text_and_tools_in_blocks_of_their_own(self) -> None:
        events = told(
            Delta(Chunk(reasoning="Let ")),
            Delta(Chunk(reasoning="me see.")),
            Delta(Chunk(text="It ")),
            Delta(Chunk(text="is")),
            called(0, call="a", name="weather"),
            called(0, arguments='{"city":'),
            called(0, arguments='"X"}'),
            Delta(Chunk(finish_reason="tool_calls")),
            end("tool_calls"),
        )
        assert blocks(events) == [("thinking", "Let me see."), ("text", "It is"), ("tool_use", '{"city":"X"}')]
        assert events[-2]["delta"]["stop_reason"] == "tool_use"

    def test_keeps_tools_apart_that_are_called_side_by_side(self) -> None:
        events = told(
            called(0, call="a", name="f", arguments="{"),
            called(1, call="b", name="g", arguments="["),
            called(2, call="c", name="h"),
            called(0, arguments="}"),
            called(1, arguments="]"),
            end("stop"),
        )
        assert [(block["id"], block["name"], block["input"]) for block in started(events)] == [
            ("a", "f", {}),
            ("b", "g", {}),
            ("c", "h", {}),
        ]
        assert [content for _kind, content in blocks(events)] == ["{}", "[]", ""]
        assert events[-2]["delta"]["stop_reason"] == "tool_use"

    def test_keeps_a_call_in_one_piece_whatever_comes_between(self) -> None:
        events = told(
            Delta(Chunk(text="I ")),
            called(0, call="a", name="f", arguments="{"),
            Delta(Chunk(text="look ", reasoning="Hm. ")),
            called(1, call="b", name="g", arguments="["),
            called(0, arguments="}"),
            Delta(Chunk(text="it up.")),
            called(1, arguments="]"),
            end("stop"),
        )
        assert blocks(events) == [
            ("text", "I "),
            ("tool_use", "{}"),
            ("thinking", "Hm. "),
            ("text", "look it up."),
            ("tool_use", "[]"),
        ]
        assert [block["id"] for block in started(events)] == ["a", "b"]

    def test_begins_a_call_when_its_tool_is_named(self) -> None:
        events = told(
            called(0, arguments="{"), Delta(Chunk(text="So")), called(0, call="a", name="f", arguments="}"), end()
        )
        assert blocks(events) == [("text", "So"), ("tool_use", "{}")]
        assert [(block["id"], block["name"]) for block in started(events)] == [("a", "f")]

    def test_names_calls_that_the_model_did_not(self) -> None:
        events = told(called(0, name="f"), called(1, name="g"), called(2, arguments="{}"), end())
        assert [(block["id"], block["name"]) for block in started(events)] == NAMED
        assert blocks(events)[-1] == ("tool_use", "{}")

    def test_shows_thoughts_only_where_they_are_asked_for(self) -> None:
        events = told(Delta(Chunk(reasoning="Hm.")), Delta(Chunk(text="It")), end(), shows_thoughts=False)
        assert blocks(events) == [("text", "It")]
        assert events[1] == {"type": "ping"}
        assert events[-2]["usage"]["output_tokens_details"] == {"thinking_tokens": 4}

    def test_ends_with_the_usage_that_the_model_told(self) -> None:
        usage = told(end())[-2]["usage"]
        assert usage == {
            "input_tokens": 7,
            "cache_creation_input_tokens": 3,
            "cache_read_input_tokens": 5,
            "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 4},
            "credits_charged": "1.5",
        }

    def test_tells_of_a_failure_by_an_event(self) -> None:
        *_, error = told(Delta(Chunk(text="It")), Failed("upstream_cut", "It broke.", 502, 7))
        assert error == {
            "type": "error",
            "error": {"type": "api_error", "message": "It broke.", "details": {"error_code": "upstream_cut"}},
            "request_id": str(CALL),
        }


class TestWhole:
    def whole(self, *chunks: Chunk, shows_thoughts: bool = True, reason: str = "stop") -> Json:
        answer = Answer()
        for chunk in chunks:
            answer.add(chunk)
        message: Json = json.loads(
            anthropic_answer.whole(CALL, model="fast", answer=answer, end=end(reason), shows_thoughts=shows_thoughts)
        )
        return message

    def test_has_what_a_stream_has(self) -> None:
        tool = called(0, call="a", name="weather", arguments='{"city":"X"}').chunk
        message = self.whole(Chunk(reasoning="Hm."), Chunk(text="It is"), tool, Chunk(finish_reason="tool_calls"))
        assert message["content"] == [
            {"type": "thinking", "thinking": "Hm.", "signature": ""},
            {"type": "text", "text": "It is"},
            {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "X"}},
        ]
        assert (message["type"], message["role"], message["stop_reason"]) == ("message", "assistant", "tool_use")
        assert message["usage"]["output_tokens"] == 7

    def test_names_calls_that_the_model_did_not(self) -> None:
        calls = [called(0, name="f"), called(1, name="g"), called(2, arguments="{}")]
        content = self.whole(*(call.chunk for call in calls))["content"]
        assert [(block["id"], block["name"]) for block in content] == NAMED

    def test_shows_thoughts_only_where_they_are_asked_for(self) -> None:
        message = self.whole(Chunk(reasoning="Hm."), Chunk(text="It"), shows_thoughts=False)
        assert [block["type"] for block in message["content"]] == ["text"]
        assert message["usage"]["output_tokens_details"] == {"thinking_tokens": 4}

    @pytest.mark.parametrize(
        ("arguments", "read"), [("", {}), ("{", {"arguments": "{"}), ("[1]", {"arguments": "[1]"})], ids=str
    )
    def test_loses_no_arguments_that_are_no_object(self, arguments: str, read: Json) -> None:
        message = self.whole(called(0, call="a", name="weather", arguments=arguments).chunk)
        assert message["content"][0]["input"] == read

    @pytest.mark.parametrize(
        ("reason", "told_as"),
        [
            ("stop", "end_turn"),
            ("length", "max_tokens"),
            ("content_filter", "refusal"),
            ("sensitive", "refusal"),
            ("insufficient_system_resource", "max_tokens"),
            ("network_error", "max_tokens"),
            ("stopped", "max_tokens"),
        ],
    )
    def test_says_why_it_ended(self, reason: str, told_as: str) -> None:
        assert self.whole(Chunk(text="It"), reason=reason)["stop_reason"] == told_as
        assert told(Delta(Chunk(text="It")), end(reason))[-2]["delta"]["stop_reason"] == told_as


class TestRefusal:
    @pytest.mark.parametrize(
        ("no", "status", "kind"),
        [(TooLarge(most=1), 413, "request_too_large"), (WrongKind(), 415, "invalid_request_error")],
    )
    def test_has_the_shape_that_clients_read(self, no: Refusal, status: int, kind: str) -> None:
        found, _headers, body = anthropic_answer.refusal(no)
        error = json.loads(body)
        assert (found, error["type"], error["error"]["type"], error["request_id"]) == (status, "error", kind, None)
        assert error["error"]["details"]["error_code"] == no.code
        assert "charged" in error["error"]["message"]

    def test_keeps_a_client_from_asking_again_in_vain(self) -> None:
        details = {"node_name": "Ann", "window": "day", "used": 1, "limit": 1, "metric": "calls", "told": "x"}
        status, headers, body = anthropic_answer.refusal(QuotaExceeded(**details))
        assert (status, headers) == (429, [(b"x-should-retry", b"false")])
        told_beside = json.loads(body)["error"]["details"]
        assert (told_beside["window"], told_beside["limit"]) == ("day", 1)


class TestFailed:
    @pytest.mark.parametrize(
        ("end", "status", "kind"),
        [
            (Failed("upstream_overloaded", "Busy.", 503), 529, "overloaded_error"),
            (Failed("platform", "Broken.", 503), 503, "overloaded_error"),
            (Failed("upstream_timeout", "Late.", 504), 504, "timeout_error"),
            (Failed("upstream_cut", "Cut.", 502), 502, "api_error"),
            (Failed("context_length_exceeded", "Long.", 400), 400, "invalid_request_error"),
        ],
        ids=lambda value: getattr(value, "code", str(value)),
    )
    def test_has_the_status_on_which_clients_act(self, end: Failed, status: int, kind: str) -> None:
        found, _headers, body = anthropic_answer.failed(CALL, end)
        error = json.loads(body)
        assert (found, error["error"]["type"], error["request_id"]) == (status, kind, str(CALL))

    def test_keeps_a_client_from_paying_twice(self) -> None:
        _status, headers, _body = anthropic_answer.failed(CALL, Failed("upstream_cut", "Cut.", 502, 7))
        assert headers == [(b"x-should-retry", b"false")]
