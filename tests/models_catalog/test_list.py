"""The list of models: what is found by words and ticks, in which order, and how much it asks the database."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from models_catalog import facets, listing
from models_catalog.models import Alias, ChatModel, Route
from portal.kit import clock
from tests.budget import query_budget
from tests.models_catalog import shelves
from tests.models_catalog.shelves import list_price, measured, model, offering

pytestmark = pytest.mark.django_db
FRAGMENT = {"hx-request": "true", "hx-target": "found"}
MOST_QUERIES = 8


def page_of(client: Client, query: str = "", **headers: Any) -> Any:
    answer = client.get(f"/models/{query}", headers=headers)
    assert answer.status_code == 200
    return answer


def found(client: Client, query: str = "") -> list[str]:
    """The ids on the page, in their order."""
    return [row.entry.slug for row in page_of(client, query).context["found"].rows]


def counts(client: Client, side: str, query: str = "") -> dict[str, int]:
    sides = {each.name: each for each in page_of(client, query).context["found"].sides}
    return {option.value: option.count for option in sides[side].options}


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


@pytest.fixture
def _four() -> None:
    """Three models that can be called, one of them with a stable name, and one that cannot."""
    now = clock.now()
    big = model("big", now=now, burn=12_000, vendor="other", context_tokens=1_000_000, released_date=date(2026, 1, 1))
    small = model("small", now=now, burn=300, capabilities=["text", "images", "tools"], released_date=date(2024, 1, 1))
    mid = model("mid", now=now, burn=1000, capabilities=["text", "tools"], context_tokens=128_000)
    Alias.objects.create(slug="everyday", name="Everyday", name_zh="日常", chat_model=mid)
    measured(big, now=now, speed=40, first_token=900)
    measured(small, now=now, speed=120, first_token=400)
    away = model("away", now=now, capabilities=["text", "images"], data_region="united_states", context_tokens=200_000)
    list_price(away, now=now, given="1", answered="2")
    offering()


@pytest.mark.usefixtures("_four")
class TestFinding:
    def test_keeps_to_what_can_be_called_until_somebody_asks_for_all(self, client: Client) -> None:
        assert found(client) == ["mid", "big", "small"]
        assert "Callable here" in text_of(page_of(client))
        assert set(found(client, "?all=on")) == {"mid", "big", "small", "away"}
        assert found(client, "?unconnected=on") == ["away"]

    def test_shows_all_where_nothing_can_be_called(self, client: Client) -> None:
        ChatModel.objects.exclude(slug="away").update(published_at=None)
        assert found(client) == ["away"]

    @pytest.mark.parametrize(
        ("query", "slugs"),
        [
            ("?q=SMALL", ["small"]),
            ("?q=acme+mid", ["mid"]),
            ("?q=日常", ["mid"]),
            ("?vendor=other", ["big"]),
            ("?vendor=other&vendor=acme", ["mid", "big", "small"]),
            ("?modality=images", ["small"]),
            ("?ability=tools", ["mid", "small"]),
            ("?ability=tools&modality=images", ["small"]),
            ("?context=128k", ["mid", "big"]),
            ("?context=1m", ["big"]),
            ("?price=0.5", ["small"]),
            ("?price=1", ["mid", "small"]),
            ("?price=10", ["mid", "small"]),
            ("?price=above", ["big"]),
            ("?region=united_states", []),
            ("?region=united_states&all=on", ["away"]),
            ("?state=announced&all=on", ["away"]),
            ("?state=available", ["mid", "big", "small"]),
        ],
    )
    def test_narrows_by_words_and_ticks(self, client: Client, query: str, slugs: list[str]) -> None:
        assert found(client, query) == slugs

    def test_weighs_a_list_price_by_what_credits_cost(self, client: Client) -> None:
        # 1 and 2 dollars at 7 are 7 and 14 yuan a million; a credit is 0.99 yuan a million: x11.3 for a question
        assert found(client, "?price=above&all=on") == ["big", "away"]
        assert found(client, "?price=10&all=on") == ["mid", "small"]

    @pytest.mark.parametrize(
        ("sort", "slugs"),
        [
            ("recommended", ["mid", "big", "small", "away"]),
            ("price", ["small", "mid", "away", "big"]),
            ("context", ["big", "away", "mid", "small"]),
            ("speed", ["small", "big", "away", "mid"]),
            ("first_token", ["small", "big", "away", "mid"]),
            ("newest", ["big", "small", "away", "mid"]),
            ("name", ["away", "big", "mid", "small"]),
        ],
    )
    def test_sorts(self, client: Client, sort: str, slugs: list[str]) -> None:
        assert found(client, f"?all=on&sort={sort}") == slugs

    @pytest.mark.parametrize(
        "broken",
        [
            "?sort=whim",
            "?vendor=nobody",
            "?context=9",
            "?page=-3",
            "?page=x",
            "?price=',--",
            "?offering=none",
            "?whatever=1",
        ],
    )
    def test_passes_over_what_is_broken_and_does_the_rest(self, client: Client, broken: str) -> None:
        assert found(client, broken) == ["mid", "big", "small"]
        assert found(client, f"{broken}&ability=tools&vendor=acme") == ["mid", "small"]

    def test_says_what_may_be_searched_for(self, client: Client) -> None:
        assert 'placeholder="Name, vendor or what it is for"' in text_of(page_of(client))
        assert 'placeholder="名称、厂商或用途"' in text_of(page_of(client, accept_language="zh-hans"))

    def test_survives_any_search(self, client: Client) -> None:
        for asked in ("%27%3B--", "x" * 500, "%25_", "<script>alert(1)</script>"):
            assert "<script>alert" not in text_of(page_of(client, f"?q={asked}&vendor={asked}"))


@pytest.mark.usefixtures("_four")
class TestCounts:
    def test_tell_what_each_tick_would_leave(self, client: Client) -> None:
        assert counts(client, "vendor") == {"acme": 2, "other": 1}
        assert counts(client, "vendor", "?all=on") == {"acme": 3, "other": 1}
        assert counts(client, "context") == {"32k": 3, "128k": 2, "200k": 1, "1m": 1}

    def test_of_a_facet_do_not_shrink_by_its_own_ticks(self, client: Client) -> None:
        assert counts(client, "vendor", "?vendor=other") == {"acme": 2, "other": 1}
        assert counts(client, "ability", "?vendor=other") == {"tools": 0}

    def test_of_what_is_needed_together_do(self, client: Client) -> None:
        assert counts(client, "modality", "?ability=tools") == {"text": 2, "images": 1}
        assert counts(client, "modality", "?modality=images&all=on") == {"text": 2, "images": 2}

    def test_are_what_a_tick_then_finds(self, client: Client) -> None:
        for facet in facets.FACETS:
            for value, count in counts(client, facet.name, "?ability=tools&all=on").items():
                if facet.name == "ability":
                    continue
                assert len(found(client, f"?ability=tools&all=on&{facet.name}={value}")) == count


@pytest.mark.usefixtures("_four")
class TestPage:
    """What people see of it."""

    def test_shows_burn_and_money_at_an_offering_of_choice(self, client: Client) -> None:
        offering("family", price_minor=2990, microcredits=40 * 10**12, is_recommended=True)
        page = text_of(page_of(client))
        for words in ("×0.3", "×12", "1,000,000", "120 tokens/s", "stays in mainland China", "Everyday"):
            assert words in page
        assert "¥0.224 in · ¥0.224 out per million" in page  # 0.3 credits at 29.90 for 40 million
        assert "¥0.297 in · ¥0.297 out per million" in text_of(page_of(client, "?offering=starter"))

    def test_says_that_a_list_price_is_no_price_here(self, client: Client) -> None:
        page = text_of(page_of(client, "?all=on&q=away"))
        for words in ("Not connected on this portal", "Vendor's list price", "¥7.00 in · ¥14.00 out per million"):
            assert words in page
        assert "not a price here" in page

    def test_says_what_is_out_of_service(self, client: Client) -> None:
        Route.objects.filter(chat_model__slug="mid").update(disabled_at=clock.now())
        page = text_of(page_of(client, "?unconnected=on&q=mid"))
        assert "Out of service just now" in page
        assert "Not connected on this portal" not in page
        ChatModel.objects.filter(slug="mid").update(state="announced")
        assert "Not connected on this portal" in text_of(page_of(client, "?unconnected=on&q=mid"))

    def test_tells_no_nought_where_the_context_is_not_known(self, client: Client) -> None:
        model("vague", now=clock.now(), context_tokens=0, max_output_tokens=0)
        assert "<dt>Context</dt><dd><small>not known yet</small></dd>" in text_of(page_of(client, "?all=on&q=vague"))

    def test_says_when_a_model_is_retired(self, client: Client) -> None:
        ChatModel.objects.filter(slug="mid").update(state="deprecated", retires_date=date(2027, 5, 3))
        ChatModel.objects.filter(slug="big").update(state="preview")
        page = text_of(page_of(client))
        assert "is retired on 3 May 2027" in page
        assert "preview" in page

    def test_takes_each_filter_away_by_its_chip(self, client: Client) -> None:
        chips = page_of(client, "?q=a&vendor=acme&ability=tools&sort=price").context["found"].chips
        assert [chip.label for chip in chips] == ["“a”", "Callable here", "Acme", "tools"]
        assert [chip.href for chip in chips] == [
            "?vendor=acme&ability=tools&sort=price",
            "?q=a&vendor=acme&ability=tools&all=on&sort=price",
            "?q=a&ability=tools&sort=price",
            "?q=a&vendor=acme&sort=price",
        ]
        for chip in chips:
            assert page_of(client, chip.href).context["found"].count == chip.count

    def test_tells_what_to_loosen_when_nothing_is_left(self, client: Client) -> None:
        page = text_of(page_of(client, "?q=small&context=1m"))
        assert "No model matches" in page
        assert "without “small”: 1 model<" in page
        assert "without at least 1 million tokens: 1 model<" in page
        assert "without Callable here" not in page
        assert "Take one of these away" not in text_of(page_of(client, "?q=zzz&vendor=other&ability=tools"))

    def test_says_that_nothing_is_published(self, client: Client) -> None:
        ChatModel.objects.update(published_at=None)
        assert "No models yet" in text_of(page_of(client))

    def test_counts_in_a_live_region_and_labels_every_box(self, client: Client) -> None:
        page = text_of(page_of(client))
        assert re.search(r'id="tally" role="status">\s*3 models', page)
        assert "Compare<span" in page
        boxes = re.findall(r"<label[^>]*><input type=\"(?:checkbox|radio)\"", page)
        assert len(boxes) == len(re.findall(r"type=\"(?:checkbox|radio)\"", page))

    def test_speaks_chinese(self, client: Client) -> None:
        page = text_of(page_of(client, accept_language="zh-hans"))
        assert "日常" in page
        assert "上下文" in page

    def test_escapes_what_staff_wrote(self, client: Client) -> None:
        ChatModel.objects.update(summary="<script>alert(1)</script>", name="<script>alert(1)</script>")
        assert "<script>alert" not in text_of(page_of(client, "?all=on"))


@pytest.mark.usefixtures("_four")
class TestFragment:
    def test_holds_what_changes_and_nothing_else(self, client: Client) -> None:
        answer = page_of(client, "?q=&vendor=acme&sort=recommended&context=", **FRAGMENT)
        page = text_of(answer)
        assert 'id="found"' in page
        assert "<html" not in page
        assert 'hx-swap-oob="innerHTML">2 models' in page
        assert answer["HX-Push-Url"] == "/models/?vendor=acme"
        assert "HX-Target" in answer["Vary"]

    def test_is_a_whole_page_for_who_comes_back(self, client: Client) -> None:
        back = {"hx-request": "true", "hx-history-restore-request": "true"}
        assert "<html" in text_of(page_of(client, "?vendor=acme", **back))


class TestPages:
    @pytest.fixture(autouse=True)
    def _many(self) -> None:
        shelves.fill(60, now=clock.now())

    def test_hold_so_many_models_and_lead_to_each_other(self, client: Client) -> None:
        first = page_of(client, "?all=on&sort=name").context["found"]
        assert (len(first.rows), first.count, first.pages) == (listing.PAGE_SIZE, 60, 3)
        seen = [row.entry.slug for row in first.rows]
        second = page_of(client, first.next_href).context["found"]
        last = page_of(client, second.next_href).context["found"]
        seen += [row.entry.slug for each in (second, last) for row in each.rows]
        assert seen == [f"model-{number:03}" for number in range(60)]
        assert last.previous_href == first.next_href

    def test_end_with_the_last_one(self, client: Client) -> None:
        beyond = page_of(client, "?all=on&page=99999999").context["found"]
        assert (beyond.wish.page, len(beyond.rows)) == (3, 12)

    def test_ask_the_database_as_often_whatever_is_asked(self, client: Client) -> None:
        page_of(client)
        queries = [
            "",
            "?all=on",
            "?unconnected=on",
            "?q=model+number&vendor=maker-03&ability=tools&price=1&sort=speed&all=on",
            "?all=on&page=2&sort=price",
        ]
        for query in queries:
            with query_budget(MOST_QUERIES):
                page_of(client, query)
        shelves.model("one-more", now=clock.now(), burn=1)
        with query_budget(MOST_QUERIES):
            page_of(client, "?all=on")
