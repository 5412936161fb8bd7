"""Slices: credits that are set aside for some, and kept from all others until they are used."""

from datetime import datetime

import pytest

from accounts.models import Department, Member
from plans import ledger
from plans.models import Quota
from portal.kit import clock
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


def department(member: Member, name: str) -> Department:
    return Department.objects.create(account_id=member.account_id, name=name, created_at=clock.now())


def kept(member: Member) -> int:
    """This will return what is set aside for others than somebody outside of every slice."""
    with books.owner():
        return int(books.fetch("SELECT kept FROM ledger_set_aside(%s, '{}', '{}', app_now())", member.account_id)[0][0])


class TestSlice:
    def test_keeps_what_its_calls_neither_used_nor_hold(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        sales = department(member, "Sales")
        quota = books.quota(member, 400, kind="department", node_id=sales.pk, window="month", is_slice=True)
        used, held = (books.ask(member, amount, departments=(sales.pk,)) for amount in (70, 30))
        books.reserve(used, held)
        books.close(used, 70)
        assert kept(member) == 300
        Quota.objects.filter(pk=quota.pk).update(limit=10)
        books.quota(member, 5, kind="department", node_id=department(member, "Shop").pk, window="day", is_slice=True)
        assert kept(member) == 5

    @pytest.mark.parametrize("extra", [150, -150])
    def test_keeps_what_it_has_on_top_and_not_what_it_lent(self, extra: int) -> None:
        member = books.founded()
        books.grant(member, 1000)
        sales = department(member, "Sales")
        quota = books.quota(member, 400, kind="department", node_id=sales.pk, window="month", is_slice=True)
        assert ledger.give_extra(quota.pk, amount=extra)
        assert kept(member) == 400 + extra

    def test_is_no_ceiling_and_none_that_has_ended(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        terms = {"kind": "department", "window": "month"}
        books.quota(member, 400, node_id=department(member, "Sales").pk, is_slice=True, **terms)
        books.quota(member, 500, node_id=department(member, "Shop").pk, **terms)
        ended = books.quota(member, 600, node_id=department(member, "Stock").pk, is_slice=True, **terms)
        Quota.objects.filter(pk=ended.pk).update(ended_at=clock.now())
        assert kept(member) == 400
        outcome, details = books.reserve(books.ask(member, 601))[0]
        assert (outcome, details["set_aside"], details["limit"]) == ("set_aside", 400, 400)
        assert books.reserve(books.ask(member, 600))[0][0] == "ok"

    def test_of_a_department_is_not_inside_of_a_member_with_its_number(self) -> None:
        member = books.founded()
        books.grant(member, 600)
        top = Department.objects.create(pk=member.pk, account_id=member.account_id, name="Top", created_at=clock.now())
        leaf = department(member, "Leaf")
        Department.objects.filter(pk=leaf.pk).update(parent=top)
        books.quota(member, 500, kind="member", node_id=member.pk, window="month", is_slice=True)
        books.quota(member, 300, kind="department", node_id=leaf.pk, window="month", is_slice=True)
        assert books.reserve(books.ask(member, 400))[0][0] == "ok"

    def test_that_is_told_is_not_the_callers_own(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        sales, shop, team = (department(member, name) for name in ("Sales", "Shop", "Team"))
        Department.objects.filter(pk=team.pk).update(parent=sales)
        for each, limit in ((sales, 550), (shop, 500), (team, 400)):
            books.quota(member, limit, kind="department", node_id=each.pk, window="month", is_slice=True)
        outcome, details = books.reserve(books.ask(member, 300, departments=(sales.pk,)))[0]
        assert (outcome, details["node_id"]) == ("set_aside", shop.pk)

    def test_that_keeps_most_is_the_one_that_is_told(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        sales, shop = department(member, "Sales"), department(member, "Shop")
        books.quota(member, 500, kind="department", node_id=sales.pk, window="month", is_slice=True)
        books.quota(member, 400, kind="department", node_id=shop.pk, window="month", is_slice=True)
        used = books.ask(member, 200, departments=(sales.pk,))
        books.reserve(used)
        assert books.reserve(books.ask(member, 300))[0][1]["node_id"] == shop.pk
        books.close(used, 0)
        assert books.reserve(books.ask(member, 300))[0][1]["node_id"] == sales.pk
        assert books.reserve(books.ask(member, 700, departments=(sales.pk,)))[0][0] == "quota"

    def test_is_kept_for_those_whom_it_is_for(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        sales = Department.objects.create(account_id=member.account_id, name="Sales", created_at=clock.now())
        books.quota(member, 400, kind="department", node_id=sales.pk, window="month", is_slice=True)
        outcome, details = books.reserve(books.ask(member, 700))[0]
        assert outcome == "set_aside"
        assert (details["available"], details["needed"], details["set_aside"]) == (1000, 700, 400)
        assert (details["node_kind"], details["node_id"], details["window"]) == ("department", sales.pk, "month")
        assert (details["used"], details["limit"]) == (0, 400)
        assert datetime.fromisoformat(details["resets_at"]) > clock.now()
        assert books.reserve(books.ask(member, 600))[0][0] == "ok"
        assert books.reserve(books.ask(member, 1))[0][0] == "set_aside"
        inside = {"departments": (sales.pk,)}
        assert books.reserve(books.ask(member, 401, **inside))[0][0] == "quota"
        assert books.reserve(books.ask(member, 400, **inside))[0][0] == "ok"
        assert books.reserve(books.ask(member, 1))[0][0] == "no_credits"

    def test_that_is_used_up_is_kept_no_more(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        books.quota(member, 400, kind="member", node_id=member.pk, window="month", is_slice=True)
        asked = books.ask(member, 400)
        books.reserve(asked)
        books.close(asked, 400)
        assert books.reserve(books.ask(member, 1))[0][0] == "quota"
        assert kept(member) == 0

    def test_inside_of_another_counts_once(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        terms = {"account_id": member.account_id, "created_at": clock.now()}
        top = Department.objects.create(name="Top", **terms)
        leaf = Department.objects.create(name="Leaf", parent=top, **terms)
        for department, limit in ((top, 500), (leaf, 300)):
            books.quota(member, limit, kind="department", node_id=department.pk, window="month", is_slice=True)
        assert books.reserve(books.ask(member, 501))[0][0] == "set_aside"
        assert books.reserve(books.ask(member, 500))[0][0] == "ok"
        assert books.reserve(books.ask(member, 201, departments=(top.pk,)))[0][0] == "set_aside"
        assert books.reserve(books.ask(member, 200, departments=(top.pk,)))[0][0] == "ok"
        assert books.reserve(books.ask(member, 300, departments=(leaf.pk, top.pk)))[0][0] == "ok"

    def test_of_more_than_there_is_gives_what_there_is(self) -> None:
        member = books.founded()
        books.grant(member, 100)
        terms = {"account_id": member.account_id, "created_at": clock.now()}
        one, two = (Department.objects.create(name=name, **terms) for name in ("One", "Two"))
        for department in (one, two):
            books.quota(member, 100, kind="department", node_id=department.pk, window="month", is_slice=True)
        assert books.reserve(books.ask(member, 80, departments=(one.pk,)))[0][0] == "ok"
        assert books.reserve(books.ask(member, 30, departments=(two.pk,)))[0][0] == "no_credits"
        assert books.reserve(books.ask(member, 20, departments=(two.pk,)))[0][0] == "ok"
