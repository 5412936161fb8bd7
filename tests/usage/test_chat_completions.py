"""The machine door as a stock client sees it."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from accounts import accounts, api_keys
from accounts.models import Member, User
from plans import quotas
from portal.kit import clock
from tests.plans.ledger import books
from tests.stand import Stand

MANY = 30


def asking(text: str = "[[script words=5 gap_ms=1]]") -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


@pytest.fixture
def client(stand: Stand) -> Iterator[openai.OpenAI]:
    with client_of(stand, key=stand.demo["api_keys"][-1]["key"]) as found:
        yield found


def client_of(stand: Stand, *, key: str, retries: int = 0, sent: list[object] | None = None) -> openai.OpenAI:
    """To be closed: what is left open is found, as a warning, by whichever test runs next."""
    counting = openai.DefaultHttpxClient(event_hooks={"request": [(sent if sent is not None else []).append]})
    return openai.OpenAI(base_url=stand.api_base, api_key=key, max_retries=retries, http_client=counting)


@contextmanager
def charging_nothing(client: openai.OpenAI) -> Iterator[None]:
    before = told(client, "/balance")["credits_left"]
    yield
    assert told(client, "/balance")["credits_left"] == before


def told(client: openai.OpenAI, path: str) -> Any:
    return json.loads(client.get(path, cast_to=httpx.Response).content)


def refused(ask: Callable[[], object]) -> tuple[int, str | None]:
    with pytest.raises(openai.APIStatusError) as no:
        ask()
    assert "charged" in str(no.value)
    return no.value.status_code, no.value.code


def key_of_an_empty_account() -> str:
    return newcomer()[1]


def newcomer() -> tuple[Member, str]:
    now = clock.now()
    user = User.objects.create_user(f"{uuid4().hex}@example.com", password=uuid4().hex, name="New", now=now)
    member = accounts.found(user, kind="business", name="New", now=now)
    return member, api_keys.issue(member, api_keys.Wish(label="Test"), by=user, now=now)[1]


class TestModels:
    def test_lists_aliases_first(self, client: openai.OpenAI) -> None:
        names = [model.id for model in client.models.list()]
        assert names[0] == "everyday"
        assert {"fast", "deep"} < set(names)
        assert client.models.retrieve("fast").id == "fast"


class TestPlain:
    def test_answers_and_says_what_it_cost(self, client: openai.OpenAI) -> None:
        answer = client.chat.completions.with_raw_response.create(model="fast", messages=asking())
        parsed = answer.parse()
        assert parsed.choices[0].message.content == "word1 word2 word3 word4 word5"
        assert parsed.usage is not None
        assert parsed.usage.completion_tokens == 5
        assert float(answer.headers["x-credits-charged"]) > 0
        assert float(answer.headers["x-credits-left"]) > 0
        assert parsed.id == f"chatcmpl-{answer.headers['x-request-id']}"

    def test_is_found_again_by_its_id(self, client: openai.OpenAI) -> None:
        answer = client.chat.completions.with_raw_response.create(model="fast", messages=asking())
        usage = answer.parse().usage
        assert usage is not None
        receipt = told(client, f"/calls/{answer.headers['x-request-id']}")
        assert (receipt["state"], receipt["how"]) == ("settled", "usage")
        assert receipt["credits_charged"] == answer.headers["x-credits-charged"]
        assert sum(Decimal(lot["credits"]) for lot in receipt["lots"]) == Decimal(receipt["credits_charged"])
        assert receipt["usage"] == {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "vendor_total_tokens": usage.total_tokens,
            "adds_up": True,
        }
        assert sum(Decimal(line["credits"]) for line in receipt["lines"]) <= Decimal(receipt["credits_cost"])

    def test_can_be_told_apart_from_what_was_left_before(self, client: openai.OpenAI, stand: Stand) -> None:
        before = stand.rows("SELECT app_now() AS now")[0]["now"]
        answer = client.chat.completions.with_raw_response.create(model="fast", messages=asking())
        then = told(client, "/balance?" + urlencode({"at": before.isoformat()}))
        charged = Decimal(answer.headers["x-credits-charged"])
        assert Decimal(then["credits_left"]) - Decimal(told(client, "/balance")["credits_left"]) == charged
        assert sum(Decimal(lot["left"]) for lot in then["lots"]) == Decimal(then["credits_left"])

    @pytest.mark.parametrize("moment", ["2999-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "2026-01-01T00:00:00", "soon"])
    def test_knows_no_balance_of_a_moment_that_is_none(self, client: openai.OpenAI, moment: str) -> None:
        with pytest.raises(openai.BadRequestError) as refused:
            told(client, "/balance?" + urlencode({"at": moment}))
        assert "at" in str(refused.value)

    def test_leaves_what_the_balance_says(self, client: openai.OpenAI) -> None:
        answer = client.chat.completions.with_raw_response.create(model="fast", messages=asking())
        balance = told(client, "/balance")
        assert balance["credits_left"] == answer.headers["x-credits-left"]
        assert sum(Decimal(lot["available"]) for lot in balance["lots"]) == Decimal(balance["credits_left"])

    def test_fits_into_what_was_set_aside_whatever_the_model_adds(self, client: openai.OpenAI) -> None:
        """A small model's template brings a system prompt of its own."""
        answer = client.chat.completions.with_raw_response.create(
            model="everyday", messages=asking("Why, tell!"), max_tokens=8
        )
        assert told(client, f"/calls/{answer.headers['x-request-id']}")["how"] == "usage"

    def test_takes_the_key_in_a_header_of_its_own(self, stand: Stand, client: openai.OpenAI) -> None:
        body = {"model": "fast", "messages": asking()}
        answer = httpx.post(f"{stand.api_base}/chat/completions", json=body, headers={"x-api-key": client.api_key})
        assert answer.status_code == 200

    def test_runs_many_at_once(self, stand: Stand, client: openai.OpenAI) -> None:
        async def ask_all() -> list[str | None]:
            async with openai.AsyncOpenAI(base_url=stand.api_base, api_key=client.api_key, max_retries=0) as many:
                asked = [many.chat.completions.create(model="fast", messages=asking()) for _ in range(MANY)]
                return [answer.choices[0].message.content for answer in await asyncio.gather(*asked)]

        assert asyncio.run(ask_all()) == ["word1 word2 word3 word4 word5"] * MANY


class TestStream:
    def test_sends_word_by_word_without_usage(self, client: openai.OpenAI) -> None:
        chunks = list(client.chat.completions.create(model="fast", messages=asking(), stream=True))
        words = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]
        assert "".join(words) == "word1 word2 word3 word4 word5"
        assert chunks[-1].choices[0].finish_reason == "stop"
        assert not any(chunk.usage for chunk in chunks)

    def test_ends_with_usage_where_asked(self, client: openai.OpenAI) -> None:
        *_, last = client.chat.completions.create(
            model="fast", messages=asking(), stream=True, stream_options={"include_usage": True}
        )
        assert last.choices == []
        assert last.usage is not None
        assert last.usage.completion_tokens == 5

    def test_tells_of_a_cut_by_an_error(self, client: openai.OpenAI) -> None:
        with pytest.raises(openai.APIError, match="broke"):
            list(
                client.chat.completions.create(
                    model="fast", messages=asking("[[script words=9 gap_ms=1 fail=cut]]"), stream=True
                )
            )


class TestRefusals:
    def test_name_what_is_wrong(self, stand: Stand, client: openai.OpenAI) -> None:
        create = client.chat.completions.create
        with client_of(stand, key="ck-" + "x" * 43) as stranger:
            assert refused(lambda: stranger.chat.completions.create(model="fast", messages=asking())) == (
                401,
                "invalid_api_key",
            )
        assert refused(lambda: create(model="nope", messages=asking())) == (404, "model_not_found")
        assert refused(lambda: create(model="fast", messages=asking(), max_tokens=-1)) == (400, "invalid_value")

    @pytest.mark.parametrize(
        ("model", "question"),
        [
            ("everyday", "word " * 10_000),
            ("everyday", "word " * 3_000),
            ("fast", "[[script fail=too_long]]"),
        ],
        ids=["here", "by the model", "by the upstream"],
    )
    def test_say_what_is_too_long_at_once(self, stand: Stand, client: openai.OpenAI, model: str, question: str) -> None:
        if model == "everyday" and told(client, "/models/everyday")["context_length"] > 3_000:
            pytest.skip("the small model does not run here, and its stand-in reads more")
        sent: list[object] = []
        with client_of(stand, key=client.api_key, retries=2, sent=sent) as patient, charging_nothing(client):
            asked = patient.chat.completions
            assert refused(lambda: asked.create(model=model, messages=asking(question))) == (
                400,
                "context_length_exceeded",
            )
        assert len(sent) == 1

    @pytest.mark.parametrize(
        ("headers", "body", "status"),
        [
            ({}, b"{", 400),
            ({"content-type": "text/plain"}, b"{}", 415),
            ({"content-encoding": "gzip"}, b"{}", 415),
            ({"host": "evil.example"}, b"{}", 400),
            ({}, b" " * 5_000_000, 413),
        ],
        ids=["broken", "not JSON", "compressed", "another host", "too big"],
    )
    def test_guard_the_door(
        self, stand: Stand, client: openai.OpenAI, headers: dict[str, str], body: bytes, status: int
    ) -> None:
        sent = {"authorization": f"Bearer {client.api_key}", "content-type": "application/json", **headers}
        answer = httpx.post(f"{stand.api_base}/chat/completions", content=body, headers=sent)
        assert answer.status_code == status
        assert "charged" in answer.json()["error"]["message"]

    def test_meet_a_person_who_was_locked_out_within_seconds(self, stand: Stand) -> None:
        with stand.inside():
            secret = key_of_an_empty_account()
        body = {"model": "fast", "messages": asking()}
        with httpx.Client(base_url=stand.api_base, headers={"authorization": f"Bearer {secret}"}) as http:
            assert http.post("/chat/completions", json=body).status_code == 402
            with stand.inside():
                User.objects.filter(memberships__api_keys__digest=api_keys.digest_of(secret)).update(is_active=False)
            until = time.monotonic() + 6.0
            while http.post("/chat/completions", json=body).status_code != 401:
                assert time.monotonic() < until, "the door still remembers who was locked out"
                time.sleep(0.5)

    def test_do_not_let_a_stock_client_try_again_without_credits(self, stand: Stand) -> None:
        with stand.inside():
            secret = key_of_an_empty_account()
        sent: list[object] = []
        poor = client_of(stand, key=secret, retries=2, sent=sent)
        with poor, pytest.raises(openai.APIStatusError) as no:
            poor.chat.completions.create(model="fast", messages=asking())
        assert (no.value.status_code, no.value.code) == (402, "insufficient_quota")
        assert no.value.response.headers["x-should-retry"] == "false"
        assert len(sent) == 1

    def test_name_the_quota_its_window_and_when_it_starts_anew(self, stand: Stand) -> None:
        with stand.inside():
            member, secret = newcomer()
            books.grant(member, 10**9)
            quotas.put(
                member.account,
                node_kind="member",
                node_id=member.pk,
                terms=quotas.Terms(window="day", limit=1, metric="calls"),
                by=None,
                now=clock.now(),
            )
        body = {"model": "fast", "messages": asking("[[script words=1 gap_ms=0]]")}
        with httpx.Client(base_url=stand.api_base, headers={"authorization": f"Bearer {secret}"}) as http:
            assert http.post("/chat/completions", json=body).status_code == 200
            answer = http.post("/chat/completions", json=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], answer.headers["x-should-retry"]) == (429, "quota_exceeded", "false")
        assert error["message"].startswith(f"The daily quota of {member.name} leaves too little for this call: 1 of 1")
        told = error["metadata"]
        assert (told["node_kind"], told["node_name"], told["window"]) == ("member", member.name, "day")
        assert (told["metric"], told["used"], told["limit"]) == ("calls", 1, 1)
        assert datetime.fromisoformat(told["resets_at"]) > datetime.now(UTC)
        assert told["ask_url"].startswith(f"{stand.base_url}/extras/?about=quota&quota=")


class TestIdempotency:
    def ask(self, client: openai.OpenAI, key: str, text: str = "[[script words=5 gap_ms=1]]") -> dict[str, Any]:
        return client.chat.completions.create(
            model="fast", messages=asking(text), extra_headers={"idempotency-key": key}
        ).to_dict()

    def test_gives_the_same_answer_again(self, client: openai.OpenAI) -> None:
        key = uuid4().hex
        first, again = self.ask(client, key), self.ask(client, key)
        assert first == again
        assert first["choices"]

    def test_refuses_another_body(self, client: openai.OpenAI) -> None:
        key = uuid4().hex
        self.ask(client, key)
        assert refused(lambda: self.ask(client, key, "another")) == (422, "idempotency_mismatch")
