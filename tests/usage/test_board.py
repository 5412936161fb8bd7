"""The allotment board: what it shows, what it would have done, saving at once, and taking it back."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import AuditEvent, Department, Member, Project
from models_catalog.models import ChatModel
from plans import quotas
from plans.models import Quota
from portal.kit import clock
from portal.kit.units import credits
from tests import kept
from tests.accounts.people import client_of, fresh, join
from tests.plans.ledger import books
from tests.usage.cast import ADDRESSES
from usage import board
from usage.board import Allotment

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def owner() -> Member:
    member = books.founded()
    books.grant(member, credits(1000), source="plan")
    return member


@pytest.fixture
def tree(owner: Member) -> dict[str, Department]:
    made: dict[str, Department] = {}
    for name, parent in (("Sales", None), ("North", "Sales"), ("Shop", None)):
        made[name] = Department.objects.create(
            account=owner.account, name=name, parent=made.get(parent or ""), created_at=clock.now()
        )
    return made


def used(owner: Member, day: date, amount: int, *departments: Department, project: Project | None = None) -> None:
    books.run(
        "INSERT INTO usage_dailytotal (account_id, day, member_id, departments, project_id, end_user, chat_model_id,"
        " calls, charged_microcredits, input_tokens, output_tokens) VALUES (%s, %s, %s, %s, %s, '', 1, 1, %s, 0, 0)"
        " ON CONFLICT DO NOTHING",
        owner.account_id,
        day,
        owner.pk,
        [each.pk for each in departments],
        project.pk if project else None,
        amount,
    )


def today() -> date:
    return clock.now().astimezone(SHANGHAI).date()


class TestBoard:
    def test_shows_the_tree_with_its_people_and_what_it_used(self, owner: Member, tree: dict[str, Department]) -> None:
        join(owner, role="adult", name="seller")
        Member.objects.filter(name="seller").update(department=tree["North"])
        shoes = Project.objects.create(account=owner.account, name="Shoes", created_at=clock.now())
        with books.owner():
            used(owner, today(), credits(7), tree["North"], tree["Sales"])
            used(owner, today(), credits(5), project=shoes)
        laid = board.of(owner.account, now=clock.now())
        shown = [(row.name, row.depth, row.people, row.used // 10**6) for row in laid.rows]
        assert shown == [("Sales", 0, 1, 7), ("North", 1, 1, 7), ("Shop", 0, 0, 0), ("Shoes", 0, 0, 5)]
        assert laid.pool == credits(1000)
        assert all(row.forecast >= row.used for row in laid.rows)

    def test_is_not_for_households(self) -> None:
        household = books.founded()
        household.account.kind = "household"
        with pytest.raises(board.NotForBusinesses):
            board.of(household.account, now=clock.now())

    def test_counts_a_slice_within_a_slice_once(self, owner: Member, tree: dict[str, Department]) -> None:
        wanted = {("department", tree[name].pk): Allotment(credits(100), is_slice=True) for name in tree}
        board.save(owner.account, wanted, by=owner, now=clock.now())
        assert board.of(owner.account, now=clock.now()).set_aside == credits(200)


class TestFilling:
    def test_splits_the_pool_equally(self, owner: Member, tree: dict[str, Department]) -> None:
        filled = board.equally(board.of(owner.account, now=clock.now()))
        assert {key[1]: each.microcredits for key, each in filled.items()} == {
            tree["Sales"].pk: credits(500),
            tree["Shop"].pk: credits(500),
        }

    def test_splits_it_by_headcount(self, owner: Member, tree: dict[str, Department]) -> None:
        for number, name in enumerate(("Sales", "North", "North", "Shop")):
            made = join(owner, role="adult", name=f"p{number}")
            Member.objects.filter(pk=made.pk).update(department=tree[name])
        filled = board.by_headcount(board.of(owner.account, now=clock.now()))
        assert [each.microcredits for each in filled.values()] == [credits(750), credits(250)]

    def test_gives_what_was_used_last_month(self, owner: Member, tree: dict[str, Department]) -> None:
        last = today().replace(day=1) - timedelta(days=1)
        with books.owner():
            used(owner, last, credits(42), tree["Shop"])
        filled = board.as_last_month(board.of(owner.account, now=clock.now()))
        assert filled == {("department", tree["Shop"].pk): Allotment(credits(42))}


class TestSave:
    def test_changes_what_differs_and_nothing_else(self, owner: Member, tree: dict[str, Department]) -> None:
        sales, shop = (("department", tree[name].pk) for name in ("Sales", "Shop"))
        wanted = {sales: Allotment(credits(100), is_slice=True), shop: Allotment(credits(50))}
        assert board.save(owner.account, wanted, by=owner, now=clock.now()) == 2
        assert board.save(owner.account, wanted, by=owner, now=clock.now()) == 0
        assert board.save(owner.account, wanted | {shop: Allotment(None)}, by=owner, now=clock.now()) == 1
        [quota] = Quota.objects.in_force()
        assert (quota.node_id, quota.limit, quota.is_slice) == (tree["Sales"].pk, credits(100), True)
        assert AuditEvent.objects.filter(verb="board.save").count() == 2

    def test_leaves_quotas_of_one_model_and_of_tokens_alone(self, owner: Member, tree: dict[str, Department]) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        key = ("department", tree["Sales"].pk)
        terms: dict[str, Any] = {"kind": "department", "node_id": tree["Sales"].pk, "window": "month"}
        books.quota(owner, 7, chat_model=ChatModel.objects.earliest("pk"), **terms)
        books.quota(owner, 8, metric="tokens", **terms)
        for allotment in (Allotment(credits(5)), Allotment(None)):
            assert board.save(owner.account, {key: allotment}, by=owner, now=clock.now()) == 1
        assert sorted(Quota.objects.in_force().values_list("limit", flat=True)) == [7, 8]

    def test_writes_down_each_save(self, owner: Member, tree: dict[str, Department]) -> None:
        key = ("department", tree["Sales"].pk)
        for whole in (1, 1, 2):
            board.save(owner.account, {key: Allotment(credits(whole))}, by=owner, now=clock.now())
        assert AuditEvent.objects.filter(verb="board.save").count() == 2

    def test_is_taken_back_once(self, owner: Member, tree: dict[str, Department]) -> None:
        key = ("department", tree["Sales"].pk)
        with pytest.raises(board.NothingToUndo):
            board.undo(owner.account, by=owner, now=clock.now())
        board.save(owner.account, {key: Allotment(credits(10))}, by=owner, now=clock.now())
        board.save(owner.account, {key: Allotment(credits(99), is_slice=True)}, by=owner, now=clock.now())
        board.undo(owner.account, by=owner, now=clock.now())
        assert Quota.objects.in_force().values_list("limit", "is_slice").get() == (credits(10), False)
        with pytest.raises(board.NothingToUndo):
            board.undo(owner.account, by=owner, now=clock.now())


class TestReplay:
    def test_names_the_first_day_that_would_have_passed_the_limit(
        self, owner: Member, tree: dict[str, Department]
    ) -> None:
        now = datetime(2026, 11, 26, 4, tzinfo=SHANGHAI)
        with books.owner():
            for day in (3, 10, 20, 24):
                used(owner, date(2026, 11, day), credits(10), tree["North"], tree["Sales"])
            used(owner, date(2026, 10, 30), credits(100), tree["Sales"])
        key = ("department", tree["Sales"].pk)
        found = {
            limit: board.would_have_stopped(owner.account, key, microcredits=credits(limit), now=now)
            for limit in (5, 35, 40, 100)
        }
        assert found == {5: date(2026, 10, 30), 35: date(2026, 10, 30), 40: date(2026, 10, 30), 100: None}
        north = ("department", tree["North"].pk)
        assert board.would_have_stopped(owner.account, north, microcredits=credits(35), now=now) == date(2026, 11, 24)


class TestThePage:
    def form(self, tree: dict[str, Department], **typed: str) -> dict[str, str]:
        return {
            f"{column}-department-{tree[name].pk}": value
            for each, value in typed.items()
            for column, name in [each.split("_")]
        }

    def test_previews_saves_and_takes_back(self, owner: Member, tree: dict[str, Department]) -> None:
        client = fresh(client_of(owner))
        typed = self.form(tree, aside_Sales="600", ceiling_North="20", aside_Shop="500")
        preview = client.post("/board/", typed).content.decode()
        assert "What it would mean" in preview
        assert "3 rows change." in preview
        assert "More is set aside than the plans grant" in preview
        assert not Quota.objects.exists()
        assert client.post("/board/saving/", typed)["Location"] == "/board/"
        assert Quota.objects.in_force().count() == 3
        client.post("/board/undo/")
        assert not Quota.objects.in_force().exists()

    def share(self, owner: Member, department: Department) -> Quota:
        """A third of the plan: 333.33 of 1,010.1 credits."""
        books.grant(owner, 10_100_000, source="plan")
        return self.put(owner, department, limit=333_333_000, unit="share", said=33)

    def put(self, owner: Member, department: Department, **terms: Any) -> Quota:
        return quotas.put(
            owner.account,
            node_kind="department",
            node_id=department.pk,
            terms=quotas.Terms(window="month", **terms),
            by=None,
            now=clock.now(),
        )

    def carried(self, client: Client) -> dict[str, str]:
        """The form as the page shows it."""
        page = client.get("/board/").context
        fields = {"before": page["before"]}
        for line in page["lines"]:
            for column in ("aside", "ceiling"):
                fields[f"{column}-{line['row'].kind}-{line['row'].id}"] = line[column]
        return fields

    def test_leaves_a_share_and_a_soft_ceiling_that_nobody_touched(
        self, owner: Member, tree: dict[str, Department]
    ) -> None:
        share = self.share(owner, tree["Sales"])
        soft = self.put(owner, tree["North"], limit=credits(50) + 1, grace_percent=20)
        client = fresh(client_of(owner))
        form = self.carried(client) | self.form(tree, ceiling_Shop="5")
        assert "1 row changes." in client.post("/board/", form).content.decode()
        books.grant(owner, credits(1000), source="plan")  # meanwhile
        quotas.follow_plan(owner.account_id)
        preview = client.post("/board/", form)
        assert preview.context["changes"] == 1
        client.post("/board/saving/", form)
        kept = {each.pk: (each.unit, each.said, each.grace_percent) for each in Quota.objects.in_force()}
        assert (kept[share.pk], kept[soft.pk]) == (("share", 33, 0), ("credits", None, 20))
        assert Quota.objects.get(pk=share.pk).limit == 663_333_000
        assert Quota.objects.get(pk=soft.pk).limit == credits(50) + 1
        assert len(kept) == 3

    def test_keeps_a_changed_ceiling_soft_and_takes_all_of_it_back(
        self, owner: Member, tree: dict[str, Department]
    ) -> None:
        self.share(owner, tree["Sales"])
        self.put(owner, tree["North"], limit=credits(50), grace_percent=20)
        client = fresh(client_of(owner))
        form = self.carried(client) | self.form(tree, ceiling_Sales="7", ceiling_North="60")
        client.post("/board/saving/", form)
        terms = Quota.objects.in_force().order_by("pk").values_list("limit", "unit", "said", "grace_percent")
        assert list(terms.all()) == [(credits(7), "credits", None, 0), (credits(60), "credits", None, 20)]
        client.post("/board/undo/")
        assert list(terms.all()) == [(333_333_000, "share", 33, 0), (credits(50), "credits", None, 20)]

    @pytest.mark.parametrize("before", ["x", "{}", "[1]", '[["department"]]', '[["department", "x", "", ""]]'])
    def test_saves_a_form_that_carries_nonsense(self, owner: Member, tree: dict[str, Department], before: str) -> None:
        form = self.form(tree, ceiling_Sales="7") | {"before": before}
        fresh(client_of(owner)).post("/board/saving/", form)
        assert Quota.objects.in_force().get().limit == credits(7)

    @pytest.mark.parametrize(
        "typed", [{"aside_Sales": "x"}, {"aside_Sales": "-1"}, {"aside_Sales": "1", "ceiling_Sales": "1"}]
    )
    def test_says_what_is_wrong_and_saves_nothing(
        self, owner: Member, tree: dict[str, Department], typed: dict[str, str]
    ) -> None:
        form = self.form(tree, **typed)
        answer = fresh(client_of(owner)).post("/board/saving/", form)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert 'role="alert"' in page
        assert all(f'name="{name}" value="{value}"' in page for name, value in form.items())
        assert not Quota.objects.exists()

    def test_replays_beside_what_is_typed(self, owner: Member, tree: dict[str, Department]) -> None:
        with books.owner():
            used(owner, today(), credits(10), tree["Sales"])
        path = f"/board/department/{tree['Sales'].pk}/replay/"
        said = client_of(owner).post(path, self.form(tree, ceiling_Sales="9")).content.decode()
        assert "would have stopped Sales on" in said
        said = client_of(owner).post(path, self.form(tree, ceiling_Sales="11")).content.decode()
        assert "would have stopped nobody" in said

    @pytest.mark.parametrize(("role", "status"), [("bill_payer", 200), ("auditor", 200), ("adult", 404), ("head", 404)])
    def test_is_read_by_who_sees_all_and_changed_by_owners(
        self, owner: Member, tree: dict[str, Department], role: str, status: int
    ) -> None:
        client = fresh(client_of(join(owner, role=role, name=role)))
        assert client.get("/board/").status_code == status
        assert client.post("/board/saving/", self.form(tree, aside_Sales="1")).status_code in {403, 404}
        assert not Quota.objects.exists()

    def test_is_empty_before_there_are_departments(self, owner: Member) -> None:
        assert "No departments yet" in client_of(owner).get("/board/").content.decode()

    def test_sends_visitors_to_sign_in(self, client: Client) -> None:
        assert client.get("/board/").status_code == 302
