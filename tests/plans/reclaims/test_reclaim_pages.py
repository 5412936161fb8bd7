"""The page of what flows back: who sees it, the rule, the look ahead, giving back, and where else it is told."""

import html as escapes

import pytest
from django.test import Client

from accounts.models import Member
from plans import quotas, reclaims
from plans.models import Quota, Reclaim, ReclaimRule
from portal.kit import clock
from portal.kit.units import credits
from tests.accounts.people import client_of, fresh, join
from tests.budget import query_budget
from tests.plans.ledger import books
from tests.plans.reclaims.months import begin_month, choose, extra_of, move_to, sliced, used

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Member:
    begin_month()
    member = books.founded()
    books.grant(member, credits(10_000), source="plan")
    return member


@pytest.fixture
def browser(owner: Member, sales: Quota) -> Client:
    return fresh(client_of(owner))


def shown(client: Client, path: str = "/reclaims/", headers: dict[str, str] | None = None) -> str:
    return escapes.unescape(client.get(path, headers=headers).content.decode())


class TestTheRule:
    def test_is_off_at_first(self, browser: Client) -> None:
        assert "Nothing flows back: slices are kept for the whole month." in shown(browser)

    def test_is_looked_at_ahead_and_saved(self, browser: Client, owner: Member) -> None:
        typed = {"days": "20， 10", "floor_percent": "30"}
        looked = browser.post("/reclaims/", typed)
        assert "credits would flow back" in looked.content.decode()
        assert "Nothing is saved yet." in looked.content.decode()
        assert not ReclaimRule.objects.exists()
        assert browser.post("/reclaims/saving/", typed).status_code == 302
        rule = ReclaimRule.objects.get()
        assert (rule.account_id, rule.days, rule.floor_percent) == (owner.account_id, [10, 20], 30)
        assert "unused slices flow back: 10, 20. 30 %" in shown(browser)
        assert browser.post("/reclaims/saving/", {"days": "", "floor_percent": "30"}).status_code == 302
        assert "Nothing flows back" in shown(browser)

    @pytest.mark.parametrize("days", ["1", "29", "x", "10, -3", "٣", "100000000000000000000"])
    def test_says_what_is_wrong(self, browser: Client, days: str) -> None:
        for path in ("/reclaims/", "/reclaims/saving/"):
            answer = browser.post(path, {"days": days, "floor_percent": "20"})
            assert answer.status_code == 422
            assert 'id="id_days_error"' in answer.content.decode()
        assert not ReclaimRule.objects.exists()

    @pytest.mark.parametrize(
        ("role", "seen", "saved"), [("auditor", 200, 403), ("adult", 404, 404), ("head", 404, 404)]
    )
    def test_is_for_owners(self, owner: Member, sales: Quota, role: str, seen: int, saved: int) -> None:
        client = fresh(client_of(join(owner, role=role, name=role)))
        assert client.get("/reclaims/").status_code == seen
        typed = {"days": "10", "floor_percent": "20"}
        assert client.post("/reclaims/saving/", typed).status_code == saved
        assert not ReclaimRule.objects.exists()

    def test_is_looked_at_with_enter_and_saved_by_its_own_button(self, browser: Client) -> None:
        page = shown(browser)
        assert page.index("Preview</button>") < page.index("Save the rule</button>")

    def test_is_saved_only_by_who_has_just_proved_who_they_are(self, owner: Member, sales: Quota) -> None:
        client = client_of(owner)
        answer = client.post("/reclaims/saving/", {"days": "10", "floor_percent": "20"})
        assert answer.status_code == 302
        assert answer["Location"] != "/reclaims/"
        assert not ReclaimRule.objects.exists()

    def test_says_that_nothing_flows_back_without_a_day(self, browser: Client, owner: Member) -> None:
        choose(owner, 10)
        page = browser.post("/reclaims/", {"days": "", "floor_percent": "20"}).content.decode()
        assert "Nothing is saved yet." in page
        assert "Without a day nothing flows back." in page
        move_to(20)
        early = browser.post("/reclaims/", {"days": "10", "floor_percent": "20"}).content.decode()
        assert "Nothing is saved yet." in early

    def test_tells_when_it_is_too_early(self, browser: Client, owner: Member) -> None:
        choose(owner, 10)
        move_to(20)
        assert "how much it will be is told in that month" in shown(browser)

    def test_tells_when_it_would_be_nothing(self, browser: Client, owner: Member, sales: Quota) -> None:
        choose(owner, 10)
        used(owner, sales, 2000)
        assert "nothing would flow back." in shown(browser)


class TestGivingBack:
    @pytest.fixture(autouse=True)
    def _flowed(self, owner: Member, sales: Quota) -> None:
        sliced(owner, "Shop", 600)
        choose(owner, 10, 20)
        move_to(10)
        reclaims.run()

    def test_is_one_tap(self, browser: Client, sales: Quota) -> None:
        page = shown(browser)
        assert "Give all of it back" in page
        assert browser.post(f"/reclaims/{Reclaim.objects.get(window__quota=sales).pk}/return/").status_code == 302
        assert extra_of(sales) == 0
        page = shown(browser)
        assert "given back by" in page
        assert "Give all of it back" not in page
        for _tap in range(2):
            assert browser.post("/reclaims/return/").status_code == 302
            assert not Reclaim.objects.filter(returned_at=None).exists()
        assert books.kinds() == set()

    def test_waits_for_proof(self, owner: Member) -> None:
        client = client_of(owner)
        for path in ("/reclaims/return/", f"/reclaims/{Reclaim.objects.earliest('pk').pk}/return/"):
            answer = client.post(path)
            assert answer.status_code == 302
            assert answer["Location"] != "/reclaims/"
        assert not Reclaim.objects.exclude(returned_at=None).exists()

    def test_counts_only_quotas_that_are_in_force(self, owner: Member, browser: Client, sales: Quota) -> None:
        quotas.end(sales, by=owner.user, now=clock.now())
        page = shown(browser)
        assert page.count("Give back</button>") == 1
        assert "Give all of it back" not in page
        assert browser.post("/reclaims/return/").status_code == 302
        assert browser.post("/reclaims/return/").status_code == 302
        ended = Reclaim.objects.get(window__quota=sales)
        assert ended.returned_at is None
        refused = browser.post(f"/reclaims/{ended.pk}/return/")
        assert refused.status_code == 410
        assert "the quota was ended" in refused.content.decode()

    def test_is_for_owners(self, owner: Member, browser: Client) -> None:
        reclaim = Reclaim.objects.first()
        assert reclaim is not None
        path = f"/reclaims/{reclaim.pk}/return/"
        auditor = fresh(client_of(join(owner, role="auditor", name="auditor")))
        assert "Give back" not in shown(auditor)
        assert auditor.post(path).status_code == 403
        assert fresh(client_of(books.founded())).post(path).status_code == 404
        assert not Reclaim.objects.exclude(returned_at=None).exists()

    def test_is_told_on_the_quotas_of_the_department(self, owner: Member, sales: Quota, browser: Client) -> None:
        path = f"/quotas/department/{sales.node_id}/"
        page = shown(browser, path)
        assert "flowed back unused" in page
        assert "on top this time" not in page
        assert "Ask for more" not in page
        head = join(owner, role="head", name="head")
        Member.objects.filter(pk=head.pk).update(department=sales.node_id)
        assert f'href="/extras/?about=quota&quota={sales.pk}"' in shown(client_of(head), path)

    def test_shows_the_month_and_the_one_before(self, browser: Client) -> None:
        page = shown(browser)
        assert "Slices and ceilings this month" in page
        assert page.count('data-label="Flowed back"') == 2
        begin_month()
        assert "Nothing so far." in shown(browser)
        assert "Slices and ceilings last month" in shown(browser, "/reclaims/?month=last")

    def test_fills_a_hole_of_the_board(self, browser: Client) -> None:
        assert 'hx-get="/reclaims/"' in shown(browser, "/board/")
        hole = shown(browser, headers={"HX-Request": "true"})
        assert "<html" not in hole
        assert "Use it or lend it" in hole
        assert "Flowed back this month" in hole

    def test_asks_little_of_the_database(self, owner: Member, browser: Client) -> None:
        for number in range(5):
            sliced(owner, f"Room {number}", 100)
        with query_budget(25):
            browser.get("/reclaims/")
