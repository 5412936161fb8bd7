"""On the chosen days unused slices flow back, once, and an owner can give them back while the month lasts."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.members import OwnersOnly
from accounts.models import Account, AuditEvent, Member, Notification
from plans import loans, reclaims, slices, tasks
from plans.models import Quota, Reclaim, ReclaimRule
from portal.kit import clock
from portal.kit.units import credits
from tests.accounts.people import join
from tests.budget import query_budget
from tests.plans.ledger import books
from tests.plans.reclaims.months import (
    asks,
    begin_month,
    choose,
    days_in_month_of,
    departments_of,
    extra_of,
    move_to,
    part_of,
    sliced,
    used,
)

pytestmark = pytest.mark.django_db


class TestRun:
    def test_lets_flow_back_what_was_not_used(self, owner: Member, sales: Quota) -> None:
        kitchen = sliced(owner, "Kitchen", 6000)
        choose(owner, 10, 20)
        used(owner, kitchen, 900)
        assert asks(owner, 2000) == "set_aside"
        move_to(10)
        assert tasks.reclaim() == 1
        month = days_in_month_of(sales)
        assert {each.window.quota_id: each.microcredits for each in Reclaim.objects.all()} == {
            sales.pk: part_of(3000, 9, month),
            kitchen.pk: part_of(6000, 9, month) - credits(900),
        }
        assert asks(owner, 1000 + (part_of(3000, 9, month) + part_of(6000, 9, month)) // credits(1) - 900) == "ok"
        assert asks(owner, 1) == "set_aside"
        assert books.kinds() == set()

    def test_does_it_once_a_day_and_again_on_the_next(self, owner: Member, sales: Quota) -> None:
        choose(owner, 10, 20)
        assert reclaims.run() == 0
        move_to(9)
        assert reclaims.run() == 0
        move_to(10)
        assert [reclaims.run(), reclaims.run()] == [1, 0]
        books.move_clock(timedelta(hours=23))
        assert reclaims.run() == 0
        first = extra_of(sales)
        assert first < 0
        move_to(20)
        assert [reclaims.run(), reclaims.run()] == [1, 0]
        assert extra_of(sales) == -(part_of(3000, 19, days_in_month_of(sales)) // credits(1))
        assert Reclaim.objects.count() == 2
        assert books.kinds() == set()

    def test_catches_up_with_the_last_day_alone(self, owner: Member, sales: Quota) -> None:
        choose(owner, 5, 10, 20)
        move_to(13)
        assert [reclaims.run(), reclaims.run()] == [1, 0]
        reclaim = Reclaim.objects.get()
        assert (reclaim.due_date.day, reclaim.microcredits) == (10, part_of(3000, 9, days_in_month_of(sales)))

    def test_begins_anew_with_the_month(self, owner: Member, sales: Quota) -> None:
        choose(owner, 10)
        move_to(10)
        reclaims.run()
        begin_month()
        assert reclaims.run() == 0
        assert asks(owner, 3000, of=sales) == "ok"
        move_to(10)
        assert reclaims.run() == 1
        assert Reclaim.objects.count() == 1
        assert books.kinds() == set()

    def test_leaves_what_calls_hold(self, owner: Member, sales: Quota) -> None:
        choose(owner, 28, floor_percent=0)
        call = books.ask(owner, credits(2900), departments=departments_of(sales))
        assert books.reserve(call)[0][0] == "ok"
        move_to(28)
        reclaims.run()
        assert extra_of(sales) == 0
        books.close(call, credits(2900))
        assert books.kinds() == set()

    def test_leaves_what_is_no_slice_and_what_was_borrowed(self, owner: Member, sales: Quota) -> None:
        ceiling = sliced(owner, "Shop", 3000, is_slice=False)
        borrower = sliced(owner, "Web", 0)
        loans.lend(sales, borrower, microcredits=credits(1000), reason="", by=owner, now=clock.now())
        choose(owner, 10)
        move_to(10)
        reclaims.run()
        assert Reclaim.objects.get().window.quota == sales
        assert extra_of(sales) == -1000 - part_of(2000, 9, days_in_month_of(sales)) // credits(1)
        assert extra_of(borrower) == 1000
        assert not Reclaim.objects.filter(window__quota=ceiling).exists()
        assert books.kinds() == set()

    def test_counts_what_stands_inside_of_a_slice_once(self, owner: Member, sales: Quota) -> None:
        inner = sliced(owner, "Web", 1000, inside=sales.node_id)
        choose(owner, 10)
        move_to(10)
        reclaims.run()
        month = days_in_month_of(sales)
        assert extra_of(inner) == -(part_of(1000, 9, month) // credits(1))
        assert asks(owner, 7000 + part_of(3000, 9, month) // credits(1)) == "ok"
        assert asks(owner, 1) == "set_aside"
        told = Notification.objects.get(kind="reclaimed")
        assert told.details["credits"] == f"{part_of(3000, 9, month) // credits(1):,}"

    def test_tells_heads_how_to_ask_for_more_and_owners_how_to_undo(self, owner: Member, sales: Quota) -> None:
        head = join(owner, role="head", name="head")
        Member.objects.filter(pk=head.pk).update(department=sales.node_id)
        choose(owner, 10)
        move_to(10)
        reclaims.run()
        to_head, to_owner = (Notification.objects.get(member=each) for each in (head, owner))
        assert to_head.path == f"/extras/?about=quota&quota={sales.pk}"
        assert "Sales did not use" in str(to_head)
        assert (to_owner.kind, to_owner.path) == ("reclaimed", "/reclaims/")
        event = AuditEvent.objects.get(verb="reclaim.run")
        assert event.details["reclaimed"] == [["department", sales.node_id, Reclaim.objects.get().microcredits]]

    def test_asks_the_database_as_much_for_many_slices_as_for_one(self, owner: Member, sales: Quota) -> None:
        choose(owner, 10, 20)
        heads = [join(owner, role="head", name=f"head{number}") for number in range(5)]
        for head in heads:
            room = sliced(owner, f"Room {head.pk}", 600).node_id
            Member.objects.filter(pk=head.pk).update(department=room)
        move_to(10)
        with query_budget(22):
            reclaims.run()
        assert Reclaim.objects.count() == 6
        with query_budget(12):
            reclaims.give_back(Reclaim.objects.all(), by=owner, now=clock.now())
        assert Notification.objects.filter(kind="slice_reclaimed").count() == 10
        assert books.kinds() == set()

    def test_is_off_unless_it_was_chosen(self, owner: Member, sales: Quota) -> None:
        choose(owner, 10)
        choose(owner)
        move_to(28)
        assert reclaims.run() == 0
        assert not sales.windows.exists()

    def test_knows_the_accounts_own_midnight(self, owner: Member) -> None:
        far = books.founded(time_zone="Pacific/Auckland")
        books.grant(far, credits(1000))
        sliced(far, "Farm", 1000)
        move_to(8)
        choose(far, 10)
        move_to(9)
        assert reclaims.run() == 0
        books.move_clock(timedelta(hours=20, minutes=30))  # in Auckland this is the next day, at any time of the year
        assert reclaims.run() == 1

    def test_goes_on_where_one_account_cannot(
        self, owner: Member, sales: Quota, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        later = books.founded()
        books.grant(later, credits(1000))
        farm = sliced(later, "Farm", 1000)
        for each in (owner, later):
            choose(each, 10)
        move_to(10)
        unused = slices.unused

        def fails_at_the_first(account: Account, **terms: Any) -> list[slices.Unused]:
            assert account.pk != owner.account_id
            return unused(account, **terms)

        monkeypatch.setattr(slices, "unused", fails_at_the_first)
        assert reclaims.run() == 1
        assert [each.window.quota for each in Reclaim.objects.all()] == [farm]
        assert f"account {owner.account_id}" in caplog.text
        monkeypatch.undo()
        assert reclaims.run() == 1
        assert extra_of(sales) < 0

    def test_stays_within_the_database_s_own_bounds(self, owner: Member, sales: Quota) -> None:
        choose(owner, 10)
        move_to(10)
        reclaims.run()
        made = Reclaim.objects.get()
        for changes in ({"microcredits": 0}, {"returned_by": owner}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Reclaim.objects.filter(pk=made.pk).update(**changes)
        for wrong in ({"days": [1]}, {"days": [29]}, {"floor_percent": 101}):
            with pytest.raises(IntegrityError), transaction.atomic():
                ReclaimRule.objects.update(**wrong)
        made.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            made.save()


class TestSetRule:
    @pytest.mark.parametrize("wrong", [{"days": [1]}, {"days": [29]}, {"floor_percent": -1}, {"floor_percent": 101}])
    def test_refuses_what_cannot_be(self, owner: Member, wrong: dict[str, Any]) -> None:
        terms: dict[str, Any] = {"days": [10], "floor_percent": 20} | wrong
        with pytest.raises(reclaims.BadReclaim):
            reclaims.set_rule(owner.account, by=owner, now=clock.now(), **terms)

    def test_is_for_owners(self, owner: Member) -> None:
        with pytest.raises(OwnersOnly):
            choose(join(owner, role="bill_payer", name="payer"), 10)

    def test_holds_from_tomorrow_on(self, owner: Member, sales: Quota) -> None:
        move_to(12)
        choose(owner, 10, 12, 14)
        assert reclaims.run() == 0
        move_to(14)
        assert reclaims.run() == 1
        choose(owner, 12, 14)
        assert reclaims.run() == 0
        assert AuditEvent.objects.filter(verb="reclaim.rule").count() == 2


class TestOutlook:
    def ahead(self, owner: Member, *days: int) -> reclaims.Outlook | None:
        account = Account.objects.get(pk=owner.account_id)
        return reclaims.outlook(account, days=days, floor_percent=20, now=clock.now())

    def test_tells_what_the_run_then_does(self, owner: Member, sales: Quota) -> None:
        sliced(owner, "Web", 1000, inside=sales.node_id)
        choose(owner, 10, 20)
        used(owner, sales, 100)
        move_to(7)
        ahead = self.ahead(owner, 10, 20)
        assert ahead is not None
        assert ahead.due.day == 10
        move_to(10)
        reclaims.run()
        flowed = {(each.window.quota_id, each.microcredits) for each in Reclaim.objects.all()}
        assert {(each.quota.pk, each.microcredits) for each in ahead.unused or ()} == flowed
        assert ahead.total == Reclaim.objects.get(window__quota=sales).microcredits

    def test_goes_on_with_the_next_day_and_the_next_month(self, owner: Member, sales: Quota) -> None:
        assert self.ahead(owner) is None
        today = move_to(20)
        ahead = self.ahead(owner, 10, 20)
        assert ahead is not None
        assert (ahead.due.day, ahead.due.month, ahead.unused) == (10, today.month % 12 + 1, None)
        assert ahead.total == 0
