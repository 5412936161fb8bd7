"""A model with everything that its page can say, and the parts of it one by one."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from models_catalog.models import Approval, ChatModel, CreditPrice, ModelHealth, Price, PriceTier, VendorPrice
from models_catalog.pricing import INPUT_CLASSES, OUTPUT_CLASSES
from portal.kit.units import credits

PER_CREDIT = 10**12
"""One credit a token, in microcredits per million tokens."""
MILLION = 10**6


def rates(burn_in: str, burn_out: str, **others: int) -> dict[str, int]:
    """Credits a token for what goes in and what comes out; microcredits for a class that costs something else."""
    read, written = (int(Decimal(burn) * PER_CREDIT) for burn in (burn_in, burn_out))
    return dict.fromkeys(INPUT_CLASSES, read) | dict.fromkeys(OUTPUT_CLASSES, written) | others


def price(model: ChatModel, burns: tuple[str, str], *, at: datetime, **others: Any) -> Price:
    """A price from `at` on; `base`, `weekdays`, `starts_at` and `ends_at` make it a window."""
    shape = {name: others.pop(name) for name in ("base", "weekdays", "starts_at", "ends_at") if name in others}
    return Price.objects.create(chat_model=model, active_from=at, published_at=at, **shape, **rates(*burns, **others))


def offering(slug: str, *, price_minor: int, millions: int, **others: Any) -> CreditPrice:
    """So many million credits at a price in fen."""
    names = {"name": slug.capitalize(), "name_zh": f"{slug}套餐", "audience": "household"}
    terms = {"price_minor": price_minor, "microcredits": credits(millions * MILLION), "currency": "CNY"}
    return CreditPrice.objects.create(slug=slug, **(names | terms | others))


def health(model: ChatModel, span: str, starts_at: datetime, **others: Any) -> ModelHealth:
    """A hundred calls, of which one failed."""
    usual = {"calls": 100, "succeeded": 99, "first_token_p50": 820, "first_token_p95": 2_400}
    usual |= {"speed_p50": 42_500, "speed_p95": 18_000}
    return ModelHealth.objects.create(chat_model=model, span=span, starts_at=starts_at, **(usual | others))


def votes(model: ChatModel, *, up: int, down: int, whole_credits: int) -> Approval:
    """What people said, and what the answers cost."""
    spent = credits(whole_credits)
    return Approval.objects.create(
        chat_model=model, up=up, down=down, microcredits=spent, measured_at=datetime(2026, 11, 1, tzinfo=UTC)
    )


def list_price(model: ChatModel, *, at: datetime, **others: Any) -> VendorPrice:
    """2.50 US dollars in, 10 out, 1.25 from the cache; the rest is not priced apart."""
    usual: dict[str, Any] = {"currency": "USD", "exchange_rate": Decimal("7.1"), "source": "the vendor's price page"}
    usual |= {"source_date": at.date(), "noted_at": at, "in_fresh": 2_500_000, "out_text": 10_000_000}
    return VendorPrice.objects.create(chat_model=model, active_from=at, **(usual | {"cache_read": 1_250_000} | others))


def everything(model: ChatModel, *, now: datetime) -> None:
    """A price with a fee, a window and tiers, one before and one to come; offerings, health, votes and a family.

    Tiers stand in the window and outside it. The price begins a moment after `now`, when the shelf was filled.
    """
    begun = now + timedelta(microseconds=1)
    price(model, ("15", "15"), at=now - timedelta(days=40))
    held = price(model, ("4", "12"), at=begun, cache_read=PER_CREDIT // 2, per_request=5 * MILLION)
    PriceTier.objects.create(price=held, from_input_tokens=64_000, **rates("8", "24"))
    hours = {"weekdays": [1, 2, 3, 4, 5], "starts_at": time(0, 30), "ends_at": time(8, 30)}
    night = price(model, ("2", "6"), at=begun, base=held, **hours)
    PriceTier.objects.create(price=night, from_input_tokens=96_000, **rates("5", "15"))
    price(model, ("3", "9"), at=now + timedelta(days=30))
    offering("starter", price_minor=990, millions=10, position=1)
    offering("family", price_minor=2990, millions=40, position=2, is_recommended=True)
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    health(model, "hour", hour)
    health(model, "hour", hour - timedelta(hours=5), calls=3, succeeded=3)
    health(model, "day", hour.replace(hour=0))
    health(model, "last_day", now - timedelta(days=1), calls=812, succeeded=811)
    health(model, "last_month", now - timedelta(days=30), calls=18_212, succeeded=18_203)
    votes(model, up=52, down=9, whole_credits=1_656_000)
    ChatModel.objects.filter(vendor=model.vendor).update(family="Demo")
    abilities = ["text", "tools", "reasoning", "structured", "caching", "images", "audio", "chinese", "code"]
    ChatModel.objects.filter(pk=model.pk).update(capabilities=abilities, released_date=now.date())
