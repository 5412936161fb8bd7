"""Standing plans in admin: staff do nothing without saying why, and what they do is written down."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, Notification, User
from plans.models import Subscription
from portal.sandbox.operator import Operator
from tests.plans.cast import Household
from tests.plans.plans_life import again, subscribed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
LIST = "/admin/plans/subscription/"


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Any) -> None:
    settings.DEMO = True


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("chief@example.com", password="secret"))
    return client


def act(desk: Client, action: str, plan: Subscription, *, reason: str = "asked by phone") -> None:
    sent = {"action": action, "_selected_action": [plan.pk], "reason": reason}
    assert desk.post(LIST, sent).status_code == 302


class TestPlans:
    def test_are_found_and_shown_with_their_periods(
        self, desk: Client, household: Household, operator: Operator
    ) -> None:
        plan = subscribed(household.owner)
        assert "starter v1" in desk.get(LIST, {"q": "Olga"}).content.decode()
        assert "1: " in desk.get(f"{LIST}{plan.pk}/change/").content.decode()

    def test_end_only_with_a_reason_and_the_customer_is_told(
        self, desk: Client, household: Household, operator: Operator
    ) -> None:
        plan = subscribed(household.owner)
        act(desk, "end", plan, reason="")
        assert again(plan).state == "active"
        act(desk, "end", plan)
        assert (again(plan).state, again(plan).end_reason) == ("ended", "staff")
        assert AuditEvent.objects.get(verb="plan.stop").reason == "asked by phone"
        assert Notification.objects.filter(kind="plan_ended", member=household.owner).exists()

    def test_that_were_canceled_go_on_unpaid_by_any_line(
        self, desk: Client, household: Household, operator: Operator
    ) -> None:
        plan = subscribed(household.owner, renews=False)
        act(desk, "let_go_on", plan)
        assert (again(plan).cancel_asked_at, again(plan).method) == (None, None)

    def test_are_looked_at_before_their_time(self, desk: Client, household: Household, operator: Operator) -> None:
        plan = subscribed(household.owner)
        act(desk, "look_now", plan)
        looked_at, due_at = again(plan).next_try_at, plan.next_try_at
        assert looked_at
        assert due_at
        assert looked_at < due_at
