"""The advisor over real totals, prices, orders and the reviewed shelf; and its page."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Account, Member
from models_catalog import catalog
from models_catalog.models import ChatModel, Price
from plans import offerings
from plans.models import Order, Subscription
from portal.kit import clock
from portal.kit.units import MICROCREDITS_PER_CREDIT
from tests.budget import query_budget
from tests.plans.ledger import books
from tests.usage.cast import Home
from usage import advisor
from usage.models import DailyTotal

pytestmark = pytest.mark.django_db
MILLION = 1_000_000 * MICROCREDITS_PER_CREDIT
DAY = timedelta(days=1)
QUERY_BUDGET = 16


@pytest.fixture
def sold(home: Home, now: datetime) -> Home:
    """The shelf is full, and the household is older than what is looked at."""
    offerings.seed(now)
    Account.objects.update(created_at=now - timedelta(days=200))
    return home


def use(member: Member, *, days: int, each: int, name: str = "deep", calls: int = 3) -> None:
    """So much on each of the last days before today, in microcredits."""
    today = member.account.local_day(clock.now())
    model = ChatModel.objects.get(pk=catalog.offer(name).chat_model_id)
    totals = [
        DailyTotal(
            account=member.account, member=member, chat_model=model, day=today - DAY * ago, calls=calls,
            charged_microcredits=each, input_tokens=calls * 1_000, output_tokens=calls * 500,
        )
        for ago in range(1, days + 1)
    ]  # fmt: skip
    with books.owner():
        DailyTotal.objects.bulk_create(totals)


def bought(member: Member, slug: str, *, ago: int, price_minor: int | None = None) -> Order:
    version = offerings.current(slug)
    moment = clock.now() - DAY * ago
    return Order.objects.create(
        pk=uuid4(), account=member.account, placed_by=member, offering_version=version, currency="CNY",
        price_minor=version.price_minor if price_minor is None else price_minor, microcredits=version.microcredits,
        state="paid", placed_at=moment, expires_at=moment + DAY, paid_at=moment,
    )  # fmt: skip


def subscribe(member: Member, slug: str) -> None:
    now = clock.now()
    Subscription.objects.bulk_create(
        [
            Subscription(
                account=member.account, offering_version=offerings.current(slug), anchor_at=now, started_at=now,
                period_starts_at=now, period_ends_at=now + DAY * 30,
            )
        ]
    )  # fmt: skip


def advice_for(member: Member) -> advisor.Advice:
    return advisor.of(Account.objects.get(pk=member.account_id), now=clock.now())


def ways_of(told: advisor.Advice, slug: str) -> list[advisor.Way]:
    return [way for way in told.ways if way.version.offering.slug == slug]


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


class TestAdvice:
    def test_takes_one_change_that_saves_and_serves_everything(self, sold: Home) -> None:
        use(sold.owner, days=90, each=MILLION)  # 30 million a month: 90 packs of 400,000 cost more than a plan
        for ago in range(80):
            bought(sold.owner, "pack-large", ago=ago + 1, price_minor=300)
        told = advice_for(sold.owner)
        assert told.demand.days == 90
        assert told.best is not None
        assert told.best.version.offering.slug == "family"
        assert told.best.serves_all
        assert told.spending.paid_minor == 80 * 300
        assert told.saves_minor == 80 * 300 - told.best.cost_minor > 0

    def test_is_to_stay_where_nothing_is_clearly_cheaper(self, sold: Home) -> None:
        subscribe(sold.owner, "family")
        use(sold.owner, days=90, each=MILLION)
        for ago in (89, 59, 29):
            bought(sold.owner, "family", ago=ago)
        told = advice_for(sold.owner)
        assert (told.best, told.saves_minor) == (None, 0)
        assert told.own is not None
        assert told.own.serves_all
        assert told.own.cost_minor <= told.spending.paid_minor == 3 * 2990

    def test_never_leaves_more_days_without_service(self, sold: Home) -> None:
        subscribe(sold.owner, "studio")
        use(sold.owner, days=90, each=MILLION // 2)
        bought(sold.owner, "studio", ago=80)
        told = advice_for(sold.owner)
        [with_packs, alone] = ways_of(told, "starter")
        assert alone.cost_minor < with_packs.cost_minor
        assert (alone.replay.days_without > 0, with_packs.replay.days_without) == (True, 0)
        assert told.best is not None
        assert told.best.serves_all
        assert told.best.has_room

    def test_leaves_out_plans_for_fewer_people(self, sold: Home) -> None:
        use(sold.owner, days=90, each=MILLION // 10)
        bought(sold.owner, "studio", ago=80)
        told = advice_for(sold.owner)
        assert told.people == 3
        assert not any(way.has_room for way in ways_of(told, "starter"))
        assert told.best is not None
        assert told.best.version.offering.slug != "starter"

    def test_counts_models_outside_a_set_as_not_served(self, sold: Home) -> None:
        use(sold.owner, days=45, each=MILLION // 100, name="fast")
        use(sold.owner, days=20, each=MILLION // 100)
        [light] = ways_of(advice_for(sold.owner), "pack-light")
        assert light.replay.days_without == 20
        assert light.replay.drawn == 45 * MILLION // 100

    def test_does_not_hold_what_can_still_be_used_against_the_plan(self, sold: Home) -> None:
        use(sold.owner, days=90, each=MILLION // 10)
        order = bought(sold.owner, "studio", ago=20)
        books.grant(sold.owner, order.microcredits, source="plan", order_id=order.pk)
        assert advice_for(sold.owner).spending.used_minor == 0
        assert advice_for(sold.owner).best is None

    def test_tells_nobody_to_buy_packs_by_the_hundred(self, sold: Home) -> None:
        use(sold.owner, days=90, each=MILLION // 2)
        bought(sold.owner, "studio", ago=80, price_minor=100_000)
        told = advice_for(sold.owner)
        [packs] = ways_of(told, "pack-large")
        assert (packs.replay.packs > 100, packs.is_handy) == (True, False)
        assert told.best is not None
        assert told.best.is_handy

    def test_keeps_a_bundle_unless_another_holds_the_same(self, sold: Home) -> None:
        subscribe(sold.stranger, "business-line")
        use(sold.stranger, days=90, each=MILLION // 10)
        bought(sold.stranger, "business-line", ago=80)
        told = advice_for(sold.stranger)
        assert told.keeps_bundle
        assert told.cheapest is not None
        assert told.cheapest.cost_minor < told.base_minor
        assert told.best is None

    def test_says_when_too_little_is_known(self, sold: Home, now: datetime) -> None:
        use(sold.owner, days=6, each=MILLION)
        assert not advice_for(sold.owner).knows_enough
        use(sold.adult, days=10, each=MILLION)
        assert advice_for(sold.owner).knows_enough
        Account.objects.update(created_at=now - DAY * 3)
        told = advice_for(sold.owner)
        assert (told.demand.days, told.knows_enough) == (10, False)


class TestPrices:
    def test_are_those_of_today(self, sold: Home, now: datetime) -> None:
        use(sold.owner, days=90, each=MILLION)
        assert advice_for(sold.owner).demand.at_today == 90 * MILLION
        today = Price.objects.get(pk=catalog.offer("deep").price_id)
        doubled = {name: 2 * rate for name, rate in asdict(today.rates).items()}
        Price.objects.create(chat_model=today.chat_model, active_from=now - DAY * 99, published_at=now, **doubled)
        demand = advice_for(sold.owner).demand
        assert (demand.charged, demand.at_today) == (90 * MILLION, 45 * MILLION)


class TestPage:
    def test_advises_and_leads_to_the_change(self, sold: Home, client: Client) -> None:
        subscribe(sold.owner, "studio")
        use(sold.owner, days=90, each=MILLION // 2)
        bought(sold.owner, "studio", ago=80)
        client.force_login(sold.owner.user)
        page = html(client.get("/plans/advice/"))
        told = advice_for(sold.owner)
        assert told.best is not None
        assert told.best.plan is not None
        assert f"Change to {told.best.plan.label}" in page
        assert "Switch from the next period" in page
        assert "what you have" in page

    def test_asks_to_come_back_where_little_is_known(self, sold: Home, client: Client) -> None:
        client.force_login(sold.owner.user)
        page = html(client.get("/plans/advice/"))
        assert "Too early to say" in page
        assert 'href="/plans/fit/"' in page

    def test_stays_within_its_queries(self, sold: Home, now: datetime) -> None:
        subscribe(sold.owner, "studio")
        use(sold.owner, days=90, each=MILLION // 2)
        bought(sold.owner, "studio", ago=80)
        account = Account.objects.get(pk=sold.owner.account_id)
        with query_budget(QUERY_BUDGET):
            assert advisor.of(account, now=now).ways

    def test_is_for_those_who_see_the_bills(self, sold: Home, client: Client) -> None:
        client.force_login(sold.adult.user)
        assert client.get("/plans/advice/").status_code == 403
