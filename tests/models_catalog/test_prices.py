"""What may be published as a price: nothing that makes no sense, is below cost or typed wrong, unless it is meant."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from models_catalog import catalog, histories, margins, previews, price_terms, prices, tariffs, vendor_prices
from models_catalog.models import ChatModel, CreditPrice, Price, PriceTier, Route, Upstream, VendorPrice
from models_catalog.price_terms import Terms, Window
from models_catalog.pricing import USAGE_CLASSES, Rates, Tariff, Tier
from models_catalog.timetables import Hours
from models_catalog.vendor_prices import Note
from portal.kit import clock
from portal.kit.refusals import Refusal
from portal.kit.units import credits
from tests import kept
from tests.models_catalog.small_seed import well_known
from tests.models_catalog.test_catalog import HERE

pytestmark = pytest.mark.django_db
CREDIT = 10**12
"""Microcredits a million tokens where one token costs one credit."""
ONE = Rates(**dict.fromkeys(USAGE_CLASSES, CREDIT))
DAYS = frozenset({1, 2, 3, 4, 5})
NIGHT = Hours(DAYS, time(22), time(8))
SOON = timedelta(hours=1)


@pytest.fixture
def model() -> Iterator[ChatModel]:
    """A model that can be called, at 0.3 credits a token."""
    kept.catalog(now=clock.now(), addresses=HERE)
    yield ChatModel.objects.get(slug="demo-fast")
    catalog.forget()


@pytest.fixture
def offering() -> CreditPrice:
    """A million credits for one yuan: one credit a token is one yuan a million."""
    return on_sale("plain", 100)


def on_sale(slug: str, minor: int, currency: str = "CNY") -> CreditPrice:
    return CreditPrice.objects.create(
        slug=slug, audience="household", name=slug, name_zh=slug, price_minor=minor, currency=currency,
        microcredits=credits(10**6), model_patterns=["other-*"],  # what is sold gets dearer only after notice
    )  # fmt: skip


def publish(model: ChatModel, rates: Rates = ONE, *, wait: timedelta = SOON, **terms: Any) -> Price:
    now = clock.now()
    return prices.publish(model, rates=rates, active_from=now + wait, by=7, now=now, terms=Terms(**terms))


def noted(model: ChatModel, upstream: Upstream | None = None, **asked: Any) -> VendorPrice:
    """This will note a vendor's price, a yuan a million tokens where nothing else is said."""
    now = clock.now()
    usual = Note(
        rates={"in_fresh": 10**6, "out_text": 10**6}, currency="CNY", exchange_rate=Decimal(1), source="A page",
        source_date=date(2026, 11, 1), active_from=now, upstream=upstream,
    )  # fmt: skip
    return vendor_prices.note(model, replace(usual, **asked), by=None, now=now)


class TestPublish:
    def test_adds_the_base_its_hours_and_tiers_as_one(self, model: ChatModel) -> None:
        half = Rates(**dict.fromkeys(USAGE_CLASSES, CREDIT // 2))
        night = Window(NIGHT, Tariff(half, (Tier(9, ONE),)))
        row = publish(model, tiers=(Tier(5, half),), windows=(night,))
        window = row.windows.get()
        assert (window.weekdays, window.starts_at, window.ends_at) == ([1, 2, 3, 4, 5], time(22), time(8))
        assert (window.active_from, window.chat_model) == (row.active_from, model)
        assert tariffs.tariffs_of([row, window]) == {row.pk: Tariff(ONE, (Tier(5, half),)), window.pk: night.tariff}
        assert row.published_by == window.published_by == 7

    def test_begins_at_once_by_the_clock_of_the_database(self, model: ChatModel) -> None:
        before = clock.now()
        row = publish(model, wait=timedelta())
        assert before < row.active_from == row.published_at < clock.now()

    @pytest.mark.parametrize(
        ("terms", "refusal"),
        [
            ({"windows": (Window(replace(NIGHT, ends_at=time(22)), Tariff(ONE)),)}, price_terms.EmptyHours),
            ({"windows": (Window(replace(NIGHT, weekdays=frozenset()), Tariff(ONE)),)}, price_terms.EmptyHours),
            (
                {"windows": (Window(NIGHT, Tariff(ONE)), Window(Hours(frozenset({6}), time(7), time(9)), Tariff(ONE)))},
                price_terms.HoursOverlap,  # Friday's night ends on Saturday at eight
            ),
            ({"tiers": (Tier(5, ONE), Tier(5, ONE))}, price_terms.TierTwice),
            ({"tiers": (Tier(0, ONE),)}, price_terms.TierOutOfReach),
            ({"tiers": (Tier(10**8, ONE),)}, price_terms.TierOutOfReach),
            ({"windows": (Window(NIGHT, Tariff(ONE, (Tier(0, ONE),))),)}, price_terms.TierOutOfReach),
            ({"tiers": (Tier(5, replace(ONE, out_audio=-1)),)}, price_terms.RateOutOfRange),
            ({"tiers": (Tier(5, replace(ONE, out_audio=10**15 + 1)),)}, price_terms.RateOutOfRange),
            ({"tiers": (Tier(5, Rates()),)}, price_terms.NotSaidFree),
            ({"windows": (Window(NIGHT, Tariff(Rates())),)}, price_terms.NotSaidFree),
            ({"tiers": (Tier(5, replace(ONE, in_fresh=21 * CREDIT)),)}, prices.PriceJumps),
        ],
    )
    def test_refuses_what_makes_no_sense(self, model: ChatModel, terms: Any, refusal: type[Refusal]) -> None:
        before = Price.objects.count()
        with pytest.raises(refusal):
            publish(model, **terms)
        assert Price.objects.count() == before

    def test_lets_hours_meet(self, model: ChatModel) -> None:
        day = Hours(frozenset({6}), time(8), time(22))
        assert publish(model, windows=(Window(NIGHT, Tariff(ONE)), Window(day, Tariff(ONE)))).windows.count() == 2

    def test_refuses_a_call_that_the_books_could_not_take(self, model: ChatModel) -> None:
        dearest = replace(ONE, in_image=10**15)
        ChatModel.objects.filter(pk=model.pk).update(context_tokens=10**6)
        model.refresh_from_db()
        with pytest.raises(price_terms.TooDear):
            publish(model, dearest, is_sure=True)
        ChatModel.objects.filter(pk=model.pk).update(context_tokens=1000, max_output_tokens=1000)
        model.refresh_from_db()
        assert publish(model, dearest, is_sure=True).in_image == 10**15

    def test_takes_nothing_as_a_price_only_where_it_is_meant(self, model: ChatModel) -> None:
        with pytest.raises(price_terms.NotSaidFree):
            publish(model, Rates())
        assert publish(model, Rates(), is_free=True).rates == Rates()

    @pytest.mark.parametrize(
        ("times", "is_far"),
        [(Fraction(20), False), (Fraction(21), True), (Fraction(1, 20), False), (Fraction(1, 21), True)],
    )
    def test_asks_again_where_a_rate_is_far_from_what_it_was(
        self, model: ChatModel, times: Fraction, *, is_far: bool
    ) -> None:
        before = catalog.offer("fast").rates
        after = replace(before, out_text=int(before.out_text * times))
        if is_far:
            with pytest.raises(prices.PriceJumps) as no:
                publish(model, after)
            assert "output" in str(no.value)
        assert publish(model, after, is_sure=is_far).rates == after

    def test_compares_with_the_price_that_it_will_follow(self, model: ChatModel) -> None:
        dear = Rates(**dict.fromkeys(USAGE_CLASSES, 100 * CREDIT))
        publish(model, dear, is_sure=True)
        assert publish(model, dear, wait=2 * SOON).rates == dear
        with pytest.raises(prices.PriceJumps):
            publish(model, dear, wait=SOON / 2)


class TestBelowCost:
    def test_is_refused_with_both_sums(self, model: ChatModel, offering: CreditPrice) -> None:
        noted(model, rates={"in_fresh": 10**6, "out_text": 1_500_000})
        with pytest.raises(margins.BelowCost) as no:
            publish(model)
        assert {(loss.name, loss.earned, loss.cost) for loss in no.value.losses} == {
            (name, Fraction(1), Fraction(3, 2)) for name in ("out_text", "out_reasoning", "out_image", "out_audio")
        }
        assert "output 1 < 1.5 CNY" in str(no.value)

    def test_is_accepted_with_a_reason(self, model: ChatModel, offering: CreditPrice) -> None:
        noted(model, rates={"in_fresh": 2 * 10**6})
        assert publish(model, accepts_loss="A launch.").pk

    def test_is_not_what_just_covers_it(self, model: ChatModel, offering: CreditPrice) -> None:
        noted(model)
        assert publish(model).pk
        on_sale("cheaper", 99)
        with pytest.raises(margins.BelowCost):
            publish(model, wait=2 * SOON)

    def test_looks_at_hours_and_tiers_too(self, model: ChatModel, offering: CreditPrice) -> None:
        noted(model)
        less = replace(ONE, cache_read=CREDIT // 2)
        each: list[dict[str, Any]] = [{"tiers": (Tier(5, less),)}, {"windows": (Window(NIGHT, Tariff(less)),)}]
        for terms in each:
            with pytest.raises(margins.BelowCost) as no:
                publish(model, **terms)
            assert [loss.name for loss in no.value.losses] == ["cache_read"]

    def test_counts_the_dearest_open_route_and_else_the_list(self, model: ChatModel, offering: CreditPrice) -> None:
        route = Route.objects.get(chat_model=model)
        other = Upstream.objects.get(slug="small-model")
        noted(model, rates={"in_fresh": 5 * 10**6})
        assert margins.costs_of(model, at=clock.now())["in_fresh"] == 5
        noted(model, route.upstream)
        assert margins.costs_of(model, at=clock.now())["in_fresh"] == 1
        Route.objects.create(chat_model=model, upstream=other, upstream_model="x")
        assert margins.costs_of(model, at=clock.now())["in_fresh"] == 5  # what the other asks is only in the list
        noted(model, other, rates={"in_fresh": 3 * 10**6})
        assert margins.costs_of(model, at=clock.now())["in_fresh"] == 3
        Route.objects.filter(chat_model=model).update(disabled_at=clock.now())
        assert margins.costs_of(model, at=clock.now())["in_fresh"] == 5

    def test_takes_the_newest_note_that_counts(self, model: ChatModel, offering: CreditPrice) -> None:
        now = clock.now()
        for days, millionths in ((-2, 9), (-1, 4), (1, 8)):
            noted(model, rates={"in_fresh": millionths * 10**6}, active_from=now + timedelta(days=days))
        assert margins.costs_of(model, at=now)["in_fresh"] == 4

    def test_is_told_by_what_counts_when_the_price_begins(self, model: ChatModel, offering: CreditPrice) -> None:
        noted(model, rates={"in_fresh": 2 * 10**6}, active_from=clock.now() + SOON)
        for wait, is_loss in ((SOON / 2, False), (2 * SOON, True)):
            seen = previews.preview(model, rates=ONE, terms=Terms(), active_from=clock.now() + wait)
            assert [bool(margin.losses) for margin in seen.margins] == [is_loss]
        with pytest.raises(margins.BelowCost):
            publish(model, wait=2 * SOON)
        assert publish(model, wait=SOON / 2).pk

    def test_exchanges_both_ways(self, model: ChatModel) -> None:
        noted(model, rates={"in_fresh": 10**6}, currency="USD", exchange_rate=Decimal("7.2"))
        assert margins.costs_of(model, at=clock.now())["in_fresh"] == Fraction(36, 5)
        on_sale("dollars", 100, "USD")
        assert margins.cheapest(at=clock.now()) == Fraction(36, 5) / credits(10**6)
        on_sale("euros", 1, "EUR")  # nobody noted what it is worth
        on_sale("given", 0)
        assert margins.cheapest(at=clock.now()) == Fraction(36, 5) / credits(10**6)
        assert publish(model, Rates(**dict.fromkeys(USAGE_CLASSES, CREDIT))).pk

    def test_is_unknown_without_a_note_or_an_offering(self, model: ChatModel) -> None:
        noted(model, rates={"in_fresh": 10**14})
        assert publish(model).pk  # nothing is sold
        on_sale("plain", 100)
        with pytest.raises(margins.BelowCost):
            publish(model, wait=2 * SOON)

    def test_of_calls_is_held_against_what_a_call_costs(self, model: ChatModel, offering: CreditPrice) -> None:
        noted(model, rates={"per_request": 10**5})  # a tenth of a yuan a call
        with pytest.raises(margins.BelowCost):
            publish(model, replace(ONE, per_request=credits(99_999)), is_sure=True)
        assert publish(model, replace(ONE, per_request=credits(100_000)), is_sure=True).pk


class TestVendorPrices:
    @pytest.mark.parametrize(
        ("wrong", "refusal"),
        [
            ({"currency": "YUA"}, vendor_prices.UnknownCurrency),
            ({"currency": "USD", "exchange_rate": Decimal(0)}, vendor_prices.WrongExchangeRate),
            ({"currency": "USD", "exchange_rate": Decimal(-1)}, vendor_prices.WrongExchangeRate),
            ({"exchange_rate": Decimal("1.1")}, vendor_prices.WrongExchangeRate),
            ({"rates": {"in_fresh": -1}}, vendor_prices.WrongVendorRate),
            ({"rates": {"in_fresh": 10**15 + 1}}, vendor_prices.WrongVendorRate),
            ({"rates": {"in_water": 1}}, vendor_prices.WrongVendorRate),
            ({"rates": {}}, vendor_prices.WrongVendorRate),
            ({"source": " "}, vendor_prices.NoSource),
        ],
    )
    def test_refuse_what_nobody_can_reckon_with(self, model: ChatModel, wrong: Any, refusal: type[Refusal]) -> None:
        with pytest.raises(refusal):
            noted(model, **wrong)
        assert not VendorPrice.objects.exists()

    def test_are_one_for_a_moment_and_an_upstream(self, model: ChatModel) -> None:
        first = noted(model)
        with pytest.raises(vendor_prices.VendorPriceExists):
            noted(model, active_from=first.active_from)
        assert noted(model, Upstream.objects.earliest("pk"), active_from=first.active_from).pk


class TestWhole:
    """A price that others have seen gets nothing more."""

    @pytest.mark.django_db(transaction=True)
    def test_prices_take_no_hours_or_tiers_later(self) -> None:
        kept.catalog(now=clock.now(), addresses=HERE)
        row = publish(ChatModel.objects.get(slug="demo-fast"))
        with pytest.raises(DatabaseError, match="published with it"), transaction.atomic():
            PriceTier.objects.create(price=row, from_input_tokens=5)
        hours = {"weekdays": [1], "starts_at": time(1), "ends_at": time(2)}
        whose = {"chat_model": row.chat_model, "active_from": row.active_from, "published_at": row.published_at}
        with pytest.raises(DatabaseError, match="published with it"), transaction.atomic():
            Price.objects.create(base=row, **hours, **whose)
        with transaction.atomic():  # within one act all is well, also after a step that was taken back
            with transaction.atomic():
                own = Price.objects.create(**whose | {"active_from": row.active_from + SOON})
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
            PriceTier.objects.create(price=own, from_input_tokens=5)


class TestHistoryOf:
    def test_has_what_is_announced_what_counts_and_what_was(self, model: ChatModel) -> None:
        now = clock.now()
        first = Price.objects.get(chat_model=model)
        second = publish(model, wait=SOON, tiers=(Tier(7, ONE), Tier(5, ONE)), windows=(Window(NIGHT, Tariff(ONE)),))
        third = publish(model, wait=2 * SOON)
        steps = histories.history_of(model, now=now + SOON + timedelta(seconds=1))
        assert [(step.price, step.state) for step in steps] == [(third, "coming"), (second, "now"), (first, "past")]
        assert [window.starts_at for window in steps[1].windows] == [time(22)]
        assert [tier.from_input_tokens for tier in steps[1].tiers] == [5, 7]
        assert [step.state for step in histories.history_of(model, now=now)] == ["coming", "coming", "now"]

    def test_of_a_model_without_a_price_is_empty(self, model: ChatModel) -> None:
        well_known("gpt-4o")
        assert histories.history_of(ChatModel.objects.get(slug="gpt-4o"), now=clock.now()) == []
