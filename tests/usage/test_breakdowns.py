"""The month by person, department, project and scenario: exact to the last microcredit, and walled."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client

from accounts.models import Department, Member
from models_catalog import catalog
from models_catalog.pricing import Usage
from portal import brand
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.budget import query_budget
from tests.plans.ledger import books
from tests.usage import cast, firm
from tests.usage.cast import Home
from tests.usage.firm import Firm
from usage import reports
from usage.models import Call, DailyTotal
from usage.reports import Dimension, Month

pytestmark = pytest.mark.django_db
NOBODY = 2**40


@pytest.fixture
def busy(now: datetime) -> Iterator[Firm]:
    yield firm.assemble(now=now)
    catalog.forget()


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def month_of(member: Member, by: Dimension, opened: Department | None = None) -> Month:
    return reports.month(member, dimension=by, opened=opened, now=clock.now())


def figures(month: Month) -> dict[str, tuple[int, int]]:
    return {part.name: (part.calls, part.charged) for part in month.parts}


def of_calls(key: Callable[[Call], str], **only: Any) -> dict[str, tuple[int, int]]:
    """The same asked of the calls themselves, one by one."""
    sums: dict[str, tuple[int, int]] = {}
    for call in Call.objects.filter(**only).select_related("member", "project", "scenario"):
        calls, charged = sums.get(key(call), (0, 0))
        sums[key(call)] = (calls + 1, charged + call.charged_microcredits)
    return sums


class TestBreakdown:
    def test_is_exactly_what_the_calls_came_to(self, busy: Firm) -> None:
        names = dict(Department.objects.values_list("pk", "name"))
        keys: dict[Dimension, Callable[[Call], str]] = {
            Dimension.PERSON: lambda call: call.member.name,
            Dimension.PROJECT: lambda call: call.project.name if call.project else "In no project",
            Dimension.SCENARIO: lambda call: call.scenario.name if call.scenario else "Without a scenario",
            Dimension.DEPARTMENT: lambda call: names[call.departments[-1]] if call.departments else "In no department",
        }
        for dimension, key in keys.items():
            assert figures(month_of(busy.owner, dimension)) == of_calls(key, account=busy.account), dimension

    @pytest.mark.parametrize("dimension", Dimension)
    def test_adds_up_to_the_totals(self, busy: Firm, dimension: Dimension) -> None:
        kept = DailyTotal.objects.filter(account=busy.account)
        sums = kept.aggregate(charged=Sum("charged_microcredits"), number=Sum("calls"))
        month = month_of(busy.owner, dimension)
        assert (month.charged, month.seen, month.calls) == (sums["charged"], sums["charged"], sums["number"])
        chart = reports.chart(month, even_pace=Microcredits(0))
        assert sum(sum(day.parts) for day in chart.days) == month.charged

    def test_shows_one_level_of_departments_at_a_time(self, busy: Firm) -> None:
        roots = figures(month_of(busy.owner, Dimension.DEPARTMENT))
        assert set(roots) == {"North", "South", "In no department"}
        north = month_of(busy.owner, Dimension.DEPARTMENT, busy.north)
        assert set(figures(north)) == {"Sales"}
        assert (north.calls, north.charged) == roots["North"]
        sales = month_of(busy.owner, Dimension.DEPARTMENT, busy.sales)
        assert set(figures(sales)) == {"Web", "In Sales itself"}
        assert (sales.calls, sales.charged) == figures(north)["Sales"]
        web = month_of(busy.owner, Dimension.DEPARTMENT, busy.web)
        assert figures(web) == {"In Web itself": figures(sales)["Web"]}

    def test_leads_only_to_what_stands_inside(self, busy: Firm) -> None:
        opens = {part.name: part.opens for part in month_of(busy.owner, Dimension.DEPARTMENT).parts}
        assert opens == {"North": True, "South": False, "In no department": False}

    def test_leaves_figures_where_they_were_made(self, busy: Firm, now: datetime) -> None:
        before = figures(month_of(busy.owner, Dimension.DEPARTMENT))
        Department.objects.filter(pk=busy.sales.pk).update(parent=busy.south)
        Member.objects.filter(pk=busy.southerner.pk).update(department=busy.north)
        assert figures(month_of(busy.owner, Dimension.DEPARTMENT)) == before
        moved = Member.objects.get(pk=busy.southerner.pk)
        charged = firm.called(moved, tokens=5).charged_microcredits
        after = figures(month_of(busy.owner, Dimension.DEPARTMENT))
        assert after["North"] == (before["North"][0] + 1, before["North"][1] + charged)

    def test_has_an_end_and_still_adds_up(self, busy: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
        month = month_of(busy.owner, Dimension.PERSON)
        monkeypatch.setattr("usage.reports.months.MOST_PARTS", 3)
        short = month_of(busy.owner, Dimension.PERSON)
        assert [part.name for part in short.parts] == [*(part.name for part in month.parts[:2]), "All others"]
        assert (short.charged, short.calls) == (month.charged, month.calls)


class TestWall:
    def test_shows_everybody_to_who_leads_or_audits(self, busy: Firm) -> None:
        for member in (busy.owner, busy.payer, busy.auditor):
            assert len(month_of(member, Dimension.PERSON).parts) == 6

    def test_shows_a_head_the_department_and_all_inside(self, busy: Firm) -> None:
        month = month_of(busy.head, Dimension.PERSON)
        assert set(figures(month)) == {"Hedda", "Sam", "Wanda"}
        by_department = month_of(busy.head, Dimension.DEPARTMENT)
        assert set(figures(by_department)) == {"Sales"}
        assert by_department.charged == month.charged == month.seen
        assert set(figures(month_of(busy.head, Dimension.DEPARTMENT, busy.sales))) == {"Web", "In Sales itself"}

    def test_shows_a_head_what_was_made_there_then(self, busy: Firm) -> None:
        Member.objects.filter(pk=busy.webber.pk).update(department=busy.south)
        Member.objects.filter(pk=busy.southerner.pk).update(department=busy.web)
        assert set(figures(month_of(busy.head, Dimension.PERSON))) == {"Hedda", "Sam", "Wanda"}

    @pytest.mark.parametrize("dimension", Dimension)
    def test_shows_everybody_else_their_own(self, busy: Firm, dimension: Dimension) -> None:
        month = month_of(busy.webber, dimension)
        assert (month.calls, month.seen) == (2, month.charged)
        assert sum(charged for _, charged in of_calls(lambda _: "", member=busy.webber).values()) == month.charged

    def test_holds_for_calls_and_receipts_too(self, busy: Firm) -> None:
        names = {"webber": {"Wanda"}, "head": {"Hedda", "Sam", "Wanda"}}
        everybody = {"Olga", "Paula", "Hedda", "Sam", "Wanda", "Sue"}
        for who in ("owner", "payer", "auditor", "head", "webber"):
            client, seen = client_of(getattr(busy, who)), names.get(who, everybody)
            listed = client.get("/usage/").context["calls"].items
            assert {call.member.name for call, _assistant in listed} == seen, who
            for call in Call.objects.filter(account=busy.account).select_related("member"):
                status = client.get(f"/usage/calls/{call.pk}/").status_code
                assert status == (200 if call.member.name in seen else 404), (who, call.member.name)

    def test_keeps_other_accounts_out(self, busy: Firm) -> None:
        stranger = books.founded()
        assert not month_of(stranger, Dimension.PERSON).parts
        assert client_of(stranger).get(f"/usage/?by=department&department={busy.north.pk}").status_code == 404


class TestPage:
    @pytest.mark.parametrize("dimension", Dimension)
    def test_says_by_what_and_adds_up(self, busy: Firm, dimension: Dimension) -> None:
        answer = client_of(busy.owner).get(f"/usage/?by={dimension}")
        assert answer.context["month"].dimension == dimension
        current = [each["label"] for each in answer.context["segments"] if each["current"]]
        assert current == [dimension.label]
        page = html(answer)
        for part in answer.context["month"].parts:
            assert part.name in page
        assert f'aria-current="true">{dimension.label}</a>' in page

    def test_opens_departments_one_after_the_other(self, busy: Firm) -> None:
        client, address = client_of(busy.owner), "/usage/?by=department"
        assert f'href="{address}&amp;department={busy.north.pk}"' in html(client.get(address))
        page = html(client.get(f"{address}&department={busy.sales.pk}"))
        assert "In Sales itself" in page
        assert f'href="{address}&amp;department={busy.north.pk}">One level up' in page
        assert "even pace" not in page

    def test_offers_departments_and_projects_to_businesses_alone(self, busy: Firm, now: datetime) -> None:
        def offered(member: Member) -> list[str]:
            return [each["label"] for each in client_of(member).get("/usage/").context["segments"]]

        assert offered(busy.owner) == offered(busy.head) == ["Person", "Department", "Project", "Scenario"]
        assert offered(busy.seller) == ["Person", "Project", "Scenario"]
        assert client_of(busy.seller).get("/usage/?by=department").context["month"].dimension == Dimension.PERSON

    def test_takes_nonsense_for_people_and_hides_what_is_not_theirs(self, busy: Firm) -> None:
        for asked in ("x", "%00", "member_id"):
            assert client_of(busy.owner).get("/usage/", {"by": asked}).context["month"].dimension == Dimension.PERSON
        for member, department, status in (
            (busy.owner, NOBODY, 404),
            (busy.owner, "x", 404),
            (busy.owner, 10**30, 404),
            (busy.head, busy.north.pk, 404),
            (busy.head, busy.south.pk, 404),
            (busy.head, busy.web.pk, 200),
            (busy.auditor, busy.south.pk, 200),
        ):
            answer = client_of(member).get("/usage/", {"by": "department", "department": department})
            assert answer.status_code == status, (member, department)

    def test_offers_buying_to_who_may_buy(self, busy: Firm) -> None:
        for member, may in ((busy.owner, True), (busy.payer, True), (busy.auditor, False), (busy.head, False)):
            page = html(client_of(member).get("/usage/"))
            assert ("Top up" in page) == may
            assert ("Ask your owner for more: Olga" in page) != may

    def test_shows_what_others_used_of_the_lots_to_nobody_behind_the_wall(self, busy: Firm) -> None:
        assert "In this order" in html(client_of(busy.auditor).get("/usage/"))
        page = html(client_of(busy.seller).get("/usage/"))
        assert "In this order" not in page
        assert 'class="dial' not in page
        assert f'hx-get="/quotas/member/{busy.seller.pk}/"' in page

    def test_offers_no_buying_to_a_child(self, home: Home, now: datetime) -> None:
        type(home.child.user).objects.filter(pk=home.child.user_id).update(guarded_at=now)
        cast.called(home.child, used=Usage(in_fresh=5))
        page = html(client_of(home.child).get("/usage/"))
        assert "Top up" not in page
        assert "ask your parents" in page
        assert "for all of" not in page
        assert [each["label"] for each in client_of(home.owner).get("/usage/").context["segments"]] == [
            "Person",
            "Scenario",
        ]

    @pytest.mark.parametrize("dimension", Dimension)
    def test_stays_within_its_queries(self, busy: Firm, dimension: Dimension) -> None:
        for member, most in ((busy.owner, 12), (busy.seller, 13), (busy.head, 16)):
            client = client_of(member)
            client.get("/usage/")
            brand.forget()  # asked again every few seconds, so on a slow machine in between
            with query_budget(most):
                client.get(f"/usage/?by={dimension}")
