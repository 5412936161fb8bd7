"""The page "What a text costs": what it says of a text, and that it neither keeps nor trusts it."""

from decimal import Decimal
from typing import Any

import pytest
import redis
from django.conf import settings as configured
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from models_catalog import catalog, tokenizers
from models_catalog.models import ChatModel, CreditPrice
from models_catalog.tokenizers import Count, Piece
from portal.kit.units import credits
from tests.usage.cast import Home
from usage import text_costs, texts
from usage.models import Call, Conversation
from usage.texts import Answer, State

pytestmark = pytest.mark.django_db
PRIVATE = "The vault of Aunt Philippa opens with 71-22-05."


def page(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def offering(**terms: object) -> CreditPrice:
    """Ten million credits for 9.90 yuan."""
    usual = {"slug": "starter", "name": "Starter", "name_zh": "入门", "audience": "household", "currency": "CNY"}
    return CreditPrice(**(usual | {"price_minor": 990, "microcredits": credits(10**7)} | terms))


class TestWorkOut:
    @pytest.fixture(autouse=True)
    def _models(self, home: Home) -> None:
        ChatModel.objects.filter(slug="demo-deep").update(tokenizer=tokenizers.DEEPSEEK)

    def costs(self, text: str = "Hello there", **terms: Any) -> text_costs.Costs:
        counts = {"deepseek": Count(900, is_exact=True, pieces=(Piece("Hello", 1),)), "qwen": Count(300, is_exact=True)}
        usual: dict[str, Any] = {"answer_thirds": 3, "callable_only": True, "offering": None}
        usual["answer"] = Answer(State.COUNTED, counts)
        return text_costs.work_out(text, **(usual | terms))

    def row(self, slug: str, **terms: Any) -> text_costs.Row:
        return next(row for row in self.costs(**terms).rows if row.model.slug == slug)

    def test_counts_with_the_models_own_vocabulary_and_estimates_for_others(self) -> None:
        assert self.row("demo-deep").count.tokens == 900
        assert self.row("demo-fast").count == tokenizers.estimate("Hello there")

    def test_charges_what_is_read_and_what_is_answered_at_the_models_price(self) -> None:
        row, rates = self.row("demo-deep", answer_thirds=1), catalog.offer("demo-deep").rates
        assert (row.reading, row.answering) == (900 * rates.in_fresh // 10**6, 300 * rates.out_text // 10**6)

    def test_writes_no_longer_answer_than_the_model_can(self) -> None:
        most = catalog.offer("demo-deep").max_output_tokens
        counts = {"deepseek": Count(most, is_exact=True)}
        row = self.row("demo-deep", answer=Answer(State.COUNTED, counts), answer_thirds=9)
        assert row.answering == most * catalog.offer("demo-deep").rates.out_text // 10**6

    def test_tells_the_money_at_the_offering(self) -> None:
        row = self.row("demo-deep", offering=offering())
        assert row.reading is not None
        assert row.answering is not None
        assert row.money == Decimal(row.reading + row.answering) * 990 / credits(10**7)
        assert self.row("demo-deep").money is None

    def test_puts_the_cheapest_first_and_what_has_no_price_last(self) -> None:
        rows = self.costs(callable_only=False).rows
        costs = [(row.reading or 0) + (row.answering or 0) for row in rows if row.reading is not None]
        assert costs == sorted(costs)
        assert [row.reading is None for row in rows] == sorted(row.reading is None for row in rows)
        assert rows[-1].reading is None

    def test_shows_what_can_be_called_unless_asked_for_all(self) -> None:
        assert {row.model.slug for row in self.costs().rows} == {"demo-everyday", "demo-fast", "demo-deep"}
        assert len(self.costs(callable_only=False).rows) == ChatModel.objects.published().count()

    def test_ends_its_list(self) -> None:
        vendor = ChatModel.objects.get(slug="demo-fast").vendor
        now = ChatModel.objects.get(slug="demo-fast").published_at
        for number in range(text_costs.MOST_ROWS):
            facts = {"context_tokens": 10, "max_output_tokens": 1, "published_at": now}
            ChatModel.objects.create(slug=f"m{number}", name=f"M{number}", vendor=vendor, **facts)
        costs = self.costs(callable_only=False)
        assert len(costs.rows) == text_costs.MOST_ROWS
        assert costs.more == ChatModel.objects.published().count() - text_costs.MOST_ROWS

    def test_shows_the_fewest_tokens_first_and_says_how_many_are_not_shown(self) -> None:
        first, second = self.costs().splits
        assert (first.label, second.label, second.unseen) == ("Qwen 2.5 / 3", "DeepSeek V3", 899)
        assert second.per_character == Decimal(900) / 11


class TestPage:
    @pytest.fixture(autouse=True)
    def _fresh(self) -> None:
        cache.clear()  # who counted how often in this minute

    def test_shows_examples_and_counts_nothing(self, client: Client, home: Home, broker: redis.Redis) -> None:
        answer = client.get("/cost/")
        assert answer.status_code == 200
        assert "Count the Chinese text" in page(answer)
        assert "How it is split" not in page(answer)
        assert broker.llen(texts.QUEUE) == 0

    def test_estimates_and_says_so_where_no_worker_answers(
        self, client: Client, home: Home, broker: redis.Redis
    ) -> None:
        said = page(client.post("/cost/", {"text": PRIVATE}))
        assert "Not every exact count came in time" in said
        assert "rough estimate" in said
        assert f"about {tokenizers.estimate(PRIVATE).tokens}" in said

    def test_counts_with_a_worker(self, client: Client, home: Home, worker: list[dict[str, Any]]) -> None:
        ChatModel.objects.filter(slug="demo-deep").update(tokenizer=tokenizers.DEEPSEEK)
        said = page(client.post("/cost/", {"text": "你好，世界", "answer": "9"}))
        for words in ("DeepSeek V3", "Qwen 3.5", "GPT o200k", "The text has 5 characters.", ">exact<"):
            assert words in said
        assert "came in time" not in said

    def test_counts_an_example_of_the_same_words_in_two_languages(self, client: Client, home: Home, busy: None) -> None:
        for name, text in text_costs.EXAMPLES.items():
            said = client.post("/cost/", {"text": "thrown away", "example": name})
            assert said.context["costs"].characters == len(text)
            assert said.context["text"] == text

    def test_answers_htmx_with_the_fragment(self, client: Client, home: Home, busy: None) -> None:
        said = page(client.post("/cost/", {"text": PRIVATE}, headers={"hx-request": "true"}))
        assert "What it costs" in said
        assert "<html" not in said
        assert page(client.post("/cost/", {"text": "  "}, headers={"hx-request": "true"})) == ""

    def test_refuses_politely_while_many_wait(self, client: Client, home: Home, busy: None) -> None:
        answer = client.post("/cost/", {"text": PRIVATE})
        assert answer.status_code == 200
        assert "Many texts are being counted right now" in page(answer)

    def test_estimates_for_who_counts_too_often(
        self, client: Client, home: Home, worker: list[dict[str, Any]], settings: Settings
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"text_cost": "1/m/ip"}
        assert "You counted many texts" not in page(client.post("/cost/", {"text": "Hi"}))
        said = page(client.post("/cost/", {"text": "Hi"}))
        assert "You counted many texts within a minute" in said
        assert "Many texts" not in said
        assert len(worker) == 1

    def test_refuses_what_is_too_long(self, client: Client, home: Home, broker: redis.Redis) -> None:
        answer = client.post("/cost/", {"text": "x" * (texts.LONGEST_CHARACTERS + 1)})
        assert answer.status_code == 422
        assert "The text has 20001 characters; at most 20000 are counted." in page(answer)
        assert broker.llen(texts.QUEUE) == 0

    def test_takes_no_text_from_an_address(self, client: Client, home: Home) -> None:
        answer = client.get("/cost/", {"text": PRIVATE})
        assert (answer.context["text"], answer.context["costs"]) == ("", None)

    def test_shows_what_was_pasted_as_text(self, client: Client, home: Home, worker: list[dict[str, Any]]) -> None:
        said = client.post("/cost/", {"text": "</textarea><script>alert('x')</script> <img src=x onerror=y>"})
        assert "<script>alert" not in said.content.decode()
        assert "<img src=x" not in said.content.decode()
        assert "&lt;/textarea&gt;&lt;script&gt;" in said.content.decode()

    def test_counts_line_breaks_as_everybody_but_a_form_writes_them(
        self, client: Client, home: Home, busy: None
    ) -> None:
        assert client.post("/cost/", {"text": "a\r\nb"}).context["costs"].characters == 3
        longest = "a\r\n" * (texts.LONGEST_CHARACTERS // 2)
        answer = client.post("/cost/", {"text": longest})
        assert (answer.status_code, answer.context["costs"].characters) == (200, texts.LONGEST_CHARACTERS)

    def test_tells_the_money_at_the_offering_that_was_chosen(self, client: Client, home: Home, busy: None) -> None:
        offering().save()
        offering(slug="pack", price_minor=99_000, position=9).save()
        cheap = page(client.post("/cost/", {"text": PRIVATE, "offering": "starter"}))
        dear = page(client.post("/cost/", {"text": PRIVATE, "offering": "pack"}))
        assert "Together, in money" in cheap
        assert cheap != dear
        assert client.get("/cost/?offering=pack").context["offering"].slug == "pack"

    def test_speaks_chinese(self, client: Client, home: Home, busy: None) -> None:
        client.cookies[configured.LANGUAGE_COOKIE_NAME] = "zh-hans"
        assert "一段文字要花多少" in page(client.get("/cost/"))
        said = page(client.post("/cost/", {"text": PRIVATE}))
        assert "现在计算的人很多，因此这里是估算值。" in said
        assert "粗略估算" in said

    def test_keeps_and_logs_nothing(
        self,
        client: Client,
        home: Home,
        worker: list[dict[str, Any]],
        broker: redis.Redis,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with caplog.at_level("DEBUG"):
            answer = client.post("/cost/", {"text": PRIVATE})
        assert "Philippa" in page(answer)
        assert answer.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
        assert "Philippa" not in caplog.text
        assert list(broker.scan_iter("text:*")) == []
        assert not client.session.keys()
        assert not Call.objects.exists()
        assert not Conversation.objects.exists()
