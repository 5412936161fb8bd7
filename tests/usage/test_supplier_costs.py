"""What calls cost at the vendors is booked by the day, once, and mended when something is told late."""

import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.conf import settings

from models_catalog import vendor_prices
from models_catalog.models import ChatModel, Route, Upstream, Vendor
from models_catalog.pricing import Usage
from models_catalog.vendor_prices import Note
from plans import ledger
from plans.models import Cost
from portal.kit import clock
from portal.kit.units import Money
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import audits, supplier_costs
from usage.calls.endings import Charge, Ending, Try, nothing
from usage.models import How, UnpricedCalls

pytestmark = pytest.mark.django_db

MILLION = 10**6
YUAN_A_MILLION = MILLION
"""One yuan for a million tokens, in millionths of it."""


class Shop:
    """A model at one upstream of one vendor, and who calls it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.vendor = Vendor.objects.create(slug="mill", name="Mill", country="CN")
        self.model = ChatModel.objects.earliest("pk")
        self.upstream = Upstream.objects.create(
            slug="mill-cn", name="Mill CN", vendor=self.vendor, base_url="http://127.0.0.1:9"
        )
        self.route = Route.objects.create(chat_model=self.model, upstream=self.upstream, upstream_model="m")
        self.began = clock.now()

    @property
    def today(self) -> date:
        return clock.now().astimezone(UTC).date()

    def note(self, *, own: bool = False, at: datetime | None = None, **terms: Any) -> None:
        usual = {"in_fresh": 2 * YUAN_A_MILLION, "out_text": 8 * YUAN_A_MILLION}
        rates: dict[str, int] = terms.pop("rates", usual)
        noted = Note(
            rates=rates,
            currency=terms.pop("currency", settings.CURRENCY),
            exchange_rate=terms.pop("exchange_rate", Decimal(1)),
            source="contract",
            source_date=self.today,
            active_from=at or self.began - timedelta(days=40),
            upstream=self.upstream if own else None,
        )
        vendor_prices.note(self.model, noted, by=None, now=clock.now())

    def call(self, raw: Mapping[str, int] | None, *, how: How = How.USAGE, used: Usage | None = None) -> UUID:
        """A call that the vendor counted so, or not at all."""
        asked = books.ask(self.home.owner, 100, chat_model_id=self.model.pk)
        assert books.reserve(asked)[0][0] == "ok"
        now = time.monotonic()
        tried = Try(self.route.pk, "ok", now, now, now, None if raw is None else dict(raw))
        charge = nothing(how) if used is None and raw is None else Charge(used or Usage(out_text=1), 1, how, 1)
        cast.settle(Ending(asked.call_id, charge, route_id=self.route.pk, accepted=now, tries=(tried,)))
        return asked.call_id

    def tell_late(self, call_id: UUID, raw: Mapping[str, int]) -> None:
        """What the vendor counted, of a call that had been closed already."""
        now = time.monotonic()
        tried = Try(self.route.pk, "ok", now, now, now, dict(raw))
        ending = Ending(call_id, Charge(Usage(out_text=1), 1, How.USAGE), tries=(tried,))
        body = orjson.dumps([ending.as_json(now=now)]).decode()
        assert books.fetch("SELECT outcome FROM call_settle(%s::jsonb)", body) == [("already",)]


def tokens(prompt: int, completion: int, **more: Any) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, **more}


@pytest.fixture
def shop(home: Home) -> Shop:
    return Shop(home)


def booked() -> tuple[int, int]:
    return books.in_books("provider_cost"), books.in_books("payable:vendor:mill")


class TestBook:
    def test_adds_up_a_day_and_rounds_once(self, shop: Shop) -> None:
        shop.note()
        for _ in range(3):
            shop.call(tokens(1000, 100))  # 0.28 fen each
        found = supplier_costs.book(shop.today)
        assert found.costs == {"mill": Money(1, settings.CURRENCY)}  # 0.84
        assert booked() == (1, -1)
        assert books.kinds() == set()

    def test_happens_once_and_mends_what_was_told_late(self, shop: Shop) -> None:
        shop.note()
        shop.call(tokens(MILLION, 0))
        lost = shop.call(None, how=How.PLATFORM)
        for _ in range(2):
            supplier_costs.book(shop.today)
        assert booked() == (200, -200)
        shop.tell_late(lost, tokens(0, MILLION))
        supplier_costs.book(shop.today)
        assert booked() == (1000, -1000)
        assert Cost.objects.get().amount_minor == 1000
        assert books.kinds() == set()

    def test_takes_what_the_upstream_charges_before_the_public_list_and_as_of_the_call(self, shop: Shop) -> None:
        shop.note()
        shop.note(own=True, rates={"in_fresh": 5 * YUAN_A_MILLION})
        shop.note(own=True, rates={"in_fresh": 90 * YUAN_A_MILLION}, at=clock.now() + timedelta(days=1))
        shop.call(tokens(MILLION, 0))
        assert supplier_costs.rate(shop.today).costs["mill"].minor == 500

    def test_changes_other_money_by_the_rate_of_the_list(self, shop: Shop) -> None:
        shop.note(currency="USD", exchange_rate=Decimal("7.12345678"))
        shop.call(tokens(MILLION, MILLION))
        assert supplier_costs.rate(shop.today).costs["mill"].minor == 7123

    def test_rates_cached_tokens_and_requests(self, shop: Shop) -> None:
        shop.note(rates={"in_fresh": 2 * YUAN_A_MILLION, "cache_read": MILLION // 5, "per_request": MILLION // 100})
        shop.call(tokens(2 * MILLION, 0, prompt_tokens_details={"cached_tokens": MILLION}))
        assert supplier_costs.rate(shop.today).costs["mill"].minor == 200 + 20 + 1

    def test_takes_our_own_count_where_the_vendor_told_nothing(self, shop: Shop) -> None:
        shop.note()
        shop.call(None, how=How.ESTIMATE, used=Usage(in_fresh=MILLION))
        assert supplier_costs.rate(shop.today).costs["mill"].minor == 200

    def test_is_of_the_day_alone(self, shop: Shop) -> None:
        shop.note()
        shop.call(tokens(MILLION, 0))
        day = shop.today
        books.move_clock(timedelta(days=1))
        shop.call(tokens(MILLION, 0))
        assert [supplier_costs.rate(each).costs["mill"].minor for each in (day, shop.today)] == [200, 200]


class TestUnpriced:
    def test_calls_are_counted_and_not_guessed(self, shop: Shop) -> None:
        shop.call(tokens(MILLION, 0))
        found = supplier_costs.book(shop.today)
        assert (found.costs, found.unpriced) == ({}, {shop.route.pk: 1})
        assert UnpricedCalls.objects.get().calls == 1
        assert [alarm.kind for alarm in audits.alarms()] == ["no_vendor_price"]
        shop.note()
        supplier_costs.book(shop.today)
        assert not UnpricedCalls.objects.exists()
        assert booked() == (200, -200)

    def test_are_also_those_of_a_class_without_a_price_and_of_an_upstream_of_nobody(self, shop: Shop) -> None:
        shop.note(rates={"in_fresh": YUAN_A_MILLION})
        shop.call(tokens(1, 1))
        assert supplier_costs.rate(shop.today).unpriced == {shop.route.pk: 1}
        shop.note(rates={"in_fresh": 1, "out_text": 1}, at=shop.began - timedelta(days=1))
        Upstream.objects.filter(pk=shop.upstream.pk).update(vendor=None)
        found = supplier_costs.book(shop.today)
        assert (found.costs, found.unpriced) == ({}, {shop.route.pk: 1})
        assert audits.alarms() == []  # nobody will send a bill


class TestBookDue:
    def test_books_yesterday_and_what_was_noted_of_days_before(self, shop: Shop) -> None:
        shop.call(tokens(MILLION, 0))
        books.move_clock(timedelta(days=3))
        shop.call(tokens(MILLION, 0))
        books.move_clock(timedelta(days=1))
        assert supplier_costs.book_due(clock.now()) == 1
        assert booked() == (0, 0)
        shop.note(at=shop.began - timedelta(days=400))
        assert supplier_costs.book_due(clock.now()) == supplier_costs.MOST_DAYS + 1
        assert booked() == (400, -400)
        books.move_clock(timedelta(days=2))
        assert supplier_costs.book_due(clock.now()) == 1
        assert ledger.vendors_of(shop.began.astimezone(UTC).date()) == ["mill"]
        assert books.kinds() == set()

    def test_books_the_day_of_a_call_of_which_was_told_late(self, shop: Shop) -> None:
        shop.note(at=shop.began - timedelta(days=1))
        books.move_clock(timedelta(days=5))
        lost = shop.call(None, how=How.PLATFORM)
        books.move_clock(timedelta(days=4))
        shop.tell_late(lost, tokens(MILLION, 0))
        assert supplier_costs.book_due(clock.now()) == 2
        assert booked() == (200, -200)
