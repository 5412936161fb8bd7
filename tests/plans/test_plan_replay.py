"""What the advisor replays is what the ledger did: a plan that was really bought, renewed, rolled over and used."""

from datetime import timedelta

import pytest

from plans import ledger
from plans.models import Lot
from portal.kit import clock
from portal.kit.units import divide_up
from portal.sandbox.operator import Operator
from tests.plans.cast import Household
from tests.plans.ledger import books
from tests.plans.plans_life import again, pass_time, published, subscribed
from usage.advisor import ways
from usage.advisor.replays import Day, Pack, Terms, replay

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

NEEDS = {3: 300_001, 12: 100_000, 25: 1, 36: 500_009, 45: 900_003, 50: 41, 66: 250_000, 70: 800_000}
"""Microcredits by the day after the purchase; two of them are more than what is left."""
UNTIL, GOOD_FOR = 75, 20


class TestReplay:
    @pytest.mark.parametrize(("percent", "cycles"), [(0, 1), (33, 1), (100, 2)])
    def test_equals_the_ledger_to_the_microcredit(
        self, household: Household, operator: Operator, percent: int, cycles: int
    ) -> None:
        terms = published("rolling", microcredits=1_000_007, rollover_percent=percent, rollover_cycles=cycles)
        bought = subscribed(household.owner, slug="rolling")
        pack = Pack(Terms(100, 60_000, priority=10), valid_days=GOOD_FOR)
        for offset, amount in NEEDS.items():
            pass_time(bought.anchor_at + timedelta(days=offset))
            missing = amount - ledger.balance(bought.account_id, now=clock.now()).left
            for _ in range(divide_up(max(0, missing), pack.terms.microcredits)):
                ends_at = clock.now() + timedelta(days=GOOD_FOR)
                books.grant(household.owner, pack.terms.microcredits, priority=10, expires_at=ends_at)
            books.spent(household.owner, amount)
        pass_time(bought.anchor_at + timedelta(days=UNTIL))
        assert again(bought).period_number == 3

        first = bought.account.local_day(bought.anchor_at)
        days = [Day(first + timedelta(days=n), {"any": NEEDS[n]} if n in NEEDS else {}) for n in range(UNTIL + 1)]
        told = replay(
            days, plan=ways.plan_of(terms, anchor_at=bought.anchor_at, zone=bought.account.time_zone), pack=pack
        )
        lots = Lot.objects.filter(account=bought.account_id)
        assert (told.drawn, told.lapsed, told.left) == (
            sum(lot.spent for lot in lots),
            sum(lot.expired for lot in lots),
            sum(lot.available for lot in lots),
        )
        assert told.missed == 0
        assert told.packs == lots.filter(source="topup").count()
        assert (told.packs > 0) == (percent < 100)
        assert [each.date for each in told.purchases if each.terms is not pack.terms] == [
            bought.account.local_day(period.starts_at) for period in bought.periods.order_by("number")
        ]
