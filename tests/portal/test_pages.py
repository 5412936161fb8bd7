"""The pages that belong to no floor stand on their own, in both languages, without a line of inline script."""

import re
from datetime import date, timedelta
from types import SimpleNamespace

import html5lib
import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from portal.kit import clock
from portal.kit.units import credits
from portal.templatetags import pictures
from tests import kept

PAGES = ("/", "/help/", "/more/")


@pytest.mark.django_db
class TestPages:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    @pytest.mark.parametrize("path", PAGES)
    def test_are_whole_documents_without_inline_style_or_script(self, client: Client, path: str, language: str) -> None:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        response = client.get(path)
        html = response.content.decode()
        assert response.status_code == 200
        html5lib.HTMLParser(strict=True).parse(html)
        assert html.count("<main") == html.count("<h1") == 1
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", html)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))

    def test_home_names_the_cheapest_plan_and_pack(self, client: Client) -> None:
        kept.offerings(now=clock.now())
        html = client.get("/").content.decode()
        assert "Plans from ¥9.90 a month" in html
        assert "¥1.00 for" in html

    def test_help_shows_developers_this_portals_own_address(self, client: Client) -> None:
        assert f"{settings.BASE_URL}/v1/chat/completions" in client.get("/help/").content.decode()

    def test_a_chosen_theme_is_written_by_the_server(self, client: Client) -> None:
        client.cookies["theme"] = "dark"
        assert '<html lang="en" data-theme="dark">' in client.get("/help/").content.decode()
        client.cookies["theme"] = '"><script>'
        assert "data-theme" not in client.get("/help/").content.decode()

    def test_what_does_not_exist_is_said_plainly(self, client: Client) -> None:
        response = client.get("/nowhere/")
        assert response.status_code == 404
        assert "This page does not exist" in response.content.decode()

    @pytest.mark.parametrize(
        ("path", "words"), [("/robots.txt", "Disallow: /"), ("/manifest.webmanifest", '"display": "standalone"')]
    )
    def test_small_files_are_there(self, client: Client, path: str, words: str) -> None:
        assert words in client.get(path).content.decode()


@pytest.mark.django_db
class TestStyleGuide:
    def test_shows_every_element_in_the_demo(self, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        html = client.get("/help/style/?wrong=1").content.decode()
        html5lib.HTMLParser(strict=True).parse(html)
        assert "This field is required." in html

    def test_is_nowhere_else(self, client: Client, settings: Settings) -> None:
        settings.DEMO = settings.DEBUG = False
        assert client.get("/help/style/").status_code == 404


class TestPlot:
    def chart(self, *amounts: int, even_pace: int = 0) -> pictures.Plot:
        days = [
            SimpleNamespace(date=date(2026, 11, 1) + timedelta(days=offset), parts=[credits(amount), credits(1)])
            for offset, amount in enumerate(amounts)
        ]
        chart = SimpleNamespace(series=("A", "B"), days=days, even_pace=credits(even_pace))
        return pictures.plot(chart)

    def test_holds_every_bar_and_the_even_pace_under_its_scale(self) -> None:
        drawn = self.chart(700, 2_300, 0, even_pace=4_100)
        top = drawn.marks[-1]
        assert top.value >= credits(4_100)
        assert drawn.pace is not None
        assert top.y <= drawn.pace.y
        assert all(top.y <= piece.y for bar in drawn.bars for piece in bar.pieces)

    def test_adds_up(self) -> None:
        drawn = self.chart(700, 2_300)
        assert drawn.total == sum(bar.total for bar in drawn.bars) == credits(3_002)

    def test_draws_an_empty_month(self) -> None:
        days = [SimpleNamespace(date=date(2026, 11, 1), parts=[])]
        drawn = pictures.plot(SimpleNamespace(series=(), days=days, even_pace=0))
        assert drawn.total == 0
        assert drawn.marks[0].value == 0
