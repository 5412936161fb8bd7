"""Asking for more, giving it, and lending: for a while, by whoever may, and never more than there is."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent, Department, Member, Notification
from plans import extras, ledger, loans
from plans.models import Extra, Loan, Quota
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Member:
    member = books.founded()
    books.grant(member, 10**6)
    return member


@pytest.fixture
def sales(owner: Member) -> Department:
    return Department.objects.create(account=owner.account, name="Sales", created_at=clock.now())


def join(owner: Member, role: str, department: Department | None = None) -> Member:
    user = books.founded().user
    return Member.objects.create(
        account=owner.account, user=user, role=role, name=role, department=department, joined_at=clock.now()
    )


def ask(member: Member, quota: Quota, amount: int | None = 50) -> Extra:
    return extras.ask(member, about="quota", quota=quota, amount=amount, now=clock.now())


def uses(member: Member, amount: int) -> str:
    departments = (member.department_id,) if member.department_id else ()
    return books.reserve(books.ask(member, amount, departments=departments))[0][0]


class TestAsk:
    def test_tells_whoever_decides(self, owner: Member, sales: Department) -> None:
        head, adult = join(owner, "head", sales), join(owner, "adult", sales)
        quota = books.quota(adult, 100, kind="member", node_id=adult.pk)
        ask(adult, quota)
        assert list(Notification.objects.values_list("member_id", "kind")) == [(head.pk, "extra_asked")]

    def test_goes_to_the_owner_where_a_head_asks(self, owner: Member, sales: Department) -> None:
        head = join(owner, "head", sales)
        ask(head, books.quota(head, 100, kind="department", node_id=sales.pk))
        assert Notification.objects.get().member_id == owner.pk

    def test_is_done_once_at_a_time(self, owner: Member) -> None:
        adult = join(owner, "adult")
        quota = books.quota(adult, 100, kind="member", node_id=adult.pk)
        first = ask(adult, quota)
        with pytest.raises(extras.AlreadyAsked):
            ask(adult, quota)
        extras.withdraw(first, now=clock.now())
        ask(adult, quota)

    def test_lapses_by_itself(self, owner: Member) -> None:
        adult = join(owner, "adult")
        asked = ask(adult, books.quota(adult, 100, kind="member", node_id=adult.pk, window="lifetime"))
        now = books.move_clock(timedelta(hours=25))
        with pytest.raises(extras.ExtraEnded):
            extras.approve(asked, amount=50, by=owner, now=now)
        ask(adult, Quota.objects.get())

    @pytest.mark.parametrize("whose", ["stranger", "colleague", "ended"])
    def test_is_about_ones_own_quotas(self, owner: Member, whose: str) -> None:
        adult, other = join(owner, "adult"), join(owner, "adult")
        if whose == "stranger":
            quota = books.quota(books.founded(), 100)
        elif whose == "colleague":
            quota = books.quota(other, 100, kind="member", node_id=other.pk)
        else:
            quota = books.quota(adult, 100, kind="member", node_id=adult.pk, ended_at=clock.now())
        with pytest.raises(extras.NothingToAsk):
            ask(adult, quota)

    @pytest.mark.parametrize(
        ("window", "metric"), [("minute", "calls"), ("session", "microcredits"), ("lifetime", "at_once")]
    )
    def test_is_not_about_what_comes_back_by_itself(self, owner: Member, window: str, metric: str) -> None:
        adult = join(owner, "adult")
        quota = books.quota(adult, 100, kind="member", node_id=adult.pk, window=window, metric=metric)
        with pytest.raises(extras.NothingToAsk):
            ask(adult, quota)
        assert not extras.path_for(ledger.QuotaExceeded(quota_id=quota.pk, window="session"))

    @pytest.mark.parametrize("about", ["minutes", "quiet_hours"])
    def test_of_minutes_is_for_children(self, owner: Member, about: str) -> None:
        with pytest.raises(extras.NothingToAsk):
            extras.ask(join(owner, "adult"), about=about, now=clock.now())


class TestApprove:
    def test_gives_a_part_for_this_window_only(self, owner: Member) -> None:
        adult = join(owner, "adult")
        quota = books.quota(adult, 100, kind="member", node_id=adult.pk, window="day")
        assert [uses(adult, 100), uses(adult, 30)] == ["ok", "quota"]
        extras.approve(ask(adult, quota), amount=30, by=owner, now=clock.now())
        assert [uses(adult, 30), uses(adult, 1)] == ["ok", "quota"]
        books.move_clock(timedelta(days=1))
        assert [uses(adult, 100), uses(adult, 1)] == ["ok", "quota"]
        assert books.kinds() == set()
        assert AuditEvent.objects.filter(verb="extra.approve").count() == 1

    @pytest.mark.parametrize("by", ["asker", "colleague", "stranger", "head of another"])
    def test_is_not_for_everybody(self, owner: Member, sales: Department, by: str) -> None:
        adult = join(owner, "adult", sales)
        shop = Department.objects.create(account=owner.account, name="Shop", created_at=clock.now())
        others = {"asker": adult, "colleague": join(owner, "adult", sales), "stranger": books.founded()}
        asked = ask(adult, books.quota(adult, 100, kind="member", node_id=adult.pk))
        with pytest.raises(extras.MayNotAnswer):
            extras.approve(asked, amount=1, by=others.get(by) or join(owner, "head", shop), now=clock.now())

    def test_happens_once(self, owner: Member) -> None:
        adult = join(owner, "adult")
        quota = books.quota(adult, 100, kind="member", node_id=adult.pk)
        asked = ask(adult, quota)
        extras.approve(asked, amount=10, by=owner, now=clock.now())
        for again in (extras.approve, extras.decline):
            with pytest.raises(extras.ExtraEnded):
                again(asked, by=owner, now=clock.now(), **({"amount": 10} if again is extras.approve else {}))
        assert books.window_of(quota).extra == 10

    @pytest.mark.parametrize("amount", [0, -5, 10**17])
    def test_wants_an_amount_that_can_be(self, owner: Member, amount: int) -> None:
        adult = join(owner, "adult")
        asked = ask(adult, books.quota(adult, 100, kind="member", node_id=adult.pk))
        with pytest.raises(extras.BadAmount):
            extras.approve(asked, amount=amount, by=owner, now=clock.now())


class TestLend:
    def quotas(self, owner: Member, sales: Department, *, window: str = "month") -> tuple[Quota, Quota]:
        shop = Department.objects.create(account=owner.account, name="Shop", created_at=clock.now())
        lender = books.quota(owner, 100, kind="department", node_id=sales.pk, window="month")
        borrower = books.quota(owner, 40, kind="department", node_id=shop.pk, window=window)
        return lender, borrower

    def lend(self, lender: Quota, borrower: Quota, amount: int, by: Member) -> Loan:
        return loans.lend(lender, borrower, microcredits=Microcredits(amount), reason="rush", by=by, now=clock.now())

    def test_moves_what_is_unused_until_the_windows_end(self, owner: Member, sales: Department) -> None:
        lender, borrower = self.quotas(owner, sales)
        head = join(owner, "head", sales)
        loan = self.lend(lender, borrower, 60, head)
        assert (books.window_of(lender).extra, books.window_of(borrower).extra) == (-60, 60)
        assert uses(head, 41) == "quota"
        assert uses(head, 40) == "ok"
        books.move_clock(loan.ends_at - clock.now())
        assert uses(head, 100) == "ok"
        assert books.kinds() == set()

    def test_gives_back_what_is_unused(self, owner: Member, sales: Department) -> None:
        lender, borrower = self.quotas(owner, sales)
        seller = join(owner, "adult", Department.objects.get(name="Shop"))
        loan = self.lend(lender, borrower, 60, owner)
        assert uses(seller, 70) == "ok"
        with pytest.raises(extras.MayNotAnswer):
            loans.give_back(loan, by=join(owner, "auditor"), now=clock.now())
        assert loans.give_back(loan, by=owner, now=clock.now()) == 30
        assert (books.window_of(lender).extra, books.window_of(borrower).extra) == (-30, 30)
        with pytest.raises(extras.ExtraEnded):
            loans.give_back(loan, by=owner, now=clock.now())

    def test_lends_no_more_than_there_is(self, owner: Member, sales: Department) -> None:
        lender, borrower = self.quotas(owner, sales)
        uses(join(owner, "adult", sales), 70)
        with pytest.raises(loans.CannotLend):
            self.lend(lender, borrower, 31, owner)
        assert self.lend(lender, borrower, 30, owner).microcredits == 30

    def test_wants_quotas_that_fit(self, owner: Member, sales: Department) -> None:
        lender, borrower = self.quotas(owner, sales, window="day")
        with pytest.raises(loans.CannotLend):
            self.lend(lender, borrower, 10, owner)
        with pytest.raises(loans.CannotLend):
            self.lend(lender, lender, 10, owner)

    def test_moves_credits_of_all_models_alone(self, owner: Member, sales: Department) -> None:
        self.quotas(owner, sales)
        Quota.objects.update(metric="tokens")
        with pytest.raises(loans.CannotLend):
            self.lend(Quota.objects.earliest("pk"), Quota.objects.latest("pk"), 10, owner)

    def test_is_for_the_lenders_head_and_the_owner(self, owner: Member, sales: Department) -> None:
        lender, borrower = self.quotas(owner, sales)
        with pytest.raises(extras.MayNotAnswer):
            self.lend(lender, borrower, 10, join(owner, "bill_payer"))


class TestGiveExtra:
    def test_takes_no_more_than_is_free(self, owner: Member) -> None:
        quota = books.quota(owner, 100)
        uses(owner, 60)
        assert ledger.give_extra(quota.pk, amount=-41) is None
        assert ledger.give_extra(quota.pk, amount=-40) is not None
        assert uses(owner, 1) == "quota"

    def test_opens_the_window_that_no_call_has(self, owner: Member) -> None:
        quota = books.quota(owner, 100)
        given = ledger.give_extra(quota.pk, amount=5)
        assert given is not None
        assert (books.window_of(quota).pk, books.window_of(quota).extra) == (given.window_id, 5)

    def test_of_an_ended_quota_is_nothing(self, owner: Member) -> None:
        assert ledger.give_extra(books.quota(owner, 100, ended_at=clock.now()).pk, amount=5) is None
