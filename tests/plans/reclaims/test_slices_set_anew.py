"""Slices that are set anew within a month: what flowed from them before, and what flows from them from then on."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEvent, Member, Notification
from plans import ledger, loans, quotas, reclaims
from plans.models import Quota, Reclaim
from portal.kit import clock
from portal.kit.units import credits
from tests.accounts.people import join
from tests.plans.ledger import books
from tests.plans.reclaims.months import (
    asks,
    choose,
    days_in_month_of,
    departments_of,
    extra_of,
    move_to,
    sliced,
)

pytestmark = pytest.mark.django_db


class TestSlices:
    def put(self, owner: Member, quota: Quota, amount: int) -> None:
        terms = quotas.Terms(window="month", limit=credits(amount), is_slice=True)
        where: dict[str, Any] = {"node_kind": quota.node_kind, "node_id": quota.node_id}
        quotas.put(owner.account, terms=terms, by=owner.user, now=clock.now(), **where)

    def flow(self, owner: Member, *days: int) -> None:
        choose(owner, *days)
        for day in days:
            move_to(day)
            assert reclaims.run() == 1

    def test_get_back_what_flowed_where_they_would_have_less_than_nothing(self, owner: Member, sales: Quota) -> None:
        self.flow(owner, 10, 20)
        head = join(owner, role="head", name="head")
        Member.objects.filter(pk=head.pk).update(department=sales.node_id)
        newest, oldest = Reclaim.objects.all()
        self.put(owner, sales, 2900)
        assert not Reclaim.objects.exclude(returned_at=None).exists()
        self.put(owner, sales, oldest.microcredits // credits(1) + 50)
        newest.refresh_from_db()
        assert (newest.returned_at is not None, newest.returned_by) == (True, None)
        assert Reclaim.objects.get(returned_at=None) == oldest
        assert asks(owner, 50, of=sales) == "ok"
        assert asks(owner, 1, of=sales) == "quota"
        self.put(owner, sales, 60)
        assert extra_of(sales) == 0
        assert asks(owner, 10, of=sales) == "ok"
        assert Notification.objects.filter(member=head, kind="slice_reclaimed").count() == 2
        assert AuditEvent.objects.filter(verb="reclaim.give_back", actor=None).count() == 2
        assert books.kinds() == set()

    def test_get_it_back_where_the_plan_shrinks(self, owner: Member, sales: Quota) -> None:
        ends_at = clock.now() + timedelta(days=12)
        books.grant(owner, credits(3000), source="plan", expires_at=ends_at)
        Quota.objects.filter(pk=sales.pk).update(unit="share", said=100)
        self.flow(owner, 10)
        move_to(14)
        quotas.follow_plan(owner.account_id)
        quotas.follow_plan(owner.account_id)
        assert (Quota.objects.get(pk=sales.pk).limit, extra_of(sales)) == (0, 0)
        event = AuditEvent.objects.get(verb="quota.follow_plan")
        assert event.details == {"changed": [["department", sales.node_id, credits(3000), 0]]}
        assert books.kinds() == set()

    def test_are_told_as_nothing_where_more_than_all_of_it_is_lent(self, owner: Member, sales: Quota) -> None:
        shop = sliced(owner, "Shop", 0)
        loans.lend(sales, shop, microcredits=credits(100), reason="", by=owner, now=clock.now())
        self.put(owner, sales, 50)
        details = books.reserve(books.ask(owner, credits(1), departments=departments_of(sales)))[0][1]
        told = quotas.told(ledger.QuotaExceeded(**details), account_id=owner.account_id)
        assert "0 of 0" in str(told)
        assert told.details["limit"] == 0

    def test_count_from_when_they_were_raised_or_set_aside(self, owner: Member, sales: Quota) -> None:
        ceiling = sliced(owner, "Shop", 600, is_slice=False)
        choose(owner, 10, 20)
        move_to(8)
        self.put(owner, sales, 6000)
        self.put(owner, ceiling, 600)
        move_to(10)
        assert reclaims.run() == 1
        month = days_in_month_of(sales)
        assert -(6000 * 2 // month) <= extra_of(sales) < 0
        assert -(600 * 2 // month) <= extra_of(ceiling) < 0
        self.put(owner, sales, 5900)
        raised_at = Quota.objects.get(pk=sales.pk).raised_at
        assert raised_at is not None
        assert raised_at < clock.now() - timedelta(days=1)
