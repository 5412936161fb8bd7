"""The public table of what a token costs: now and as announced, as a page, CSV and JSON."""

import csv
import io
from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from django.test import Client

from models_catalog import burns, catalog, prices
from models_catalog.models import ChatModel, Price
from models_catalog.price_terms import Terms, Window
from models_catalog.pricing import USAGE_CLASSES, Rates, Tariff, Tier
from models_catalog.timetables import Hours
from portal.kit import clock
from tests import kept
from tests.budget import query_budget
from tests.models_catalog.test_catalog import HERE

pytestmark = pytest.mark.django_db
PATH = "/models/prices/"
CREDIT = 10**12
LATER = timedelta(days=3)


@pytest.fixture(autouse=True)
def announced() -> Iterator[Price]:
    """The demo's prices, and one to come that knows nights and long calls."""
    now = clock.now()
    kept.catalog(now=now, addresses=HERE)
    rates = Rates(**dict.fromkeys(USAGE_CLASSES, CREDIT) | {"cache_read": CREDIT // 8, "out_audio": 0}, per_request=1)
    tiers = (Tier(2_000, Rates(**dict.fromkeys(USAGE_CLASSES, 2 * CREDIT))),)
    night = Window(Hours(frozenset({1, 7}), time(22), time(8)), Tariff(Rates(in_fresh=CREDIT // 4)))
    terms = Terms(tiers=tiers, windows=(night,), is_sure=True)
    fast = ChatModel.objects.get(slug="demo-fast")
    yield prices.publish(fast, rates=rates, active_from=now + LATER, by=None, now=now, terms=terms)
    catalog.forget()


class TestTable:
    def test_has_what_counts_and_what_is_announced_in_order(self, announced: Price) -> None:
        found = [burn for burn in burns.table(now=clock.now()).burns if burn.model == announced.chat_model]
        assert [(burn.is_coming, burn.window is not None, burn.from_input_tokens) for burn in found] == [
            (False, False, 0), (True, False, 0), (True, False, 2_000), (True, True, 0),
        ]  # fmt: skip
        after = [burn for burn in burns.table(now=clock.now() + LATER).burns if burn.model == announced.chat_model]
        assert [burn.is_coming for burn in after] == [False, False, False]

    def test_has_no_model_that_nobody_may_see(self, announced: Price) -> None:
        ChatModel.objects.filter(pk=announced.chat_model_id).update(published_at=None)
        assert announced.chat_model not in {burn.model for burn in burns.table(now=clock.now()).burns}

    def test_is_versioned_by_its_newest_change(self, announced: Price) -> None:
        assert burns.table(now=clock.now()).version == announced.published_at
        assert burns.table(now=clock.now() + LATER).version == announced.active_from

    def test_asks_as_often_for_many_models_as_for_one(self) -> None:
        with query_budget(8):
            burns.as_csv(burns.table(now=clock.now()))


class TestPage:
    def test_shows_every_price(self, client: Client) -> None:
        page = client.get(PATH).content.decode()
        assert "Demo Fast" in page
        assert "Mon/Sun 22:00–08:00" in page
        assert "from 2,000 tokens in" in page
        assert "×0.3" in page
        assert "Input read from cache ×0.125" in page

    def test_is_a_sheet_with_a_line_for_each_set_of_rates(self, client: Client, announced: Price) -> None:
        answer = client.get(PATH, {"format": "csv"})
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Cache-Control"] == "public, max-age=60"
        lines = [line for line in csv.DictReader(io.StringIO(answer.content.decode())) if line["model"] == "demo-fast"]
        assert [(line["state"], line["weekdays"], line["hours_from"], line["from_input_tokens"]) for line in lines] == [
            ("now", "", "", "0"), ("coming", "", "", "0"), ("coming", "", "", "2000"), ("coming", "1 7", "22:00", "0"),
        ]  # fmt: skip
        assert [line["credits_per_in_fresh"] for line in lines] == ["0.3", "1", "2", "0.25"]
        assert lines[1]["credits_per_per_request"] == "0.000001"
        assert lines[1]["in_force_from"] == announced.active_from.isoformat()

    def test_is_json_for_programs(self, client: Client) -> None:
        answer = client.get(PATH, {"format": "json"})
        assert "public" in answer["Cache-Control"]
        told = answer.json()
        rows = {(row["model"], row["state"], row["from_input_tokens"], bool(row["hours"])): row for row in told["data"]}
        assert rows["demo-fast", "coming", 0, True]["hours"] == {"weekdays": [1, 7], "from": "22:00", "until": "08:00"}
        assert rows["demo-fast", "now", 0, False]["credits"]["out_text"] == "0.3"
        assert told["version"]

    def test_stands_before_a_model_of_that_name(self, client: Client, announced: Price) -> None:
        assert client.get("/models/demo-fast/").status_code == 200
        assert client.get(PATH, {"format": "xml"})["Content-Type"].startswith("text/html")
