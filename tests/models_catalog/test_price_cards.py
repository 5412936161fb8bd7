"""A price card shows every class, in credits and in money at an offering of one's choice."""

from decimal import Decimal

import pytest

from models_catalog import price_cards
from models_catalog.models import CreditPrice
from models_catalog.pricing import USAGE_CLASSES, Rates
from portal.kit.units import credits

MILLION = 10**6


def offering(slug: str = "starter", **changes: object) -> CreditPrice:
    """Ten million credits for 9.90 yuan."""
    terms = {"price_minor": 990, "currency": "CNY", "microcredits": credits(10 * MILLION), "position": 10}
    return CreditPrice(slug=slug, **({"audience": "household"} | terms | changes))


def rates(burn: int = 1) -> Rates:
    """So many credits for each token that is read, three times that for each that is written."""
    per_million = credits(burn * MILLION)
    written = dict.fromkeys(("out_text", "out_reasoning", "out_image", "out_audio"), per_million * 3)
    return Rates(**(dict.fromkeys(USAGE_CLASSES, per_million) | written | {"cache_read": per_million // 10}))


class TestLines:
    def test_hide_no_class(self) -> None:
        assert [line.name for line in price_cards.lines(rates(), at=None)] == list(USAGE_CLASSES)

    def test_say_what_a_class_without_a_price_of_its_own_is_billed_as(self) -> None:
        billed = {line.name: line.billed_as for line in price_cards.lines(rates(), at=None)}
        assert (billed["in_fresh"], billed["out_text"], billed["cache_read"]) == ("", "", "")
        assert (billed["in_audio"], billed["out_reasoning"]) == ("in_fresh", "out_text")

    def test_tell_the_money_at_an_offering(self) -> None:
        money = {line.name: line.money for line in price_cards.lines(rates(), at=offering())}
        assert (money["in_fresh"], money["cache_read"], money["out_text"]) == (
            Decimal(99),
            Decimal("9.9"),
            Decimal(297),
        )

    def test_tell_no_money_where_nothing_is_sold(self) -> None:
        assert {line.money for line in price_cards.lines(rates(), at=None)} == {None}


class TestChosen:
    def test_is_the_named_one_then_the_recommended_one_then_the_first(self) -> None:
        one, two = offering("one"), offering("two", is_recommended=True)
        assert price_cards.chosen([one, two], slug="one") is one
        assert price_cards.chosen([one, two], slug="gone") is two
        assert price_cards.chosen([one], slug="") is one
        assert price_cards.chosen([], slug="") is None

    def test_is_one_for_who_looks(self) -> None:
        bundle = offering("bundle", audience="business", is_recommended=True)
        plain, liked = offering("plain"), offering("liked", is_recommended=True)
        among = [plain, liked, bundle]
        assert price_cards.chosen(among, slug="") is liked
        assert price_cards.chosen(among, slug="", audience="business") is bundle
        assert price_cards.chosen(among, slug="plain", audience="business") is plain
        assert price_cards.chosen([plain, bundle], slug="") is plain
        assert price_cards.chosen([bundle], slug="") is bundle


class TestOfferings:
    @pytest.mark.django_db
    def test_of_households_stand_first_and_then_as_on_the_shelf(self) -> None:
        offering("bundle", position=0, audience="business").save()
        offering("late", position=9).save()
        offering("early", position=1).save()
        assert [one.slug for one in price_cards.offerings()] == ["early", "late", "bundle"]
