"""Shares of the plan follow what the plans grant: down when one lapses or goes back, up when one begins."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from accounts.models import Member
from plans import ledger, quotas, shares, tasks
from plans.models import Lot, Quota
from plans.models.quota import LARGEST_LIMIT
from portal.kit import clock
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Member:
    return books.founded()


@pytest.fixture
def share(owner: Member) -> Quota:
    """Half of a plan of 1,000 that ends in ten days; others have another share, and one that is not of the plan."""
    grant(owner, ends_in=10)
    books.quota(owner, 7, kind="scenario", node_id=1, window="week")
    books.quota(books.founded(), 0, unit="share", said=40)
    made = books.quota(owner, 0, window="month", unit="share", said=50)
    assert shares.follow(now=clock.now()) == 1
    return made


def grant(owner: Member, *, ends_in: int, **terms: Any) -> Lot:
    bought = books.buy(owner, 1000, 5000, source="plan", expires_at=clock.now() + timedelta(days=ends_in), **terms)
    return Lot.objects.get(pk=bought)


def limit_of(share: Quota) -> int:
    assert tasks.follow_shares() in {0, 1}
    assert tasks.follow_shares() == 0
    assert Quota.objects.get(window="week").limit == 7
    assert books.kinds() == set()
    return Quota.objects.get(pk=share.pk).limit


class TestFollow:
    def test_lets_a_share_shrink_when_a_plan_lapses(self, owner: Member, share: Quota) -> None:
        grant(owner, ends_in=40)
        assert limit_of(share) == 1000
        books.move_clock(timedelta(days=10))
        assert limit_of(share) == 500
        ledger.expire()
        assert limit_of(share) == 500
        books.move_clock(timedelta(days=30))
        assert limit_of(share) == 0
        assert books.reserve(books.ask(owner, 1))[0][0] == "quota"

    def test_lets_it_grow_when_a_plan_begins(self, owner: Member, share: Quota) -> None:
        grant(owner, ends_in=60, effective_at=clock.now() + timedelta(days=5))
        assert limit_of(share) == 500
        books.move_clock(timedelta(days=5))
        assert limit_of(share) == 1000

    @pytest.mark.parametrize(("succeeded", "left"), [(True, 100), (False, 500)])
    def test_lets_it_shrink_by_what_is_refunded(
        self, owner: Member, share: Quota, *, succeeded: bool, left: int
    ) -> None:
        books.spent(owner, 200)
        assert limit_of(share) == 500
        refund = uuid4()
        ledger.open_refund(refund, lot_id=Lot.objects.get().pk, reason="wish", by_user_id=None)
        assert limit_of(share) == 500
        ledger.close_refund(refund, succeeded=succeeded, money_account="psp:test")
        assert limit_of(share) == left

    @pytest.mark.parametrize(("lost", "left"), [(True, 100), (False, 500)])
    def test_lets_it_shrink_by_what_a_lost_dispute_takes(
        self, owner: Member, share: Quota, *, lost: bool, left: int
    ) -> None:
        books.spent(owner, 200)
        dispute, lot = uuid4(), Lot.objects.get()
        assert lot.order_id is not None
        ledger.open_dispute(dispute, order_id=lot.order_id, money_minor=5000, reason="bank", by_user_id=None)
        assert limit_of(share) == 500
        assert ledger.close_dispute(dispute, lost=lost, money_account="psp:test") == "ok"
        assert limit_of(share) == left

    def test_counts_nothing_that_rolled_over(self, owner: Member, share: Quota) -> None:
        books.spent(owner, 200)
        lot = Lot.objects.get()
        end = ledger.PeriodEnd(
            lot_id=lot.pk,
            account_id=owner.account_id,
            cap=ledger.balance(owner.account_id, now=clock.now()).left,
            name="Rest",
            expires_at=clock.now() + timedelta(days=30),
            dedupe_key="rest",
        )
        assert ledger.roll_over([end])[0].rolled == 800
        assert limit_of(share) == 100

    def test_leaves_what_was_ended(self, owner: Member, share: Quota) -> None:
        Quota.objects.filter(pk=share.pk).update(ended_at=clock.now())
        books.move_clock(timedelta(days=10))
        assert limit_of(share) == 500

    def test_takes_all_accounts_in_turn(self, share: Quota, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shares, "ACCOUNTS_AT_ONCE", 1)
        other = Quota.objects.exclude(account=share.account_id).get()
        books.grant(Member.objects.get(account=other.account_id), 100, source="plan")
        assert limit_of(share) == 500
        assert Quota.objects.get(pk=other.pk).limit == 40

    def test_stops_at_what_a_quota_can_hold(self, owner: Member, share: Quota) -> None:
        Quota.objects.filter(pk=share.pk).update(said=100)
        grant(owner, ends_in=40)
        books.grant(owner, LARGEST_LIMIT, source="plan")
        quotas.follow_plan(owner.account_id)
        assert limit_of(share) == LARGEST_LIMIT

    def test_goes_on_where_one_account_cannot(
        self, owner: Member, share: Quota, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        later = books.founded()
        books.grant(later, 100, source="plan")
        grant(owner, ends_in=40)
        other = books.quota(later, 0, window="month", unit="share", said=50)
        follow = quotas.follow_plan

        def fails_at_the_first(account_id: int) -> None:
            follow(account_id)
            if account_id == owner.account_id:
                with transaction.atomic():
                    Quota.objects.filter(pk=share.pk).update(limit=-1)

        monkeypatch.setattr(quotas, "follow_plan", fails_at_the_first)
        assert shares.follow(now=clock.now()) == 1
        assert [Quota.objects.get(pk=each.pk).limit for each in (share, other)] == [1000, 50]
        assert f"account {owner.account_id}" in caplog.text
