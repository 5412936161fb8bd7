"""Our payments of a day against the operator's list, which has errors planted in it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEvent, User
from plans import orders, reconciliations
from plans.models import Case, Reconciliation
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, Household, order_of, scripted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

PLANTED = {
    "40": [("unknown_here", "", "succeeded 990 CNY")],
    "41": [("amount", "succeeded 990 CNY", "succeeded 1090 CNY")],
    "42": [("state", "denied 990 CNY", "succeeded 990 CNY")],
    "43": [("missing_there", "succeeded 990", "")],
    "00": [],
}


def compared(now: datetime) -> int:
    return reconciliations.compare("carrier_billing", day=now.date(), now=now)


class TestComparing:
    @pytest.mark.parametrize("ending", PLANTED)
    def test_opens_a_case_for_each_difference_and_once(
        self, household: Household, operator: Operator, now: datetime, ending: str
    ) -> None:
        order = order_of(household.owner, phone=scripted(ending))
        operator.forward(timedelta(seconds=3))
        orders.refresh(order, now=now + timedelta(seconds=30))
        expected = PLANTED[ending]
        assert compared(now) == len(expected)
        assert list(Case.objects.values_list("kind", "ours", "theirs")) == expected
        assert compared(now) == 0
        row = Reconciliation.objects.get()
        assert row.listed - row.matched == (1 if ending in {"40", "41", "42"} else 0)

    def test_says_nothing_of_what_is_still_open(self, household: Household, operator: Operator, now: datetime) -> None:
        order_of(household.owner, phone=ASKED_PHONE)
        assert compared(now) == 0

    def test_turns_pages(
        self, household: Household, operator: Operator, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("plans.payment_providers.carrier_billing.PAGE_SIZE", 2)
        for _ in range(3):
            order_of(household.owner, phone=scripted("00"), slug="pack-small")
        assert compared(now) == 0
        assert Reconciliation.objects.get().listed == 3


class TestRun:
    def test_catches_up_on_the_days_that_were_missed(
        self, household: Household, operator: Operator, now: datetime, settings: Any
    ) -> None:
        order_of(household.owner, phone=scripted("43"))
        later = now + timedelta(days=3, hours=3)
        address = settings.CARRIER_BILLING_URL
        settings.CARRIER_BILLING_URL = "http://127.0.0.1:9"
        assert reconciliations.run(now=later) == 0
        assert not Reconciliation.objects.exists()
        settings.CARRIER_BILLING_URL = address
        assert reconciliations.run(now=later) == 1
        assert Reconciliation.objects.count() == 3
        assert reconciliations.run(now=later) == 0


class TestClosing:
    def test_says_what_was_found_out(self, household: Household, operator: Operator, now: datetime) -> None:
        order_of(household.owner, phone=scripted("43"))
        compared(now)
        case, staff = Case.objects.get(), User.objects.create_user("ann@example.com", name="ann")
        with pytest.raises(reconciliations.ReasonMissing):
            reconciliations.close(case, reason=" ", by=staff, now=now)
        assert reconciliations.close(case, reason="listed a day later", by=staff, now=now)
        assert not reconciliations.close(case, reason="again", by=staff, now=now)
        assert AuditEvent.objects.get(verb="case.close").reason == "listed a day later"
        assert compared(now) == 0
