"""Shelves full of models that never were: for tests of the list and of the comparison, and for the bench."""

from datetime import date, datetime
from decimal import Decimal

from models_catalog.models import (
    Alias,
    Capability,
    ChatModel,
    CreditPrice,
    DataRegion,
    ModelHealth,
    Price,
    Route,
    State,
    Upstream,
    Vendor,
    VendorPrice,
)
from models_catalog.models.price import RATE_NAMES
from portal.kit.units import credits

MILLION = 10**6
CARD = {
    "operated_by": "Somebody",
    "retention": "nothing",
    "trains_on_data": False,
    "contract": "Agreed",
    "filing": "None needed",
    "service_label": "Made by AI",
}
ROOMS = (8192, 32_768, 131_072, 200_000, 1_048_576)


def offering(slug: str = "starter", **changes: object) -> CreditPrice:
    """Ten million credits for 9.90 yuan."""
    terms = {"price_minor": 990, "currency": "CNY", "microcredits": credits(10 * MILLION), "name": slug.title()}
    return CreditPrice.objects.create(slug=slug, audience="household", **(terms | changes))


def model(slug: str, *, now: datetime, burn: int | None = None, **facts: object) -> ChatModel:
    """A published model; with a `burn`, in thousandths of a credit a token, it can be called."""
    maker = str(facts.pop("vendor", "acme"))
    vendor, _ = Vendor.objects.get_or_create(slug=maker, defaults={"name": maker.title(), "country": "CN"})
    known = {"name": slug.title(), "context_tokens": 32_768, "max_output_tokens": 4096, "capabilities": ["text"]}
    usual = {"published_at": now, "state": State.ANNOUNCED if burn is None else State.AVAILABLE}
    region = {"data_region": DataRegion.MAINLAND_CHINA}
    made = ChatModel.objects.create(slug=slug, vendor=vendor, **(known | CARD | usual | region | facts))
    if burn is not None:
        connect(made, burn=burn, now=now)
    return made


def connect(made: ChatModel, *, burn: int, now: datetime) -> Price:
    """A route, and a price of `burn` thousandths of a credit for every token."""
    address = {"name": "Here", "base_url": "http://127.0.0.1:9/v1"}
    upstream, _ = Upstream.objects.get_or_create(slug="here", defaults=address)
    Route.objects.create(chat_model=made, upstream=upstream, upstream_model=made.slug)
    rates = dict.fromkeys(RATE_NAMES, credits(burn * 1000)) | {"per_request": 0}
    return Price.objects.create(chat_model=made, active_from=now, published_at=now, **rates)


def list_price(of: ChatModel, *, now: datetime, given: str, answered: str, currency: str = "USD") -> VendorPrice:
    """What the vendor's public list asks for a million tokens; seven of our units for one of its own."""
    micro = {"in_fresh": int(Decimal(given) * MILLION), "out_text": int(Decimal(answered) * MILLION)}
    paper = {"source": "https://example.com/prices", "source_date": now.date(), "noted_at": now}
    return VendorPrice.objects.create(
        chat_model=of, active_from=now, currency=currency, exchange_rate=Decimal(7), **micro, **paper
    )


def measured(of: ChatModel, *, now: datetime, speed: int, first_token: int) -> ModelHealth:
    """How it did in the last 24 hours: tokens a second, milliseconds to the first one."""
    speeds = {"speed_p50": speed * 1000, "speed_p95": speed * 500}
    waits = {"first_token_p50": first_token, "first_token_p95": first_token * 3}
    return ModelHealth.objects.create(
        chat_model=of, span=ModelHealth.Span.LAST_DAY, starts_at=now, calls=200, succeeded=199, **speeds, **waits
    )


def fill(count: int, *, now: datetime) -> None:
    """So many models of twenty vendors, every third of them connected, priced and measured, ten with a stable name."""
    able = Capability.values
    for number in range(count):
        made = model(
            f"model-{number:03}",
            now=now,
            burn=100 * (number % 40 + 1) if number % 3 == 0 else None,
            vendor=f"maker-{number % 20:02}",
            context_tokens=ROOMS[number % len(ROOMS)],
            capabilities=["text", *able[2 + number % 5 :: 2]],
            data_region=DataRegion.values[number % 6],
            released_date=date(2024 + number % 3, number % 12 + 1, 1),
            summary=f"The model with the number {number}, which answers in whole sentences, for a bench or a test.",
        )
        if number % 3 == 0:
            measured(made, now=now, speed=20 + number % 90, first_token=200 + number)
        else:
            list_price(made, now=now, given="0.27", answered="1.10")
        if number % 30 == 0:
            Alias.objects.create(slug=f"name-{number}", name=f"Name {number}", chat_model=made, position=number)
