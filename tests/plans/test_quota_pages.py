"""Quotas of a node on their page: each unit, their end, and everybody who might come."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, Member, Scenario
from models_catalog import catalog
from plans import quotas, standings
from plans.models import Quota
from portal.kit import clock
from portal.sandbox.operator import Operator
from tests import kept
from tests.accounts.people import Firm, child_of, client_of, found, join, staffed, tablet_of
from tests.budget import query_budget
from tests.plans.cast import Household, order_of, scripted
from tests.plans.ledger import books
from tests.usage.cast import ADDRESSES

pytestmark = pytest.mark.django_db

TERMS: Mapping[str, Any] = {"window": "month", "amount": "2.5", "unit": "credits", "grace_percent": 0}


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("wang@example.com", kind="business", name="Wang & Co"))


@pytest.fixture
def outsider(firm: Firm) -> Member:
    return join(firm.owner, role="adult", name="outsider", department=firm.shop)


def path_of(node: Any) -> str:
    return f"/quotas/{node._meta.model_name}/{node.pk}/"


def put(client: Client, node: Any, **more: Any) -> int:
    return client.post(path_of(node), {**TERMS, **more}).status_code


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


class TestSetting:
    def test_counts_credits(self, firm: Firm) -> None:
        answer = client_of(firm.owner).post(path_of(firm.sales), {**TERMS, "grace_percent": 20})
        assert answer["Location"] == path_of(firm.sales)
        made = Quota.objects.get()
        assert (made.node_kind, made.node_id, made.window) == ("department", firm.sales.pk, "month")
        assert (made.limit, made.metric, made.unit, made.said) == (2_500_000, "microcredits", "credits", None)
        assert (made.grace_percent, made.is_slice) == (20, False)

    def test_sets_aside(self, firm: Firm) -> None:
        assert put(client_of(firm.owner), firm.sales, is_slice="on") == 302
        assert Quota.objects.get().is_slice
        assert put(client_of(firm.owner), firm.owner.account, is_slice="on") == 422
        unfit = client_of(firm.owner).post(path_of(firm.shop), {**TERMS, "is_slice": "on", "grace_percent": 5})
        assert unfit.status_code == 422
        assert "These terms do not fit together." in html(unfit)
        assert 'value="2.5"' in html(unfit)  # what was typed is still there
        assert Quota.objects.count() == 1

    def test_counts_calls_in_whole_ones(self, firm: Firm) -> None:
        put(client_of(firm.owner), firm.clerk, unit="calls", amount="40", window="day")
        made = Quota.objects.get()
        assert (made.limit, made.metric, made.unit, made.said) == (40, "calls", "credits", None)
        assert "0 calls / 40 calls" in html(client_of(firm.clerk).get(path_of(firm.clerk)))

    def test_counts_money_at_what_the_newest_plan_paid(self, firm: Firm) -> None:
        books.buy(firm.owner, 3_000 * 10**6, 3_000)
        assert put(client_of(firm.owner), firm.sales, unit="money", amount="12.34") == 302
        made = Quota.objects.get()
        assert (made.unit, made.said, made.limit) == ("money", 1_234, 1_234 * 10**6)
        books.buy(firm.owner, 6_000 * 10**6, 3_000, source="plan")
        books.buy(firm.owner, 100 * 10**6, 3_000)
        put(client_of(firm.owner), firm.sales, unit="money", amount="10")
        assert Quota.objects.get().limit == 2_000 * 10**6

    def test_counts_no_money_before_something_was_bought(self, firm: Firm) -> None:
        answer = client_of(firm.owner).post(path_of(firm.sales), {**TERMS, "unit": "money"})
        assert answer.status_code == 409
        assert "Nothing was bought yet" in html(answer)
        assert not Quota.objects.exists()

    def test_changes_the_one_of_the_same_window(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        for more in ({"amount": 1}, {"amount": 2}, {"amount": 3, "window": "day"}, {"amount": 4, "unit": "calls"}):
            assert put(client, firm.clerk, **more) == 302
        limits = Quota.objects.order_by("limit").values_list("window", "metric", "limit")
        assert list(limits) == [
            ("month", "calls", 4),
            ("month", "microcredits", 2_000_000),
            ("day", "microcredits", 3_000_000),
        ]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"amount": "-1"},
            {"amount": "x"},
            {"amount": "1e30"},
            {"amount": "NaN"},
            {"amount": ""},
            {"amount": "1.234"},
            {"window": "night_hour"},
            {"window": "decade"},
            {"unit": "gold"},
            {"chat_model": "999999"},
            {"unit": "share", "amount": "101"},
            {"unit": "share", "amount": "33.5"},
            {"unit": "calls", "amount": "2.7"},
            {"unit": "tokens", "amount": "0.5"},
            {"unit": "at_once", "amount": "1.5"},
            {"grace_percent": "101"},
            {"grace_percent": "-1"},
        ],
    )
    def test_asks_again_where_a_field_is_wrong(self, firm: Firm, wrong: dict[str, str]) -> None:
        answer = client_of(firm.owner).post(path_of(firm.sales), {**TERMS, **wrong})
        assert answer.status_code == 422
        assert 'class="wrong"' in html(answer)
        assert not Quota.objects.exists()

    def test_is_written_down(self, firm: Firm) -> None:
        put(client_of(firm.head), firm.team)
        event = AuditEvent.objects.get(verb="quota.put")
        assert (event.actor, event.details["limit"]) == (firm.head.user, 2_500_000)


class TestAShareOfThePlan:
    @pytest.mark.usefixtures("shelf")
    def test_follows_what_is_bought(self, household: Household, operator: Operator) -> None:
        put(client_of(household.owner), household.adult, unit="share", amount="25")
        share = Quota.objects.get()
        assert (share.unit, share.said, share.limit) == ("share", 25, 0)
        plain = books.quota(household.owner, 7, kind="member", node_id=household.adult.pk, window="day")
        theirs = books.quota(household.stranger, 9, unit="share", said=50)
        assert order_of(household.owner, phone=scripted("00")).state == "paid"
        limits = [Quota.objects.get(pk=quota.pk).limit for quota in (share, plain, theirs)]
        assert limits == [10_000_000 * 10**6 // 4, 7, 9]
        assert "25 % of the plan" in html(client_of(household.adult).get(path_of(household.adult)))

    def test_counts_plans_in_force_alone(self, firm: Firm) -> None:
        books.grant(firm.owner, 1000, source="plan")
        books.grant(firm.owner, 5000)
        now = clock.now()
        assert quotas.worth(firm.owner.account_id, unit="share", said=30, now=now) == 300
        assert quotas.worth(firm.owner.account_id, unit="share", said=0, now=now) == 0

    def test_that_was_ended_follows_nothing(self, firm: Firm) -> None:
        ended = books.quota(firm.owner, 5, unit="share", said=50, ended_at=clock.now())
        books.grant(firm.owner, 1000, source="plan")
        quotas.follow_plan(firm.owner.account_id)
        assert Quota.objects.get(pk=ended.pk).limit == 5


class TestThePage:
    def test_tells_how_it_stands(self, firm: Firm) -> None:
        books.grant(firm.owner, 10**9)
        quota = books.quota(firm.clerk, 100 * 10**6, kind="member", node_id=firm.clerk.pk)
        books.spent(firm.clerk, 30 * 10**6)
        books.reserve(books.ask(firm.clerk, 55 * 10**6))
        [standing] = standings.of([quota])
        assert (standing.used, standing.held, standing.left) == (30 * 10**6, 55 * 10**6, 15 * 10**6)
        assert (standing.is_near, standing.is_over) == (True, False)
        page = html(client_of(firm.clerk).get(path_of(firm.clerk)))
        assert "85 credits / 100 credits" in page
        assert "Starts anew" in page
        assert "Set a quota" not in page

    def test_is_a_hole_of_another_page(self, firm: Firm) -> None:
        books.quota(firm.clerk, 10**6, kind="member", node_id=firm.clerk.pk, window="lifetime")
        hole = html(client_of(firm.owner).get(path_of(firm.clerk), headers={"HX-Request": "true"}))
        assert "<html" not in hole
        assert "0 credits / 1 credit" in hole
        assert "Does not start anew" in hole
        assert f'href="{path_of(firm.clerk)}"' in hole

    def test_says_what_it_means_in_life(self, firm: Firm) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        catalog.forget()
        put(client_of(firm.owner), firm.clerk, amount="1000000")
        page = html(client_of(firm.owner).get(path_of(firm.clerk)))
        assert re.search(r"That is about \d+ letters or \d+ translated pages\.", page)

    def test_offers_no_pause_of_what_others_use_too(self, firm: Firm) -> None:
        own = Scenario.objects.create(account=firm.owner.account, name="Contracts", created_at=clock.now())
        shared = Scenario.objects.filter(account=None).earliest("pk")
        pages = [html(client_of(firm.owner).get(path_of(scenario))) for scenario in (own, shared)]
        assert ["/pauses/scenario/" in page for page in pages] == [True, False]
        assert put(client_of(firm.owner), shared, unit="calls", amount="0") == 302

    def test_leads_back_to_what_it_is_about(self, firm: Firm) -> None:
        own = Scenario.objects.create(account=firm.owner.account, name="Contracts", created_at=clock.now())
        shared = Scenario.objects.filter(account=None).earliest("pk")
        client = client_of(firm.owner)
        for node, back in (
            (firm.sales, f"/people/departments/{firm.sales.pk}/"),
            (firm.clerk, f"/people/{firm.clerk.pk}/"),
            (own, f"/people/scenarios/{own.pk}/"),
            (shared, "/people/scenarios/"),
        ):
            assert f'href="{back}">Back<' in html(client.get(path_of(node))), node
            assert client.get(back).status_code == 200, back

    def test_stays_within_its_queries(self, firm: Firm) -> None:
        for window in ("day", "week", "month"):
            books.quota(firm.clerk, 10, kind="member", node_id=firm.clerk.pk, window=window)
        client = client_of(firm.owner)
        client.get(path_of(firm.clerk))
        with query_budget(12):
            client.get(path_of(firm.clerk))


class TestEnding:
    def test_lets_calls_through_again(self, firm: Firm) -> None:
        books.grant(firm.owner, 10**6)
        quota = books.quota(firm.clerk, 0, kind="member", node_id=firm.clerk.pk)
        assert books.reserve(books.ask(firm.clerk))[0][0] == "quota"
        client = client_of(firm.head)
        page = client.get(f"/quotas/{quota.pk}/ending/")
        assert "End this quota of “clerk”?" in html(page)
        assert Quota.objects.in_force().exists()
        assert client.post(f"/quotas/{quota.pk}/ending/")["Location"] == path_of(firm.clerk)
        assert books.reserve(books.ask(firm.clerk))[0][0] == "ok"
        assert AuditEvent.objects.get(verb="quota.end").actor == firm.head.user
        assert client.post(f"/quotas/{quota.pk}/ending/").status_code == 404

    def test_is_for_who_decides(self, firm: Firm, outsider: Member) -> None:
        stranger = found("stranger@example.com", kind="business", name="Li")
        quota = books.quota(firm.owner, 5, kind="department", node_id=firm.sales.pk)
        viewers = [firm.head, firm.bill_payer, firm.auditor, firm.clerk, outsider, stranger]
        answers = [client_of(viewer).post(f"/quotas/{quota.pk}/ending/").status_code for viewer in viewers]
        assert answers == [403, 403, 403, 404, 404, 404]
        assert Quota.objects.in_force().exists()


class TestVisitors:
    def test_who_decide_are_the_owner_and_the_head_above(self, firm: Firm, outsider: Member) -> None:
        places: list[Any] = [firm.owner.account, firm.sales, firm.team, firm.shop, firm.head, firm.clerk, outsider]
        expected = {
            firm.owner: [302] * 7,
            firm.head: [404, 403, 302, 404, 403, 302, 404],
            firm.bill_payer: [403] * 7,
            firm.auditor: [403] * 7,
            firm.clerk: [404, 404, 404, 404, 404, 403, 404],
            outsider: [404, 404, 404, 404, 404, 404, 403],
            found("stranger@example.com", kind="business", name="Li"): [404] * 7,
        }
        for viewer, statuses in expected.items():
            client = client_of(viewer)
            assert [put(client, place) for place in places] == statuses, viewer
            rules = [client.post(f"{path_of(place)}access/").status_code for place in places]
            assert rules == statuses, viewer
            looks = [client.get(path_of(place)).status_code for place in places]
            assert looks == [404 if status == 404 else 200 for status in statuses], viewer

    def test_a_child_looks_and_changes_nothing(self, db: None) -> None:
        parent = found("li@example.com", kind="household", name="Li")
        mei = child_of(parent, now=clock.now())
        tablet = tablet_of(mei, by=parent, now=clock.now())
        assert put(client_of(parent), mei, amount="10") == 302
        assert put(tablet, mei, amount="1000000") == 403
        assert tablet.post(f"/quotas/{Quota.objects.get().pk}/ending/").status_code == 403
        page = html(tablet.get(path_of(mei)))
        assert "0 credits / 10 credits" in page
        assert "<h2>Set a quota" not in page
        assert ">Back<" not in page  # it would lead to a door that is closed to children
        assert Quota.objects.in_force().get().limit == 10**7

    def test_without_a_name_sign_in(self, firm: Firm, client: Client) -> None:
        for path in (path_of(firm.sales), f"{path_of(firm.sales)}access/", "/quotas/1/ending/"):
            assert client.post(path)["Location"].startswith("/accounts/login/")

    def test_find_nothing_of_another_kind(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        for path in ("/quotas/planet/1/", f"/quotas/department/{10**30}/", f"/quotas/project/{firm.sales.pk}/"):
            assert client.get(path).status_code == 404, path
