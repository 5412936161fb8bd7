"""An owner gives back what flowed from slices, once, and while the month lasts."""

import pytest

from accounts.members import OwnersOnly
from accounts.models import AuditEvent, Member
from plans import quotas, reclaims
from plans.models import Quota, Reclaim
from portal.kit import clock
from tests.accounts.people import join
from tests.plans.ledger import books
from tests.plans.reclaims.months import (
    asks,
    begin_month,
    choose,
    days_in_month_of,
    extra_of,
    move_to,
    part_of,
)

pytestmark = pytest.mark.django_db


class TestGiveBack:
    def flowed(self, owner: Member) -> list[Reclaim]:
        choose(owner, 10, 20)
        move_to(10)
        reclaims.run()
        return list(Reclaim.objects.all())

    def test_returns_all_of_it_once(self, owner: Member, sales: Quota) -> None:
        found = self.flowed(owner)
        assert reclaims.give_back(found, by=owner, now=clock.now()) == found[0].microcredits
        assert extra_of(sales) == 0
        assert asks(owner, 3000, of=sales) == "ok"
        with pytest.raises(reclaims.ReclaimEnded):
            reclaims.give_back(found, by=owner, now=clock.now())
        assert AuditEvent.objects.filter(verb="reclaim.give_back").count() == 1
        assert books.kinds() == set()

    def test_keeps_what_was_given_back_from_flowing_again(self, owner: Member, sales: Quota) -> None:
        found = self.flowed(owner)
        reclaims.give_back(found, by=owner, now=clock.now())
        move_to(20)
        reclaims.run()
        month = days_in_month_of(sales)
        second = Reclaim.objects.get(returned_at=None)
        assert second.microcredits == part_of(3000, 19, month, less=found[0].microcredits)

    def test_is_over_with_the_month(self, owner: Member, sales: Quota) -> None:
        found = self.flowed(owner)
        begin_month()
        with pytest.raises(reclaims.ReclaimEnded):
            reclaims.give_back(found, by=owner, now=clock.now())

    def test_is_over_with_the_quota(self, owner: Member, sales: Quota) -> None:
        found = self.flowed(owner)
        quotas.end(sales, by=owner.user, now=clock.now())
        with pytest.raises(reclaims.ReclaimEnded):
            reclaims.give_back(found, by=owner, now=clock.now())

    def test_is_for_the_owners_of_the_account(self, owner: Member, sales: Quota) -> None:
        found = self.flowed(owner)
        with pytest.raises(OwnersOnly):
            reclaims.give_back(found, by=join(owner, role="auditor", name="auditor"), now=clock.now())
        with pytest.raises(reclaims.ReclaimEnded):
            reclaims.give_back(found, by=books.founded(), now=clock.now())
