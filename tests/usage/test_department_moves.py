"""Moving a department or a person keeps history where it happened: calls carry their departments as of then."""

from datetime import datetime

import pytest
from django.db.models import Sum

from accounts import callers, departments, members
from accounts.models import Department, Member
from models_catalog.pricing import Usage, cost
from plans.ledger import Reservation
from tests.accounts.people import Firm, found, staffed
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage.calls.endings import Charge, Ending
from usage.models import Call, DailyTotal, How

pytestmark = pytest.mark.django_db

USED = Usage(in_fresh=10, out_text=100)


@pytest.fixture
def firm(home: Home) -> Firm:
    """A business with credits, and models that can be called."""
    made = staffed(found("boss@example.com", kind="business", name="Boss & Co"))
    cast.grant(made.owner, 1_000_000)
    return made


def opened(member: Member) -> Reservation:
    """What the gateway sets aside: for the departments that the member stands in at this moment."""
    offer = cast.offer_of("fast")
    lineage = callers.of_member(Member.objects.get(pk=member.pk)).departments
    asked = books.ask(
        member,
        cost(USED, offer.rates),
        chat_model_id=offer.chat_model_id,
        price_id=offer.price_id,
        departments=lineage,
    )
    assert books.reserve(asked)[0][0] == "ok"
    return asked


def settled(asked: Reservation) -> None:
    price = cost(USED, cast.offer_of("fast").rates)
    cast.settle(Ending(asked.call_id, Charge(USED, price, How.USAGE, cost=price), finish_reason="stop"))


def figures(department: Department) -> tuple[int, int]:
    """How many calls and microcredits the totals and the calls themselves say for a department; both must agree."""
    totals = DailyTotal.objects.filter(departments__contains=[department.pk])
    summed = totals.aggregate(calls=Sum("calls"), charged=Sum("charged_microcredits"))
    calls = Call.objects.filter(departments__contains=[department.pk])
    assert calls.count() == (summed["calls"] or 0)
    return int(summed["calls"] or 0), int(summed["charged"] or 0)


class TestAMovedDepartment:
    def test_leaves_its_history_with_the_old_parent(self, firm: Firm, now: datetime) -> None:
        price = cost(USED, cast.offer_of("fast").rates)
        assert price > 0
        settled(opened(firm.clerk))
        before = figures(firm.sales)
        departments.move(firm.team, parent=firm.shop, by=firm.owner, now=now)
        settled(opened(firm.clerk))
        settled(opened(firm.clerk))
        assert before == (1, price)
        assert [figures(each) for each in (firm.sales, firm.shop, firm.team)] == [
            (1, price),
            (2, 2 * price),
            (3, 3 * price),
        ]

    def test_counts_a_call_under_way_where_it_was_opened(self, firm: Firm, now: datetime) -> None:
        under_way = opened(firm.clerk)
        departments.move(firm.team, parent=firm.shop, by=firm.owner, now=now)
        settled(under_way)
        assert figures(firm.sales)[0] == 1
        assert figures(firm.shop) == (0, 0)

    def test_takes_nothing_of_the_quotas_along(self, firm: Firm, now: datetime) -> None:
        price = cost(USED, cast.offer_of("fast").rates)
        old, new = (
            books.quota(firm.owner, 10 * price, kind="department", node_id=each.pk, window="month")
            for each in (firm.sales, firm.shop)
        )
        settled(opened(firm.clerk))
        departments.move(firm.team, parent=firm.shop, by=firm.owner, now=now)
        settled(opened(firm.clerk))
        assert (books.window_of(old).used, books.window_of(new).used) == (price, price)
        assert books.kinds() == set()

    def test_stays_in_the_figures_when_it_is_closed(self, firm: Firm, now: datetime) -> None:
        settled(opened(firm.clerk))
        members.place(firm.clerk, role="adult", department=firm.shop, by=firm.owner, now=now)
        departments.close(firm.team, by=firm.owner, now=now)
        settled(opened(firm.clerk))
        assert [figures(each)[0] for each in (firm.team, firm.sales, firm.shop)] == [1, 1, 1]
