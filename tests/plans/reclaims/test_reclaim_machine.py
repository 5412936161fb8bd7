"""Any order of calls, loans, reclaims and their way back leaves slices that add up with the pool."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from plans import ledger, loans, quotas, reclaims
from plans.models import Loan, Quota, Reclaim
from portal.kit import clock
from portal.kit.refusals import Refusal
from portal.kit.units import Microcredits, credits
from tests import machines
from tests.plans.ledger import books
from tests.plans.reclaims.months import SHANGHAI, begin_month, choose, departments_of, sliced

RUNS = 8
STEPS = 30
SHARDS = 2
LAST_DAY = 28
SIZES = (900, 300, 500)
AMOUNTS = st.integers(1, 400)
SLICES = st.integers(0, len(SIZES) - 1)


class Month(RuleBasedStateMachine):
    """A business with three slices, the second inside of the first."""

    def __init__(self) -> None:
        super().__init__()
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        begin_month()
        self.owner = books.founded()
        books.grant(self.owner, credits(5000))
        outer = sliced(self.owner, "Outer", SIZES[0])
        inner = sliced(self.owner, "Inner", SIZES[1], inside=outer.node_id)
        self.slices = [outer, inner, sliced(self.owner, "Other", SIZES[2])]
        self.open: list[ledger.Reservation] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.rolled_back.__exit__(None, None, None)

    @rule(number=SLICES, amount=AMOUNTS)
    def call(self, number: int, amount: int) -> None:
        asked = books.ask(self.owner, credits(amount), departments=departments_of(self.slices[number]))
        if books.reserve(asked)[0][0] == "ok":
            self.open.append(asked)

    @rule(percent=st.integers(0, 100))
    def close(self, percent: int) -> None:
        if self.open:
            asked = self.open.pop(0)
            books.close(asked, asked.amount * percent // 100)

    @rule(lender=SLICES, borrower=SLICES, amount=AMOUNTS)
    def lend(self, lender: int, borrower: int, amount: int) -> None:
        _tried(
            lambda: loans.lend(
                self.slices[lender],
                self.slices[borrower],
                microcredits=Microcredits(credits(amount)),
                reason="",
                by=self.owner,
                now=clock.now(),
            )
        )

    @rule()
    def return_loan(self) -> None:
        if loan := Loan.objects.filter(account=self.owner.account_id, returned_at=None).first():
            _tried(lambda: loans.give_back(loan, by=self.owner, now=clock.now()))

    @rule(days=st.integers(1, 9), floor_percent=st.integers(0, 60))
    def reclaim(self, days: int, floor_percent: int) -> None:
        due = clock.now().astimezone(SHANGHAI).date() + timedelta(days=days)
        if due.day > LAST_DAY or due.day <= days:
            return
        choose(self.owner, due.day, floor_percent=floor_percent)
        books.move_clock(timedelta(days=days))
        before = self.standing()
        assert reclaims.run() == 1
        flowed = dict(
            Reclaim.objects.filter(account=self.owner.account_id, due_date=due).values_list(
                "window__quota", "microcredits"
            )
        )
        for quota, (most, taken, _) in self.standing().items():
            assert before[quota][0] - most == flowed.get(quota.pk, 0)
            assert quota.pk not in flowed or most >= taken
        assert reclaims.run() == 0

    @rule(number=SLICES, percent=st.integers(0, 150))
    def set_anew(self, number: int, percent: int) -> None:
        slice_ = Quota.objects.get(pk=self.slices[number].pk)
        lent = Loan.objects.filter(account=self.owner.account_id).exists()
        terms = quotas.Terms(window="month", limit=credits(SIZES[number]) * percent // 100, is_slice=True)
        where: dict[str, Any] = {"node_kind": slice_.node_kind, "node_id": slice_.node_id}
        quotas.put(self.owner.account, terms=terms, by=None, now=clock.now(), **where)
        self.slices[number] = Quota.objects.get(pk=slice_.pk)
        most, taken, extra = self.standing()[self.slices[number]]
        assert lent or terms.limit >= slice_.limit or most >= taken or extra >= 0

    @rule(newest=st.booleans())
    def give_back(self, *, newest: bool) -> None:
        found = Reclaim.objects.filter(account=self.owner.account_id).order_by("-pk" if newest else "pk")
        _tried(lambda: reclaims.give_back(found[:1], by=self.owner, now=clock.now()))

    @invariant()
    def adds_up(self) -> None:
        standing = self.standing()
        outstanding = Reclaim.objects.filter(account=self.owner.account_id, returned_at=None)
        gone = sum(outstanding.values_list("microcredits", flat=True))
        assert sum(extra for _, _, extra in standing.values()) == -gone
        with books.owner():
            kept = books.fetch("SELECT kept FROM ledger_set_aside(%s, '{}', '{}', app_now())", self.owner.account_id)
        roots = [self.slices[0], self.slices[2]]
        assert kept[0][0] == sum(max(0, standing[each][0] - standing[each][1]) for each in roots)
        assert books.kinds() == set()

    def standing(self) -> dict[Quota, tuple[int, int, int]]:
        """What each slice may use, what of it is used or held, and what it has on top."""
        found: dict[Quota, tuple[int, int, int]] = {}
        for each in self.slices:
            window = each.windows.first()
            figures = (window.extra, window.used + window.held) if window else (0, 0)
            found[each] = (each.limit + figures[0], figures[1], figures[0])
        return found


def _tried(verb: Any) -> None:
    try:
        with transaction.atomic():
            verb()
    except Refusal:
        pass


@pytest.mark.django_db
class TestAMonth:
    @pytest.mark.parametrize("shard", range(SHARDS))
    def test_adds_up_in_any_order(self, shard: int) -> None:
        machines.run(Month, shard=shard, runs=RUNS, steps=STEPS)
