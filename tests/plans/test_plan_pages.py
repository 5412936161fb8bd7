"""The pages of a standing plan, tried by everyone who might come; what they show is what happens."""

from datetime import timedelta

import pytest
from django.urls import reverse

from plans.models import Consent, Order
from portal.kit import clock
from portal.sandbox.operator import Operator
from tests.budget import query_budget
from tests.plans.cast import Household, signed_in
from tests.plans.plans_life import PHONE, again, charged, pass_time, refuse, subscribed
from tests.plans.test_shop_pages import filled_in, html

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]


class TestCheckout:
    def test_asks_for_renewals_in_words_that_are_kept(self, household: Household, operator: Operator) -> None:
        client = signed_in(household.owner)
        page = html(client.get("/checkout/starter/"))
        assert "Renew it automatically each month for ¥9.90, paid the way I pay now." in page
        client.post("/checkout/starter/", filled_in(client, phone=PHONE) | {"renews": "on"})
        assert Consent.objects.get(subject="renewal").text in page
        assert "The next charge is ¥9.90 on" in html(client.get("/billing/"))

    def test_lets_the_plan_end_where_the_box_was_left_empty(self, household: Household, operator: Operator) -> None:
        client = signed_in(household.owner)
        client.post("/checkout/starter/", filled_in(client, phone=PHONE))
        assert not Consent.objects.exists()
        assert "Nothing more is charged." in html(client.get("/billing/"))

    def test_leads_whoever_has_a_plan_to_what_a_change_means(self, household: Household, operator: Operator) -> None:
        client = signed_in(household.owner)
        form = filled_in(client, phone=PHONE, slug="family")
        subscribed(household.owner)
        assert client.get("/checkout/family/")["Location"] == "/billing/plan/changes/family/"
        assert client.post("/checkout/family/", form).status_code == 409
        assert client.get("/checkout/pack-small/").status_code == 200
        assert charged(operator) == 1


class TestPlan:
    def test_says_how_it_stands_to_who_may_read_bills(self, household: Household, operator: Operator) -> None:
        subscribed(household.owner)
        for member in (household.owner, household.bill_payer, household.auditor):
            assert "Starter" in html(signed_in(member).get("/billing/plan/"))
        assert "Cancel the plan" not in html(signed_in(household.auditor).get("/billing/plan/"))
        for member in (household.adult, household.child):
            assert signed_in(member).get("/billing/plan/").status_code == 403
        assert "You have no running plan." in html(signed_in(household.stranger).get("/billing/plan/"))

    def test_stays_within_its_queries(self, household: Household, operator: Operator) -> None:
        subscribed(household.owner)
        client = signed_in(household.owner)
        client.get("/billing/plan/")
        with query_budget(16):
            client.get("/billing/plan/")


class TestChange:
    def test_charges_what_it_shows(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        client = signed_in(household.bill_payer)
        assert "Now: pay ¥20.00 more, get 30 million credits more" in html(client.get("/billing/plan/changes/"))
        answer = client.get("/billing/plan/changes/family/")
        assert "Pay ¥20.00 and change now" in html(answer)
        sent = {"seal": answer.context["change"].seal, "when": "now"}
        order = Order.objects.exclude(pk=client.post("/billing/plan/changes/family/", sent)["Location"].split("/")[3])
        assert order.get().kind == "purchase"
        assert again(plan).offering_version.offering.slug == "family"
        assert client.post("/billing/plan/changes/family/", sent).status_code == 409
        assert charged(operator) == 2

    def test_of_the_next_period_can_be_taken_back(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        client = signed_in(household.owner)
        seal = client.get("/billing/plan/changes/family/").context["change"].seal
        client.post("/billing/plan/changes/family/", {"seal": seal, "when": "next"})
        assert "Stay with Starter" in html(client.get("/billing/plan/"))
        client.post("/billing/plan/keeping/")
        assert again(plan).next_version is None
        assert client.get("/billing/plan/changes/starter/")["Location"] == "/billing/plan/"


class TestCanceling:
    def test_says_when_and_is_taken_back_only_by_agreeing_anew(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        client = signed_in(household.owner)
        assert "Until then everything stays as it is." in html(client.get("/billing/plan/cancellation/"))
        client.post("/billing/plan/cancellation/")
        assert again(plan).cancel_asked_at
        client.post("/billing/plan/continuation/")
        assert again(plan).cancel_asked_at
        client.post("/billing/plan/continuation/", {"agreed": "on"})
        assert again(plan).cancel_asked_at is None
        assert Consent.objects.filter(subject="renewal", withdrawn_at=None).count() == 1


class TestPausing:
    def test_rests_and_is_taken_up_for_a_payment(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        client = signed_in(household.owner)
        client.post("/billing/plan/pause/")
        pass_time(plan.period_ends_at + timedelta(days=9))
        assert "Paused since" in html(client.get("/billing/plan/"))
        assert "You pay ¥9.90 now." in html(client.get("/billing/plan/resumption/"))
        client.post("/billing/plan/resumption/")
        assert (again(plan).state, charged(operator)) == ("active", 2)


class TestPaying:
    def test_is_possible_another_way_while_it_is_late(self, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        refuse(operator)
        pass_time(plan.period_ends_at + timedelta(hours=2))
        client = signed_in(household.owner)
        order = Order.objects.get(kind="renewal")
        assert reverse("plans:order", args=[order.pk]) in html(client.get("/billing/plan/"))
        client.post("/billing/plan/method/", {"method": "0"})
        assert again(plan).method is None
        assert again(plan).next_try_at == pytest.approx(clock.now(), abs=timedelta(seconds=9))
