"""Making the file of models: from a recorded sample of both lists, and the one that comes with the portal."""

import json
import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from models_catalog import importing
from models_catalog.importing import BadSeed, public_lists, refreshing, reviews
from models_catalog.importing.seed_files import SeedModel, decode
from models_catalog.models import Capability

LISTS = Path(__file__).parent / "lists"
DAY = date(2026, 11, 1)
CHINESE = re.compile("[\u4e00-\u9fff]")
FIGURES = ("context_tokens", "max_output_tokens", "capabilities", "released_date", "retires_date", "list_price")


def tiers(base: str, above: str) -> TieredPrices:
    return TieredPrices(base=Decimal(base), tiers=[Tier(start=272_000, price=Decimal(above))])


def provider(slug: str, *models: ModelInfo) -> Provider:
    return Provider(id=slug, name=slug, api_pattern="none", models=list(models))


def info(slug: str, prices: ModelPrice | list[ConditionalPrice], **more: Any) -> ModelInfo:
    return ModelInfo(id=slug, match=ClauseEquals(equals=slug), prices=prices, **more)


def by_hour(begins: int, ends: int) -> ConditionalPrice:
    peak = ModelPrice(input_mtok=Decimal("0.3"), cache_read_mtok=Decimal("0.006"), output_mtok=Decimal("1.2"))
    return ConditionalPrice(constraint=TimeOfDateConstraint(time(begins), time(ends)), prices=peak)


def from_day(day: date | None, base: str, above: str) -> ConditionalPrice:
    prices = ModelPrice(input_mtok=tiers(base, above), output_mtok=tiers("20", "30"), web_searches_kcount=Decimal(10))
    return ConditionalPrice(constraint=StartDateConstraint(day) if day else None, prices=prices)


SECOND_HAND = ModelPrice(input_mtok=Decimal("0.039"), output_mtok=Decimal("0.18"))
OFF_PEAK = ModelPrice(input_mtok=Decimal("0.15"), cache_read_mtok=Decimal("0.003"), output_mtok=Decimal("0.6"))
GENAI = [
    provider(
        "deepseek",
        info(
            "deepseek-flash",
            [ConditionalPrice(prices=OFF_PEAK), by_hour(1, 4), by_hour(6, 10)],
            context_window=1_000_000,
        ),
    ),
    provider(
        "openai",
        info(
            "gpt-5.6-sol",
            [from_day(None, "5", "10"), from_day(date(2026, 8, 21), "4", "8"), from_day(date(2027, 1, 1), "3", "6")],
            context_window=1_050_000,
        ),
        info(
            "gpt-oss-120b",
            SECOND_HAND,
            context_window=131_072,
            price_comments="Imported from OpenRouter pricing; verify against OpenAI pricing.",
        ),
    ),
]


@pytest.fixture
def review() -> reviews.Review:
    return reviews.read(LISTS / "review.toml")


@pytest.fixture
def entries() -> dict[str, public_lists.Entry]:
    return public_lists.gather(GENAI, litellm=(LISTS / "litellm.json").read_bytes(), day=DAY)


@pytest.fixture
def built(review: reviews.Review, entries: public_lists.Entries) -> Callable[[str], SeedModel]:
    seed = decode(refreshing.build(review, entries))
    return lambda slug: next(model for model in seed.models if model.slug == slug)


class TestBuild:
    """`refreshing.build`."""

    def test_makes_the_recorded_file_each_time(self, review: reviews.Review, entries: public_lists.Entries) -> None:
        written = refreshing.build(review, entries)
        assert written == refreshing.build(review, entries)
        assert json.loads(written) == json.loads((LISTS / "models.json").read_bytes())
        assert written == (LISTS / "models.json").read_bytes()

    def test_takes_the_first_source_that_tells_a_figure(self, built: Callable[[str], SeedModel]) -> None:
        model = built("gpt-5.6-sol")
        assert model.context_tokens is not None
        assert model.max_output_tokens is not None
        assert (model.context_tokens.value, model.max_output_tokens.value) == (1_050_000, 128_000)
        assert model.context_tokens.source == "genai-prices 0.2.3: openai/gpt-5.6-sol"
        assert model.max_output_tokens.source == "LiteLLM 1.110.2: gpt-5.6-sol"
        assert (model.context_tokens.date, model.max_output_tokens.date) == (DAY, date(2026, 10, 31))

    def test_takes_the_price_of_the_day_up_to_its_first_step(self, built: Callable[[str], SeedModel]) -> None:
        price = built("gpt-5.6-sol").list_price
        assert price is not None
        assert price.rates == {"in_fresh": "4", "out_text": "20"}
        assert price.source == "genai-prices 0.2.3: openai/gpt-5.6-sol (up to 272,000 input tokens)"

    def test_takes_the_dearest_of_prices_by_the_hour(self, built: Callable[[str], SeedModel]) -> None:
        price = built("deepseek-flash").list_price
        assert price is not None
        assert price.rates == {"in_fresh": "0.3", "cache_read": "0.006", "out_text": "1.2"}
        assert price.source.endswith("(dearest hours)")

    def test_takes_the_first_tier_of_the_other_list_too(self, built: Callable[[str], SeedModel]) -> None:
        price = built("doubao-seed-2.0-pro").list_price
        assert price is not None
        assert (price.rates, price.currency) == ({"in_fresh": "0.46", "out_text": "2.3"}, "USD")
        assert price.source.endswith("(up to 32,000 input tokens)")

    @pytest.mark.parametrize("slug", ["gpt-oss-120b", "deepseek-v3.2"])
    def test_takes_neither_a_resellers_price_nor_nothing_for_one(
        self, built: Callable[[str], SeedModel], slug: str
    ) -> None:
        model = built(slug)
        assert model.list_price is None
        assert model.context_tokens is not None

    def test_takes_another_price_where_the_review_says_so(self, built: Callable[[str], SeedModel]) -> None:
        price = built("kimi-k2.7-code").list_price
        assert price is not None
        assert price.rates == {"in_fresh": "0.95", "cache_read": "0.19", "out_text": "4"}

    def test_reads_the_day_of_release_off_an_id(self, built: Callable[[str], SeedModel]) -> None:
        days = [built(slug).released_date for slug in ("gpt-4o", "doubao-seed-2.0-pro", "deepseek-flash")]
        assert [day and day.value for day in days] == [date(2024, 5, 13), date(2026, 2, 15), None]

    def test_tells_when_a_vendor_ends_a_model(self, built: Callable[[str], SeedModel]) -> None:
        ends = built("gpt-4o").retires_date
        assert ends is not None
        assert ends.value == date(2027, 1, 14)

    def test_tells_what_a_model_can_do_from_its_vendor_and_the_review_alone(
        self, built: Callable[[str], SeedModel]
    ) -> None:
        flash, hosted = built("deepseek-flash").capabilities, built("gpt-oss-120b").capabilities
        assert flash is not None
        assert hosted is not None
        assert {"text", "tools", "reasoning", "chinese", "open_weights", "images"} <= set(flash.value)
        assert flash.source == "LiteLLM 1.110.2: deepseek/deepseek-flash (review)"
        assert (hosted.value, hosted.source, hosted.date) == (["text", "open_weights"], "review", date(2026, 11, 2))

    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"sources": ["genai:openai/gpt-9"]}, "gpt-9"),
            ({"price": "litellm:gpt-9"}, "gpt-9"),
            ({"dated": "gpt-9-2026-01-01"}, "gpt-9"),
            ({"dated": "gpt-4o"}, "does not end in a day"),
            ({"can": ["sings"]}, "sings"),
            ({"vendor": "nobody"}, "nobody"),
            ({"slug": "gpt-oss-120b"}, "twice"),
        ],
    )
    def test_says_what_is_wrong_with_a_review(
        self, review: reviews.Review, entries: public_lists.Entries, change: dict[str, Any], problem: str
    ) -> None:
        wrong = msgspec.structs.replace(review.models[0], **change)
        with pytest.raises(BadSeed) as refused:
            refreshing.build(msgspec.structs.replace(review, models=[wrong, *review.models[1:]]), entries)
        assert problem in str(refused.value)


def of_version(version: str, review: reviews.Review) -> reviews.Review:
    genai = msgspec.structs.replace(review.lists.genai, version=version)
    return msgspec.structs.replace(review, lists=msgspec.structs.replace(review.lists, genai=genai))


class TestLoad:
    """`public_lists.load`, which reads whole lists."""

    def test_refuses_a_list_that_was_not_reviewed(self, review: reviews.Review) -> None:
        with pytest.raises(BadSeed) as refused:
            public_lists.load(of_version(metadata.version("genai-prices"), review), litellm=LISTS / "litellm.json")
        assert "lists.litellm.sha256" in str(refused.value)

    def test_refuses_another_version_of_the_package(self, review: reviews.Review) -> None:
        with pytest.raises(BadSeed) as refused:
            public_lists.load(of_version("0.0.1", review), litellm=LISTS / "litellm.json")
        assert "lists.genai.version" in str(refused.value)

    def test_is_what_the_command_says_too(self, tmp_path: Path) -> None:
        before = importing.SEED.read_bytes()
        with pytest.raises(CommandError, match=r"none\.json"):
            call_command("refresh_models", "--litellm", str(tmp_path / "none.json"))
        assert importing.SEED.read_bytes() == before


class TestSeed:
    """The reviewed file that comes with the portal."""

    def test_knows_many_models_of_many_vendors(self) -> None:
        seed = importing.read(importing.SEED)
        assert len(seed.models) >= 120
        assert len({model.vendor for model in seed.models}) >= 14
        assert {vendor.slug for vendor in seed.vendors} == {model.vendor for model in seed.models}

    def test_is_made_of_the_review_beside_it(self) -> None:
        seed, review = importing.read(importing.SEED), reviews.read(reviews.REVIEW)
        texts = ("slug", "vendor", "name", "family", "tokenizer", "summary", "summary_zh", "good_for", "good_for_zh")
        for model, reviewed in zip(seed.models, review.models, strict=True):
            assert [getattr(model, name) for name in texts] == [getattr(reviewed, name) for name in texts]
            assert set(reviewed.can) <= set(model.capabilities.value if model.capabilities else [])
        assert [one.version for one in seed.made_from] == [review.lists.genai.version, review.lists.litellm.version]

    def test_names_the_source_and_date_of_each_figure(self) -> None:
        seed = importing.read(importing.SEED)
        lists = tuple(f"{one.name} {one.version}: " for one in seed.made_from)
        told = [(model.slug, name, getattr(model, name)) for model in seed.models for name in FIGURES]
        figures = [(slug, name, figure) for slug, name, figure in told if figure is not None]
        assert len(figures) > 500
        for slug, name, figure in figures:
            assert figure.source.startswith(lists) or (name, figure.source) == ("capabilities", "review"), slug
            assert date(2026, 1, 1) < figure.date <= seed.reviewed_date, slug

    def test_speaks_to_people_in_both_languages(self) -> None:
        for model in importing.read(importing.SEED).models:
            assert model.summary.endswith("."), model.slug
            assert 1 <= model.summary.count(". ") + 1 <= 3, model.slug
            assert CHINESE.search(model.summary_zh), model.slug
            assert not CHINESE.search(model.summary), model.slug
            assert len(model.good_for) == len(model.good_for_zh) >= 1, model.slug
            assert all(CHINESE.search(line) for line in model.good_for_zh), model.slug

    def test_names_a_vocabulary_only_where_it_is_known(self) -> None:
        known = {"deepseek": {"deepseek"}, "alibaba": {"qwen", "qwen3.5"}, "openai": {"o200k"}}
        for model in importing.read(importing.SEED).models:
            assert model.tokenizer == "" or model.tokenizer in known[model.vendor], model.slug

    def test_lists_what_a_model_can_do_in_one_order(self) -> None:
        for model in importing.read(importing.SEED).models:
            can = model.capabilities.value if model.capabilities else []
            assert can == [name for name in Capability.values if name in can], model.slug
            assert "text" in can, model.slug
