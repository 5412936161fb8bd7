"""A text is counted by one worker, at once or not at all, and is kept by nobody."""

import asyncio
import base64
import json
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from pytest_django.fixtures import Settings

from models_catalog import catalog, tokenizers
from models_catalog.models import ChatModel
from models_catalog.providers import tokenizing
from tests.stand import Stand
from tests.usage.cast import Home
from usage import questions, texts
from usage.texts import Answer, State

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "models_catalog" / "texts" / "counted.json").read_text(encoding="utf-8")
)
PRIVATE = "The vault of Aunt Philippa opens with 71-22-05."
STAND_SECONDS = 30.0


class TestCount:
    def test_gives_every_vocabulary_that_is_here(self, worker: list[dict[str, Any]]) -> None:
        row = ROWS[0]
        answer = texts.count(row["text"], names=tokenizers.OFFLINE, wait_seconds=3, shown=600)
        assert answer.state is State.COUNTED
        assert {name: count.tokens for name, count in answer.counts.items()} == {
            name: row[name] for name in tokenizers.OFFLINE
        }
        assert "".join(piece.text for piece in answer.counts["qwen"].pieces) == row["text"]

    def test_leaves_out_what_is_not_here(self, worker: list[dict[str, Any]]) -> None:
        answer = texts.count("Hello", names=["qwen", "claude"], wait_seconds=3)
        assert (answer.state, set(answer.counts)) == (State.COUNTED, {"qwen"})

    def test_carries_no_more_pieces_than_are_shown(self, worker: list[dict[str, Any]]) -> None:
        count = texts.count("one two three four", names=["qwen"], wait_seconds=3, shown=2).counts["qwen"]
        assert (count.tokens, [piece.text for piece in count.pieces]) == (4, ["one", " two"])

    def test_sends_a_message_that_carries_no_text_and_ends(self, worker: list[dict[str, Any]]) -> None:
        texts.count(PRIVATE, names=["qwen"], wait_seconds=3)
        (message,) = worker
        assert message["headers"]["task"] == texts.TASK
        left = datetime.fromisoformat(message["headers"]["expires"]).timestamp() - time.time()
        assert 0 < left <= texts.LIFE_SECONDS
        assert b"Philippa" not in base64.b64decode(message["body"])

    def test_forgets_a_text_that_nobody_took(self, broker: redis.Redis) -> None:
        assert texts.count(PRIVATE, names=["qwen"], wait_seconds=0.05) == Answer(State.LATE)
        assert list(broker.scan_iter("text:*")) == []
        left: Any = broker.lrange(texts.QUEUE, 0, -1)
        assert len(left) == 1
        assert not any(b"Philippa" in base64.b64decode(json.loads(each)["body"]) for each in left)

    def test_does_not_count_what_was_forgotten(self, broker: redis.Redis) -> None:
        assert texts.answer("0" * 32) is False

    def test_ends_by_itself_where_the_page_is_gone(self, broker: redis.Redis) -> None:
        broker.set("text:gone", texts._encode(texts._Asked(PRIVATE, ["qwen"], 0)), ex=texts.LIFE_SECONDS)
        assert texts.answer("gone") is True
        assert 0 < broker.ttl("text:gone:counts") <= texts.LIFE_SECONDS

    def test_refuses_while_many_wait(self, busy: None, broker: redis.Redis) -> None:
        assert texts.count(PRIVATE, names=["qwen"], wait_seconds=3) == Answer(State.BUSY)
        assert broker.llen(texts.QUEUE) == texts.MOST_WAITING

    def test_is_late_where_valkey_is_away(self, settings: Settings) -> None:
        settings.VALKEY_URL = "redis://127.0.0.1:1/0"
        assert texts.count(PRIVATE, names=["qwen"], wait_seconds=3) == Answer(State.LATE)


@pytest.mark.django_db
class TestComposer:
    TEXT = "春天到了，院子里的桃花一夜之间全开了。" * 20

    def cost(self, home: Home, now: datetime) -> int:
        return questions.estimate(home.owner, text=self.TEXT, model_name="demo-deep", now=now).credits

    def test_counts_with_the_models_own_vocabulary(
        self, home: Home, now: datetime, worker: list[dict[str, Any]]
    ) -> None:
        estimated = self.cost(home, now)
        ChatModel.objects.filter(slug="demo-deep").update(tokenizer=tokenizers.DEEPSEEK)
        catalog.forget()
        off = tokenizers.count(self.TEXT, tokenizers.DEEPSEEK).tokens - tokenizers.estimate(self.TEXT).tokens
        rates = catalog.offer("demo-deep").rates
        assert off != 0
        assert self.cost(home, now) - estimated == off * rates.in_fresh // 10**6

    def test_estimates_in_time_where_nobody_counts(self, home: Home, now: datetime, broker: redis.Redis) -> None:
        estimated = self.cost(home, now)
        ChatModel.objects.filter(slug="demo-deep").update(tokenizer=tokenizers.DEEPSEEK)
        catalog.forget()
        began = time.monotonic()
        assert self.cost(home, now) == estimated
        assert time.monotonic() - began < questions.COUNT_SECONDS + 0.5


class TestOnTheStand:
    def test_the_worker_counts_what_a_visitor_pastes(self, stand: Stand) -> None:
        row = next(row for row in ROWS if row["kind"] == "chinese")
        with httpx.Client(base_url=stand.base_url) as visitor:
            deadline = time.monotonic() + STAND_SECONDS
            said = ""
            while said.count(" tokens</strong>") < len(tokenizers.NAMES):
                assert time.monotonic() < deadline, said
                visitor.get("/cost/")
                given = {"text": row["text"], "csrfmiddlewaretoken": visitor.cookies["csrftoken"]}
                said = visitor.post("/cost/", data=given).text
        for name in tokenizers.NAMES:
            assert f"{row[name]} tokens</strong>" in said
        loaded = {name: "_tiktoken" in Path(f"/proc/{stand.pid(name)}/maps").read_text() for name in ("web", "jobs")}
        assert loaded == {"web": False, "jobs": True}
        assert row["text"] not in (stand.var_dir / "logs" / "jobs.log").read_text(encoding="utf-8")

    def test_the_small_model_splits_as_a_second_implementation_does(self, stand: Stand) -> None:
        with stand.inside():
            found_route = texts._embedded_route()
        assert found_route is not None
        route = replace(found_route, loopback=True)
        for row in ROWS:
            found = tokenizers.counted(asyncio.run(tokenizing.split(row["text"], route=route)))
            assert found.tokens == row["embedded"], row["text"]
            assert "".join(piece.text for piece in found.pieces) == row["text"]
