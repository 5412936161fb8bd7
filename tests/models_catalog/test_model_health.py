"""What a model's page says of how it did here, in figures, pictures and tables."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from models_catalog.models import ChatModel
from tests.models_catalog import model_pages, showcase
from tests.models_catalog.model_pages import curves, look, main, one, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now() -> datetime:
    """The demo's catalog, from this moment on."""
    return model_pages.fill_shelf()


@pytest.fixture
def deep() -> ChatModel:
    """A model that can be called."""
    return ChatModel.objects.get(slug="demo-deep")


class TestHealth:
    def test_without_calls_says_so(self, client: Client) -> None:
        said = main(look(client, "demo-deep"))
        assert "No calls yet in the last 24 hours" in said
        assert "No calls yet in the last 30 days" in said

    def test_is_told_in_figures_pictures_and_a_table(self, client: Client, deep: ChatModel, now: datetime) -> None:
        showcase.everything(deep, now=now)
        tree = look(client, "demo-deep")
        said = main(tree)
        assert "half within 0.82 s, 95 in 100 within 2.4 s" in said
        assert "half reach 42.5 tokens a second, 95 in 100 reach 18" in said
        assert "99.8 % of 812 calls" in said
        assert "99.9 % of 18,212 calls" in said  # 99.95 is not rounded up
        pictures = curves(tree)
        assert len(pictures) == 6
        assert all(each.attrib["role"] == "img" and each.attrib["aria-label"] for each in pictures)
        table = next(each for each in tree.iter("table") if "Only the spans with calls" in words(each))
        assert [words(cell) for cell in one(table, "tbody")[1][1:]] == ["3", "100 %", "0.82 s / 2.4 s", "42.5 / 18"]

    def test_leaves_gaps_where_nobody_called(self, client: Client, deep: ChatModel, now: datetime) -> None:
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        for ago in (0, 1, 5):
            showcase.health(deep, "hour", hour - timedelta(hours=ago), first_token_p50=500, first_token_p95=1000)
        lines = [each.attrib["d"] for each in curves(look(client, "demo-deep"))[0] if each.attrib["class"] != "scale"]
        assert lines == ["M77.08 20.0h0M93.75 20.0h0L97.92 20.0", "M77.08 0.0h0M93.75 0.0h0L97.92 0.0"]

    def test_of_long_ago_is_not_told(self, client: Client, deep: ChatModel, now: datetime) -> None:
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        showcase.health(deep, "hour", hour - timedelta(hours=24))
        showcase.health(deep, "day", hour.replace(hour=0) - timedelta(days=30))
        said = main(look(client, "demo-deep"))
        assert "No calls yet in the last 24 hours" in said
        assert "No calls yet in the last 30 days" in said
