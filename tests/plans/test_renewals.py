"""A plan over its life, by the timetable's verb against an operator that answers over HTTP."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from accounts.models import Notification
from plans import (
    continuations,
    ledger,
    orders,
    payment_providers,
    payments,
    plan_orders,
    refunds,
    renewals,
    subscriptions,
)
from plans.models import Consent, Lot, Order, Subscription, SubscriptionPeriod
from plans.subscriptions import standing
from portal.kit import clock
from portal.kit.units import Microcredits
from portal.sandbox.operator import Operator
from tests.plans.cast import Household, scripted
from tests.plans.ledger import books
from tests.plans.plans_life import A_DAY, PHONE, again, allow, charged, lots, pass_time, published, refuse, subscribed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]


@pytest.fixture(autouse=True)
def books_add_up(db: None) -> Any:
    """After every test the ledger's own list of violations is empty, and refills equal paid periods."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []
    granted = set(Lot.objects.filter(dedupe_key__startswith="period:").values_list("pk", flat=True))
    assert granted == set(SubscriptionPeriod.objects.values_list("lot_id", flat=True))


def kinds(member: Any) -> list[str]:
    return list(Notification.objects.filter(member=member).order_by("pk").values_list("kind", flat=True))


class TestRenewing:
    def test_three_times_charges_and_grants_three_times_the_last_after_a_no(
        self, household: Household, operator: Operator
    ) -> None:
        plan = subscribed(household.owner)
        for number in (2, 3):
            pass_time(again(plan).period_ends_at + timedelta(hours=1))
            assert again(plan).period_number == number
        ends_at = again(plan).period_ends_at
        refuse(operator)
        pass_time(ends_at + timedelta(hours=12))
        assert again(plan).state == Subscription.State.GRACE
        assert ledger.balance(plan.account_id, now=clock.now()).left == 0
        allow(operator)
        pass_time(ends_at + timedelta(days=2))
        renewed = again(plan)
        assert (renewed.state, renewed.period_number, renewed.period_starts_at) == ("active", 4, ends_at)
        assert charged(operator) == 4
        periods = list(SubscriptionPeriod.objects.filter(subscription=plan).order_by("number"))
        for before, after in pairwise(periods):
            assert before.ends_at == after.starts_at
        assert [lot.effective_at for lot in lots(plan)] == [period.starts_at for period in periods]
        assert [lot.expires_at for lot in lots(plan)] == [period.ends_at for period in periods]
        assert ledger.balance(plan.account_id, now=clock.now()).left == 10_000_000 * 10**6

    def test_is_announced_three_days_before_in_words_that_are_kept(
        self, household: Household, operator: Operator
    ) -> None:
        plan = subscribed(household.owner)
        pass_time(plan.period_ends_at - timedelta(days=3, hours=1))
        assert not Consent.objects.filter(subject="reminder").exists()
        pass_time(plan.period_ends_at - timedelta(days=2, hours=12))
        kept = Consent.objects.get(subject="reminder", subscription=plan)
        told = Notification.objects.filter(kind="plan_reminder")
        assert {notification.member_id for notification in told} == {household.owner.pk, household.bill_payer.pk}
        assert str(told[0]) == kept.text
        charged_on = plan.account.local_day(plan.period_ends_at - A_DAY).isoformat()
        assert all(words in kept.text for words in ("¥9.90", charged_on, f"•••• {PHONE[-4:]}"))
        assert (kept.amount_minor, kept.currency, kept.language) == (990, "CNY", "en")
        assert charged(operator) == 1
        pass_time(plan.period_ends_at)
        assert charged(operator) == 2
        assert Consent.objects.filter(subject="reminder").count() == 1

    def test_leaves_the_old_credits_to_their_last_day(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        pass_time(plan.period_ends_at - timedelta(hours=6))
        assert again(plan).period_number == 2
        left = ledger.balance(plan.account_id, now=clock.now())
        assert [lot.expires_at for lot in left.lots] == [plan.period_ends_at]

    def test_is_what_was_agreed_to_at_checkout(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        agreed = Consent.objects.get(subject="renewal")
        assert (agreed.subscription, agreed.given_by, agreed.amount_minor) == (plan, household.owner, 990)
        assert "each month for ¥9.90" in agreed.text
        assert plan.cancel_asked_at is None

    def test_does_not_happen_without_an_agreement(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner, renews=False)
        pass_time(plan.period_ends_at + timedelta(hours=1))
        ended = again(plan)
        assert (ended.state, ended.end_reason) == ("ended", "canceled")
        assert charged(operator) == 1
        assert kinds(household.owner) == ["plan_ended"]


class TestDecline:
    def test_is_told_each_day_and_ends_the_plan_when_grace_is_over(
        self, household: Household, operator: Operator
    ) -> None:
        plan = subscribed(household.owner)
        refuse(operator)
        pass_time(plan.period_ends_at + timedelta(days=3, hours=1))
        ended = again(plan)
        assert (ended.state, ended.end_reason) == ("ended", "lapsed")
        assert kinds(household.owner) == ["plan_reminder", *["plan_declined"] * 4, "plan_ended"]
        order = Order.objects.get(kind="renewal")
        assert order.state == Order.State.EXPIRED
        assert order.payments.filter(state="denied").count() == 4
        assert charged(operator) == 1
        assert not Consent.objects.filter(subject="renewal", withdrawn_at=None).exists()

    def test_can_be_answered_by_paying_another_way(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        refuse(operator)
        pass_time(plan.period_ends_at + timedelta(hours=6))
        order = Order.objects.get(kind="renewal")
        means = payments.Means(payment_providers.CARRIER_BILLING, scripted("30"))
        orders.pay(order, means=means, by=household.owner, now=clock.now())
        orders.refresh_pending(now=clock.now() + timedelta(minutes=1))
        renewed = again(plan)
        assert (renewed.state, renewed.period_starts_at) == ("active", plan.period_ends_at)
        pass_time(plan.period_ends_at + timedelta(days=5))
        assert again(plan).period_number == 2

    def test_of_the_owners_ceiling_is_one_too(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        assert plan.method
        plan.method.monthly_ceiling_minor = 100
        plan.method.save()
        pass_time(plan.period_ends_at)
        assert "plan_declined" in kinds(household.owner)
        assert charged(operator) == 1


class TestHand:
    def test_pays_each_period_where_nothing_is_stored(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        Subscription.objects.update(method=None)
        pass_time(plan.period_ends_at - timedelta(hours=12))
        order = Order.objects.get(kind="renewal")
        assert (order.state, charged(operator)) == ("placed", 1)
        assert kinds(household.owner) == ["plan_reminder", "plan_order"]
        means = payments.Means(payment_providers.CARRIER_BILLING, PHONE)
        orders.pay(order, means=means, by=household.owner, now=clock.now())
        pass_time(plan.period_ends_at + timedelta(hours=1))
        assert (again(plan).period_number, charged(operator)) == (2, 2)


class TestLateness:
    def test_of_months_charges_once_and_only_after_a_days_notice(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        plan = subscribed(household.owner)
        books.move_clock(timedelta(days=100))
        for _ in range(5):
            renewals.run(now=clock.now())
        assert (charged(operator), again(plan).state) == (1, "grace")
        assert kinds(household.owner) == ["plan_reminder"]
        books.move_clock(timedelta(days=1, seconds=1))
        paid_at = clock.now()
        for _ in range(5):
            renewals.run(now=clock.now())
        renewed = again(plan)
        assert (charged(operator), renewed.period_number, renewed.state) == (2, 2, "active")
        assert renewed.period_starts_at >= paid_at  # nobody pays for months that are over
        assert renewed.period_ends_at > renewed.period_starts_at + timedelta(days=27)

    def test_by_a_death_between_order_and_charge_charges_once(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        pass_time(plan.period_ends_at - timedelta(days=1, hours=1))
        taken = clock.now() + timedelta(hours=1, minutes=1)
        Subscription.objects.update(next_try_at=taken)  # whoever had the turn placed the order and died
        order, is_new = plan_orders.place_renewal(again(plan), waits_until=taken + 4 * A_DAY, now=clock.now())
        assert is_new
        pass_time(plan.period_ends_at)
        assert (charged(operator), again(plan).period_number) == (2, 2)
        order.refresh_from_db()
        assert order.state == Order.State.PAID


class TestRollover:
    def test_keeps_a_part_for_the_next_period_and_takes_nothing_away_early(
        self, household: Household, operator: Operator
    ) -> None:
        published("roll", rollover_percent=20, rollover_cycles=1, microcredits=1000 * 10**6)
        plan = subscribed(household.owner, slug="roll")
        pass_time(plan.period_ends_at - timedelta(hours=6))
        old, rolled, new = sorted(lots(plan), key=lambda lot: (lot.effective_at, lot.pk))
        assert (old.available, rolled.available, new.available) == (800 * 10**6, 200 * 10**6, 1000 * 10**6)
        assert rolled.expires_at == new.expires_at == again(plan).period_ends_at
        pass_time(plan.period_ends_at + timedelta(hours=1))
        assert ledger.balance(plan.account_id, now=clock.now()).left == 1200 * 10**6
        pass_time(again(plan).period_ends_at + timedelta(hours=1))
        assert ledger.balance(plan.account_id, now=clock.now()).left == Microcredits(1200 * 10**6)


class TestCalendar:
    def test_begins_with_a_part_and_goes_on_by_the_first(self, household: Household, operator: Operator) -> None:
        version = published("monthly", cycle="calendar", prorates_first=True, price_minor=3100)
        plan = subscribed(household.owner, slug="monthly")
        first = SubscriptionPeriod.objects.select_related("order").get()
        share = standing.cycle(plan.offering_version, plan.account, anchor_at=plan.anchor_at).first_share()
        assert first.order.price_minor == int(3100 * share)
        assert lots(plan)[0].granted >= version.microcredits * share
        pass_time(plan.period_ends_at + timedelta(days=2))
        renewed = again(plan)
        assert renewed.period_starts_at == plan.period_ends_at
        order = Order.objects.get(kind="renewal")
        assert (order.price_minor, order.microcredits) == (3100, version.microcredits)


class TestPausing:
    def test_of_nobody_knows_is_over_after_three_months(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        Subscription.objects.update(paused_at=plan.period_ends_at, next_try_at=plan.period_ends_at)
        pass_time(plan.period_ends_at + timedelta(hours=1))
        assert again(plan).state == Subscription.State.PAUSED
        books.move_clock(timedelta(days=93))
        renewals.run(now=clock.now())
        assert (again(plan).state, again(plan).end_reason) == ("ended", "paused_too_long")
        assert charged(operator) == 1


class TestMoney:
    def test_of_a_plan_that_has_ended_begins_one_that_does_not_renew(
        self, household: Household, operator: Operator
    ) -> None:
        plan = subscribed(household.owner)
        operator.books.scripts.tell(PHONE, "ask")
        pass_time(plan.period_ends_at - timedelta(hours=12))
        continuations.cancel(again(plan), by=household.owner, now=clock.now())
        subscriptions.end(plan, reason="staff", now=clock.now())
        next(iter(reversed(operator.charges.values()))).decide("succeeded")
        orders.refresh_pending(now=clock.now() + timedelta(minutes=5))
        begun = subscriptions.live_of(plan.account_id)
        assert begun.pk != plan.pk
        assert begun.cancel_asked_at is not None
        assert charged(operator) == 2
        assert sum(lot.granted for lot in lots(plan)) == 20_000_000 * 10**6

    def test_that_went_back_untouched_ends_the_plan(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        order = Order.objects.get()
        offer = refunds.offer(order, now=clock.now())
        assert offer
        refunds.ask(order, minor=offer.back.money.minor, by=household.owner, now=clock.now())
        assert (again(plan).state, again(plan).end_reason) == ("ended", "refunded")
        pass_time(plan.period_ends_at + timedelta(days=1))
        assert Order.objects.count() == 1


class TestRefusingByHand:
    def test_of_the_order_ends_the_plan_with_its_period(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        Subscription.objects.update(method=None)
        pass_time(plan.period_ends_at - timedelta(hours=12))
        orders.cancel(Order.objects.get(kind="renewal"), by=household.owner, now=clock.now())
        pass_time(plan.period_ends_at + timedelta(hours=1))
        assert (again(plan).state, again(plan).end_reason) == ("ended", "canceled")
        assert Order.objects.filter(kind="renewal").count() == 1

    def test_counts_no_more_once_renewals_are_agreed_to_anew(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        Subscription.objects.update(method=None)
        pass_time(plan.period_ends_at - timedelta(hours=20))
        orders.cancel(Order.objects.get(kind="renewal"), by=household.owner, now=clock.now())
        continuations.cancel(again(plan), by=household.owner, now=clock.now())
        continuations.go_on(again(plan), by=household.owner, now=clock.now())
        pass_time(plan.period_ends_at - timedelta(hours=10))
        assert Order.objects.filter(kind="renewal", state="placed").count() == 1
