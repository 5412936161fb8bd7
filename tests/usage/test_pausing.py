"""The pause switch: what it holds back on each node, what it ends, and who may turn it."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent, Department, Member, Project, Scenario
from plans import nodes, quotas
from plans.models import Hold
from plans.nodes import Node
from portal.kit import clock
from tests.accounts.people import Firm, child_of, client_of, found, join, staffed, tablet_of
from tests.plans.ledger import books
from tests.usage.test_departures import at_reception
from usage import pausing
from usage.models import Call

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def firm(db: None) -> Firm:
    firm = staffed(found("wang@example.com", kind="business", name="Wang & Co"))
    books.grant(firm.owner, 10**6)
    return firm


def node_of(firm: Firm, thing: Any) -> Node:
    return nodes.seen_by(firm.owner, kind=thing._meta.model_name.removeprefix("api"), node_id=thing.pk)


def pause(firm: Firm, thing: Any) -> int:
    return pausing.pause(node_of(firm, thing), by=firm.owner.user, now=clock.now())


def resume(firm: Firm, thing: Any) -> None:
    pausing.resume(node_of(firm, thing), by=firm.owner.user, now=clock.now())


def asks(member: Member, **terms: Any) -> str:
    """How a call of `member` is answered, from where they stand."""
    lineage: list[int] = []
    department = member.department
    while department is not None:
        lineage.append(department.pk)
        department = department.parent
    return books.reserve(books.ask(member, 1, departments=tuple(lineage), **terms))[0][0]


def path_of(thing: Any) -> str:
    return f"/pauses/{thing._meta.model_name}/{thing.pk}/"


class TestPause:
    def test_of_the_account_holds_everybody_back(self, firm: Firm) -> None:
        assert pause(firm, firm.owner.account) == 0
        assert [asks(member) for member in (firm.owner, firm.head, firm.clerk)] == ["paused"] * 3
        resume(firm, firm.owner.account)
        assert asks(firm.clerk) == "ok"

    def test_of_a_department_holds_back_all_below_it(self, firm: Firm) -> None:
        pause(firm, firm.sales)
        assert [asks(member) for member in (firm.owner, firm.head, firm.clerk)] == ["ok", "paused", "paused"]
        resume(firm, firm.sales)
        pause(firm, firm.team)
        assert [asks(member) for member in (firm.head, firm.clerk)] == ["ok", "paused"]

    def test_of_a_member_holds_back_their_keys_too(self, firm: Firm) -> None:
        key = books.key_of(firm.clerk)
        pause(firm, firm.clerk)
        assert asks(firm.clerk) == asks(firm.clerk, api_key_id=key.pk) == "paused"
        assert asks(firm.head) == "ok"

    def test_of_a_key_holds_back_the_key_alone(self, firm: Firm) -> None:
        key = books.key_of(firm.clerk)
        pause(firm, key)
        assert [asks(firm.clerk, api_key_id=key.pk), asks(firm.clerk)] == ["paused", "ok"]

    @pytest.mark.parametrize("kind", [Project, Scenario])
    def test_of_what_calls_are_for_holds_back_those_alone(
        self, firm: Firm, kind: type[Project] | type[Scenario]
    ) -> None:
        thing = kind.objects.create(account=firm.owner.account, name="Fair", created_at=clock.now())
        pause(firm, thing)
        of_it = {f"{kind.__name__.lower()}_id": thing.pk}
        assert [asks(firm.clerk, **of_it), asks(firm.clerk)] == ["paused", "ok"]

    def test_of_what_is_offered_to_everybody_is_nobodys_to_say(self, firm: Firm) -> None:
        shared = Scenario.objects.filter(account=None).earliest("pk")
        for verb in (pause, resume):
            with pytest.raises(quotas.UnknownNode):
                verb(firm, shared)
        assert asks(firm.clerk, scenario_id=shared.pk) == "ok"
        assert not AuditEvent.objects.filter(verb__in=["pause", "resume"]).exists()

    def test_is_written_down_and_keeps_its_first_moment(self, firm: Firm) -> None:
        pause(firm, firm.clerk)
        since = pausing.paused_at(node_of(firm, firm.clerk))
        pause(firm, firm.clerk)
        assert pausing.paused_at(node_of(firm, firm.clerk)) == since is not None
        resume(firm, firm.clerk)
        assert pausing.paused_at(node_of(firm, firm.clerk)) is None
        events = AuditEvent.objects.filter(verb__in=["pause", "resume"]).order_by("pk")
        assert [event.verb for event in events] == ["pause", "pause", "resume"]
        assert {(event.actor, event.details["node"][0]) for event in events} == {(firm.owner.user, "member")}


class TestThePage:
    def test_is_turned_on_and_off(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        assert "Stops every call here" in client.get(path_of(firm.clerk)).content.decode()
        answer = client.post(path_of(firm.clerk))
        assert answer["Location"] == f"/quotas/member/{firm.clerk.pk}/"
        assert asks(firm.clerk) == "paused"
        assert "No call has begun here since" in client.get(path_of(firm.clerk)).content.decode()
        assert client.get(f"{path_of(firm.clerk)}end/")["Location"] == path_of(firm.clerk)
        assert asks(firm.clerk) == "paused"
        assert client.post(f"{path_of(firm.clerk)}end/")["Location"] == f"/quotas/member/{firm.clerk.pk}/"
        assert asks(firm.clerk) == "ok"

    def test_is_a_hole_of_the_page_of_quotas(self, firm: Firm) -> None:
        hole = client_of(firm.auditor).get(path_of(firm.clerk), headers=HTMX).content.decode()
        assert "<html" not in hole
        assert "<form" not in hole
        assert "<form" in client_of(firm.head).get(path_of(firm.clerk), headers=HTMX).content.decode()

    def test_is_turned_by_the_owner_and_the_head_above(self, firm: Firm) -> None:
        outsider = join(firm.owner, role="adult", name="outsider", department=firm.shop)
        places: list[Any] = [firm.owner.account, firm.sales, firm.team, firm.shop, firm.head, firm.clerk, outsider]
        expected = {
            firm.owner: [302] * 7,
            firm.head: [404, 403, 302, 404, 403, 302, 404],
            firm.bill_payer: [403] * 7,
            firm.auditor: [403] * 7,
            firm.clerk: [404, 404, 404, 404, 404, 403, 404],
            found("stranger@example.com", kind="business", name="Li"): [404] * 7,
        }
        for viewer, statuses in expected.items():
            client = client_of(viewer)
            for ending in ("", "end/"):
                answers = [client.post(f"{path_of(place)}{ending}").status_code for place in places]
                assert answers == statuses, (viewer, ending)
        for kind in (Department, Member):
            assert not kind.objects.exclude(paused_at=None).exists()

    def test_is_not_there_for_what_is_offered_to_everybody(self, firm: Firm) -> None:
        shared = Scenario.objects.filter(account=None).earliest("pk")
        client = client_of(firm.owner)
        for path in (path_of(shared), f"{path_of(shared)}end/"):
            assert [client.get(path).status_code, client.post(path).status_code] == [404, 404]
        assert Scenario.objects.get(pk=shared.pk).paused_at is None

    def test_is_not_a_childs_to_turn(self, db: None) -> None:
        parent = found("li@example.com", kind="household", name="Li")
        books.grant(parent, 10**6)
        mei = child_of(parent, now=clock.now())
        Member.objects.filter(pk=mei.pk).update(paused_at=clock.now())
        tablet = tablet_of(mei, by=parent, now=clock.now())
        assert tablet.get(path_of(mei)).status_code == 200
        assert [tablet.post(path_of(mei)).status_code, tablet.post(f"{path_of(mei)}end/").status_code] == [403, 403]
        assert Member.objects.get(pk=mei.pk).paused_at

    def test_asks_visitors_to_sign_in_and_knows_no_other_kinds(self, firm: Firm, client: Client) -> None:
        assert client.post(path_of(firm.clerk))["Location"].startswith("/accounts/login/")
        for path in ("/pauses/planet/1/", f"/pauses/member/{10**30}/", f"/pauses/project/{firm.clerk.pk}/"):
            assert client_of(firm.owner).post(path).status_code == 404, path


@pytest.mark.django_db(transaction=True)
class TestCallsUnderWay:
    def opened(self, member: Member) -> UUID:
        asked = books.ask(member, 100)
        assert books.reserve(asked)[0][0] == "ok"
        return asked.call_id

    def test_end_and_those_of_others_go_on(self, transactional_db: None, firm: Firm) -> None:
        queued, running, other = (self.opened(member) for member in (firm.clerk, firm.clerk, firm.head))
        for call_id in (running, other):
            assert books.claim(call_id)
        stopped: list[int] = []
        asked = at_reception(lambda: stopped.append(pause(firm, firm.clerk)), running, other)
        assert (stopped, asked) == ([2], [True, False])
        assert Call.objects.values_list("charged_microcredits", "how").get(pk=queued) == (0, "cancelled")
        assert set(Hold.objects.values_list("pk", flat=True)) == {running, other}

    def test_keep_no_node_going_while_valkey_is_away(
        self, transactional_db: None, firm: Firm, settings: Settings
    ) -> None:
        queued = self.opened(firm.clerk)
        settings.VALKEY_URL = "redis://127.0.0.1:9/0"
        client, answers = client_of(firm.owner), []
        at_reception(lambda: answers.append(client.post(path_of(firm.clerk)).status_code))
        assert answers == [302]
        assert asks(firm.clerk) == "paused"
        assert set(Hold.objects.values_list("pk", flat=True)) <= {queued}
