"""The door for items as a stock client sees it, and Codex: answers, events, refusals, and what each costs."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import openai
import pytest
from openai.types.responses import FunctionToolParam

from accounts.api_keys import Wish
from accounts.models import Member
from plans import keys, quotas
from plans.keys import Bounds
from portal.kit import clock
from tests.plans.ledger import books
from tests.stand import Stand
from tests.usage import codex
from tests.usage.test_chat_completions import client_of, newcomer, refused, told

FIVE = "[[script words=5 gap_ms=1]]"
SAID = "word1 word2 word3 word4 word5"
LOOK_UP: FunctionToolParam = {
    "type": "function",
    "name": "look_up",
    "parameters": {"type": "object", "properties": {"question": {"type": "string"}}},
    "strict": False,
}


@pytest.fixture
def rich(stand: Stand) -> tuple[Member, str]:
    with stand.inside():
        member, secret = newcomer()
        books.grant(member, 10**13)
    return member, secret


@pytest.fixture
def client(stand: Stand, rich: tuple[Member, str]) -> Iterator[openai.OpenAI]:
    with client_of(stand, key=rich[1]) as found:
        yield found


def calls_of(stand: Stand, member: Member) -> list[dict[str, Any]]:
    return stand.rows("SELECT id, state, how, end_user FROM usage_call WHERE account_id = %s", [member.account_id])


def only_call(stand: Stand, client: openai.OpenAI, member: Member) -> Any:
    """The receipt of the one call there was, which was asked upstream once; the books are in order."""
    [call] = calls_of(stand, member)
    assert httpx.get(f"{stand.sandbox_url}/upstream/hits/{call['id']}").json()["count"] == 1
    stand.manage("audit_ledger")
    return told(client, f"/calls/{call['id']}")


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines]


class TestPlain:
    def test_answers_and_charges_once(self, stand: Stand, client: openai.OpenAI, rich: tuple[Member, str]) -> None:
        raw = client.responses.with_raw_response.create(model="fast", instructions="Be short.", input=FIVE, user="u1")
        answer = raw.parse()
        assert (answer.status, answer.output_text, answer.error) == ("completed", SAID, None)
        assert answer.id == f"resp_{raw.headers['x-request-id']}"
        assert answer.usage is not None
        assert answer.usage.output_tokens == 5
        receipt = only_call(stand, client, rich[0])
        assert (receipt["state"], receipt["how"]) == ("settled", "usage")
        assert receipt["credits_charged"] == raw.headers["x-credits-charged"]
        assert receipt["usage"]["completion_tokens"] == answer.usage.output_tokens
        assert told(client, "/balance")["credits_left"] == raw.headers["x-credits-left"]
        assert calls_of(stand, rich[0])[0]["end_user"] == "u1"

    def test_thinks_in_an_item_of_its_own(self, client: openai.OpenAI) -> None:
        answer = client.responses.create(model="fast", input="[[script words=5 gap_ms=1 reasoning=2]]")
        assert [item.type for item in answer.output] == ["reasoning", "message"]
        assert answer.usage is not None
        assert answer.usage.output_tokens_details.reasoning_tokens == 2

    def test_says_that_it_is_incomplete(self, client: openai.OpenAI) -> None:
        answer = client.responses.create(model="fast", input=FIVE, max_output_tokens=2)
        assert (answer.status, answer.output_text) == ("incomplete", "word1 word2")
        assert answer.incomplete_details is not None
        assert answer.incomplete_details.reason == "max_output_tokens"

    def test_keeps_nothing_whatever_is_asked(self, client: openai.OpenAI) -> None:
        answer = client.responses.create(model="fast", input=FIVE, store=True)
        assert answer.to_dict()["store"] is False
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(answer.id)

    def test_gives_the_same_answer_again_under_one_key(
        self, stand: Stand, client: openai.OpenAI, rich: tuple[Member, str]
    ) -> None:
        named = {"idempotency-key": uuid4().hex}
        first, again = (
            client.responses.create(model="fast", input=FIVE, extra_headers=named).to_dict() for _ in range(2)
        )
        assert first == again
        assert only_call(stand, client, rich[0])["state"] == "settled"

    def test_is_nothing_to_another_door_under_the_same_key(self, stand: Stand, rich: tuple[Member, str]) -> None:
        said = [{"role": "user", "content": FIVE}]
        body = {"model": "fast", "max_tokens": 9, "n": 2, "messages": said, "input": FIVE}
        headers = {"authorization": f"Bearer {rich[1]}", "idempotency-key": uuid4().hex}
        doors = ("chat/completions", "responses", "messages")
        answers = [httpx.post(f"{stand.api_base}/{door}", json=body, headers=headers, timeout=60) for door in doors]
        assert [answer.status_code for answer in answers] == [200, 422, 422]
        assert all("idempotency_mismatch" in answer.text for answer in answers[1:])


class TestStream:
    def test_tells_step_by_step_and_charges_once(
        self, stand: Stand, client: openai.OpenAI, rich: tuple[Member, str]
    ) -> None:
        events = list(client.responses.create(model="fast", input=FIVE, stream=True))
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"]
        assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == SAID
        last = events[-1]
        assert last.type == "response.completed"
        assert last.response.output_text == SAID
        assert last.response.usage is not None
        receipt = only_call(stand, client, rich[0])
        assert receipt["usage"]["completion_tokens"] == last.response.usage.output_tokens == 5
        assert receipt["credits_charged"] == last.response.usage.to_dict()["credits_charged"]

    def test_is_put_together_by_the_stock_client(self, client: openai.OpenAI) -> None:
        with client.responses.stream(model="fast", input=FIVE) as stream:
            assert stream.get_final_response().output_text == SAID

    def test_tells_of_a_cut_and_charges_what_had_arrived_once(
        self, stand: Stand, client: openai.OpenAI, rich: tuple[Member, str]
    ) -> None:
        cut = "[[script words=9 gap_ms=1 fail=cut]]"
        with pytest.raises(openai.APIError, match="broke") as no:
            list(client.responses.create(model="fast", input=cut, stream=True))
        assert no.value.code == "upstream_cut"
        receipt = only_call(stand, client, rich[0])
        assert receipt["state"] == "settled"
        assert float(receipt["credits_charged"]) > 0

    def test_ends_a_cut_in_a_failed_response(self, stand: Stand, client: openai.OpenAI) -> None:
        """For programs that wait for the last event, as Codex does."""
        body = {"model": "fast", "input": "[[script words=9 gap_ms=1 fail=cut]]", "stream": True}
        headers = {"authorization": f"Bearer {client.api_key}"}
        *_, error, last = events_of(httpx.post(f"{stand.api_base}/responses", json=body, headers=headers))
        assert (error["type"], last["type"]) == ("error", "response.failed")
        assert last["response"]["error"]["code"] == "upstream_cut"
        assert last["response"]["output"][0]["content"][0]["text"].startswith("word1")

    def test_answers_with_a_status_what_fails_before_anything_came(self, client: openai.OpenAI) -> None:
        def ask() -> object:
            return list(client.responses.create(model="fast", input="[[script fail=too_long]]", stream=True))

        assert refused(ask) == (400, "context_length_exceeded")


class TestTools:
    @pytest.mark.parametrize("is_streamed", [False, True])
    def test_are_called_and_told_what_came_of_it(self, client: openai.OpenAI, *, is_streamed: bool) -> None:
        question: Any = {"role": "user", "content": "[[script calls=look_up]]Why?"}
        asked: dict[str, Any] = {"model": "fast", "tools": [LOOK_UP, {"type": "web_search"}], "input": [question]}
        if is_streamed:
            *_, last = client.responses.create(**asked, stream=True)
            answer = last.response
        else:
            answer = client.responses.create(**asked)
        [call] = answer.output
        assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "look_up", {"question": "Why?"})
        assert [tool.type for tool in answer.tools] == ["function"]
        outcome = {"type": "function_call_output", "call_id": call.call_id, "output": "Because."}
        items: Any = [question, call.to_dict(), outcome]
        again = client.responses.create(model="fast", tools=[LOOK_UP], input=items)
        assert [item.type for item in again.output] == ["message"]


class TestCodex:
    def test_is_served_turn_by_turn(self, stand: Stand, client: openai.OpenAI, rich: tuple[Member, str]) -> None:
        headers = {
            "authorization": f"Bearer {client.api_key}",
            "accept": "text/event-stream",
            "originator": "codex_cli_rs",
            "session_id": codex.THREAD,
        }
        question = "[[script words=2 calls=mcp__notes__find gap_ms=1]]List"
        answers = []
        for items in (codex.first(question), codex.second(question)):
            answer = httpx.post(f"{stand.api_base}/responses", json=codex.turn(items), headers=headers)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            answers.append(events_of(answer))
        done = [
            [event["item"] for event in events if event["type"] == "response.output_item.done"] for events in answers
        ]
        assert [[item["type"] for item in items] for items in done] == [["message", "function_call"], ["message"]]
        assert (done[0][1]["namespace"], done[0][1]["name"]) == ("mcp__notes", "find")
        for events in answers:
            assert [events[0]["type"], events[-1]["type"]] == ["response.created", "response.completed"]
            assert {"input_tokens", "output_tokens", "total_tokens"} < set(events[-1]["response"]["usage"])
        calls = calls_of(stand, rich[0])
        assert [(call["state"], call["end_user"]) for call in calls] == [("settled", codex.THREAD)] * 2
        assert {f"resp_{call['id']}" for call in calls} == {events[-1]["response"]["id"] for events in answers}


class TestRefusals:
    def test_name_what_is_wrong(self, stand: Stand, client: openai.OpenAI) -> None:
        create = client.responses.create
        with client_of(stand, key="ck-" + "x" * 43) as stranger:
            assert refused(lambda: stranger.responses.create(model="fast", input=FIVE)) == (401, "invalid_api_key")
        assert refused(lambda: create(model="nope", input=FIVE)) == (404, "model_not_found")
        assert refused(lambda: create(model="fast", input=[])) == (400, "invalid_value")
        with pytest.raises(openai.BadRequestError, match="send the whole conversation") as no:
            create(model="fast", input=FIVE, previous_response_id="resp_1")
        assert no.value.param == "previous_response_id"
        with pytest.raises(openai.BadRequestError, match="max_output_tokens: this model writes at most") as no:
            create(model="fast", input=FIVE, max_output_tokens=1_000_000)
        assert no.value.param == "max_output_tokens"

    def test_name_the_quota_and_where_to_ask_for_more(self, stand: Stand, rich: tuple[Member, str]) -> None:
        member, secret = rich
        with stand.inside():
            terms = quotas.Terms(window="day", limit=1, metric="calls")
            quotas.put(member.account, node_kind="member", node_id=member.pk, terms=terms, by=None, now=clock.now())
        sent: list[object] = []
        with client_of(stand, key=secret, retries=2, sent=sent) as client:
            client.responses.create(model="fast", input=FIVE)
            with pytest.raises(openai.RateLimitError) as no:
                client.responses.create(model="fast", input=FIVE, stream=True)
        assert len(sent) == 2
        error = no.value.response.json()["error"]
        assert (error["code"], error["metadata"]["used"]) == ("quota_exceeded", 1)
        assert error["metadata"]["ask_url"].startswith(f"{stand.base_url}/extras/?about=quota&quota=")

    def test_keep_keys_to_what_they_are_for(self, stand: Stand, rich: tuple[Member, str]) -> None:
        member, _secret = rich
        with stand.inside():
            secrets = {
                endpoint: keys.issue(
                    member, Wish(label="Door", endpoints=(endpoint,)), Bounds(), by=member.user, now=clock.now()
                )[1]
                for endpoint in ("responses", "chat/completions")
            }
        body = {"model": "fast", "input": FIVE}
        statuses = {
            endpoint: httpx.post(f"{stand.api_base}/responses", json=body, headers={"x-api-key": secret}).status_code
            for endpoint, secret in secrets.items()
        }
        assert statuses == {"responses": 200, "chat/completions": 403}
