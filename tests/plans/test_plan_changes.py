"""Another plan now or next time: what was shown is what is paid and granted, and no loop multiplies it."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from plans import changes, continuations, ledger, orders, renewals, subscriptions
from plans.models import Consent, Lot, Order, Subscription, SubscriptionPeriod
from portal.kit import clock
from portal.kit.refusals import Refusal
from portal.sandbox.operator import Operator
from tests.plans.cast import Household
from tests.plans.plans_life import again, allow, charged, lots, pass_time, published, refuse, subscribed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

MILLION = 10**12
"""Microcredits of a million credits."""


@pytest.fixture(autouse=True)
def books_add_up(db: None) -> Any:
    """After every test the ledger's own list of violations is empty."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []


def upgraded(plan: Subscription, slug: str, household: Household) -> Order:
    seal = changes.preview(again(plan), slug, now=clock.now()).seal
    return changes.upgrade(again(plan), slug, seal=seal, by=household.owner, now=clock.now())


def change_next(plan: Subscription, slug: str, household: Household) -> None:
    seal = changes.preview(again(plan), slug, now=clock.now()).seal
    changes.change_next(again(plan), slug, seal=seal, by=household.owner, now=clock.now())


class TestUpgrading:
    def test_charges_and_grants_the_difference_for_the_period_and_renews_bigger(
        self, household: Household, operator: Operator
    ) -> None:
        plan = subscribed(household.owner)
        shown = changes.preview(plan, "family", now=clock.now())
        assert shown.at_once == subscriptions.Due(2990 - 990, 30 * MILLION)  # type: ignore[arg-type] # a plain number
        order = upgraded(plan, "family", household)
        order.refresh_from_db()
        assert (order.state, order.price_minor, order.kind, order.period_number) == ("paid", 2000, "upgrade", 1)
        extra = Lot.objects.get(dedupe_key=f"upgrade:{order.pk}")
        assert (extra.granted, extra.expires_at, extra.source) == (30 * MILLION, plan.period_ends_at, "plan")
        assert ledger.balance(plan.account_id, now=clock.now()).left == 40 * MILLION
        pass_time(plan.period_ends_at + timedelta(hours=1))
        assert Order.objects.get(kind="renewal").price_minor == 2990
        assert ledger.balance(plan.account_id, now=clock.now()).left == (40 + 40) * MILLION  # with what rolled over

    def test_brings_nothing_unless_it_is_paid(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        refuse(operator)
        order = upgraded(plan, "family", household)
        order.refresh_from_db()
        assert order.state == "denied"
        assert again(plan).offering_version == plan.offering_version
        assert len(lots(plan)) == 1
        allow(operator)
        assert upgraded(plan, "family", household).pk == order.pk
        assert charged(operator) == 2

    def test_refuses_what_the_page_did_not_show(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        stale = changes.preview(plan, "family", now=clock.now()).seal
        published("family", price_minor=3990, microcredits=40 * MILLION)
        with pytest.raises(orders.TermsChanged):
            changes.upgrade(plan, "family", seal=stale, by=household.owner, now=clock.now())
        assert charged(operator) == 1

    def test_is_for_who_pays_alone(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        seal = changes.preview(plan, "family", now=clock.now()).seal
        for member in (household.adult, household.child, household.auditor):
            with pytest.raises(orders.MayNotBuy):
                changes.upgrade(plan, "family", seal=seal, by=member, now=clock.now())
        with pytest.raises(subscriptions.NoPlan):
            changes.upgrade(plan, "family", seal=seal, by=household.stranger, now=clock.now())

    def test_to_a_smaller_plan_can_only_begin_next_time(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner, slug="family")
        assert changes.preview(plan, "starter", now=clock.now()).at_once is None
        with pytest.raises(changes.NotAtOnce):
            upgraded(plan, "starter", household)


class TestChangingNextTime:
    def test_costs_nothing_now_and_is_kept_as_agreed(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner, slug="family")
        change_next(plan, "starter", household)
        assert (charged(operator), again(plan).offering_version.offering.slug) == (1, "family")
        agreed = Consent.objects.get(subject="change")
        assert "Starter" in agreed.text
        assert "¥9.90" in agreed.text
        pass_time(plan.period_ends_at + timedelta(hours=1))
        assert again(plan).offering_version.offering.slug == "starter"
        assert Order.objects.get(kind="renewal").price_minor == 990
        assert ledger.balance(plan.account_id, now=clock.now()).left == (40 + 10) * MILLION  # with what rolled over

    def test_takes_the_place_of_an_order_that_waits(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner, slug="family")
        refuse(operator)
        pass_time(plan.period_ends_at - timedelta(hours=12))
        change_next(plan, "starter", household)
        assert Order.objects.get(kind="renewal").state == "expired"
        allow(operator)
        pass_time(plan.period_ends_at + timedelta(hours=12))
        assert Order.objects.get(kind="renewal", state="paid").price_minor == 990
        assert again(plan).state == "active"

    def test_keeps_the_old_terms_when_newer_ones_are_published(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        published("starter", price_minor=1990, active_from=clock.now() + timedelta(days=30, minutes=5))
        pass_time(plan.period_ends_at + timedelta(hours=1))
        assert Order.objects.get(kind="renewal").price_minor == 990


class TestCanceling:
    def test_ends_with_the_period_and_can_be_taken_back(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        continuations.cancel(plan, by=household.bill_payer, now=clock.now())
        assert not Consent.objects.filter(subject="renewal", withdrawn_at=None).exists()
        continuations.go_on(again(plan), by=household.owner, now=clock.now())
        assert Consent.objects.filter(subject="renewal", withdrawn_at=None).count() == 1
        pass_time(plan.period_ends_at + timedelta(hours=1))
        assert again(plan).period_number == 2
        continuations.cancel(again(plan), by=household.owner, now=clock.now())
        assert ledger.balance(plan.account_id, now=clock.now()).left == 10 * MILLION
        pass_time(again(plan).period_ends_at + timedelta(hours=1))
        assert (again(plan).state, charged(operator)) == ("ended", 2)


class TestPausing:
    def test_charges_nothing_and_begins_anew_when_taken_up(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        continuations.pause(plan, by=household.owner, now=clock.now())
        pass_time(plan.period_ends_at + timedelta(days=20))
        assert (again(plan).state, charged(operator)) == ("paused", 1)
        taken_up_at = clock.now()
        continuations.take_up(again(plan), by=household.owner, now=taken_up_at)
        renewed = again(plan)
        assert (renewed.state, renewed.period_number, renewed.paused_at) == ("active", 2, None)
        assert renewed.period_starts_at == taken_up_at
        assert renewed.period_ends_at >= taken_up_at + timedelta(days=28)
        pass_time(renewed.period_ends_at + timedelta(hours=1))
        assert again(plan).period_number == 3


class TestFreePlan:
    def test_makes_room_for_one_that_costs_something(self, household: Household, operator: Operator) -> None:
        published("trial", price_minor=0, valid_months=None, valid_days=7, most_per_account=1)
        trial = subscribed(household.owner, slug="trial", renews=False)
        plan = subscribed(household.owner)
        assert again(trial).end_reason == "replaced"
        with pytest.raises(subscriptions.AlreadySubscribed):
            subscribed(household.owner, slug="family")
        assert again(plan).state == "active"


class TestLoops:
    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        acts=some.lists(some.sampled_from(["up", "top", "down", "cancel", "on", "pause", "wait", "month"]), max_size=12)
    )
    def test_never_grant_more_than_was_paid_for(
        self, household: Household, operator: Operator, acts: list[str]
    ) -> None:
        """Whatever is done in whatever order: what was paid in a period is the price of its biggest plan, at most."""
        Subscription.objects.update(state="ended", ended_at=clock.now(), next_try_at=None)
        plan = subscribed(household.owner)
        for act in acts:
            with suppress(Refusal):
                act_on(plan, act, household)
        prices = {990: 10 * MILLION, 2990: 40 * MILLION, 9900: 160 * MILLION}
        for period in SubscriptionPeriod.objects.filter(subscription=plan):
            paid = Order.objects.filter(subscription=plan, kind="upgrade", period_number=period.number, state="paid")
            extra = Lot.objects.filter(dedupe_key__in=[f"upgrade:{pk}" for pk in paid.values_list("pk", flat=True)])
            money = period.order.price_minor + sum(paid.values_list("price_minor", flat=True))
            assert sum(extra.values_list("granted", flat=True)) + period.order.microcredits == prices[money]


def act_on(plan: Subscription, act: str, household: Household) -> None:
    now, owner, standing = clock.now(), household.owner, again(plan)
    match act:
        case "up" | "top":
            upgraded(plan, "family" if act == "up" else "studio", household)
        case "down":
            change_next(plan, "starter", household)
        case "cancel":
            continuations.cancel(standing, by=owner, now=now)
        case "on":
            continuations.go_on(standing, by=owner, now=now)
        case "pause":
            continuations.pause(standing, by=owner, now=now)
        case "wait":
            pass_time(now + timedelta(days=11))
        case _:
            pass_time(standing.period_ends_at + timedelta(hours=1))
    renewals.run(now=clock.now())
