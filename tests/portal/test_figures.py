"""Numbers are written as people read them, in both languages."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation

from portal.kit import figures
from portal.kit.units import Money, credits

NO_BREAK = "\u00a0"


def spaced(text: str) -> str:
    return text.replace(NO_BREAK, " ")


class TestCredits:
    @pytest.mark.parametrize(
        ("whole", "english", "chinese"),
        [
            (0, "0", "0"),
            (1, "1", "1"),
            (999, "999", "999"),
            (9_999, "9,999", "9,999"),
            (10_000, "10,000", "1 万"),
            (612_040, "612,040", "61.2 万"),
            (999_499, "999,499", "99.9 万"),
            (1_000_000, "1 million", "100 万"),
            (6_612_040, "6.61 million", "661.2 万"),
            (10_000_000, "10 million", "1000 万"),
            (14_803_000, "14.8 million", "1480.3 万"),
            (25_200_000, "25.2 million", "2520 万"),
            (99_999_999, "99.9 million", "9999.9 万"),
            (999_999_999, "999 million", "9.99 亿"),
            (1_250_000_000, "1.25 billion", "12.5 亿"),
            (-1_200, "−1,200", "−1,200"),
            (-2_000_000, "−2 million", "−200 万"),
        ],
    )
    def test_are_said_as_people_say_them(self, whole: int, english: str, chinese: str) -> None:
        with translation.override("en"):
            assert spaced(figures.credits(credits(whole))) == english
        with translation.override("zh-hans"):
            assert spaced(figures.credits(credits(whole))) == chinese

    def test_are_compact_in_small_places(self) -> None:
        with translation.override("en"):
            assert figures.credits_compact(credits(25_200_000)) == "25.2M"
            assert figures.credits_compact(credits(500_000)) == "500K"
        with translation.override("zh-hans"):
            assert spaced(figures.credits_compact(credits(500_000))) == "50 万"

    @pytest.mark.parametrize(
        ("microcredits", "short", "exact"),
        [
            (1, "under 0.01", "0.000001"),
            (300_000, "0.3", "0.3"),
            (12_345_678, "12.35", "12.345678"),
            (123_456_789, "123", "123.456789"),
            (None, "0", "0"),
        ],
    )
    def test_keep_what_is_small(self, microcredits: int | None, short: str, exact: str) -> None:
        with translation.override("en"):
            assert figures.credits(microcredits) == short
            assert figures.credits_exact(microcredits) == exact


class TestMoney:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_shows_the_sign_that_buyers_know(self, language: str) -> None:
        with translation.override(language):
            assert figures.money(990, "CNY") == "¥9.90"
            assert figures.money(-100, "CNY") == "−¥1.00"
            assert figures.money(Money(123_456, "CNY")) == "¥1,234.56"
            assert figures.money(None, "CNY") == "¥0.00"

    def test_knows_currencies_without_cents(self) -> None:
        with translation.override("en"):
            assert figures.money(500, "JPY") == "¥500"
            assert figures.money(500, "USD") == "$5.00"


class TestPercent:
    @pytest.mark.parametrize(
        ("part", "whole", "text"),
        [
            (37, 100, "37 %"),
            (42, 1000, "4.2 %"),
            (3, 100_000, "0.003 %"),
            (832, 10_000_000, "0.008 %"),
            (1, 10_000_000, "under 0.001 %"),
            (0, 100, "0 %"),
            (120, 100, "120 %"),
            (1, 0, "–"),
            (None, None, "–"),
        ],
    )
    def test_keeps_the_digits_that_count(self, part: int | None, whole: int | None, text: str) -> None:
        with translation.override("en"):
            assert spaced(figures.percent(part, whole)) == text

    def test_stands_close_in_chinese(self) -> None:
        with translation.override("zh-hans"):
            assert figures.percent(18, 100) == "18%"


class TestShare:
    @pytest.mark.parametrize(
        ("part", "whole", "text"), [(1, 3, "33.33"), (1, 2, "50"), (5, 2, "100"), (-1, 2, "0"), (1, 0, "0")]
    )
    def test_is_bounded_and_plain_in_any_language(self, part: int, whole: int, text: str) -> None:
        with translation.override("zh-hans"):
            assert figures.share(part, whole) == text


class TestBurn:
    @pytest.mark.parametrize(
        ("rate", "text"), [(3 * 10**11, "×0.3"), (10**12, "×1"), (12 * 10**12, "×12"), (0, "×0"), (None, "×0")]
    )
    def test_is_credits_a_token(self, rate: int | None, text: str) -> None:
        with translation.override("en"):
            assert figures.burn(rate) == text


class TestMoments:
    MOMENT = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)

    def test_are_told_by_the_clock_of_the_account(self) -> None:
        with translation.override("en"):
            assert figures.when(self.MOMENT, "Asia/Shanghai") == "1 Dec 2026, 00:30"
            assert figures.day(self.MOMENT, "Asia/Shanghai") == "1 December 2026"
            assert figures.day_short(self.MOMENT, "Europe/Paris") == "30 Nov"
        with translation.override("zh-hans"):
            assert figures.when(self.MOMENT, "Asia/Shanghai") == "2026年12月1日 00:30"
            assert figures.day(date(2026, 11, 30)) == "2026年11月30日"

    def test_are_a_dash_when_there_is_none(self) -> None:
        assert figures.when(None) == figures.day(None) == figures.day_short(None) == "–"


class TestDigits:
    def test_fill_an_odometer(self) -> None:
        assert figures.digits(14_803) == "014803"
        assert figures.digits(12_345_678) == "12345678"
        assert figures.digits(None) == "000000"


class TestMoneyFine:
    @pytest.mark.parametrize(
        ("minor", "english"),
        [("0", "¥0.00"), ("2.97", "¥0.0297"), ("29.7", "¥0.297"), ("99", "¥0.99"), ("99000", "¥990.00")],
    )
    def test_shows_parts_of_a_minor_unit(self, minor: str, english: str) -> None:
        with translation.override("en"):
            assert figures.money_fine(Decimal(minor), "CNY") == english

    def test_of_nothing_is_a_dash(self) -> None:
        assert figures.money_fine(None) == "–"
