"""The advisor's replay: sums that hold for any plan and any days, and the rules of cycles, rollover and packs."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.kit.periods import Cycle
from usage.advisor.replays import Day, Pack, Plan, Replay, Terms, replay

FIRST = date(2026, 1, 30)
SHANGHAI = ZoneInfo("Asia/Shanghai")
FEW = settings(max_examples=50, deadline=None)
KINDS = ("quick", "deep")
NEEDS = st.lists(st.dictionaries(st.sampled_from(KINDS), st.integers(0, 90), max_size=2), min_size=1, max_size=90)
SETS = st.none() | st.just(frozenset({"quick"}))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    terms = Terms(draw(st.integers(1, 999)), draw(st.integers(1, 900)), draw(st.integers(-1, 1)), draw(SETS))
    length: dict[str, int] = draw(st.sampled_from(({"months": 1}, {"months": 2}, {"days": 7})))
    return Plan(
        terms,
        Cycle(anchor_at=midnight(FIRST), zone=SHANGHAI, is_calendar=draw(st.booleans()), **length),
        prorates_first=draw(st.booleans()),
        rollover_percent=draw(st.integers(0, 100)),
        rollover_cycles=draw(st.integers(0, 3)),
        has_slow_lane=draw(st.booleans()),
    )


PACKS = st.builds(
    Pack, st.builds(Terms, st.integers(1, 99), st.integers(1, 99), st.integers(-1, 1), SETS), st.integers(1, 40)
)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def days_of(needs: Sequence[dict[str, int]]) -> list[Day]:
    return [Day(FIRST + timedelta(days=place), each) for place, each in enumerate(needs)]


def monthly(microcredits: int, **terms: int) -> Plan:
    cycle = Cycle(anchor_at=midnight(FIRST), zone=SHANGHAI, months=1)
    return Plan(Terms(990, microcredits), cycle, **terms)  # type: ignore[arg-type]


def quick(*amounts: int) -> list[Day]:
    return days_of([{"quick": amount} for amount in amounts])


class TestSums:
    @FEW
    @given(NEEDS, st.none() | plans(), st.none() | PACKS)
    def test_always_add_up(self, needs: list[dict[str, int]], plan: Plan | None, pack: Pack | None) -> None:
        told = replay(days_of(needs), plan=plan, pack=pack)
        asked = sum(sum(each.values()) for each in needs)
        assert told.drawn + told.lapsed + told.left == told.granted == sum(each.microcredits for each in told.purchases)
        assert told.drawn + told.missed + told.slowed == asked
        assert told.cost_minor == sum(each.minor for each in told.purchases)
        assert told.packs == sum(each.number for each in told.purchases if pack and each.terms is pack.terms)
        assert (told.missed > 0, told.slowed > 0) == (told.days_without > 0, told.days_slow > 0)
        if plan and plan.terms.kinds is None:
            assert not (told.missed and (plan.has_slow_lane or (pack and pack.terms.kinds is None)))

    @FEW
    @given(NEEDS, plans(), st.integers(0, 500))
    def test_of_more_credits_miss_no_more(self, needs: list[dict[str, int]], plan: Plan, more: int) -> None:
        terms = Terms(plan.terms.price_minor, plan.terms.microcredits + more, plan.terms.priority, plan.terms.kinds)
        larger = Plan(terms, plan.cycle, plan.prorates_first, plan.rollover_percent, plan.rollover_cycles)
        plain = Plan(plan.terms, plan.cycle, plan.prorates_first, plan.rollover_percent, plan.rollover_cycles)
        assert replay(days_of(needs), plan=larger).missed <= replay(days_of(needs), plan=plain).missed

    @FEW
    @given(NEEDS, plans(), st.integers(0, 89), st.integers(0, 90))
    def test_of_more_use_miss_no_less(self, needs: list[dict[str, int]], plan: Plan, place: int, more: int) -> None:
        before = replay(days_of(needs), plan=plan)
        needs[place % len(needs)] = {kind: needs[place % len(needs)].get(kind, 0) + more for kind in KINDS}
        after = replay(days_of(needs), plan=plan)
        assert after.missed + after.slowed >= before.missed + before.slowed

    @FEW
    @given(NEEDS)
    def test_of_a_huge_plan_leave_no_day_without_service(self, needs: list[dict[str, int]]) -> None:
        told = replay(days_of(needs), plan=monthly(10**9))
        assert (told.days_without, told.days_slow, told.packs) == (0, 0, 0)


class TestPeriods:
    def test_are_bought_one_after_the_other_from_the_last_day_of_a_long_month(self) -> None:
        told = replay(quick(*[1] * 90), plan=monthly(100))
        assert [each.date.isoformat() for each in told.purchases] == ["2026-01-30", "2026-02-28", "2026-03-30"]

    def test_that_run_on_count_by_days_or_by_use(self) -> None:
        plan = Plan(Terms(900, 100), Cycle(anchor_at=midnight(FIRST), zone=SHANGHAI, days=30))
        assert replay(quick(*[0] * 10), plan=plan).cost_minor == 300
        assert replay(quick(*[0] * 9, 50), plan=plan).cost_minor == 450
        assert replay(quick(*[0] * 30), plan=plan).cost_minor == 900

    def test_roll_over_a_part_once_and_use_it_first(self) -> None:
        plan = Plan(Terms(1, 100), Cycle(anchor_at=midnight(FIRST), zone=SHANGHAI, days=2), rollover_percent=30)
        told = replay(quick(10, 0, 0, 20, 0, 0), plan=plan)
        # 90 left: 30 roll, 60 lapse. Of the 30, 20 are used, 10 lapse; 100 left: 30 roll, 70 lapse; 130 are left.
        assert (told.drawn, told.lapsed, told.left) == (30, 60 + 10 + 70, 130)


class TestExhaustion:
    def test_stops_or_slows_or_buys(self) -> None:
        days = quick(60, 60, 60)
        assert told_of(replay(days, plan=monthly(100))) == (2, 0, 0)
        assert told_of(replay(days, plan=monthly(100, has_slow_lane=True))) == (0, 2, 0)
        assert told_of(replay(days, plan=monthly(100), pack=Pack(Terms(100, 30), valid_days=1))) == (0, 0, 3)

    def test_of_a_set_leaves_other_models_unserved(self) -> None:
        pack = Pack(Terms(100, 1_000, kinds=frozenset({"quick"})), valid_months=1)
        told = replay(days_of([{"quick": 5, "deep": 7}, {"quick": 5}]), pack=pack)
        assert (told.drawn, told.missed, told.days_without, told.packs) == (10, 7, 1, 1)

    def test_draws_lots_of_lower_priority_first(self) -> None:
        plan = Plan(Terms(1, 10, priority=0), Cycle(anchor_at=midnight(FIRST), zone=SHANGHAI, days=2))
        late = Pack(Terms(1, 10, priority=10), valid_days=9)
        early = Pack(Terms(1, 10, priority=-10), valid_days=9)
        days = quick(11, 0, 9, 0, 0)
        assert replay(days, plan=plan, pack=late).lapsed == 1
        assert replay(days, plan=plan, pack=early).lapsed == 10


def told_of(told: Replay) -> tuple[int, int, int]:
    return told.days_without, told.days_slow, told.packs
