"""Carrying a file out: all of it or nothing, two hundred people at once, and the way round through the export."""

import csv
import io
from datetime import datetime

import pytest

from accounts import departments, invitations, names, projects
from accounts.invitations import A_DAY, MOST_LISTED_A_DAY, Place
from accounts.members import OwnersOnly
from accounts.models import AuditEvent, Department, Invitation, Member, Project
from models_catalog.models import ChatModel
from plans import bulk, joining, quotas
from plans.models import Quota
from portal.kit import clock
from portal.kit.units import credits
from tests import kept
from tests.accounts.people import Firm, found, join, staffed
from tests.plans.files import DEPARTMENTS, PEOPLE, PROJECTS, carry_out, counts, file_of, large, row
from tests.plans.ledger import books
from tests.usage.cast import ADDRESSES

CONTACT = "new@example.com"


@pytest.fixture
def now(db: None) -> datetime:
    return clock.now()


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("boss@example.com", kind="business", name="Boss & Co"))


@pytest.mark.django_db
class TestCarryOut:
    def test_makes_moves_places_invites_and_sets_quotas(self, firm: Firm) -> None:
        done = carry_out(
            firm,
            file_of(
                row("department", name="Team", parent="North", monthly_credits=50, set_aside="yes"),
                row("department", name="North"),
                row("department", name="Sales"),
                row("project", name="Website", monthly_credits=7),
                row("member", contact="clerk@example.com", role="head", department="North", monthly_credits=1.5),
                row("member", contact=CONTACT, name="New", department="Team", monthly_credits=3),
                row("quota", department="Sales", monthly_credits=0),
            ),
        )
        assert counts(done) == {
            "department": (1, 1, 1),
            "project": (1, 0, 0),
            "member": (1, 1, 0),
            "quota": (4, 0, 0),
        }
        firm.team.refresh_from_db()
        assert firm.team.parent == Department.objects.get(name="North")
        clerk = Member.objects.get(pk=firm.clerk.pk)
        assert (clerk.role, clerk.department) == ("head", firm.team.parent)
        invitation = Invitation.objects.get(contact=CONTACT)
        assert (invitation.department, invitation.monthly_microcredits) == (firm.team, credits(3))
        assert invitation.listed_at is not None
        kept = {(each.node_kind, each.limit, each.is_slice) for each in Quota.objects.in_force()}
        assert kept == {
            ("department", credits(50), True),
            ("department", 0, False),
            ("project", credits(7), False),
            ("member", 1_500_000, False),
        }
        verbs = set(AuditEvent.objects.values_list("verb", flat=True))
        assert {"department.make", "department.move", "project.make", "member.place", "quota.put"} <= verbs
        assert {"invitation.make", "bulk.carry_out"} <= verbs

    def test_swaps_what_stands_in_each_other(self, firm: Firm) -> None:
        carry_out(firm, file_of(row("department", name="Sales", parent="Team"), row("department", name="Team")))
        for department in (firm.sales, firm.team):
            department.refresh_from_db()
        assert (firm.sales.parent, firm.team.parent) == (firm.team, None)

    def test_leaves_what_it_does_not_say(self, firm: Firm, now: datetime) -> None:
        terms = quotas.Terms(window="month", limit=credits(5), grace_percent=20)
        account = firm.owner.account
        quotas.put(account, node_kind="department", node_id=firm.team.pk, terms=terms, by=None, now=now)
        carry_out(firm, file_of(row("quota", department="Team", monthly_credits=6)))
        quota = Quota.objects.in_force().get()
        assert (quota.limit, quota.grace_percent, quota.is_slice) == (credits(6), 20, False)

    @pytest.mark.parametrize("told", ["407407.11", "407407"])
    def test_leaves_a_share_of_which_it_says_nothing_new(self, firm: Firm, now: datetime, told: str) -> None:
        terms = quotas.Terms(window="month", limit=407_407_110_000, unit="share", said=33)
        account = firm.owner.account
        quotas.put(account, node_kind="department", node_id=firm.team.pk, terms=terms, by=None, now=now)
        same = file_of(row("quota", department="Team", monthly_credits=told))
        assert not carry_out(firm, same).does_something
        carry_out(firm, file_of(row("quota", department="Team", monthly_credits=told, set_aside="yes")))
        quota = Quota.objects.in_force().get()
        assert (quota.limit, quota.unit, quota.said, quota.is_slice) == (407_407_110_000, "share", 33, True)

    def test_leaves_quotas_of_which_it_does_not_know(self, firm: Firm, now: datetime) -> None:
        kept.catalog(now=now, addresses=ADDRESSES)
        fast = ChatModel.objects.earliest("pk").pk
        others = [("month", "microcredits", fast), ("month", "tokens", None), ("minute", "calls", None)]
        for window, metric, model in others:
            terms = quotas.Terms(window=window, limit=7, metric=metric, chat_model_id=model)
            quotas.put(firm.owner.account, node_kind="department", node_id=firm.team.pk, terms=terms, by=None, now=now)
        carry_out(firm, file_of(row("quota", department="Team", monthly_credits=6)))
        limits = Quota.objects.in_force().values_list("window", "metric", "chat_model", "limit")
        assert set(limits) == {(*each, 7) for each in others} | {("month", "microcredits", None, credits(6))}

    def test_is_all_or_nothing(self, firm: Firm) -> None:
        many = [
            Department(account=firm.owner.account, name=f"D{number}", created_at=clock.now())
            for number in range(departments.MOST_DEPARTMENTS - 4)
        ]
        Department.objects.bulk_create(many)
        text = file_of(row("department", name="Fits"), row("member", contact=CONTACT, name="New"))
        projects.make("Web", by=firm.owner, now=clock.now())
        carry_out(firm, text)
        with pytest.raises(bulk.NotSound):
            carry_out(firm, file_of(row("project", name="Late"), row("department", name="Too many")))
        assert not Project.objects.filter(name="Late").exists()

    @pytest.mark.parametrize("role", ["bill_payer", "auditor", "head", "clerk"])
    def test_is_the_owners_alone(self, firm: Firm, role: str) -> None:
        with pytest.raises(OwnersOnly):
            bulk.carry_out(firm.owner.account, bulk.read(file_of()), by=getattr(firm, role), now=clock.now())

    def test_counts_apart_from_single_invitations(self, firm: Firm, now: datetime) -> None:
        carry_out(firm, large())
        invitations.invite(firm.owner, Place(way="email", contact=CONTACT), now=now)
        for number in range(invitations.MOST_A_DAY - 1):
            invitations.invite(firm.owner, Place(way="email", contact=f"y{number}@example.com"), now=now)
        with pytest.raises(invitations.TooManyInvitations):
            invitations.invite(firm.owner, Place(way="email", contact="z@example.com"), now=now)
        places = [Place(way="email", contact=f"w{number}@example.com") for number in range(MOST_LISTED_A_DAY)]
        with pytest.raises(invitations.TooManyInvitations):
            invitations.invite_list(firm.owner, places, now=now)
        assert len(invitations.invite_list(firm.owner, places, now=now + 2 * A_DAY)) == MOST_LISTED_A_DAY
        with pytest.raises(invitations.MayNotInvite):
            invitations.invite_list(firm.head, places[:1], now=now)


@pytest.mark.django_db
class TestTwoHundredPeople:
    PLANTED = (
        row("member", contact="late@example.com", department="Department 99"),
        row("member", contact="person7@example.com", department="Department 1"),
        row("project", name="Project 8", monthly_credits=-1),
    )

    def test_with_three_mistakes_change_nothing(self, firm: Firm) -> None:
        sheet = bulk.read(large(planted=self.PLANTED))
        rehearsal = bulk.rehearse(firm.owner.account, sheet, now=clock.now())
        said = [(each.line, str(each).partition(".")[0]) for each in rehearsal.mistakes]
        last = 1 + DEPARTMENTS + PROJECTS + PEOPLE
        assert said == [
            (last + 1, "There is no department “Department 99”"),
            (last + 2, "This person stands in line 29 already"),
            (last + 3, "Credits are not negative"),
        ]
        with pytest.raises(bulk.NotSound, match="mistakes: 3"):
            bulk.carry_out(firm.owner.account, sheet, by=firm.owner, now=clock.now())
        assert firm.owner.account.departments.count() == 3
        assert not Invitation.objects.exists()

    def test_come_in_and_go_round(self, firm: Firm) -> None:
        books.grant(firm.owner, credits(5000), source="plan", name="Plan")
        done = carry_out(firm, large())
        assert counts(done) == {
            "department": (DEPARTMENTS, 0, 0),
            "project": (PROJECTS, 0, 0),
            "member": (PEOPLE, 0, 0),
            "quota": (DEPARTMENTS + PROJECTS, 0, 0),
        }
        assert (done.set_aside, done.pool) == (credits(4000), credits(5000))
        assert Invitation.objects.filter(account=firm.owner.account).count() == PEOPLE
        invitation = Invitation.objects.get(contact="person1@example.com")
        user = join(found("x@example.com", kind="business", name="X"), role="adult", name="person1").user
        member = joining.accept(invitation, user=user, now=clock.now())
        assert (member.role, str(member.department)) == ("head", "Department 1")
        again = carry_out(firm, large())
        assert not again.does_something
        assert again.set_aside == done.set_aside


@pytest.mark.django_db
class TestExport:
    def test_brought_back_changes_nothing(self, firm: Firm, now: datetime) -> None:
        departments.make("=SUM(A1)", parent=firm.shop, by=firm.owner, now=now)
        departments.make("A, \"B\"; 'C'", parent=None, by=firm.owner, now=now)
        made = projects.make("-minus", by=firm.owner, now=now)
        for kind, pk, limit in (
            ("department", firm.sales.pk, 12_345_678),
            ("project", made.pk, credits(10)),
            ("member", firm.clerk.pk, 500_000),
        ):
            terms = quotas.Terms(window="month", limit=limit, is_slice=kind == "department")
            quotas.put(firm.owner.account, node_kind=kind, node_id=pk, terms=terms, by=None, now=now)
        place = Place(way="phone", contact="+8613800138000", name="@li", role="auditor", monthly_microcredits=1)
        with pytest.raises(names.BadName):
            invitations.invite(firm.owner, place, now=now)
        invitations.invite(firm.owner, Place(**vars(place) | {"name": "Li"}), now=now)
        text = bulk.export(firm.owner.account, now=now)
        rehearsal = bulk.rehearse(firm.owner.account, bulk.read(text), now=now)
        assert (rehearsal.mistakes, rehearsal.does_something) == ((), False)
        assert counts(rehearsal)["member"] == (0, 0, 6)
        carry_out(firm, text)
        assert bulk.export(firm.owner.account, now=now) == text

    def test_has_no_cell_that_a_spreadsheet_would_run(self, firm: Firm, now: datetime) -> None:
        for name in ("=1+1", "@cmd", "+1", "-1"):
            Member.objects.filter(pk=firm.clerk.pk).update(name=name)
            rows = list(csv.reader(io.StringIO(bulk.export(firm.owner.account, now=now))))
            assert not [cell for cells in rows for cell in cells if cell.startswith(("=", "+", "-", "@"))]
            assert f"'{name}" in {cell for cells in rows for cell in cells}

    def test_leaves_out_who_left_and_what_was_closed(self, firm: Firm, now: datetime) -> None:
        departments.close(firm.shop, by=firm.owner, now=now)
        Member.objects.filter(pk=firm.clerk.pk).update(left_at=now)
        text = bulk.export(firm.owner.account, now=now)
        assert "Shop" not in text
        assert "clerk" not in text
