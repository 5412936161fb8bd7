"""A month of quotas as a report adds up, this month and the one before."""

import pytest

from accounts.models import Member
from plans import loans, quotas, reclaims, transfers
from plans.models import Quota
from portal.kit import clock
from portal.kit.units import credits
from tests.plans.ledger import books
from tests.plans.reclaiming import begin_month, choose, days_in_month_of, move_to, part_of, sliced, used

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Member:
    begin_month()
    member = books.founded()
    books.grant(member, credits(10_000))
    return member


@pytest.fixture
def sales(owner: Member) -> Quota:
    return sliced(owner, "Sales", 3000)


class TestOfMonth:
    def test_adds_up_what_was_lent_borrowed_reclaimed_and_used(self, owner: Member, sales: Quota) -> None:
        shop = sliced(owner, "Shop", 1000)
        loans.lend(sales, shop, microcredits=credits(500), reason="", by=owner, now=clock.now())
        used(owner, shop, 700)
        choose(owner, 10)
        move_to(10)
        reclaims.run()
        rows = {each.name: each for each in transfers.of_month(owner.account, at=clock.now())}
        flowed = part_of(2500, 9, days_in_month_of(sales))
        assert [(each.budget, each.lent, each.borrowed, each.given) for each in rows.values()] == [
            (credits(3000), credits(500), 0, 0),
            (credits(1000), 0, credits(500), 0),
        ]
        assert [(each.reclaimed, each.used, each.left) for each in rows.values()] == [
            (flowed, 0, credits(2500) - flowed),
            (0, credits(700), credits(800)),
        ]

    def test_still_knows_the_month_before(self, owner: Member, sales: Quota) -> None:
        used(owner, sales, 40)
        before = clock.now()
        begin_month()
        [now], [then] = (transfers.of_month(owner.account, at=at) for at in (clock.now(), before))
        assert (then.used, now.used) == (credits(40), 0)
        quotas.end(sales, by=None, now=clock.now())
        assert transfers.of_month(owner.account, at=clock.now()) == []
        assert [each.used for each in transfers.of_month(owner.account, at=before)] == [credits(40)]
