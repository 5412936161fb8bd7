"""Up to four models side by side."""

import re
from datetime import time
from typing import Any

import pytest
from django.test import Client

from models_catalog.models import ChatModel, Price, PriceTier, Route
from models_catalog.models.price import RATE_NAMES
from models_catalog.pricing import USAGE_CLASSES
from portal.kit import clock
from portal.kit.units import credits
from tests.budget import query_budget
from tests.models_catalog import shelves
from tests.models_catalog.shelves import list_price, measured, model, offering

pytestmark = pytest.mark.django_db
MOST_QUERIES = 14


def page_of(client: Client, *slugs: str, **more: Any) -> Any:
    answer = client.get("/models/compare/", {"model": slugs, **more})
    assert answer.status_code == 200
    return answer


def text_of(answer: Any) -> str:
    text = answer.content.decode().replace("\u00a0", " ").replace("&#x27;", "'").replace("&#39;", "'")
    return " ".join(text.split())


def lines(answer: Any) -> dict[str, Any]:
    return {line.label: line for part in answer.context["shown"].parts for line in part.lines}


def row_of(page: str, label: str) -> list[str]:
    """The cells of a row as people read them."""
    row = re.search(rf"<tr[^>]*><th scope=\"row\"[^>]*>(?:(?!</th>).)*{label}</th>(.*?)</tr>", page)
    assert row, label
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[1])
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]


@pytest.fixture
def _three() -> None:
    now = clock.now()
    offering()
    cheap = model("cheap", now=now, burn=300, family="Cheap", capabilities=["text", "tools"])
    model("dear", now=now, burn=12_000, context_tokens=128_000)
    measured(cheap, now=now, speed=120, first_token=400)
    away = model("away", now=now, data_region="unknown", trains_on_data=None)
    list_price(away, now=now, given="1", answered="2")


@pytest.mark.usefixtures("_three")
class TestTable:
    def test_has_a_row_for_every_class_of_price_and_hides_none(self, client: Client) -> None:
        answer = page_of(client, "cheap", "dear")
        shown = lines(answer)
        priced = [line for line in shown.values() if line.kind == "price"]
        assert [cell.name for line in priced for cell in line.cells[:1]] == list(USAGE_CLASSES)
        page = text_of(answer)
        assert row_of(page, "Input") == ["300,000 ¥0.297", "12,000,000 ¥11.90"]
        assert row_of(page, "Audio input")[0] == "300,000 ¥0.297 billed as input"
        assert row_of(page, "Reasoning")[1] == "12,000,000 ¥11.90 billed as output"
        assert row_of(page, "A typical question") == ["300 credits ¥0.000297", "12,000 credits ¥0.0119"]

    def test_tells_facts_health_and_data(self, client: Client) -> None:
        page = text_of(page_of(client, "cheap", "away"))
        expected = {
            "Id": ["cheap", "away"],
            "Family": ["Cheap", "–"],
            "State": ["available", "Not connected on this portal"],
            "Context": ["32,768 tokens", "32,768 tokens"],
            "Tools": ["yes", "not known yet"],
            "Input": ["300,000 ¥0.297", "no price here"],
            "Vendor's list price": ["–", "¥7.00 in · ¥14.00 out per million not a price here"],
            "A typical question": ["300 credits ¥0.000297", "¥0.0112 by the vendor's list"],
            "Speed, median": ["120 tokens/s", "not measured"],
            "First token, 95 of 100 calls": ["1,200 ms", "not measured"],
            "Calls that succeeded": ["99.5 % of 200 calls", "not measured"],
            "What you send": ["stays in mainland China", "known once it is connected"],
            "Used for training": ["no", "known once it is connected"],
            "Generative-AI filing": ["None needed", "None needed"],
        }
        assert {label: row_of(page, label) for label in expected} == expected

    def test_marks_what_differs_in_words_too(self, client: Client) -> None:
        answer = page_of(client, "cheap", "dear")
        differs = {label for label, line in lines(answer).items() if line.is_different}
        assert {"Id", "Context", "Tools", "Input", "A typical question"} <= differs
        assert not {"Vendor", "Longest answer", "Text", "Kept there", "Each request"} & differs
        assert len(re.findall(r"differs:", text_of(answer))) == len(differs)

    def test_does_not_take_the_unknown_for_a_difference(self, client: Client) -> None:
        differs = {label for label, line in lines(page_of(client, "cheap", "away")).items() if line.is_different}
        assert "State" in differs
        assert not {"Family", "Tools", "Input", "Speed, median", "What you send", "Used for training"} & differs

    def test_tells_no_nought_where_a_size_is_not_known(self, client: Client) -> None:
        model("vague", now=clock.now(), context_tokens=0, max_output_tokens=0)
        answer = page_of(client, "cheap", "vague")
        for label in ("Context", "Longest answer"):
            assert row_of(text_of(answer), label)[1] == "not known yet"
            assert not lines(answer)[label].is_different

    def test_says_no_to_an_ability_of_what_was_called_once(self, client: Client) -> None:
        Route.objects.filter(chat_model__slug="dear").update(disabled_at=clock.now())
        page = text_of(page_of(client, "cheap", "dear"))
        assert row_of(page, "Tools") == ["yes", "no"]
        assert row_of(page, "State") == ["available", "Out of service just now"]

    def test_tells_the_money_at_an_offering_of_choice(self, client: Client) -> None:
        offering("family", price_minor=1980)
        assert row_of(text_of(page_of(client, "cheap", offering="family")), "Input") == ["300,000 ¥0.594"]

    def test_tells_when_another_price_counts(self, client: Client) -> None:
        base = Price.objects.get(chat_model__slug="cheap")
        night = {"base": base, "weekdays": [6, 7], "starts_at": time(22), "ends_at": time(6)}
        rates = dict.fromkeys(RATE_NAMES, credits(100_000))
        facts = {"chat_model": base.chat_model, "active_from": base.active_from, "published_at": base.published_at}
        Price.objects.create(**facts, **night, **rates)
        PriceTier.objects.create(price=base, from_input_tokens=20_000, **dict.fromkeys(RATE_NAMES, credits(900_000)))
        told = row_of(text_of(page_of(client, "cheap", "dear", "away")), "At other times and lengths")
        assert told == [
            "from 20,000 input tokens: ×0.9 in · ×0.9 out Sat/Sun 22:00–06:00: ×0.1 in · ×0.1 out",
            "always the same",
            "no price here",
        ]
        assert lines(page_of(client, "cheap", "dear"))["At other times and lengths"].is_different
        assert not lines(page_of(client, "cheap", "away"))["At other times and lengths"].is_different
        assert row_of(text_of(page_of(client, "cheap")), "Input") == ["300,000 ¥0.297"]

    def test_leads_to_each_model_and_to_the_same_without_it(self, client: Client) -> None:
        page = text_of(page_of(client, "cheap", "dear"))
        for link in ("/models/cheap/", "/models/compare/?model=dear", "/models/compare/?model=cheap"):
            assert f'href="{link}"' in page
        assert '<option value="away">Away</option>' in page
        assert '<option value="dear">' not in page


@pytest.mark.usefixtures("_three")
class TestChoice:
    def test_refuses_a_fifth_in_words(self, client: Client) -> None:
        for name in ("four", "five"):
            model(name, now=clock.now())
        answer = page_of(client, "cheap", "dear", "away", "four", "five")
        assert [column.entry.slug for column in answer.context["shown"].columns] == ["cheap", "dear", "away", "four"]
        page = text_of(answer)
        assert "Four models fit side by side. Left out: Five. Take one away to make room." in page
        assert 'role="alert"' in page
        assert "Add a model" not in page

    def test_says_what_is_no_model_and_shows_the_rest(self, client: Client) -> None:
        answer = page_of(client, "cheap", "", "cheap", "<b>nonsense")
        assert [column.entry.slug for column in answer.context["shown"].columns] == ["cheap"]
        assert "There is no model named &lt;b&gt;nonsense here." in text_of(answer)

    def test_shows_nothing_hidden(self, client: Client) -> None:
        ChatModel.objects.filter(slug="dear").update(published_at=None)
        assert "There is no model named dear here." in text_of(page_of(client, "cheap", "dear"))

    def test_starts_with_the_way_to_the_list(self, client: Client) -> None:
        page = text_of(page_of(client))
        assert "Nothing to compare yet" in page
        assert "<table" not in page

    def test_asks_the_database_as_often_for_one_as_for_four(self, client: Client) -> None:
        shelves.fill(20, now=clock.now())
        page_of(client)
        for slugs in (["cheap"], ["cheap", "dear", "model-000", "model-003"]):
            with query_budget(MOST_QUERIES):
                page_of(client, *slugs)
