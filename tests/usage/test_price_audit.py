"""The audit of prices: what was charged follows from the tier, and each call has the price of its moment."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import time, timedelta

import pytest
from django.test import Client

from accounts.models import Member
from models_catalog import catalog
from models_catalog.models import ChatModel, Price, PriceTier
from models_catalog.pricing import Usage, cost
from portal.kit import clock
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from tests.usage.test_call_audit import found, plant
from usage import receipts
from usage.api import figures
from usage.calls.endings import Charge, Ending
from usage.models import Call, How

pytestmark = pytest.mark.django_db
LONG = 1_000
CHECKED_SINCE = "SELECT applied FROM django_migrations WHERE name = '0011_prices_come_whole'"


@pytest.fixture
def caller(home: Home) -> Iterator[Member]:
    """Somebody with credits, and prices that turn at a thousand tokens and in the night."""
    cast.grant(home.stranger, 10_000_000)
    model = ChatModel.objects.get(slug="demo-fast")
    rates = asdict(catalog.offer("fast").rates)
    now = clock.now()
    base = Price.objects.create(chat_model=model, active_from=now, published_at=now, **rates)
    night = Price.objects.create(
        chat_model=model, active_from=now, published_at=now, base=base,
        weekdays=[1, 2, 3, 4, 5, 6, 7], starts_at=time(0), ends_at=time(23, 59, 59, 999999), **rates,
    )  # fmt: skip
    for row in (base, night):
        PriceTier.objects.create(price=row, from_input_tokens=LONG, **{name: 3 * rate for name, rate in rates.items()})
    catalog.forget()
    yield home.stranger
    catalog.forget()


def called(member: Member, *, tokens: int) -> Call:
    """This will settle a call with so many tokens of every input class together, at the price of the hour."""
    offer = catalog.offer("fast", time_zone=member.account.time_zone)
    used = Usage(in_fresh=tokens - 7, cache_read=7, out_text=50)
    charge = cost(used, offer.tariff)
    asked = books.ask(member, charge, chat_model_id=offer.chat_model_id, price_id=offer.price_id)
    assert books.reserve(asked)[0][0] == "ok"
    cast.settle(Ending(asked.call_id, Charge(used, charge, How.USAGE)))
    return Call.objects.get(pk=asked.call_id)


class TestAuditOfPrices:
    @pytest.mark.parametrize(("tokens", "times"), [(LONG - 1, 1), (LONG, 3), (LONG + 1, 3)])
    def test_finds_calls_of_every_tier_right(self, caller: Member, tokens: int, times: int) -> None:
        call = called(caller, tokens=tokens)
        flat = cost(replace(Usage(), in_fresh=tokens - 7, cache_read=7, out_text=50), call.price.rates)
        assert (call.charged_microcredits, call.price.base_id is None) == (flat * times, False)
        assert found() == set()

    def test_names_a_call_of_the_wrong_tier(self, caller: Member) -> None:
        call = called(caller, tokens=LONG)
        plant("UPDATE usage_call SET cache_read = cache_read - 1 WHERE id = '{id}'", id=call.pk)
        assert ("charge_not_cost", str(call.pk)) in found()

    def test_names_a_call_before_its_price_began_and_one_after_it_ended(self, caller: Member) -> None:
        early, last, late = (called(caller, tokens=10) for _ in range(3))
        begins = early.price.active_from
        ends = clock.now() + timedelta(days=1)
        Price.objects.create(chat_model=early.chat_model, active_from=ends, published_at=begins)
        moments = {early: begins - timedelta(microseconds=1), last: ends - timedelta(microseconds=1), late: ends}
        for call, moment in moments.items():
            plant("UPDATE usage_call SET opened_at = '{at}' WHERE id = '{id}'", at=moment, id=call.pk)
        assert found() == {("price_not_in_force", str(call.pk)) for call in (early, late)}

    def test_judges_no_call_from_before_the_ledger_named_the_price(self, caller: Member) -> None:
        """A process remembered prices then, so that a call could begin at the one before."""
        [(checked_since,)] = books.fetch(CHECKED_SINCE)
        model, before = ChatModel.objects.get(slug="smollm2-135m"), checked_since - timedelta(days=1)
        first, _ = (
            Price.objects.create(chat_model=model, active_from=moment, published_at=before)
            for moment in (before, before + timedelta(hours=1))
        )
        call = called(caller, tokens=10)
        for moment, is_named in ((checked_since - timedelta(microseconds=1), False), (checked_since, True)):
            change = "UPDATE usage_call SET price_id = {price}, opened_at = '{at}' WHERE id = '{id}'"
            plant(change, price=first.pk, at=moment, id=call.pk)
            assert (("price_not_in_force", str(call.pk)) in found()) is is_named

    def test_names_a_call_at_the_price_of_another_model(self, caller: Member) -> None:
        call = called(caller, tokens=10)
        other = ChatModel.objects.get(slug="demo-deep").pk
        plant("UPDATE usage_call SET chat_model_id = {other} WHERE id = '{id}'", other=other, id=call.pk)
        assert ("price_of_another_model", str(call.pk)) in found()

    @pytest.mark.parametrize(
        "change",
        [
            "chat_model_id = (SELECT id FROM models_catalog_chatmodel WHERE slug = 'demo-deep')",
            "active_from = active_from + interval '1 microsecond'",
        ],
    )
    def test_names_a_window_that_does_not_fit_its_base(self, caller: Member, change: str) -> None:
        window = Price.objects.exclude(base=None).get()
        plant("UPDATE models_catalog_price SET {change} WHERE id = {id}", change=change, id=window.pk)
        assert found() == {("window_not_of_its_base", str(window.pk))}

    def test_names_a_window_of_a_window(self, caller: Member) -> None:
        window = Price.objects.exclude(base=None).get()
        nested = Price.objects.create(
            chat_model=window.chat_model, active_from=window.active_from, published_at=window.published_at,
            base=window, weekdays=[1], starts_at=time(1), ends_at=time(2),
        )  # fmt: skip
        assert found() == {("window_not_of_its_base", str(nested.pk))}


class TestReceipt:
    def test_tells_the_hours_and_the_tier_that_rated_the_call(self, caller: Member, client: Client) -> None:
        for tokens, begins in ((LONG - 1, None), (LONG, LONG)):
            call = called(caller, tokens=tokens)
            receipt = receipts.of(call)
            check_sums(receipt)
            assert (receipt.window, receipt.from_input_tokens) == (call.price, begins)
            told = figures.of_call(receipt)
            assert told["price_hours"] == {
                "weekdays": [1, 2, 3, 4, 5, 6, 7],
                "from": time(0),
                "until": call.price.ends_at,
            }
            assert told["price_from_input_tokens"] == begins
            client.force_login(caller.user)
            page = client.get(f"/usage/calls/{call.pk}/").content.decode()
            assert "00:00–23:59" in page
            assert ("from 1,000 tokens in" in page) is (begins is not None)

    def test_says_nothing_of_hours_where_the_base_counts(self, home: Home) -> None:
        receipt = receipts.of(cast.called(home.owner, used=Usage(in_fresh=5)))
        assert (receipt.window, receipt.from_input_tokens) == (None, None)
        told = figures.of_call(receipt)
        assert (told["price_hours"], told["price_from_input_tokens"]) == (None, None)


def check_sums(receipt: receipts.Receipt) -> None:
    """Nothing is forgiven here, so that the lines make the charge."""
    assert receipt.forgiven == 0
    lines = sum(line.amount for line in receipt.lines)
    assert (
        lines + receipt.per_request + receipt.rounding
        == receipt.charged
        == sum(lot.amount_microcredits for lot in receipt.lots)
    )
