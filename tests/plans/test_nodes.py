"""Who sees which node of an account, and who decides about it."""

from collections.abc import Callable, Mapping

import pytest
from django.http import Http404

from accounts.models import Member, Project, Scenario
from plans import nodes
from portal.kit import clock
from tests.accounts.people import NOW, Firm, child_of, found, join, staffed
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

NOTHING: Mapping[str, bool] = {}


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("wang@example.com", kind="business", name="Wang & Co"))


@pytest.fixture
def places(firm: Firm) -> Mapping[str, tuple[str, int]]:
    """A node of every kind, inside and outside of what the head leads."""
    outsider = join(firm.owner, role="adult", name="outsider", department=firm.shop)
    project = Project.objects.create(account=firm.owner.account, name="Fair", created_at=NOW)
    scenario = Scenario.objects.create(account=firm.owner.account, name="Contracts", created_at=NOW)
    return {
        "account": ("account", firm.owner.account_id),
        "sales": ("department", firm.sales.pk),
        "team": ("department", firm.team.pk),
        "shop": ("department", firm.shop.pk),
        "owner": ("member", firm.owner.pk),
        "head": ("member", firm.head.pk),
        "clerk": ("member", firm.clerk.pk),
        "outsider": ("member", outsider.pk),
        "head's key": ("key", books.key_of(firm.head).pk),
        "clerk's key": ("key", books.key_of(firm.clerk).pk),
        "outsider's key": ("key", books.key_of(outsider).pk),
        "project": ("project", project.pk),
        "scenario": ("scenario", scenario.pk),
        "offered": ("scenario", Scenario.objects.filter(account=None).earliest("pk").pk),
    }


def seen(viewer: Member, places: Mapping[str, tuple[str, int]]) -> dict[str, bool]:
    """What `viewer` sees, and whether they may change it."""
    found_nodes: dict[str, bool] = {}
    for name, (kind, node_id) in places.items():
        try:
            node = nodes.seen_by(viewer, kind=kind, node_id=node_id)
        except Http404:
            continue
        assert (node.kind, node.id, node.account) == (kind, node_id, viewer.account)
        found_nodes[name] = node.may_change
    return found_nodes


class TestSeenBy:
    def test_is_all_of_it_for_who_owns_pays_and_audits(self, firm: Firm, places: Mapping[str, tuple[str, int]]) -> None:
        assert seen(firm.owner, places) == dict.fromkeys(places, True)
        for viewer in (firm.bill_payer, firm.auditor):
            assert seen(viewer, places) == dict.fromkeys(places, False)

    def test_is_what_a_head_leads_and_decides_about_below(
        self, firm: Firm, places: Mapping[str, tuple[str, int]]
    ) -> None:
        below = dict.fromkeys(["team", "clerk", "clerk's key"], True)
        own = dict.fromkeys(["sales", "head", "head's key"], False)
        assert seen(firm.head, places) == below | own

    def test_counts_a_second_head_of_the_own_department_as_led(self, firm: Firm) -> None:
        second = join(firm.owner, role="head", name="second", department=firm.sales)
        assert nodes.seen_by(firm.head, kind="member", node_id=second.pk).may_change

    def test_is_themselves_for_everybody_else(self, firm: Firm, places: Mapping[str, tuple[str, int]]) -> None:
        assert seen(firm.clerk, places) == {"clerk": False, "clerk's key": False}
        Member.objects.filter(pk=firm.head.pk).update(department=None)
        assert seen(Member.objects.get(pk=firm.head.pk), places) == {"head": False, "head's key": False}

    def test_is_nothing_for_strangers(self, places: Mapping[str, tuple[str, int]]) -> None:
        stranger = found("stranger@example.com", kind="household", name="Li")
        assert seen(stranger, {name: place for name, place in places.items() if name != "offered"}) == NOTHING

    def test_is_itself_alone_for_a_child(self, firm: Firm) -> None:
        owner = found("li@example.com", kind="household", name="Li")
        mei, ming = (child_of(owner, name=name, now=clock.now()) for name in ("Mei", "Ming"))
        family = {"account": ("account", owner.account_id), "mei": ("member", mei.pk), "ming": ("member", ming.pk)}
        assert seen(mei, family) == {"mei": False}
        assert seen(owner, family) == dict.fromkeys(family, True)

    def test_knows_no_other_kinds(self, firm: Firm) -> None:
        for kind in ("planet", "", "accounts"):
            with pytest.raises(Http404):
                nodes.seen_by(firm.owner, kind=kind, node_id=firm.owner.account_id)

    def test_tells_what_is_offered_to_everybody(self, firm: Firm, places: Mapping[str, tuple[str, int]]) -> None:
        shared = [
            name
            for name, (kind, node_id) in places.items()
            if nodes.seen_by(firm.owner, kind=kind, node_id=node_id).is_shared
        ]
        assert shared == ["offered"]


class TestNameOf:
    @pytest.mark.parametrize(
        ("kind", "node", "name"),
        [
            ("account", lambda firm: firm.owner.account_id, "Wang & Co"),
            ("department", lambda firm: firm.team.pk, "Team"),
            ("member", lambda firm: firm.clerk.pk, "clerk"),
            ("planet", lambda firm: firm.clerk.pk, None),
            ("project", lambda firm: 0, None),
        ],
    )
    def test_is_what_it_is_called_here(
        self, firm: Firm, kind: str, node: Callable[[Firm], int], name: str | None
    ) -> None:
        assert nodes.name_of(firm.owner.account, kind, node(firm)) == name
        stranger = found("stranger@example.com", kind="business", name="Li")
        assert nodes.name_of(stranger.account, kind, node(firm)) is None
