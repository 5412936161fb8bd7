"""Statements say what the postings add up to, of any month, its journals gone or not; a trial balance too."""

import itertools
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Member
from plans import ledger
from plans.ledger.statements import MoneyLines, Statement
from plans.models import Journal
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.plans.ledger import books
from tests.plans.ledger.test_lots import period_end

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")


def busy_months(member: Member) -> list[date]:
    """Two months in which everything happens that a statement tells of; each by the account's clock."""
    months = []
    to_next_month()
    for number in range(2):
        order_id, refund_id, dispute_id = uuid4(), uuid4(), uuid4()
        months.append(clock.now().astimezone(SHANGHAI).date())
        plan = books.buy(member, 1000, 990, tax_minor=90, source="plan", order_id=order_id, priority=-1)
        pack = books.buy(member, 700, 700, tax_minor=40)
        books.grant(member, 50, source="promo", expires_at=clock.now() + timedelta(days=1))
        books.spent(member, 310 + number)
        ledger.open_refund(refund_id, lot_id=pack, reason="asked", by_user_id=1, microcredits=Microcredits(70))
        ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        if number:
            ledger.open_dispute(dispute_id, order_id=order_id, money_minor=99, reason="bank", by_user_id=None)
            ledger.close_dispute(dispute_id, lost=True, money_account="psp:test", fee_minor=15)
        else:
            ledger.roll_over([period_end(plan, 300)])
        books.move_clock(timedelta(days=3))
        ledger.expire()
        ledger.earn()
        to_next_month()
    return months


def to_next_month() -> None:
    """To the tenth, so that it is the same month everywhere."""
    books.move_clock(datetime(*_next_month(clock.now().date()), 10, tzinfo=UTC) - clock.now())
    ledger.make_partitions()


def _next_month(day: date) -> tuple[int, int]:
    return (day.year + day.month // 12, day.month % 12 + 1)


def money_of(told: Statement) -> MoneyLines:
    [lines] = told.money
    return lines


class TestStatement:
    def test_follows_from_one_month_to_the_next_and_adds_up(self) -> None:
        member = books.founded()
        months = busy_months(member)
        told = [ledger.statement_of(member.account_id, month=month) for month in months]
        assert told[0].credits.opening == told[0].credits.opening_debt == money_of(told[0]).opening_deferred == 0
        for first, second in itertools.pairwise(told):
            assert (second.credits.opening, second.credits.opening_debt) == (
                first.credits.closing,
                first.credits.closing_debt,
            )
            assert money_of(second).opening_deferred == money_of(first).closing_deferred
        for each in told:
            adds_up(each)
        assert told[1].credits.closing == ledger.balance(member.account_id, now=clock.now()).left

    def test_names_each_part(self) -> None:
        member = books.founded()
        month = busy_months(member)[0]
        lines = ledger.statement_of(member.account_id, month=month).credits
        assert lines.granted == {"plan": 1000, "promo": 50, "topup": 700}
        assert (lines.used, lines.refunded, lines.rolled, lines.revoked, lines.repaid) == (310, 70, 300, 0, 0)
        assert lines.lapsed == 1050 - 310 - 300
        money = money_of(ledger.statement_of(member.account_id, month=month))
        assert (money.paid, money.tax, money.tax_given_back, money.refunded) == (1690, 126, 4, 70)
        assert money.earned_by_use + money.earned_by_lapse == -books.in_books("revenue_usage") - books.in_books(
            "revenue_breakage"
        ) - sum(getattr(money_of(next_statement(member, month)), name) for name in ("earned_by_use", "earned_by_lapse"))

    def test_tells_what_a_dispute_took(self) -> None:
        member = books.founded()
        month = busy_months(member)[1]
        told = ledger.statement_of(member.account_id, month=month)
        assert told.credits.revoked > 0
        assert money_of(told).charged_back == 99
        assert told.credits.closing_debt > 0

    def test_is_the_same_after_its_journals_were_dropped(self, settings: Settings) -> None:
        settings.BOOKS_KEPT_MONTHS = 120
        member = books.founded()
        months = busy_months(member)
        before = [ledger.statement_of(member.account_id, month=month) for month in months]
        for _ in range(2):
            books.run("SET CONSTRAINTS ALL IMMEDIATE")
            books.move_clock(timedelta(days=3800))
            ledger.make_partitions()
            while ledger.drop_old_months():
                pass
            assert set(Journal.objects.values_list("kind", flat=True)) == {"carry_forward"}
            assert [ledger.statement_of(member.account_id, month=month) for month in months] == before
        assert books.kinds() == set()

    def test_begins_and_ends_by_the_clock_of_the_account(self) -> None:
        member = books.founded(time_zone="Asia/Shanghai")
        books.move_clock(datetime(*_next_month(clock.now().date()), 1, tzinfo=SHANGHAI) - clock.now())
        ledger.make_partitions()
        month = clock.now().astimezone(SHANGHAI).date()
        books.grant(member, 100)
        assert clock.now().month != month.month  # it is still the last month in UTC
        assert ledger.statement_of(member.account_id, month=month).credits.granted == {"topup": 100}
        assert ledger.statement_of(member.account_id, month=clock.now().date()).credits.granted == {}

    def test_says_nothing_of_others_and_of_what_is_to_come(self) -> None:
        member = books.founded()
        busy_months(member)
        told = ledger.statement_of(books.founded().account_id, month=clock.now().date())
        assert (told.credits.granted, told.credits.closing, told.money) == ({}, 0, ())
        with pytest.raises(ledger.NoBooksThen):
            ledger.statement_of(member.account_id, month=clock.now().date() + timedelta(days=40))


class TestTrialBalance:
    def test_shows_each_account_and_balances(self) -> None:
        began = clock.now()
        months = busy_months(books.founded())
        between = datetime(*_next_month(months[0]), 1, tzinfo=SHANGHAI)
        whole = ledger.trial_balance("CNY", since=began, until=clock.now())
        halves = [
            ledger.trial_balance("CNY", since=began, until=between),
            ledger.trial_balance("CNY", since=between, until=clock.now()),
        ]
        assert all(each.is_balanced for each in [whole, *halves])
        closing = {line.code: line.closing for line in whole.lines}
        assert {line.code: line.closing for line in halves[1].lines} == closing
        assert closing["psp:test"] == books.in_books("psp:test")
        assert closing["tax"] == books.in_books("tax")
        opening = {line.code: line.closing for line in halves[0].lines}
        assert all(line.opening == opening.get(line.code, 0) for line in halves[1].lines)
        assert all(line.opening + line.debit - line.credit == line.closing for line in halves[1].lines)
        assert ledger.trial_balance("USD", since=began, until=clock.now()).lines == ()

    def test_says_nothing_of_months_that_are_gone(self) -> None:
        with pytest.raises(ledger.NoBooksThen):
            ledger.trial_balance("CNY", since=clock.now() - timedelta(days=4000), until=clock.now())


def next_statement(member: Member, month: date) -> Statement:
    return ledger.statement_of(member.account_id, month=date(*_next_month(month), 1))


def adds_up(told: Statement) -> None:
    lines = told.credits
    gone = lines.used + lines.lapsed + lines.refunded + lines.revoked
    assert lines.closing - lines.closing_debt == (
        lines.opening - lines.opening_debt + sum(lines.granted.values()) - gone
    )
    for money in told.money:
        gone = money.tax + money.earned_by_use + money.earned_by_lapse + money.refunded + money.charged_back
        assert money.closing_deferred == money.opening_deferred + money.paid - gone + money.lost
