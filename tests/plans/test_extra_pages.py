"""Asking for more with one tap and by form, and answering it; everybody who might come."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Guardianship, Member, Notification
from plans import extras, ledger
from plans.models import Awake, ChildDay, Extra, Quota
from portal.kit import clock
from tests.accounts.people import Firm, child_of, client_of, found, join, staffed, tablet_of
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("wang@example.com", kind="business", name="Wang & Co"))


@pytest.fixture
def quota(firm: Firm) -> Quota:
    """What the clerk may use in a day: 100 credits."""
    return books.quota(firm.clerk, 100 * 10**6, kind="member", node_id=firm.clerk.pk)


@pytest.fixture
def parent(db: None) -> Member:
    return found("li@example.com", kind="household", name="Li")


@pytest.fixture
def mei(parent: Member) -> Member:
    return child_of(parent, now=clock.now())


@pytest.fixture
def tablet(parent: Member, mei: Member) -> Client:
    return tablet_of(mei, by=parent, now=clock.now())


def asked(quota: Quota, member: Member, credits: int | None = None) -> Extra:
    amount = credits and credits * 10**6
    return extras.ask(member, about="quota", quota=quota, amount=amount, now=clock.now())


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


class TestOneTap:
    def test_asks_with_nothing_typed(self, firm: Firm, quota: Quota) -> None:
        answer = client_of(firm.clerk).post(f"/extras/?about=quota&quota={quota.pk}", headers=HTMX)
        made = Extra.objects.get()
        assert (made.member, made.quota, made.asked, made.reason) == (firm.clerk, quota, None, "")
        assert answer.status_code == 200
        assert "Asked." in html(answer)
        assert f'href="/extras/{made.pk}/"' in html(answer)
        assert "<html" not in html(answer)
        assert Notification.objects.get().member == firm.head

    def test_is_the_same_when_it_is_tapped_twice(self, firm: Firm, quota: Quota) -> None:
        client = client_of(firm.clerk)
        for _ in range(2):
            answer = client.post(f"/extras/?about=quota&quota={quota.pk}", headers=HTMX)
            assert answer.status_code == 200
            assert f'href="/extras/{Extra.objects.get().pk}/"' in html(answer)
        assert Notification.objects.count() == 1

    def test_leads_to_the_form_without_a_script(self, firm: Firm, quota: Quota) -> None:
        page = client_of(firm.clerk).get(f"/extras/?about=quota&quota={quota.pk}")
        assert page.context["form"].initial == {"about": "quota", "quota": str(quota.pk)}
        assert f'name="quota" value="{quota.pk}"' in html(page)
        assert not Extra.objects.exists()

    def test_is_offered_where_a_limit_stopped_a_child(self, mei: Member) -> None:
        for refusal, about in (
            (ledger.MinutesUsed(limit=60), "minutes"),
            (ledger.QuietHours(quiet_to="06:00"), "quiet_hours"),
        ):
            assert extras.path_for(refusal) == f"/extras/?about={about}"

    def test_is_offered_for_the_quota_that_stopped_the_call(self, firm: Firm, quota: Quota) -> None:
        books.grant(firm.owner, 10**9)
        [(outcome, details)] = books.reserve(books.ask(firm.clerk, 200 * 10**6))
        assert outcome == "quota"
        assert extras.path_for(ledger.QuotaExceeded(**details)) == f"/extras/?about=quota&quota={quota.pk}"

    def test_is_not_offered_for_what_others_have_set_aside_nor_for_anything_else(self, firm: Firm) -> None:
        books.grant(firm.owner, 10**9)
        books.quota(firm.owner, 9 * 10**8, kind="department", node_id=firm.shop.pk, is_slice=True)
        [(outcome, details)] = books.reserve(books.ask(firm.clerk, 2 * 10**8))
        assert outcome == "set_aside"
        for refusal in (ledger.SetAside(**details), ledger.NoCredits(), ledger.Paused(), ledger.QuotaExceeded()):
            assert extras.path_for(refusal) == ""


class TestTheForm:
    def test_asks_for_so_much_and_says_what_for(self, firm: Firm, quota: Quota) -> None:
        given = {"about": "quota", "quota": quota.pk, "amount": 40, "reason": "The fair"}
        answer = client_of(firm.clerk).post("/extras/", given)
        made = Extra.objects.get()
        assert answer["Location"] == f"/extras/{made.pk}/"
        assert (made.asked, made.reason) == (40 * 10**6, "The fair")
        page = html(client_of(firm.head).get(answer["Location"]))
        for words in ("clerk asks for more", "The fair", "40 credits", "0 credits / 100 credits"):
            assert words in page

    def test_counts_calls_and_minutes_as_they_are(self, firm: Firm, tablet: Client) -> None:
        calls = books.quota(firm.clerk, 5, kind="member", node_id=firm.clerk.pk, metric="calls")
        client_of(firm.clerk).post("/extras/", {"about": "quota", "quota": calls.pk, "amount": 3})
        tablet.post("/extras/", {"about": "minutes", "amount": 15})
        assert list(Extra.objects.order_by("pk").values_list("asked", flat=True)) == [3, 15]

    def test_says_when_it_was_asked_before(self, firm: Firm, quota: Quota) -> None:
        asked(quota, firm.clerk)
        answer = client_of(firm.clerk).post("/extras/", {"about": "quota", "quota": quota.pk})
        assert answer.status_code == 409
        assert "You have asked already" in html(answer)

    @pytest.mark.parametrize(
        ("wrong", "status"),
        [
            ({"about": "gold"}, 422),
            ({"amount": 0}, 422),
            ({"amount": -5}, 422),
            ({"amount": 10**20}, 422),
            ({"reason": "x" * 201}, 422),
            ({"about": "minutes"}, 404),
            ({"quota": ""}, 404),
            ({"quota": 10**30}, 404),
        ],
    )
    def test_asks_for_nothing_else(self, firm: Firm, quota: Quota, wrong: dict[str, Any], status: int) -> None:
        given = {"about": "quota", "quota": quota.pk, "amount": 1} | wrong
        assert client_of(firm.clerk).post("/extras/", given).status_code == status
        assert not Extra.objects.exists()

    def test_is_about_nobody_elses_quota(self, firm: Firm, quota: Quota) -> None:
        stranger = found("stranger@example.com", kind="business", name="Li")
        colleague = join(firm.owner, role="adult", name="colleague", department=firm.team)
        for member in (stranger, colleague, firm.head, firm.auditor):
            assert client_of(member).post("/extras/", {"about": "quota", "quota": quota.pk}).status_code == 404
        assert not Extra.objects.exists()


class TestApproval:
    def test_gives_a_part_in_this_window(self, firm: Firm, quota: Quota) -> None:
        made = asked(quota, firm.clerk, 40)
        client = client_of(firm.head)
        page = client.get(f"/extras/{made.pk}/")
        assert (page.context["may_answer"], page.context["form"].initial) == (True, {"amount": 40})
        assert client.post(f"/extras/{made.pk}/approval/", {"amount": 15})["Location"] == f"/extras/{made.pk}/"
        made.refresh_from_db()
        assert (made.state, made.granted, made.answered_by) == ("approved", 15 * 10**6, firm.head)
        assert books.window_of(quota).extra == 15 * 10**6
        told = Notification.objects.get(kind="extra_approved")
        assert (told.member, told.path) == (firm.clerk, "/chat/")
        assert "15 credits on top this time" in html(client_of(firm.clerk).get(f"/quotas/member/{firm.clerk.pk}/"))

    def test_leaves_the_figure_to_who_gives_where_none_was_said(self, firm: Firm, quota: Quota) -> None:
        made = asked(quota, firm.clerk)
        assert client_of(firm.head).get(f"/extras/{made.pk}/").context["form"].initial == {"amount": None}
        assert client_of(firm.head).post(f"/extras/{made.pk}/approval/", {"amount": ""}).status_code == 422

    def test_gives_minutes_today(self, parent: Member, mei: Member, tablet: Client) -> None:
        tablet.post("/extras/?about=minutes", headers=HTMX)
        made = Extra.objects.get()
        assert client_of(parent).get(f"/extras/{made.pk}/").context["form"].initial == {"amount": 30}
        client_of(parent).post(f"/extras/{made.pk}/approval/", {"amount": 20})
        assert ChildDay.objects.get(member_id=mei.pk).extra_minutes == 20

    def test_gives_time_in_quiet_hours_from_now_on(self, parent: Member, mei: Member, tablet: Client) -> None:
        books.grant(parent, 10**6)
        now = time(0), time(23, 59, 59, 999999)
        Guardianship.objects.filter(member=mei).update(quiet_from=now[0], quiet_to=now[1])
        assert books.reserve(books.ask(mei))[0][0] == "quiet_hours"
        tablet.post("/extras/?about=quiet_hours", headers=HTMX)
        made = Extra.objects.get()
        client_of(parent).post(f"/extras/{made.pk}/approval/", {"amount": 30})
        assert books.reserve(books.ask(mei))[0][0] == "ok"
        assert timedelta(minutes=29) < Awake.objects.get().until - clock.now() <= timedelta(minutes=30)

    @pytest.mark.parametrize("amount", ["", "0", "-1", "x", "241"])
    def test_wants_an_amount_that_can_be(self, parent: Member, tablet: Client, amount: str) -> None:
        tablet.post("/extras/?about=minutes", headers=HTMX)
        made = Extra.objects.get()
        assert client_of(parent).post(f"/extras/{made.pk}/approval/", {"amount": amount}).status_code == 422
        assert Extra.objects.get().state == "open"

    def test_comes_too_late_after_a_day(self, firm: Firm, quota: Quota) -> None:
        made = asked(books.quota(firm.clerk, 5, kind="member", node_id=firm.clerk.pk, window="lifetime"), firm.clerk)
        books.move_clock(timedelta(hours=24))
        page = client_of(firm.head).get(f"/extras/{made.pk}/")
        assert not page.context["may_answer"]
        assert "lapsed" in html(page)
        assert client_of(firm.head).post(f"/extras/{made.pk}/approval/", {"amount": 1}).status_code == 410


class TestRefusal:
    def test_says_no_and_is_told(self, firm: Firm, quota: Quota) -> None:
        made = asked(quota, firm.clerk)
        assert client_of(firm.head).post(f"/extras/{made.pk}/refusal/").status_code == 302
        made.refresh_from_db()
        assert (made.state, made.granted) == ("declined", None)
        assert Notification.objects.get(kind="extra_declined").member == firm.clerk
        for ending in ("approval", "refusal", "withdrawal"):
            client = client_of(firm.clerk if ending == "withdrawal" else firm.head)
            assert client.post(f"/extras/{made.pk}/{ending}/", {"amount": 1}).status_code == 410


class TestWithdrawal:
    def test_takes_ones_own_request_back(self, firm: Firm, quota: Quota) -> None:
        made = asked(quota, firm.clerk)
        client = client_of(firm.clerk)
        assert "Take it back" in html(client.get(f"/extras/{made.pk}/"))
        assert client.post(f"/extras/{made.pk}/withdrawal/")["Location"] == "/extras/"
        assert Extra.objects.get().state == "withdrawn"
        assert client_of(firm.head).post(f"/extras/{made.pk}/approval/", {"amount": 1}).status_code == 410

    def test_is_for_who_asked(self, firm: Firm, quota: Quota) -> None:
        made = asked(quota, firm.clerk)
        for member in (firm.head, firm.owner):
            assert client_of(member).post(f"/extras/{made.pk}/withdrawal/").status_code == 404
        assert Extra.objects.get().state == "open"


class TestVisitors:
    def test_see_and_answer_what_is_theirs_to(self, firm: Firm, quota: Quota) -> None:
        made = asked(quota, firm.clerk)
        colleague = join(firm.owner, role="adult", name="colleague", department=firm.team)
        other_head = join(firm.owner, role="head", name="other", department=firm.shop)
        stranger = found("stranger@example.com", kind="business", name="Li")
        hidden = (404, 404, 404)
        expected = {
            firm.clerk: (200, 403, 403),
            firm.bill_payer: hidden,
            firm.auditor: hidden,
            colleague: hidden,
            other_head: hidden,
            stranger: hidden,
        }
        for viewer, statuses in expected.items():
            client = client_of(viewer)
            path = f"/extras/{made.pk}/"
            looked = client.get(path)
            answers = [client.post(f"{path}{ending}/", {"amount": 1}).status_code for ending in ("approval", "refusal")]
            assert (looked.status_code, *answers) == statuses, viewer
            assert looked.status_code == 404 or not looked.context["may_answer"]
        assert Extra.objects.get().state == "open"
        assert client_of(firm.owner).get(f"/extras/{made.pk}/").context["may_answer"]

    def test_list_theirs(self, firm: Firm, quota: Quota) -> None:
        made = asked(quota, firm.clerk)
        for viewer, shown in ((firm.owner, [made]), (firm.head, [made]), (firm.clerk, [made]), (firm.auditor, [])):
            assert list(client_of(viewer).get("/extras/").context["requests"]) == shown, viewer

    def test_answer_nothing_of_their_own(self, firm: Firm) -> None:
        theirs = asked(books.quota(firm.head, 5, kind="department", node_id=firm.sales.pk), firm.head)
        assert client_of(firm.head).post(f"/extras/{theirs.pk}/approval/", {"amount": 1}).status_code == 403
        assert client_of(firm.owner).post(f"/extras/{theirs.pk}/refusal/").status_code == 302

    def test_a_child_asks_its_parents_alone(self, parent: Member, mei: Member, tablet: Client) -> None:
        partner = join(parent, role="adult", name="partner")
        brother = child_of(parent, name="Ming", now=clock.now())
        tablet.post("/extras/?about=minutes", headers=HTMX)
        made = Extra.objects.get()
        assert list(Notification.objects.values_list("member", flat=True)) == [parent.pk]
        for other in (client_of(partner), tablet_of(brother, by=parent, now=clock.now())):
            assert other.get(f"/extras/{made.pk}/").status_code == 404
        assert tablet.post(f"/extras/{made.pk}/withdrawal/").status_code == 302

    def test_without_a_name_sign_in(self, client: Client) -> None:
        for path in ("/extras/", "/extras/1/approval/", "/extras/1/refusal/", "/extras/1/withdrawal/"):
            assert client.post(path)["Location"].startswith("/accounts/login/")

    def test_change_nothing_by_looking(self, firm: Firm, quota: Quota) -> None:
        made = asked(quota, firm.clerk)
        for ending in ("approval", "refusal", "withdrawal"):
            assert client_of(firm.owner).get(f"/extras/{made.pk}/{ending}/").status_code == 405
