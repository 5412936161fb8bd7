"""Anthropic's door as a stock client sees it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import anthropic
import httpx
import pytest
from anthropic.types import MessageParam, TextBlock, ThinkingBlock, ToolParam, ToolUseBlock

from accounts.api_keys import Wish
from accounts.models import Member
from plans import keys, quotas
from plans.keys import Bounds
from portal.kit import clock
from tests.plans.ledger import books
from tests.stand import Stand
from tests.usage.test_chat_completions import key_of_an_empty_account, newcomer

WORDS = "word1 word2 word3 word4 word5"
WEATHER: ToolParam = {"name": "weather", "input_schema": {"type": "object", "properties": {"question": {}}}}


def asking(script: str = "words=5 gap_ms=1", text: str = "") -> list[MessageParam]:
    return [{"role": "user", "content": f"[[script {script}]]{text}"}]


@pytest.fixture
def client(stand: Stand) -> Iterator[anthropic.Anthropic]:
    with client_of(stand, key=stand.demo["api_keys"][-1]["key"]) as found:
        yield found


def client_of(stand: Stand, *, key: str, retries: int = 0, sent: list[object] | None = None) -> anthropic.Anthropic:
    counting = anthropic.DefaultHttpxClient(event_hooks={"request": [(sent if sent is not None else []).append]})
    return anthropic.Anthropic(base_url=stand.base_url, api_key=key, max_retries=retries, http_client=counting)


def rich(**wish: Any) -> tuple[Member, str]:
    """A member with credits, and the secret of a key of theirs."""
    member, _secret = newcomer()
    books.grant(member, 10**13)
    return member, keys.issue(member, Wish(label="Door", **wish), Bounds(), by=member.user, now=clock.now())[1]


def receipt(stand: Stand, client: anthropic.Anthropic, call_id: str) -> Any:
    answer = httpx.get(f"{stand.api_base}/calls/{call_id}", headers={"x-api-key": str(client.api_key)})
    return answer.json()


def refused(ask: Callable[[], object]) -> anthropic.APIStatusError:
    with pytest.raises(anthropic.APIStatusError) as no:
        ask()
    assert "charged" in str(no.value)
    return no.value


class TestPlain:
    def test_answers_and_says_what_it_cost(self, stand: Stand, client: anthropic.Anthropic) -> None:
        answer = client.messages.with_raw_response.create(model="fast", max_tokens=50, messages=asking())
        message = answer.parse()
        assert message.content == [TextBlock(type="text", text=WORDS)]
        assert (message.stop_reason, message.role, message.usage.output_tokens) == ("end_turn", "assistant", 5)
        assert message.usage.input_tokens > 0
        call_id = answer.headers["x-request-id"]
        assert (message.id, message._request_id) == (f"msg_{call_id}", call_id)
        told = receipt(stand, client, call_id)
        assert (told["state"], told["how"]) == ("settled", "usage")
        assert told["credits_charged"] == answer.headers["x-credits-charged"]
        assert told["usage"]["prompt_tokens"] == message.usage.input_tokens
        assert Decimal(answer.headers["x-credits-left"]) > 0

    def test_takes_the_key_as_a_bearer_too_and_the_beta_address(
        self, stand: Stand, client: anthropic.Anthropic
    ) -> None:
        with anthropic.Anthropic(base_url=stand.base_url, auth_token=client.api_key, max_retries=0) as bearing:
            message = bearing.beta.messages.create(
                model="fast",
                max_tokens=50,
                messages=[{"role": "user", "content": "[[script words=2 gap_ms=1]]"}],
                betas=["interleaved-thinking-2025-05-14"],
            )
        assert message.content[0].type == "text"
        assert message.content[0].text == "word1 word2"

    def test_ends_where_it_was_told_to(self, client: anthropic.Anthropic) -> None:
        message = client.messages.create(model="fast", max_tokens=3, messages=asking())
        assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 3)

    def test_tells_thoughts_apart(self, client: anthropic.Anthropic) -> None:
        message = client.messages.create(
            model="fast",
            max_tokens=2000,
            thinking={"type": "enabled", "budget_tokens": 1024},
            messages=asking("words=2 reasoning=3 gap_ms=1"),
        )
        thought, text = message.content
        assert isinstance(thought, ThinkingBlock)
        assert thought.thinking == "step 1 step 2 step 3 "
        assert isinstance(text, TextBlock)
        assert message.usage.output_tokens == 5

    def test_counts_an_end_user(self, stand: Stand, client: anthropic.Anthropic) -> None:
        answer = client.messages.with_raw_response.create(
            model="fast", max_tokens=9, messages=asking(), metadata={"user_id": "ann"}
        )
        rows = stand.rows("SELECT end_user, source FROM usage_call WHERE id = %s", [answer.headers["x-request-id"]])
        assert rows == [{"end_user": "ann", "source": "api"}]

    def test_gives_the_same_answer_again_for_one_charge(self, stand: Stand) -> None:
        with stand.inside():
            member, secret = rich()
        with client_of(stand, key=secret) as client:
            named = {"idempotency-key": uuid4().hex}
            ask = client.messages.with_raw_response.create
            first, again = (
                ask(model="demo-fast", max_tokens=9, messages=asking(), extra_headers=named) for _ in range(2)
            )
        assert first.parse().to_dict() == again.parse().to_dict()
        assert first.headers["request-id"] == again.headers["request-id"]
        assert stand.rows("SELECT count(*) FROM usage_call WHERE account_id = %s", [member.account_id]) == [
            {"count": 1}
        ]


class TestStream:
    def test_sends_word_by_word_and_what_was_used(self, stand: Stand, client: anthropic.Anthropic) -> None:
        with client.messages.stream(
            model="fast", max_tokens=50, thinking={"type": "adaptive"}, messages=asking("words=5 reasoning=2 gap_ms=1")
        ) as stream:
            words = list(stream.text_stream)
            message, call_id = stream.get_final_message(), stream.request_id
        assert "".join(words) == WORDS
        assert len(words) > 1
        assert [block.type for block in message.content] == ["thinking", "text"]
        assert (message.stop_reason, message.usage.output_tokens) == ("end_turn", 7)
        assert receipt(stand, client, str(call_id))["usage"]["prompt_tokens"] == message.usage.input_tokens

    def test_shows_a_sign_of_life(self, stand: Stand, client: anthropic.Anthropic) -> None:
        body = {"model": "fast", "max_tokens": 9, "stream": True, "messages": asking("words=1 first_ms=4000")}
        answer = httpx.post(f"{stand.api_base}/messages", json=body, headers={"x-api-key": str(client.api_key)})
        events = [line for line in answer.text.splitlines() if line.startswith("event:")]
        assert events[:2] == ["event: message_start", "event: ping"]
        assert events[-1] == "event: message_stop"

    def test_tells_of_a_cut_by_an_error_and_charges_once(self, stand: Stand) -> None:
        with stand.inside():
            member, secret = rich()
        cut = asking("words=9 gap_ms=1 fail=cut after=3")
        with (
            client_of(stand, key=secret, retries=2) as client,
            pytest.raises(anthropic.APIStatusError, match="broke") as broken,
        ):
            list(client.messages.create(model="fast", max_tokens=50, messages=cut, stream=True))
        assert (broken.value.type, broken.value.error_code) == ("api_error", "upstream_cut")
        charged = stand.rows(
            "SELECT id, charged_microcredits FROM usage_call WHERE account_id = %s", [member.account_id]
        )
        assert [str(row["id"]) for row in charged] == [broken.value.request_id]
        assert charged[0]["charged_microcredits"] > 0
        stand.manage("audit_ledger")


class TestTools:
    @pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
    def test_are_called_and_told_on(self, client: anthropic.Anthropic, *, streamed: bool) -> None:
        question = asking("calls=weather gap_ms=1", "Will it rain?")

        def ask(messages: list[MessageParam]) -> anthropic.types.Message:
            if not streamed:
                return client.messages.create(model="fast", max_tokens=500, messages=messages, tools=[WEATHER])
            with client.messages.stream(model="fast", max_tokens=500, messages=messages, tools=[WEATHER]) as stream:
                return stream.get_final_message()

        first = ask(question)
        (call,) = first.content
        assert isinstance(call, ToolUseBlock)
        assert (call.name, call.input, first.stop_reason) == ("weather", {"question": "Will it rain?"}, "tool_use")
        told: list[MessageParam] = [
            *question,
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "It will."}]},
        ]
        second = ask(told)
        assert (second.content[0].type, second.stop_reason) == ("text", "end_turn")


class TestCountTokens:
    def test_estimates_free_of_charge(self, stand: Stand) -> None:
        with stand.inside():
            member, secret = rich()
        with client_of(stand, key=secret) as client:
            short = client.messages.count_tokens(model="fast", messages=asking())
            more = client.messages.count_tokens(model="fast", messages=asking(text="word " * 400), system="Be brief.")
        assert 0 < short.input_tokens < 100
        assert 400 < more.input_tokens - short.input_tokens < 800
        assert stand.rows("SELECT id FROM usage_call WHERE account_id = %s", [member.account_id]) == []

    def test_refuses_as_a_call_would(self, stand: Stand, client: anthropic.Anthropic) -> None:
        count = client.messages.count_tokens
        assert isinstance(refused(lambda: count(model="nope", messages=asking())), anthropic.NotFoundError)
        assert isinstance(refused(lambda: count(model="fast", messages=[])), anthropic.BadRequestError)
        with client_of(stand, key="ck-" + "x" * 43) as stranger, pytest.raises(anthropic.AuthenticationError):
            stranger.messages.count_tokens(model="fast", messages=asking())


class TestRefusals:
    def test_name_what_is_wrong(self, stand: Stand, client: anthropic.Anthropic) -> None:
        create = client.messages.create
        with client_of(stand, key="ck-" + "x" * 43) as stranger:
            no = refused(lambda: stranger.messages.create(model="fast", max_tokens=9, messages=asking()))
        assert (type(no), no.type, no.error_code) == (
            anthropic.AuthenticationError,
            "authentication_error",
            "invalid_api_key",
        )
        no = refused(lambda: create(model="nope", max_tokens=9, messages=asking()))
        assert (type(no), no.type, no.error_code) == (anthropic.NotFoundError, "not_found_error", "model_not_found")
        no = refused(lambda: create(model="fast", max_tokens=-1, messages=asking()))
        assert (type(no), no.type, no.error_code) == (
            anthropic.BadRequestError,
            "invalid_request_error",
            "invalid_value",
        )

    def test_do_not_let_a_stock_client_try_again_without_credits(self, stand: Stand) -> None:
        with stand.inside():
            secret = key_of_an_empty_account()
        sent: list[object] = []
        with client_of(stand, key=secret, retries=2, sent=sent) as poor:
            no = refused(lambda: poor.messages.create(model="fast", max_tokens=9, messages=asking()))
        assert (no.status_code, no.type, no.error_code) == (402, "billing_error", "insufficient_quota")
        assert len(sent) == 1

    def test_name_the_quota_and_where_more_can_be_asked_for(self, stand: Stand) -> None:
        with stand.inside():
            member, secret = rich()
            terms = quotas.Terms(window="day", limit=1, metric="calls")
            quotas.put(member.account, node_kind="member", node_id=member.pk, terms=terms, by=None, now=clock.now())
        sent: list[object] = []
        with client_of(stand, key=secret, retries=2, sent=sent) as client:
            client.messages.create(model="fast", max_tokens=9, messages=asking())
            no = refused(lambda: client.messages.create(model="fast", max_tokens=9, messages=asking()))
        assert (type(no), no.type, no.error_code) == (anthropic.RateLimitError, "rate_limit_error", "quota_exceeded")
        assert len(sent) == 2
        told = json.loads(no.response.content)["error"]["details"]
        assert (told["window"], told["used"], told["limit"]) == ("day", 1, 1)
        assert datetime.fromisoformat(told["resets_at"]) > datetime.now(UTC)
        assert told["ask_url"].startswith(f"{stand.base_url}/extras/?about=quota&quota=")
        written = "SELECT id FROM usage_refused WHERE member_id = %s AND code = 'quota_exceeded' AND source = 'api'"
        stand.wait_until(lambda: len(stand.rows(written, [member.pk])) == 1)  # beside the answer

    @pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "plain"])
    def test_tell_of_a_model_that_is_busy(self, client: anthropic.Anthropic, *, streamed: bool) -> None:
        with pytest.raises(anthropic.OverloadedError) as busy:
            client.messages.create(model="fast", max_tokens=9, messages=asking("fail=529"), stream=streamed)
        assert (busy.value.type, busy.value.error_code) == ("overloaded_error", "upstream_overloaded")
        assert busy.value.request_id

    def test_keep_a_key_to_its_endpoints(self, stand: Stand) -> None:
        with stand.inside():
            _member, mine = rich(endpoints=("messages",))
            _member, others = rich(endpoints=("chat/completions",))
        with client_of(stand, key=mine) as client, client_of(stand, key=others) as stranger:
            assert client.messages.create(model="fast", max_tokens=9, messages=asking()).content
            assert client.messages.count_tokens(model="fast", messages=asking()).input_tokens
            no = refused(lambda: stranger.messages.create(model="fast", max_tokens=9, messages=asking()))
            assert (type(no), no.error_code) == (anthropic.PermissionDeniedError, "key_not_for_this")
            with pytest.raises(anthropic.PermissionDeniedError):
                stranger.messages.count_tokens(model="fast", messages=asking())

    @pytest.mark.parametrize(
        ("headers", "body", "status", "kind"),
        [
            ({}, b"{", 400, "invalid_request_error"),
            ({"content-type": "text/plain"}, b"{}", 415, "invalid_request_error"),
            ({"host": "evil.example"}, b"{}", 400, "invalid_request_error"),
            ({}, b" " * 5_000_000, 413, "request_too_large"),
        ],
        ids=["broken", "not JSON", "another host", "too big"],
    )
    def test_guard_the_door(self, stand: Stand, headers: dict[str, str], body: bytes, status: int, kind: str) -> None:
        sent = {"x-api-key": stand.demo["api_keys"][-1]["key"], "content-type": "application/json", **headers}
        for path in ("/messages", "/messages/count_tokens"):
            answer = httpx.post(f"{stand.api_base}{path}", content=body, headers=sent)
            told = answer.json()
            assert (answer.status_code, told["type"], told["error"]["type"]) == (status, "error", kind)
            assert "charged" in told["error"]["message"]
