"""A month of quotas as a report adds up, this month and the one before."""

import pytest

from accounts.models import Member
from plans import keys, loans, quotas, reclaims, transfers
from plans.models import Quota, Reclaim
from portal.kit import clock
from portal.kit.units import credits
from tests.accounts.people import client_of
from tests.plans.ledger import books
from tests.plans.reclaims.months import begin_month, choose, days_in_month_of, move_to, part_of, sliced, used

pytestmark = pytest.mark.django_db


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

    def test_counts_the_use_of_a_rotated_key_once(self, owner: Member, sales: Quota) -> None:
        old = books.key_of(owner)
        books.quota(owner, credits(100), kind="key", node_id=old.pk, window="month", is_slice=True)
        asked = books.ask(owner, credits(30), api_key_id=old.pk)
        assert books.reserve(asked)[0][0] == "ok"
        books.close(asked, credits(30))
        new, _secret = keys.rotate(old, overlap_seconds=60, by=owner.user, now=clock.now())
        choose(owner, 28, floor_percent=0)
        move_to(28)
        assert reclaims.run() == 1
        assert [each.window.quota for each in Reclaim.objects.all()] == [sales]
        rows = {each.quota.node_id: each for each in transfers.of_month(owner.account, at=clock.now())}
        told = [(each.given, each.reclaimed, each.used, each.left) for each in (rows[old.pk], rows[new.pk])]
        assert told == [(0, 0, credits(30), 0), (0, 0, 0, credits(70))]
        assert "stands in the row of the old key" in client_of(owner).get("/reclaims/").content.decode()
        assert books.kinds() == set()
