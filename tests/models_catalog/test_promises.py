"""Nothing that is sold gets dearer without thirty days' notice."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from models_catalog import catalog, prices, promises, shelf
from models_catalog.models import ChatModel, CreditPrice, Price
from models_catalog.price_terms import Terms, Window
from models_catalog.pricing import Rates, Tariff, Tier
from models_catalog.timetables import Hours
from portal.kit import clock
from tests.usage.cast import ADDRESSES

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)
NIGHT = Hours(frozenset(range(1, 8)), time(22), time(6))
SAID: dict[str, Any] = {"is_free": True, "is_sure": True, "accepts_loss": "a test"}


@pytest.fixture
def now() -> Any:
    shelf.seed(now=clock.now(), addresses=ADDRESSES)
    catalog.forget()
    sell()
    yield clock.now()  # after the prices began
    catalog.forget()


def sell(*patterns: str) -> None:
    """Something on sale that is good for these models."""
    CreditPrice.objects.update_or_create(
        slug="plan",
        defaults={
            "audience": "household", "name": "Plan", "name_zh": "套餐", "price_minor": 990, "currency": "CNY",
            "microcredits": 10**13, "model_patterns": list(patterns),
        },
    )  # fmt: skip


def fast() -> ChatModel:
    return ChatModel.objects.get(slug="demo-fast")


def standing() -> dict[str, int]:
    """The rates that were published last."""
    rates = Price.objects.filter(chat_model=fast(), base=None).latest("active_from").rates
    return {name: getattr(rates, name) for name in Rates.__dataclass_fields__}


def publish(now: datetime, wait: timedelta = timedelta(), **changed: Any) -> Price:
    terms = {name: changed.pop(name) for name in ("tiers", "windows") if name in changed}
    return prices.publish(
        fast(), rates=Rates(**standing() | changed), active_from=now + wait, by=None, now=now,
        terms=Terms(**terms, **SAID),
    )  # fmt: skip


def share(percent: int) -> Rates:
    return Rates(**{name: rate * percent // 100 for name, rate in standing().items()})


class TestRises:
    @pytest.mark.parametrize("name", ["in_fresh", "cache_read", "out_reasoning", "per_request"])
    def test_of_any_class_need_thirty_days(self, now: datetime, name: str) -> None:
        dearer = {name: standing()[name] + 1}
        for wait in (timedelta(), MONTH - timedelta(seconds=1)):
            with pytest.raises(promises.DearerTooSoon, match="30 days from now"):
                publish(now, wait, **dearer)
        assert publish(now, MONTH, **dearer).active_from == now + MONTH

    def test_at_night_or_of_long_calls_need_them_too(self, now: datetime) -> None:
        rates = Rates(**standing())
        dearer = (
            {"windows": (Window(NIGHT, Tariff(share(101))),)},
            {"tiers": (Tier(1_000, share(101)),)},
            {"windows": (Window(NIGHT, Tariff(rates, (Tier(1_000, share(101)),))),)},
        )
        for terms in dearer:
            with pytest.raises(promises.DearerTooSoon):
                publish(now, **terms)

    def test_are_what_ends_a_discount(self, now: datetime) -> None:
        publish(now, windows=(Window(NIGHT, Tariff(share(50))),))
        with pytest.raises(promises.DearerTooSoon):
            publish(now, timedelta(hours=1))

    def test_are_held_against_what_counts_when_they_begin(self, now: datetime) -> None:
        publish(now, timedelta(days=10), in_fresh=standing()["in_fresh"] // 2)
        with pytest.raises(promises.DearerTooSoon):
            publish(now, timedelta(days=20), in_fresh=standing()["in_fresh"] + 1)


class TestFreedom:
    def test_is_left_to_falls_to_free_calls_and_to_first_prices(self, now: datetime) -> None:
        before = standing()
        publish(now, timedelta(), **{name: rate // 2 for name, rate in before.items()})
        publish(now, timedelta(hours=1), **dict.fromkeys(before, 0))
        publish(now, timedelta(hours=2), **before)
        assert Price.objects.filter(chat_model=fast(), base=None).count() == 4

    def test_is_left_to_what_nobody_is_sold(self, now: datetime) -> None:
        sell("kimi-*")
        publish(now, in_fresh=standing()["in_fresh"] + 1)
        sell("kimi-*", "demo-f*")
        with pytest.raises(promises.DearerTooSoon):
            publish(now, timedelta(hours=1), in_fresh=standing()["in_fresh"] + 1)


class TestTheReviewedFile:
    def test_announces_what_is_dearer(self, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
        text = shelf.SHELF.read_text(encoding="utf-8")
        dearer = tmp_path / "shelf.json"
        dearer.write_text(text.replace('"0.3"', '"0.4"'), encoding="utf-8")
        monkeypatch.setattr(shelf, "SHELF", dearer)
        for _ in range(2):
            shelf.seed(now=now, addresses=ADDRESSES)
        newest = Price.objects.filter(chat_model=fast(), base=None).latest("active_from")
        assert (newest.active_from, newest.in_fresh) == (now + MONTH, 4 * 10**11)
