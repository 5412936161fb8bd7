"""The desks of orders, repayments, disputes and cases: what staff see first, and what needs a second person."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from plans import reconciliations, setbacks
from plans.models import Case, Dispute, Lot, Order, Repayment
from portal.kit import clock
from portal.sandbox.operator import Operator
from tests.plans.cast import Household, new_order_of, order_of, scripted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf", "limit")]


@pytest.fixture
def limit(settings: Any) -> None:
    settings.DEMO = True
    settings.REFUND_ALONE_MINOR = 990


def seat(email: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(email, password="a long pass phrase"))
    return client


def act(desk: Client, place: str, action: str, *chosen: object, reason: str = "looked at it") -> str:
    given = {"action": action, "_selected_action": [str(pk) for pk in chosen], "reason": reason}
    return desk.post(f"/admin/plans/{place}/", given, follow=True).content.decode()


def page_of(order: Order) -> str:
    return f"/admin/plans/order/{order.pk}/refund/"


class TestRefund:
    def test_is_shown_before_it_is_made(self, household: Household, operator: Operator) -> None:
        order, desk = new_order_of(household.owner, phone=scripted("00")), seat("ann@example.com")
        assert page_of(order) in desk.get(f"/admin/plans/order/{order.pk}/change/").content.decode()
        assert "¥9.90" in desk.get(page_of(order)).content.decode()
        half = desk.post(page_of(order), {"credits": "5000000", "preview": "yes"}).content.decode()
        assert "¥4.95" in half
        assert not Repayment.objects.exists()
        desk.post(page_of(order), {"credits": "5000000", "confirmed": "yes"})
        assert not Repayment.objects.exists()  # without a reason
        desk.post(page_of(order), {"credits": "5000000", "confirmed": "yes", "reason": "a wrong plan"})
        assert Repayment.objects.get().state == "succeeded"
        assert AuditEvent.objects.get(verb="refund.ask").reason == "a wrong plan"

    def test_of_much_in_a_day_takes_two(self, household: Household, operator: Operator) -> None:
        ann = seat("ann@example.com")
        for _ in range(2):
            order = order_of(household.owner, phone=scripted("00"))
            ann.post(page_of(order), {"confirmed": "yes", "reason": "moved away"})
        first, second = Repayment.objects.order_by("asked_at")
        assert (first.state, second.state) == ("succeeded", "waiting")
        assert "two people" in act(ann, "repayment", "agree", second.pk)
        act(seat("ben@example.com"), "repayment", "agree", second.pk)
        second.refresh_from_db()
        assert (second.state, second.decided_by) == ("succeeded", User.objects.get(email="ben@example.com").pk)

    def test_is_for_those_who_may(self, household: Household, operator: Operator) -> None:
        order = new_order_of(household.owner, phone=scripted("00"))
        clerk = User.objects.create_user("cleo@example.com")
        clerk.is_staff = True
        clerk.save()
        client = Client()
        client.force_login(clerk)
        assert client.get(page_of(order)).status_code == 403


class TestDispute:
    def test_is_ended_with_a_reason(self, household: Household, operator: Operator) -> None:
        order = new_order_of(household.owner, phone=scripted("00"))
        setbacks.dispute_reversal(order.payments.get(), state="denied")
        dispute, desk = Dispute.objects.get(), seat("ann@example.com")
        act(desk, "dispute", "won", dispute.pk, reason="")
        assert Dispute.objects.get().state == "open"
        act(desk, "dispute", "lost", dispute.pk)
        assert (Dispute.objects.get().state, Lot.objects.get().available) == ("lost", 0)
        assert AuditEvent.objects.get(verb="dispute.lost").reason == "looked at it"


class TestCases:
    def test_are_closed_with_what_was_found_out(self, household: Household, operator: Operator) -> None:
        order_of(household.owner, phone=scripted("43"))
        reconciliations.compare("carrier_billing", day=clock.now().date(), now=clock.now())
        case = Case.objects.get()
        act(seat("ann@example.com"), "case", "close", case.pk)
        case.refresh_from_db()
        assert (case.reason, bool(case.closed_at)) == ("looked at it", True)
