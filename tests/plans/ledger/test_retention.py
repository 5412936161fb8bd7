"""Old months of the books go, carried forward; what was left at a past moment is told by the books alone."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from plans import ledger
from plans.ledger import expiry
from plans.models import Journal, QuotaWindow
from portal.kit import clock
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

TEN_YEARS = timedelta(days=3700)


def turn_to(distance: timedelta) -> None:
    """What is still to be checked is checked now: a table with such rows cannot go in the same transaction."""
    books.run("SET CONSTRAINTS ALL IMMEDIATE")
    books.move_clock(distance)
    ledger.make_partitions()


class TestDropOldMonths:
    def test_leaves_every_sum_as_it_was(self, settings: Settings) -> None:
        settings.BOOKS_KEPT_MONTHS = 120
        member, other = books.founded(), books.founded()
        bought, given = books.buy(member, 1000, 700), books.grant(member, 500, source="promo")
        books.grant(other, 300)
        books.spent(member, 1200)
        ledger.earn()
        began = clock.now().astimezone(ZoneInfo("Asia/Shanghai"))
        before = books.fetch("SELECT account_code, unit, lot_id, sum(amount) FROM plans_posting GROUP BY 1, 2, 3")
        turn_to(TEN_YEARS)
        moment = clock.now()
        assert ledger.drop_old_months() >= 1
        assert ledger.left_at(member.account_id, moment).left == 300
        assert set(Journal.objects.values_list("kind", flat=True)) == {"carry_forward"}
        told = Journal.objects.values_list("account_id", "reason")
        month = f"{began:%Y-%m}"
        kinds = [(member.account_id, f"{month} {kind}") for kind in ("earn", "grant", "settle")]
        assert sorted(told) == [*kinds, (other.account_id, f"{month} grant")]
        after = books.fetch("SELECT account_code, unit, lot_id, sum(amount) FROM plans_posting GROUP BY 1, 2, 3")
        assert sorted(row for row in after if row[-1]) == sorted(row for row in before if row[-1])
        assert books.kinds() == set()
        assert books.counters(bought)[2] + books.counters(given)[2] == 1200
        books.run("SET CONSTRAINTS ALL IMMEDIATE")

    def test_waits_until_the_whole_month_is_old_enough(self, settings: Settings) -> None:
        settings.BOOKS_KEPT_MONTHS = 120
        books.grant(books.founded(), 100)
        turn_to(timedelta(days=3650))
        assert ledger.drop_old_months() == 0

    def test_goes_on_with_what_was_carried_before(self, settings: Settings) -> None:
        settings.BOOKS_KEPT_MONTHS = 120
        member = books.founded()
        lot = books.grant(member, 100)
        for _ in range(2):
            turn_to(TEN_YEARS)
            while ledger.drop_old_months():
                pass
            books.spent(member, 10)
        assert books.counters(lot)[:3] == (80, 0, 20)
        assert books.kinds() == set()

    def test_drops_so_many_in_a_run_and_no_more(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.BOOKS_KEPT_MONTHS = 120
        monkeypatch.setattr(expiry, "MONTHS_A_RUN", 1)
        turn_to(TEN_YEARS)
        assert [ledger.drop_old_months() for _ in range(3)] == [1, 1, 0]

    def test_is_refused_before_ten_years(self, settings: Settings) -> None:
        settings.BOOKS_KEPT_MONTHS = 119
        books.grant(books.founded(), 100)
        turn_to(TEN_YEARS)
        with pytest.raises(DatabaseError, match="at least 120 months"), transaction.atomic():
            ledger.drop_old_months()
        assert Journal.objects.get().kind == "grant"


class TestLeftAt:
    def test_tells_what_each_lot_had(self) -> None:
        member = books.founded()
        first = books.grant(member, 1000, priority=1)
        moments = [clock.now()]
        for amount in (300, 900):
            books.move_clock(timedelta(days=40))
            ledger.make_partitions()
            second = books.grant(member, 500, priority=2)
            books.spent(member, amount)
            moments.append(clock.now())
        assert [ledger.left_at(member.account_id, moment).left for moment in moments] == [1000, 1200, 800]
        assert ledger.left_at(member.account_id, moments[1]).lots[first] == 700
        assert second not in ledger.left_at(member.account_id, moments[1]).lots
        assert (
            ledger.left_at(member.account_id, moments[2]).left
            == ledger.balance(member.account_id, now=clock.now()).left
        )
        assert ledger.left_at(books.founded().account_id, moments[2]).left == 0

    def test_counts_what_is_set_aside_as_left(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        assert books.reserve(books.ask(member, 400))[0][0] == "ok"
        assert ledger.left_at(member.account_id, clock.now()).left == 1000

    def test_counts_what_is_owed_apart_from_what_is_left(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        with books.owner():
            books.run("UPDATE plans_wallet SET debt = 70 WHERE account_id = %s", member.account_id)
        told = ledger.left_at(member.account_id, clock.now())
        assert (told.left, told.debt) == (1000, 70)
        assert ledger.left_at(books.founded().account_id, clock.now()).debt == 0

    def test_knows_from_when_something_is_owed(self) -> None:
        member, order_id = books.founded(), uuid4()
        books.buy(member, 600, 600, order_id=order_id)
        books.spent(member, 600)
        before = books.move_clock(timedelta(hours=1))
        books.move_clock(timedelta(hours=1))
        dispute_id = uuid4()
        ledger.open_dispute(dispute_id, order_id=order_id, money_minor=600, reason="bank", by_user_id=None)
        ledger.close_dispute(dispute_id, lost=True, money_account="psp:test")
        owed = [ledger.left_at(member.account_id, moment).debt for moment in (before, clock.now())]
        assert owed == [0, 600]

    def test_says_nothing_of_months_that_are_gone_by_itself(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        long_ago = timezone.now() - timedelta(days=4000)
        assert books.fetch("SELECT * FROM ledger_left_at(%s, %s)", member.account_id, long_ago) == []

    @pytest.mark.parametrize("distance", [timedelta(hours=1), timedelta(days=-4000)])
    def test_knows_neither_the_future_nor_what_is_too_long_ago(self, distance: timedelta) -> None:
        with pytest.raises(ledger.NoBooksThen):
            ledger.left_at(books.founded().account_id, timezone.now() + distance)


class TestWindows:
    """Those of minutes and sessions; of all else what was counted stays in the books."""

    def test_are_forgotten_a_day_after_their_minute(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        for window in ("minute", "day", "lifetime"):
            books.quota(member, 10**6, window=window)
        books.spent(member, 100)
        ends_at = QuotaWindow.objects.get(quota__window="minute").ends_at
        assert ends_at is not None
        books.move_clock(ends_at - clock.now() + timedelta(days=1) - timedelta(seconds=5))
        assert ledger.forget_windows() == 0
        books.move_clock(timedelta(seconds=6))
        assert ledger.forget_windows() == 1
        books.move_clock(timedelta(days=40))
        assert ledger.forget_windows() == 0
        kept = QuotaWindow.objects.values_list("quota__window", flat=True)
        assert set(kept) == {"day", "lifetime"}
        assert books.kinds() == set()

    @pytest.mark.parametrize("amount", [0, 100])
    def test_are_kept_while_a_call_of_theirs_is_open(self, amount: int) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        books.quota(member, 10**6, window="minute")
        asked = books.ask(member, amount)
        assert books.reserve(asked)[0][0] == "ok"
        books.move_clock(timedelta(days=3))
        assert ledger.forget_windows() == 0
        books.close(asked, amount)
        assert ledger.forget_windows() == 1
        assert books.kinds() == set()
