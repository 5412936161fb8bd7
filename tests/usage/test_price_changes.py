"""A change of price takes effect at its moment, for calls that begin after it, in every process."""

import threading
from dataclasses import asdict, replace
from datetime import datetime, time, timedelta
from uuid import UUID

import httpx
import orjson
import pytest
from django.db import connection, transaction

from models_catalog import catalog, prices
from models_catalog.models import ChatModel, CreditPrice, Price
from models_catalog.price_terms import Terms, Window
from models_catalog.pricing import Rates, Tariff
from models_catalog.timetables import Hours
from plans import ledger, offerings
from plans.ledger import holds
from plans.models import Hold, IdempotencyKey, Lot
from portal.kit import clock
from tests.models_catalog.small_seed import well_known
from tests.plans.ledger import books
from tests.stand import Stand
from tests.usage.cast import Home
from usage.models import Call

EVERY_DAY = frozenset(range(1, 8))
HOUR = timedelta(hours=1)


def half(rates: Rates) -> Rates:
    return Rates(**{name: rate // 2 for name, rate in asdict(rates).items()})


def publish(slug: str, rates: Rates, active_from: datetime | None = None, terms: Terms = prices.PLAIN) -> Price:
    """This will publish a price of a model, as staff does."""
    model = ChatModel.objects.get(slug=slug)
    now = clock.now()
    return prices.publish(model, rates=rates, active_from=active_from or now, by=None, now=now, terms=terms)


@pytest.mark.django_db
class TestReserve:
    def test_refuses_the_old_price_and_leaves_nothing_behind(self, home: Home) -> None:
        old = catalog.offer("fast")
        new = publish("demo-fast", half(old.rates))
        name = ledger.Idempotency("member:1", "abc", "hash")
        asked = books.ask(home.owner, chat_model_id=old.chat_model_id, price_id=old.price_id, idempotency=name)
        lot = Lot.objects.get()
        assert books.reserve(asked) == [("repriced", {"price_id": new.pk})]
        assert (Hold.objects.count(), IdempotencyKey.objects.count(), Lot.objects.get().available) == (
            0, 0, lot.available,
        )  # fmt: skip
        assert books.reserve(replace(asked, price_id=new.pk))[0][0] == "ok"
        assert Hold.objects.get().price_id == new.pk

    def test_changes_at_the_very_moment_and_never_for_calls_that_are_open(self, home: Home) -> None:
        old = catalog.offer("fast")
        new = publish("demo-fast", half(old.rates), clock.now() + HOUR)
        terms = {"chat_model_id": old.chat_model_id}
        early = books.ask(home.owner, 10**9, price_id=old.price_id, **terms)
        assert books.reserve(books.ask(home.owner, price_id=new.pk, **terms))[0] == (
            "repriced",
            {"price_id": old.price_id},
        )
        assert books.reserve(early)[0][0] == "ok"
        assert books.move_clock(HOUR) >= new.active_from
        assert books.reserve(books.ask(home.owner, price_id=old.price_id, **terms))[0] == (
            "repriced",
            {"price_id": new.pk},
        )
        assert books.reserve(books.ask(home.owner, price_id=new.pk, **terms))[0][0] == "ok"
        assert Hold.objects.get(pk=early.call_id).price_id == old.price_id

    def test_goes_by_the_clock_on_the_wall_of_the_account(self, db: None, home: Home) -> None:
        rates = catalog.offer("fast").rates
        night = Window(Hours(EVERY_DAY, time(22), time(8)), Tariff(half(rates)))
        base = publish("demo-fast", rates, None, Terms(windows=(night,)))
        window = Price.objects.get(base=base)
        now = clock.now()
        for zone in ("Asia/Shanghai", "America/New_York", "UTC", "Europe/Berlin"):
            member = books.founded(time_zone=zone)
            books.grant(member, 1_000)
            found = [
                pk for pk in (base.pk, window.pk)
                if books.reserve(books.ask(member, chat_model_id=base.chat_model_id, price_id=pk))[0][0] == "ok"
            ]  # fmt: skip
            catalog.forget()
            assert found == [catalog.offer("fast", time_zone=zone).price_id]
            local = books.fetch("SELECT extract(hour FROM %s AT TIME ZONE %s)", now, zone)[0][0]
            assert found == [base.pk if 8 <= local < 22 else window.pk]

    def test_refuses_a_model_without_a_price(self, home: Home) -> None:
        well_known("gpt-4o")
        model = ChatModel.objects.exclude(price__isnull=False).earliest("pk")
        asked = books.ask(home.owner, chat_model_id=model.pk, price_id=catalog.offer("fast").price_id)
        assert books.reserve(asked) == [("repriced", {"price_id": None})]


@pytest.mark.django_db
class TestOffer:
    def test_changes_at_the_moment_though_it_is_remembered(self, home: Home) -> None:
        old = catalog.offer("fast")
        soon = publish("demo-fast", half(old.rates), clock.now() + timedelta(seconds=0.6))
        catalog.forget()
        assert catalog.offer("fast").price_id == old.price_id
        threading.Event().wait(0.7)
        found = catalog.remembered("fast")
        assert found is not None
        assert (found.price_id, found.rates) == (soon.pk, half(old.rates))

    def test_at_a_price_that_was_not_known_yet_is_asked_for_anew(self, home: Home) -> None:
        old = catalog.offer("fast")
        new = publish("demo-fast", half(old.rates))
        assert catalog.offer("fast").price_id == old.price_id  # what this process remembers
        found = catalog.repriced("fast", price_id=new.pk)
        assert (found.price_id, found.rates, found.alias) == (new.pk, half(old.rates), "fast")
        for unknown in (None, new.pk + 1):
            with pytest.raises(catalog.NotConnected):
                catalog.repriced("fast", price_id=unknown)

    def test_of_a_model_whose_first_price_is_to_come_waits_for_it(self, home: Home) -> None:
        well_known("gpt-4o")
        model = ChatModel.objects.get(slug="gpt-4o")
        ChatModel.objects.filter(pk=model.pk).update(
            state="available", operated_by="V", data_region="singapore", retention="nothing", trains_on_data=False,
            contract="C", filing="F", service_label="L",
        )  # fmt: skip
        route = ChatModel.objects.get(slug="demo-fast").route_set.get()
        model.route_set.create(upstream=route.upstream, upstream_model="x")
        publish("gpt-4o", Rates(in_fresh=1), clock.now() + HOUR)
        catalog.forget()
        with pytest.raises(catalog.NotConnected):
            catalog.offer("gpt-4o")


@pytest.mark.django_db(transaction=True)
class TestPublish:
    def test_waits_for_the_calls_that_are_being_opened_and_begins_after_them(self, home: Home) -> None:
        offer = catalog.offer("fast")
        asked = books.ask(home.owner, chat_model_id=offer.chat_model_id, price_id=offer.price_id)
        given = orjson.dumps([holds._given(asked)]).decode()
        done = threading.Event()
        published: list[Price] = []

        def work() -> None:
            published.append(publish("demo-fast", half(offer.rates)))
            done.set()
            connection.close()

        with books.another_connection() as opening:
            opening.execute("SELECT * FROM ledger_reserve(%s::jsonb)", [given])
            thread = threading.Thread(target=work)
            thread.start()
            assert not done.wait(0.3)
            after = clock.now()
        thread.join(10)
        assert published[0].active_from > after
        assert Hold.objects.get().opened_at < published[0].active_from
        assert books.all_kinds() == set()

    def test_lets_calls_wait_for_a_price_that_is_being_published(self, home: Home) -> None:
        offer = catalog.offer("fast")
        asked = books.ask(home.owner, chat_model_id=offer.chat_model_id, price_id=offer.price_id)
        outcomes: list[str] = []

        def work() -> None:
            outcomes.append(books.reserve(asked)[0][0])
            connection.close()

        thread = threading.Thread(target=work)
        with transaction.atomic():
            publish("demo-fast", half(offer.rates))
            thread.start()
            thread.join(0.3)
            assert outcomes == []
        thread.join(10)
        assert outcomes == ["repriced"]


class TestCalls:
    """On the stand: web, workers and sweeper are processes of their own, and remember for five seconds."""

    def test_keep_the_price_that_counted_when_they_began(self, stand: Stand) -> None:
        [payer] = stand.found_payers(1)

        def ask() -> UUID:
            question = {"model": "fast", "messages": [{"role": "user", "content": "[[script words=5 gap_ms=1]]"}]}
            headers = {"authorization": f"Bearer {payer.key}"}
            answer = httpx.post(f"{stand.api_base}/chat/completions", json=question, headers=headers, timeout=30)
            assert answer.status_code == 200, answer.text
            return UUID(answer.headers["x-request-id"])

        calls = [ask()]
        with stand.inside():
            old = Price.objects.in_force(now=clock.now()).get(chat_model__slug="demo-fast")
            later = publish("demo-fast", half(old.rates), clock.now() + HOUR)
        calls.append(ask())
        stand.manage("move_clock", "1h")
        calls.append(ask())  # at once: no process has heard of it
        with stand.inside():
            CreditPrice.objects.all().delete()  # what nothing on sale is good for may get dearer at once
            at_once = publish("demo-fast", old.rates)
            offerings.tell_credit_prices()
        calls.append(ask())
        with stand.inside():
            found = [Call.objects.get(pk=call) for call in calls]
            assert [call.price_id for call in found] == [old.pk, old.pk, later.pk, at_once.pk]
            costs = [call.charged_microcredits for call in found]
            assert costs[2] < costs[0] == costs[1] == costs[3]
        assert "in order" in stand.manage("audit_ledger")
