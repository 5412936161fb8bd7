"""Bringing a file of models into the catalog: what is made, what changes, and what stays as people left it."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import Settings

from models_catalog import catalog, importing
from models_catalog.importing.seed_files import decode
from models_catalog.models import ChatModel, Vendor, VendorPrice
from models_catalog.models.chat_model import CALLABLE_STATES
from portal.kit import clock
from tests.models_catalog.small_seed import LIST, bring, bytes_of, ending, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_yuan")]


@pytest.fixture(autouse=True)
def _fresh_catalog() -> Iterator[None]:
    """Nothing is remembered from another test."""
    catalog.forget()
    yield
    catalog.forget()


class TestFirst:
    """The first import of a file."""

    def test_makes_vendors_and_announced_models_that_everybody_sees(self) -> None:
        bring()
        vendor = Vendor.objects.get(slug="brook")
        assert (vendor.name, vendor.name_zh, vendor.country, vendor.risk) == ("Brook", "小溪", "CN", "unknown")
        model = ChatModel.objects.published().get(slug="dipper-2")
        assert (model.vendor, model.state, model.data_region) == (vendor, "announced", "unknown")
        assert (model.context_tokens, model.max_output_tokens) == (128_000, 8_000)
        assert (model.capabilities, model.released_date) == (["text", "tools"], date(2026, 5, 1))
        assert (model.summary_zh, model.good_for_zh) == ("一只鸟。", ["潜水"])

    def test_makes_nothing_that_can_be_called(self) -> None:
        bring()
        assert not ChatModel.objects.filter(state__in=CALLABLE_STATES).exists()
        with pytest.raises(catalog.NotConnected):
            catalog.offer("dipper-2")

    def test_remembers_each_figure_with_its_source_and_date(self) -> None:
        bring()
        imported = ChatModel.objects.get(slug="dipper-2").imported
        assert imported["context_tokens"] == {"value": 128_000, **LIST}
        assert imported["released_date"] == {"value": "2026-05-01", **LIST}
        assert imported["summary"] == {"value": "A bird.", "source": "reviewed by hand", "date": "2026-11-02"}

    def test_notes_the_list_price_in_whole_millionths(self) -> None:
        before = clock.now()
        bring()
        price = VendorPrice.objects.get()
        assert (price.chat_model.slug, price.upstream, price.noted_by) == ("dipper-2", None, None)
        assert (price.in_fresh, price.out_text, price.cache_read) == (270_000, 1_100_000, None)
        assert (price.currency, price.exchange_rate) == ("USD", Decimal("7.25"))
        assert (price.source, price.source_date) == (LIST["source"], date(2026, 11, 1))
        assert before <= price.active_from == price.noted_at

    def test_reads_a_figure_exactly_whether_it_is_text_or_a_number(self) -> None:
        raw = bytes_of().replace(b'"0.27"', b"0.27").replace(b'"1.1"', b"1e-6")
        importing.carry_out(decode(raw), by=None, now=clock.now())
        assert VendorPrice.objects.values_list("in_fresh", "out_text").get() == (270_000, 1)

    def test_leaves_what_nobody_tells_without_a_figure(self) -> None:
        bring()
        wren = ChatModel.objects.get(slug="wren")
        assert (wren.max_output_tokens, wren.released_date, wren.summary) == (0, None, "")
        assert set(wren.imported) == {"name", "context_tokens"}

    def test_takes_prices_in_the_portals_own_currency_as_they_are(self, settings: Settings) -> None:
        settings.CURRENCY = "USD"
        bring()
        assert VendorPrice.objects.get().exchange_rate == 1

    def test_holds_prices_back_that_no_rate_of_exchange_leads_to(self, settings: Settings) -> None:
        settings.CURRENCY = "EUR"
        plan = bring()
        assert [note.doubts for note in plan.held] == [["no rate of exchange from USD to EUR"]]
        assert not VendorPrice.objects.exists()


class TestAgain:
    """A later import."""

    def test_changes_nothing_when_nothing_is_new(self) -> None:
        bring()
        before = rows()
        plan = bring()
        assert rows() == before
        assert set(plan.counts.values()) == {0}
        assert list(plan.lines) == []

    def test_changes_what_the_last_one_wrote(self) -> None:
        bring()
        plan = bring(lambda whole: whole["models"][0].update(context_tokens={"value": 256_000, **LIST}))
        model = ChatModel.objects.get(slug="dipper-2")
        assert (model.context_tokens, model.imported["context_tokens"]["value"]) == (256_000, 256_000)
        assert list(plan.lines) == ["dipper-2: context_tokens: 128000 → 256000"]

    def test_leaves_what_was_edited_here(self) -> None:
        bring()
        ChatModel.objects.filter(slug="dipper-2").update(summary="Our bird.", context_tokens=64_000)
        for _ in range(2):
            plan = bring(lambda whole: whole["models"][0].update(summary="A new bird.", family="Dippers"))
            model = ChatModel.objects.get(slug="dipper-2")
            assert (model.summary, model.context_tokens, model.family) == ("Our bird.", 64_000, "Dippers")
            assert "dipper-2: summary: Our bird. → A new bird.: kept, edited here" in list(plan.lines)
            assert plan.counts["kept"] == 2

    def test_leaves_what_was_emptied_here(self) -> None:
        bring()
        ChatModel.objects.filter(slug="dipper-2").update(good_for=[])
        bring()
        assert ChatModel.objects.get(slug="dipper-2").good_for == []

    def test_follows_again_once_both_say_the_same(self) -> None:
        bring()
        ChatModel.objects.filter(slug="dipper-2").update(summary="A new bird.")
        bring(lambda whole: whole["models"][0].update(summary="A new bird."))
        bring(lambda whole: whole["models"][0].update(summary="A newer bird."))
        assert ChatModel.objects.get(slug="dipper-2").summary == "A newer bird."

    def test_fills_what_was_never_told_of_a_model_made_here(self) -> None:
        vendor = Vendor.objects.create(slug="brook", name="Our brook", country="FR")
        ChatModel.objects.create(
            slug="dipper-2", vendor=vendor, name="My dipper", context_tokens=9, max_output_tokens=9
        )
        plan = bring()
        model = ChatModel.objects.get(slug="dipper-2")
        assert (model.name, model.context_tokens, model.summary) == ("My dipper", 9, "A bird.")
        assert (model.published_at, plan.counts["kept"]) == (None, 3)

    @pytest.mark.parametrize(("context", "longest"), [(4_000, 0), (4_000, 2_000), (128_000, 200)])
    def test_never_lets_an_answer_outgrow_the_context(self, context: int, longest: int) -> None:
        bring()
        ChatModel.objects.filter(slug="dipper-2").update(context_tokens=context, max_output_tokens=longest)
        model = ChatModel.objects.get(slug="dipper-2")
        model.imported |= {"max_output_tokens": {**model.imported["max_output_tokens"], "value": longest}}
        model.save()
        bring()
        model.refresh_from_db()
        assert (model.context_tokens, model.max_output_tokens) == (context, longest if context < 8_000 else 8_000)

    def test_leaves_vendors_and_the_state_alone(self) -> None:
        bring()
        Vendor.objects.filter(slug="brook").update(name="Our brook", country="FR")
        ChatModel.objects.filter(slug="dipper-2").update(state="retired", published_at=None)
        bring(lambda whole: whole["models"][0].update(family="Dippers"))
        assert Vendor.objects.get().name == "Our brook"
        model = ChatModel.objects.get(slug="dipper-2")
        assert (model.state, model.published_at, model.family) == ("retired", None, "Dippers")

    def test_moves_the_end_of_a_model_only_while_it_is_announced(self) -> None:
        bring(ending("2027-01-14"))
        assert bring(ending("2027-01-01")).counts["fields changed"] == 1
        assert ChatModel.objects.get(slug="dipper-2").retires_date == date(2027, 1, 1)
        ChatModel.objects.filter(slug="dipper-2").update(state="retired")
        assert bring(ending("2027-01-14")).counts["kept"] == 1
        assert ChatModel.objects.get(slug="dipper-2").retires_date == date(2027, 1, 1)

    def test_keeps_a_newer_source_without_calling_it_a_change(self) -> None:
        bring()
        newer = LIST | {"date": "2026-12-01"}
        plan = bring(lambda whole: whole["models"][0].update(context_tokens={"value": 128_000, **newer}))
        assert set(plan.counts.values()) == {0}
        assert ChatModel.objects.get(slug="dipper-2").imported["context_tokens"]["date"] == "2026-12-01"


class TestSeed:
    """The reviewed file that comes with the portal."""

    def test_is_imported_quickly_and_twice_changes_nothing(self) -> None:
        seed = importing.read(importing.SEED)
        begun = time.monotonic()
        first = importing.carry_out(seed, by=None, now=clock.now())
        assert time.monotonic() - begun < 2
        before = rows()
        again = importing.carry_out(seed, by=None, now=clock.now())
        assert rows() == before
        assert (first.counts["held back"], first.counts["models new"]) == (0, len(seed.models))
        assert set(again.counts.values()) == {0}

    def test_takes_few_questions(self, django_assert_max_num_queries: Callable[..., Any]) -> None:
        seed = importing.read(importing.SEED)
        with django_assert_max_num_queries(20):
            importing.carry_out(seed, by=None, now=clock.now())


def test_a_model_without_figures_cannot_be_called() -> None:
    bring()
    card = {
        "operated_by": "Brook",
        "data_region": "mainland_china",
        "retention": "nothing",
        "trains_on_data": False,
        "contract": "C-1",
        "filing": "F-1",
        "service_label": "Made by AI",
    }
    with pytest.raises(IntegrityError, match="chat_model_has_room"), transaction.atomic():
        ChatModel.objects.filter(slug="wren").update(state="available", **card)
    assert ChatModel.objects.filter(slug="dipper-2").update(state="available", **card) == 1
