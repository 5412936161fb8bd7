"""Departments: made, renamed, moved and closed by whom, and the pages that show them."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from accounts import departments, invitations, members, names
from accounts.callers import DEEPEST_NESTING
from accounts.invitations import Place
from accounts.models import AuditEvent, Department, Invitation, Member
from plans import closing, quotas
from plans.models import Quota
from portal.kit import clock
from tests.accounts.people import NOW, Firm, at_once, client_of, found, join
from tests.budget import query_budget

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(db: None) -> datetime:
    return clock.now()


def make(name: str, parent: Department | None, by: Member) -> Department:
    return departments.make(name, parent=parent, by=by, now=NOW)


class TestMake:
    def test_lets_an_owner_make_one_anywhere(self, firm: Firm) -> None:
        made = [make("North", None, firm.owner), make("  Back   office ", firm.team, firm.owner)]
        assert [(each.name, each.parent) for each in made] == [("North", None), ("Back office", firm.team)]
        assert AuditEvent.objects.filter(verb="department.make", actor=firm.owner.user).count() == 2

    def test_lets_a_head_make_one_below_the_own_department_alone(self, firm: Firm) -> None:
        assert make("Inside", firm.team, firm.head).parent == firm.team
        assert make("Direct", firm.sales, firm.head).parent == firm.sales
        for parent in (None, firm.shop):
            with pytest.raises(departments.MayNotArrange):
                make("Elsewhere", parent, firm.head)

    @pytest.mark.parametrize("role", ["bill_payer", "auditor", "clerk"])
    def test_refuses_everybody_else(self, firm: Firm, role: str) -> None:
        with pytest.raises(departments.MayNotArrange):
            make("North", firm.sales, getattr(firm, role))

    def test_refuses_a_department_of_somebody_else(self, firm: Firm) -> None:
        other = found("other@example.com", kind="business", name="Other")
        with pytest.raises(departments.MayNotArrange):
            make("North", firm.sales, other)

    def test_refuses_households(self, owner: Member) -> None:
        with pytest.raises(departments.NotForHouseholds):
            make("Kitchen", None, owner)

    def test_refuses_a_name_twice_whatever_its_case(self, firm: Firm) -> None:
        for name in ("sales", "SALES ", "Team"):
            with pytest.raises(names.NameTaken):
                make(name, None, firm.owner)
        with pytest.raises(IntegrityError), transaction.atomic():
            Department.objects.create(account=firm.owner.account, name="SALES", created_at=NOW)

    @pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b"])
    def test_refuses_what_nobody_could_read(self, firm: Firm, name: str) -> None:
        with pytest.raises(names.NoName):
            make(name, None, firm.owner)

    def test_ends_at_the_deepest_nesting(self, firm: Firm) -> None:
        parent = make("1", None, firm.owner)
        for depth in range(2, DEEPEST_NESTING + 1):
            parent = make(str(depth), parent, firm.owner)
        with pytest.raises(departments.BadRoof):
            make("too deep", parent, firm.owner)

    def test_ends_at_the_most(self, firm: Firm) -> None:
        rows = (
            Department(account=firm.owner.account, name=f"D{number}", created_at=NOW)
            for number in range(departments.MOST_DEPARTMENTS - 3)
        )
        Department.objects.bulk_create(rows)
        with pytest.raises(departments.TooManyDepartments):
            make("one more", None, firm.owner)


class TestRename:
    def test_changes_the_name(self, firm: Firm) -> None:
        departments.rename(firm.sales, name="sales", by=firm.owner, now=NOW)
        departments.rename(firm.team, name="Field", by=firm.head, now=NOW)
        assert set(firm.owner.account.departments.values_list("name", flat=True)) == {"sales", "Field", "Shop"}

    def test_leaves_a_head_the_own_department_as_it_is(self, firm: Firm) -> None:
        for department in (firm.sales, firm.shop):
            with pytest.raises(departments.MayNotArrange):
                departments.rename(department, name="Mine", by=firm.head, now=NOW)

    def test_refuses_a_name_that_another_one_has(self, firm: Firm) -> None:
        with pytest.raises(names.NameTaken):
            departments.rename(firm.team, name="shop", by=firm.owner, now=NOW)


class TestMove:
    def test_takes_all_of_it_along(self, firm: Firm) -> None:
        departments.move(firm.sales, parent=firm.shop, by=firm.owner, now=NOW)
        assert set(Department.objects.below(firm.shop.pk)) == {firm.shop, firm.sales, firm.team}
        departments.move(firm.sales, parent=None, by=firm.owner, now=NOW)
        assert Department.objects.get(pk=firm.sales.pk).parent is None
        assert AuditEvent.objects.filter(verb="department.move").count() == 2

    def test_never_puts_one_into_itself_or_below(self, firm: Firm) -> None:
        for parent in (firm.sales, firm.team):
            with pytest.raises(departments.BadRoof):
                departments.move(firm.sales, parent=parent, by=firm.owner, now=NOW)

    def test_counts_what_is_in_it(self, firm: Firm) -> None:
        parent: Department | None = None
        for depth in range(1, DEEPEST_NESTING):
            parent = make(str(depth), parent, firm.owner)
        departments.move(firm.shop, parent=parent, by=firm.owner, now=NOW)
        with pytest.raises(departments.BadRoof):
            departments.move(firm.sales, parent=parent, by=firm.owner, now=NOW)

    def test_keeps_a_head_in_the_own_department(self, firm: Firm) -> None:
        inner = make("Inner", firm.sales, firm.head)
        departments.move(inner, parent=firm.team, by=firm.head, now=NOW)
        for parent in (None, firm.shop):
            with pytest.raises(departments.MayNotArrange):
                departments.move(inner, parent=parent, by=firm.head, now=NOW)
        with pytest.raises(departments.MayNotArrange):
            departments.move(firm.shop, parent=firm.sales, by=firm.head, now=NOW)


class TestClose:
    def test_says_what_is_still_in_it(self, firm: Firm) -> None:
        now = clock.now()
        invitations.invite(firm.owner, Place(way="email", contact="x@example.com", department_id=firm.team.pk), now=now)
        with pytest.raises(departments.NotEmpty, match="people 1, departments 0, open invitations 1"):
            departments.close(firm.team, by=firm.owner, now=now)
        with pytest.raises(departments.NotEmpty, match="people 1, departments 1, open invitations 0"):
            departments.close(firm.sales, by=firm.owner, now=now)

    def test_closes_an_empty_one_and_withdraws_what_has_lapsed(self, firm: Firm) -> None:
        now = clock.now()
        place = Place(way="screen", department_id=firm.shop.pk)
        invitation = invitations.invite(firm.owner, place, now=now)
        later = invitation.expires_at
        departments.close(firm.shop, by=firm.owner, now=later)
        assert Department.objects.get(pk=firm.shop.pk).closed_at == later
        assert Invitation.objects.get(pk=invitation.pk).state == "withdrawn"
        with pytest.raises(departments.AlreadyClosed):
            departments.close(firm.shop, by=firm.owner, now=later)

    def test_gives_the_name_free(self, firm: Firm) -> None:
        departments.close(firm.shop, by=firm.owner, now=NOW)
        assert make("shop", None, firm.owner).pk != firm.shop.pk

    def test_lets_nobody_in_any_more(self, firm: Firm) -> None:
        departments.close(firm.shop, by=firm.owner, now=NOW)
        with pytest.raises(members.BadRole):
            members.place(firm.clerk, role="adult", department=firm.shop, by=firm.owner, now=NOW)
        with pytest.raises(invitations.BadPlace):
            invitations.invite(firm.owner, Place(way="screen", department_id=firm.shop.pk), now=NOW)
        with pytest.raises(departments.BadRoof):
            make("Inner", firm.shop, firm.owner)

    def test_ends_what_was_set_aside_for_it(self, firm: Firm, now: datetime) -> None:
        terms = quotas.Terms(window="month", limit=10**9, is_slice=True)
        account = firm.owner.account
        quotas.put(account, node_kind="department", node_id=firm.shop.pk, terms=terms, by=None, now=now)
        closing.close_department(firm.shop, by=firm.owner, now=now)
        assert not Quota.objects.in_force().exists()


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_moves_make_no_circle(self, firm: Firm) -> None:
        codes = at_once(
            lambda: departments.move(firm.sales, parent=firm.shop, by=firm.owner, now=NOW),
            lambda: departments.move(firm.shop, parent=firm.sales, by=firm.owner, now=NOW),
        )
        assert codes == ["", "bad_roof"]

    def test_nobody_moves_into_what_is_closed(self, firm: Firm) -> None:
        codes = at_once(
            lambda: departments.close(firm.shop, by=firm.owner, now=NOW),
            lambda: members.place(firm.clerk, role="adult", department=firm.shop, by=firm.owner, now=NOW),
        )
        assert codes in (["", "bad_role"], ["", "department_not_empty"])


class TestPages:
    ALL = ("/people/departments/", "/people/departments/{}/")

    @pytest.mark.parametrize(
        ("role", "tree", "own", "other"),
        [
            ("owner", 200, 200, 200),
            ("bill_payer", 200, 200, 200),
            ("auditor", 200, 200, 200),
            ("head", 200, 200, 404),
            ("clerk", 404, 404, 404),
        ],
    )
    def test_open_to_whom_they_concern(self, firm: Firm, role: str, tree: int, own: int, other: int) -> None:
        client = client_of(getattr(firm, role))
        paths = [self.ALL[0], *(self.ALL[1].format(each.pk) for each in (firm.team, firm.shop))]
        assert [client.get(path).status_code for path in paths] == [tree, own, other]

    def test_are_not_there_for_strangers(self, firm: Firm) -> None:
        stranger = client_of(found("other@example.com", kind="business", name="Other"))
        page = self.ALL[1].format(firm.sales.pk)
        for path in (page, f"{page}place/", f"{page}closing/"):
            assert stranger.post(path, {"name": "Mine", "parent": ""}).status_code == 404
        assert Department.objects.get(pk=firm.sales.pk).closed_at is None

    def test_refuse_a_household_in_a_friendly_way(self, owner: Member) -> None:
        page = client_of(owner).get("/people/departments/")
        assert page.status_code == 409
        assert b"A household has people" in page.content
        assert b'href="/people/acting/"' in page.content

    def test_show_heads_and_numbers(self, firm: Firm) -> None:
        client = client_of(firm.auditor)
        with query_budget(14):
            page = client.get("/people/departments/")
        text = page.content.decode()
        assert "head · one person" in text
        assert text.count("0 people") == 1
        assert "Make a department" not in text
        assert "Make a department" in client_of(firm.head).get("/people/departments/").content.decode()

    def test_have_a_hole_for_the_quotas(self, firm: Firm) -> None:
        page = client_of(firm.owner).get(f"/people/departments/{firm.sales.pk}/").content.decode()
        assert f'hx-get="/quotas/department/{firm.sales.pk}/"' in page

    def test_let_an_owner_do_it_all(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        made = client.post("/people/departments/", {"name": "North", "parent": str(firm.shop.pk)})
        north = Department.objects.get(name="North", parent=firm.shop)
        page = f"/people/departments/{north.pk}/"
        assert made["Location"] == page
        assert client.post(page, {"name": "Far north"}).status_code == 302
        assert client.post(f"{page}place/", {"parent": ""}).status_code == 302
        assert client.post(f"{page}closing/").status_code == 302
        north.refresh_from_db()
        assert (north.name, north.parent) == ("Far north", None)
        assert north.closed_at
        assert "Closed" in client.get(page).content.decode()
        assert "Far north" in client.get("/people/departments/").content.decode()

    def test_are_closed_once_that_was_confirmed(self, firm: Firm) -> None:
        path = "/people/departments/{}/closing/"
        page = client_of(firm.head).get(path.format(firm.team.pk)).content.decode()
        assert "Close the department “Team”?" in page
        assert f'href="/people/departments/{firm.team.pk}/"' in page
        assert Department.objects.get(pk=firm.team.pk).closed_at is None
        refused = [client_of(firm.head).get(path.format(each.pk)).status_code for each in (firm.sales, firm.shop)]
        assert refused == [403, 404]

    def test_refuse_what_a_reader_or_a_head_may_not_change(self, firm: Firm) -> None:
        page = f"/people/departments/{firm.sales.pk}/"
        asked: dict[str, dict[str, str]] = {page: {"name": "Mine"}, f"{page}closing/": {}}
        for member in (firm.bill_payer, firm.auditor, firm.head):
            for path, fields in asked.items():
                assert client_of(member).post(path, fields).status_code == 403
            assert 'action="/people/departments/' not in client_of(member).get(page).content.decode()
        assert client_of(firm.auditor).post("/people/departments/", {"name": "New", "parent": ""}).status_code == 403

    def test_say_what_is_wrong_with_a_form(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        assert client.post("/people/departments/", {"name": "", "parent": ""}).status_code == 422
        page = f"/people/departments/{firm.sales.pk}/"
        assert client.post(page, {"name": ""}).status_code == 422
        assert client.post(f"{page}place/", {"parent": str(firm.team.pk)}).status_code == 422

    def test_offer_no_closed_one_and_are_linked_from_people(self, firm: Firm) -> None:
        departments.close(firm.shop, by=firm.owner, now=NOW)
        client = client_of(firm.owner)
        for path in ("/people/departments/", f"/people/{firm.clerk.pk}/", "/people/invitations/"):
            assert "Shop</option>" not in client.get(path).content.decode()

        def links(who: Member) -> bool:
            return 'href="/people/departments/"' in client_of(who).get("/people/").content.decode()

        assert [links(who) for who in (firm.owner, firm.auditor, firm.head, firm.clerk)] == [True, True, True, False]

    def test_leave_a_head_without_department_nothing(self, firm: Firm) -> None:
        lost = join(firm.owner, role="head", name="lost")
        assert "No departments yet" in client_of(lost).get("/people/departments/").content.decode()
