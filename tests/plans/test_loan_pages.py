"""The page of loans behind its wall: a head sees what the departments led lent and borrowed, and nothing beside."""

import pytest
from django.test import Client

from accounts.models import Department, Member
from plans import loans
from plans.models import Loan, Quota
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.accounts.people import Firm, client_of, found, join, staffed
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("wang@example.com", kind="business", name="Wang & Co"))


def quota_of(firm: Firm, department: Department) -> Quota:
    return books.quota(firm.owner, 10**9, kind="department", node_id=department.pk, window="month")


def lend(lender: Quota, borrower: Quota, *, by: Member, reason: str) -> Loan:
    return loans.lend(lender, borrower, microcredits=Microcredits(10**6), reason=reason, by=by, now=clock.now())


def shown(client: Client) -> str:
    return client.get("/loans/").content.decode()


class TestTheList:
    def test_shows_a_head_what_is_lent_here_and_below_and_nothing_beside(self, firm: Firm) -> None:
        depot = Department.objects.create(account=firm.owner.account, name="Depot", created_at=clock.now())
        sales, team, shop, other = (quota_of(firm, each) for each in (firm.sales, firm.team, firm.shop, depot))
        lend(sales, shop, by=firm.owner, reason="of the own one")
        lend(shop, team, by=firm.owner, reason="to one below")
        lend(shop, other, by=firm.owner, reason="between others")
        reasons = ("of the own one", "to one below", "between others")
        for viewer in (firm.owner, firm.bill_payer, firm.auditor):
            assert all(reason in shown(client_of(viewer)) for reason in reasons)
        page = shown(client_of(firm.head))
        assert [reason in page for reason in reasons] == [True, True, False]

    def test_shows_nothing_to_a_head_without_a_department(self, firm: Firm) -> None:
        lend(quota_of(firm, firm.sales), quota_of(firm, firm.shop), by=firm.owner, reason="between others")
        Member.objects.filter(pk=firm.head.pk).update(department=None)
        page = client_of(firm.head).get("/loans/")
        assert (page.status_code, page.context["loans"], page.context["can_lend"]) == (200, [], False)

    def test_offers_to_give_back_to_whoever_may(self, firm: Firm) -> None:
        sales, shop = quota_of(firm, firm.sales), quota_of(firm, firm.shop)
        borrowed = lend(shop, sales, by=firm.owner, reason="")
        lent = lend(sales, shop, by=firm.owner, reason="")
        paths = [f"/loans/{each.pk}/return/" for each in (borrowed, lent)]
        for viewer, may in ((firm.owner, [True, True]), (firm.head, [True, False]), (firm.auditor, [False, False])):
            page = shown(client_of(viewer))
            assert [path in page for path in paths] == may
        assert [client_of(firm.head).post(path).status_code for path in paths] == [302, 404]


class TestTheForm:
    def test_lets_a_head_lend_of_the_own_department_to_any(self, firm: Firm) -> None:
        sales, team, shop = (quota_of(firm, each) for each in (firm.sales, firm.team, firm.shop))
        form = client_of(firm.head).get("/loans/").context["form"]
        offered = [[key for key, _words in form.fields[name].choices] for name in ("lender", "borrower")]
        assert offered == [[sales.pk], [sales.pk, team.pk, shop.pk]]
        given = {"lender": shop.pk, "borrower": sales.pk, "amount": 1, "reason": ""}
        assert client_of(firm.head).post("/loans/", given).status_code == 422
        given |= {"lender": sales.pk, "borrower": shop.pk}
        assert client_of(firm.head).post("/loans/", given).status_code == 302
        assert Loan.objects.get().lent_by == firm.head

    def test_says_what_is_missing_where_the_own_department_has_no_quota(self, firm: Firm) -> None:
        for each in (firm.team, firm.shop):
            quota_of(firm, each)
        assert b"Give two departments a quota" in client_of(firm.head).get("/loans/").content

    def test_is_closed_to_those_who_lead_nothing(self, firm: Firm) -> None:
        household = found("li@example.com", kind="household", name="Li")
        assert client_of(firm.clerk).get("/loans/").status_code == 404
        assert client_of(join(household, role="adult", name="partner")).get("/loans/").status_code == 404

    def test_begins_with_two_departments_that_can_lend_to_each_other(self, firm: Firm) -> None:
        quota_of(firm, firm.sales)
        client = client_of(firm.owner)
        assert client.get("/loans/").context["form"]["borrower"].value() is None
        books.quota(firm.owner, 10**9, kind="department", node_id=firm.sales.pk, window="week")
        books.quota(firm.owner, 10**9, kind="department", node_id=firm.shop.pk, window="week")
        shop = quota_of(firm, firm.shop)
        form = client.get("/loans/").context["form"]
        assert form["borrower"].value() == shop.pk
        assert f'<option value="{shop.pk}" selected>' in str(form["borrower"])
