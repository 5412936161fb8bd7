"""Money that goes back through the provider: in one tap, by the rule of the terms, and by staff."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import AuditEvent, User
from plans import ledger, offerings, orders, payments, refunds, repayments, setbacks
from plans.models import Cost, Dispute, Lot, Offering, OfferingVersion, Order, Payment, Refund, Repayment
from plans.payment_providers.base import Disputed, Standing
from portal.kit import clock
from portal.kit.units import Microcredits, Money
from portal.sandbox.operator import Operator
from tests.plans.cast import Household, new_order_of, order_of, scripted, signed_in
from tests.plans.ledger.books import spent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

SOON = timedelta(minutes=5)
WHOLE = 10_000_000 * 10**6


@pytest.fixture(autouse=True)
def books_add_up(db: None) -> Any:
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []


def bought(household: Household, ending: str = "00") -> Order:
    return new_order_of(household.owner, phone=scripted(ending))


def asked(order: Order, household: Household, *, now: datetime, minor: int = 990) -> Repayment:
    return refunds.ask(order, minor=minor, by=household.owner, now=now)


def with_terms(**terms: Any) -> None:
    offering = Offering.objects.get(slug="starter")
    known: dict[str, Any] = dict(OfferingVersion.objects.filter(offering=offering).values().latest("version"))
    for name in ("id", "offering_id", "version", "published_at", "active_from"):
        known.pop(name)
    offerings.publish(offering, terms=known | terms, now=clock.now())


class TestOneTap:
    def test_pays_the_whole_price_back_and_once(self, household: Household, operator: Operator, now: datetime) -> None:
        order = bought(household)
        first, second = (asked(order, household, now=now + SOON) for _ in range(2))
        assert (first.state, first.amount_minor, first.reason) == ("succeeded", 990, "untouched")
        assert second.pk == first.pk
        lot = Lot.objects.get()
        assert (lot.available, lot.refunded, lot.frozen) == (0, WHOLE, 0)
        assert [refund.amount for refund in operator.refunds.values()] == [Decimal("9.9")]
        assert refunds.offer(order, now=now + SOON) is None

    def test_ends_with_the_hours_of_the_terms_and_with_the_first_call(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        with_terms(refund_days=0)
        order = bought(household)
        offer = refunds.offer(order, now=now)
        assert offer
        assert (offer.rule, offer.back.money) == (refunds.Rule.UNTOUCHED, Money(990, "CNY"))
        assert order.paid_at
        assert refunds.offer(order, now=order.paid_at + timedelta(hours=24)) is None
        spent(household.owner, 10**6)
        assert refunds.offer(order, now=now) is None
        with pytest.raises(refunds.NotByTerms):
            asked(order, household, now=now)

    @pytest.mark.parametrize("ending", ["31", "33", "34", "35"])
    def test_frees_the_credits_when_the_provider_says_no(
        self, household: Household, operator: Operator, now: datetime, ending: str
    ) -> None:
        order = bought(household, ending)
        row = asked(order, household, now=now)
        operator.forward(timedelta(seconds=5))
        repayments.refresh_due(now=now + SOON)
        row.refresh_from_db()
        lot = Lot.objects.get()
        assert (row.state, lot.available, lot.frozen) == ("denied", WHOLE, 0)
        assert Refund.objects.get().state == "failed"

    def test_is_looked_up_and_not_asked_for_again_when_the_answer_was_lost(
        self, household: Household, operator: Operator, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("plans.payment_providers.ANSWER_SECONDS", 0.4)
        order = bought(household, "36")
        row = asked(order, household, now=now)
        assert (row.state, Lot.objects.get().frozen) == ("processing", 1)
        repayments.refresh_due(now=now + SOON)
        row.refresh_from_db()
        assert (row.state, len(operator.refunds)) == ("succeeded", 1)

    def test_is_a_page_that_says_what_happens(self, household: Household, operator: Operator) -> None:
        order = bought(household)
        client = signed_in(household.owner)
        page = client.get(f"/billing/orders/{order.pk}/refund/").content.decode()
        assert "Give it back for ¥9.90" in page
        assert client.post(f"/billing/orders/{order.pk}/refund/", {"minor": "989"}).status_code == 409
        client.post(f"/billing/orders/{order.pk}/refund/", {"minor": "990"})
        assert "Paid back" in client.get(f"/billing/orders/{order.pk}/").content.decode()
        assert signed_in(household.stranger).get(f"/billing/orders/{order.pk}/refund/").status_code == 404


class TestRule:
    def test_pays_the_unspent_part_back_as_the_preview_said(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        with_terms(refund_days=7, refund_most_used_percent=50)
        order = bought(household)
        spent(household.owner, WHOLE // 3)
        offer = refunds.offer(order, now=now)
        assert offer
        assert (offer.rule, offer.back.money.minor) == (refunds.Rule.UNSPENT, 660)
        row = asked(order, household, now=now, minor=660)
        assert (row.state, row.amount_minor) == ("succeeded", 660)
        assert Lot.objects.get().available == 0

    def test_ends_above_the_share_of_the_terms(self, household: Household, operator: Operator, now: datetime) -> None:
        with_terms(refund_days=7, refund_most_used_percent=50)
        order = bought(household)
        spent(household.owner, WHOLE // 2 + 1)
        assert refunds.offer(order, now=now) is None


class TestStaff:
    def test_pay_back_alone_up_to_a_limit_and_by_two_above(
        self, household: Household, operator: Operator, now: datetime, settings: Any
    ) -> None:
        first, second = (User.objects.create_user(f"{name}@example.com", name=name) for name in ("ann", "ben"))
        order = bought(household)
        settings.REFUND_ALONE_MINOR = 989
        plea = refunds.Plea(order=order, reason="a wrong plan", by=first)
        row = refunds.plead(plea, now=now)
        assert (row.state, Lot.objects.get().frozen) == ("waiting", 0)
        with pytest.raises(refunds.SamePerson):
            refunds.decide(row, agreed=True, by=first, reason="sure", now=now)
        assert refunds.decide(row, agreed=True, by=second, reason="sure", now=now).state == "succeeded"
        settings.REFUND_ALONE_MINOR = 990
        other = order_of(household.owner, phone=scripted("00"))
        part = refunds.plead(
            refunds.Plea(order=other, reason="kind", by=first, microcredits=Microcredits(WHOLE // 2)), now=now
        )
        assert (part.state, part.amount_minor, Lot.objects.get(order_id=other.pk).available) == (
            "succeeded",
            495,
            WHOLE // 2,
        )
        verbs = list(AuditEvent.objects.filter(verb__startswith="refund").order_by("pk").values_list("verb", flat=True))
        assert verbs == ["refund.ask", "refund.agree", "refund.ask"]


class TestSetbacks:
    """What a provider took back on its own; told twice it is followed once."""

    def told(self, payment: Payment, **more: Any) -> Standing:
        amount = Money(payment.amount_minor, payment.currency)
        return Standing(reference=payment.reference or "", state="succeeded", amount=amount, charge_id="", **more)

    def test_of_what_is_unspent_are_a_refund(self, household: Household, operator: Operator, now: datetime) -> None:
        payment = bought(household).payments.get()
        for _ in range(2):
            setbacks.apply(payment, self.told(payment, refunded_minor=300), now=now)
        setbacks.apply(payment, self.told(payment, refunded_minor=990), now=now)
        assert sorted(Refund.objects.values_list("money_minor", flat=True)) == [300, 690]
        assert list(Repayment.objects.values_list("kind", flat=True)) == ["outside", "outside"]
        assert Lot.objects.get().available == 0

    def test_of_what_was_spent_are_a_debt(self, household: Household, operator: Operator, now: datetime) -> None:
        order = bought(household)
        spent(household.owner, WHOLE // 2)
        payment = order.payments.get()
        setbacks.apply(payment, self.told(payment, refunded_minor=990), now=now)
        assert Refund.objects.get().money_minor == 495
        dispute = Dispute.objects.get()
        assert (dispute.state, dispute.money_minor) == ("lost", 495)
        assert dispute.owed > 0

    @pytest.mark.parametrize(("end", "available"), [("won", WHOLE), ("lost", 0)])
    def test_by_the_payers_bank_freeze_until_they_are_decided(
        self, household: Household, operator: Operator, now: datetime, end: str, available: int
    ) -> None:
        payment = bought(household).payments.get()
        for state in ("open", "open", end, end, "open"):
            disputed = Disputed("dp_1", state, Money(990, "CNY"), 1500 if state == "lost" else 0)
            setbacks.apply(payment, self.told(payment, disputed=disputed), now=now)
            assert Lot.objects.get().frozen == (1 if Dispute.objects.get().state == "open" else 0)
        assert (Dispute.objects.get().state, Lot.objects.get().available) == (end, available)

    def test_that_are_only_a_fee_are_booked_as_it_is_told(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        payment = bought(household).payments.get()
        for fee in (0, 10, 10, 12):
            answer = payments.Answer("succeeded", self.told(payment, fee_minor=fee))
            orders.conclude(payment, answer, now=now)
        assert list(Cost.objects.values_list("kind", "amount_minor")) == [("psp_fee", 12)]

    def test_by_our_own_asking_are_none(self, household: Household, operator: Operator, now: datetime) -> None:
        order = bought(household)
        asked(order, household, now=now)
        payment = order.payments.get()
        setbacks.apply(payment, self.told(payment, refunded_minor=990), now=now)
        assert Repayment.objects.count() == Refund.objects.count() == 1
        with pytest.raises(ledger.NotRefundable):
            ledger.open_refund(uuid4(), lot_id=Lot.objects.get().pk, reason="more", by_user_id=None)
