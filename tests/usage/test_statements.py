"""The monthly bill adds up to the books, by every dimension, on the page, as PDF and as CSV, now and later."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account
from models_catalog import catalog
from models_catalog.pricing import Usage
from plans import invoices, ledger, offerings
from plans.models import Invoice
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.plans.ledger import books
from tests.plans.papers import paid, refunded
from tests.usage import cast, firm
from tests.usage.firm import Firm
from tests.usage.months import SHANGHAI, bill_of, bills_of, exact, in_csv, to_midnight, to_next_month
from usage import advisor, audits, statements
from usage.calls.endings import Charge, Ending
from usage.models import ClosedMonth, DailyTotal, How
from usage.statements import Bill
from usage.statements.bills import DEPARTMENT

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(now: datetime) -> Iterator[Firm]:
    offerings.seed(now)
    yield firm.assemble(now=now)
    catalog.forget()


def used_by_the_books(bill: Bill) -> int:
    """What the postings of the month say was used."""
    statement = (
        "SELECT coalesce(sum(p.amount), 0) FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id"
        " WHERE j.account_id = %s AND p.account_code = 'usage' AND j.moved_at >= %s AND j.moved_at < %s"
    )
    period = bill.period
    return int(books.fetch(statement, bill.account.pk, period.active_from, period.active_to)[0][0])


def check(bill: Bill) -> None:
    """This will hold a bill against the books and against itself."""
    assert used_by_the_books(bill) == bill.reading + bill.across == bill.books.used
    for dimension, shares in bill.shares.items():
        assert sum(share.charged for share in shares) == bill.reading, dimension
        assert sum(share.calls for share in shares) == bill.calls, dimension
    assert exact(in_csv(bill)) == bill.reading
    lines = bill.books
    came, went = sum(lines.granted.values()), lines.used + lines.lapsed + lines.refunded + lines.revoked
    assert lines.closing - lines.closing_debt == lines.opening - lines.opening_debt + came - went


def act(busy: Firm, deed: int) -> None:
    """Something that happens to a business in the course of a year."""
    people = (busy.owner, busy.seller, busy.webber, busy.southerner)
    terms: list[dict[str, Any]] = [{}, {"project_id": busy.project.pk}, {"scenario_id": busy.scenario.pk}]
    match deed % 7:
        case 0:
            invoices.issue(paid(busy.owner), now=clock.now())
        case 1:
            order = paid(busy.payer, slug="pack-small", tax_minor=6)
            refund = refunded(order, microcredits=Microcredits(order.microcredits // (2 + deed % 5)))
            invoices.credit_refund(refund, now=clock.now())
        case 2:
            to_next_month(day=2 + deed % 25)
            ledger.expire()
        case 3:
            books.move_clock(timedelta(hours=deed % 40))
        case _:
            firm.called(people[deed % 4], tokens=1 + deed * 37, **terms[deed % 3])


class TestBills:
    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.integers(0, 400), min_size=5, max_size=25))
    def test_of_any_months_add_up_to_the_books(self, now: datetime, deeds: list[int]) -> None:
        with transaction.atomic():
            offerings.seed(now)
            busy = firm.assemble(now=now)
            for deed in deeds:
                act(busy, deed)
            bills = bills_of(busy.owner)
            for bill in bills:
                check(bill)
            for before, after in itertools.pairwise(bills):
                assert (after.books.opening, after.books.opening_debt) == (
                    before.books.closing,
                    before.books.closing_debt,
                )
            charged = sum(
                DailyTotal.objects.filter(account=busy.account).values_list("charged_microcredits", flat=True)
            )
            assert sum(bill.reading for bill in bills) == charged
            papers = Invoice.objects.filter(account=busy.account)
            kept = sum(-each.total_minor if each.is_credit_note else each.total_minor for each in papers)
            assert sum(bill.paid.get("CNY", 0) for bill in bills) == kept
            assert list(audits.violations()) == []
            transaction.set_rollback(True)
        catalog.forget()

    def test_say_the_same_again_and_later(self, busy: Firm, now: datetime) -> None:
        invoices.issue(paid(busy.owner), now=now)
        first = bill_of(busy.owner, now.date())
        to_next_month()
        firm.called(busy.seller, tokens=5_000)
        ledger.expire()
        told = bill_of(busy.owner, now.date())
        to_next_month()
        firm.called(busy.seller, tokens=9_000)
        later = bill_of(busy.owner, now.date())
        for name in ("reading", "calls", "shares", "papers", "books"):
            assert getattr(first, name) == getattr(told, name) == getattr(later, name), name
        with translation.override("zh-hans"):
            one, same = statements.paper_of(told), statements.paper_of(later)
            assert (one.blocks, one.reading) == (same.blocks, same.reading)

    def test_stay_as_they_were_seen_when_the_clock_is_set_elsewhere(self, busy: Firm, now: datetime) -> None:
        firm.called(busy.seller, tokens=3_000)
        to_next_month()
        seen = bill_of(busy.owner, now.date())
        Account.objects.filter(pk=busy.account.pk).update(time_zone="America/New_York")
        busy.owner.account.refresh_from_db()
        again = bill_of(busy.owner, now.date())
        assert (again.books, again.reading, again.period) == (seen.books, seen.reading, seen.period)
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            ClosedMonth.objects.update(lines={})

    def test_count_a_call_over_midnight_once_and_say_so(self, busy: Firm) -> None:
        to_next_month()
        night = to_midnight(clock.now())
        offer = catalog.offer("deep")
        asked = books.ask(busy.owner, 5_000_000, chat_model_id=offer.chat_model_id, price_id=offer.price_id)
        assert books.reserve(asked)[0][0] == "ok"
        books.move_clock(timedelta(minutes=10))
        cast.settle(Ending(asked.call_id, Charge(Usage(in_fresh=1), 777, How.USAGE, cost=777)))
        old, new = bill_of(busy.owner, night), bill_of(busy.owner, clock.now().astimezone(SHANGHAI).date())
        assert (old.reading, old.across) == (777, -777)
        assert (new.reading, new.across) == (0, 777)
        assert "-777" not in str(statements.paper_of(old))
        assert "over midnight" in str(statements.paper_of(old).blocks)
        check(old)
        check(new)

    def test_are_of_months_that_the_account_has_seen(self, busy: Firm, now: datetime) -> None:
        for month in (now.date() - timedelta(days=40), now.date() + timedelta(days=40)):
            with pytest.raises(statements.NoSuchMonth):
                bill_of(busy.owner, month)

    def test_name_departments_by_where_they_stand(self, busy: Firm, now: datetime) -> None:
        names = {share.name for share in bill_of(busy.owner, now.date()).shares[DEPARTMENT]}
        assert {"North / Sales", "North / Sales / Web", "South"} <= names


class TestSentences:
    def test_say_what_changed_and_why(self, busy: Firm) -> None:
        to_next_month()
        firm.called(busy.seller, tokens=1_000)
        firm.called(busy.webber, tokens=1_000)
        to_next_month()
        firm.called(busy.seller, tokens=4_000)
        firm.called(busy.webber, tokens=1_100)
        month = clock.now().date()
        to_next_month()
        said = statements.sentences(bill_of(busy.owner, month))
        before, after = 2_000, 5_100
        assert f"{(after - before) * 100 // before} % more was used than in" in said[0].replace("\u00a0", " ")
        assert said[1].startswith("Mostly because of Sam")

    def test_tell_what_would_have_been_cheaper(self, busy: Firm, now: datetime) -> None:
        invoices.issue(paid(busy.owner, slug="business-bundle"), now=now)
        to_next_month()
        bill = bill_of(busy.owner, now.date())
        advice = statements.cheaper(bill, currency="CNY")
        assert advice.paid_minor == 3990
        assert advice.offering
        days = {"first": bill.month, "end": bill.period.active_to.date()}
        way = advisor.cheapest_for(bill.account, **days, currency="CNY", now=bill.period.active_to)
        assert way is not None
        assert (way.version, way.cost_minor, way.replay.drawn) == (advice.offering, advice.cost_minor, bill.reading)
        assert advice.cost_minor + advice.saves_minor == advice.paid_minor or not advice.saves_minor
        assert statements.sentences(bill)[-1]

    def test_of_a_month_that_runs_promise_nothing(self, busy: Firm, now: datetime) -> None:
        bill = bill_of(busy.owner, now.date())
        assert bill.is_running
        assert statements.sentences(bill)[-1] == "What would have been cheaper is told once the month is over."
