"""A year of money at random: no step leaves work for the audit, and in the end all that came in is accounted for."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import QuerySet

from accounts.models import Member
from plans import ledger
from plans.models import Dispute, Incoming, Lot, Refund, Surplus, Wallet
from portal.kit import clock
from portal.kit.units import Microcredits, Money, tax_inside
from tests.plans.ledger import books
from tests.plans.ledger.test_lots import period_end
from tests.plans.ledger.test_statements import adds_up

pytestmark = pytest.mark.django_db

STEPS = 110
SEEDS = 2
DAYS_A_PASS = 25
PARTLY, MOSTLY = 0.5, 0.7
CURRENCIES = ("CNY", "USD")
EARNED = ("revenue_usage", "revenue_breakage")


class Year:
    """Two accounts that buy, use, refund and dispute, and money that comes in unasked."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.members = [books.founded(), books.founded()]
        self.refunds: list[UUID] = []
        self.disputes: list[UUID] = []
        self.sums: list[UUID] = []
        self.paid: Counter[str] = Counter()
        self.done: Counter[str] = Counter()

    def step(self) -> None:
        verbs: list[Callable[[Member], None]] = [
            *[self.buy, self.use, self.use] * 3,
            *[self.pass_time, self.pass_time, self.roll_over, self.open_refund, self.close_refund, self.open_dispute],
            *[self.close_dispute, self.receive, self.receive, self.decide, self.decide, self.spend_own],
        ]
        verb = self.random.choice(verbs)
        try:
            verb(self.random.choice(self.members))
        except (ledger.NotRefundable, ledger.NotDisputable, ledger.NotMatchable, ledger.NotReturnable) as refusal:
            self.done[type(refusal).__name__] += 1
        else:
            self.done[verb.__name__] += 1

    def end(self) -> None:
        """Whatever is under way ends, and every lot does."""
        for refund_id in self.refunds:
            ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        for dispute_id in self.disputes:
            assert ledger.close_dispute(dispute_id, lost=True, money_account="psp:test") == "ok"
        books.move_clock(timedelta(days=200))
        ledger.make_partitions()
        ledger.expire()
        ledger.earn()

    def buy(self, member: Member) -> None:
        self.pay(member, Money(self.random.randint(1, 2000), self.random.choice(CURRENCIES)), on="psp:test")

    def pay(self, member: Member, price: Money, *, on: str, order_id: UUID | None = None) -> None:
        tax = tax_inside(price.minor, basis_points=self.random.choice([0, 600, 1300]))
        shares = (self.random.choice([0, 1500]), self.random.choice([0, 777]))
        books.grant(
            member,
            self.random.randint(1, 3000),
            source=self.random.choice(["plan", "topup"]),
            order_id=order_id or uuid4(),
            received=ledger.Received(price, on, tax, *shares),
            expires_at=clock.now() + timedelta(days=self.random.choice([3, 30, 90])),
        )
        self.paid[price.currency] += price.minor

    def use(self, member: Member) -> None:
        asked = books.ask(member, self.random.randint(1, 900))
        if books.reserve(asked)[0][0] == "ok":
            books.close(asked, self.random.randint(0, 900))

    def pass_time(self, _member: Member) -> None:
        books.move_clock(timedelta(days=self.random.randint(0, 2 * DAYS_A_PASS)))
        ledger.make_partitions()
        ledger.expire()
        ledger.earn()

    def roll_over(self, member: Member) -> None:
        for lot in self.lots(member).filter(source="plan", drawable=True)[:1]:
            ledger.roll_over([period_end(lot.pk, self.random.randint(0, 900), key=f"test:{uuid4()}")])

    def lots(self, member: Member) -> QuerySet[Lot]:
        return Lot.objects.filter(account_id=member.account_id).order_by("-pk")

    def open_refund(self, member: Member) -> None:
        for lot in self.lots(member).filter(source__in=["plan", "topup"], available__gt=0)[:1]:
            part = Microcredits(self.random.randint(1, lot.available)) if self.random.random() < PARTLY else None
            refund_id, seen = uuid4(), ledger.refund_preview(lot.pk, microcredits=part)
            asked = ledger.open_refund(refund_id, lot_id=lot.pk, reason="asked", by_user_id=1, microcredits=part)
            assert asked == seen
            self.refunds.append(refund_id)

    def close_refund(self, _member: Member) -> None:
        while self.refunds:
            succeeded = self.random.random() < MOSTLY
            assert ledger.close_refund(self.refunds.pop(), succeeded=succeeded, money_account="psp:test")

    def open_dispute(self, member: Member) -> None:
        for lot in self.lots(member).filter(source__in=["plan", "topup"])[:2]:
            assert lot.order_id is not None
            with books.owner():
                left = int(books.fetch("SELECT ledger_paid_and_kept(%s)", lot.order_id)[0][0])
            minor, dispute_id = max(self.random.choice([left, left // 3]), 1), uuid4()
            ledger.open_dispute(dispute_id, order_id=lot.order_id, money_minor=minor, reason="bank", by_user_id=None)
            self.disputes.append(dispute_id)

    def close_dispute(self, _member: Member) -> None:
        is_lost = self.random.random() < MOSTLY
        closed = {
            dispute_id: ledger.close_dispute(dispute_id, lost=is_lost, money_account="psp:test", fee_minor=15)
            for dispute_id in self.disputes
        }
        self.disputes = [dispute_id for dispute_id, outcome in closed.items() if outcome != "ok"]

    def receive(self, _member: Member) -> None:
        money = Money(self.random.randint(1, 3000), self.random.choice(CURRENCIES))
        arrival = ledger.Arrival(incoming_id=uuid4(), money=money, money_account="bank", dedupe_key=f"line:{uuid4()}")
        assert ledger.receive(arrival).is_new
        self.sums.append(arrival.incoming_id)

    def decide(self, member: Member) -> None:
        """A sum that came in pays an order, is credited, or goes back."""
        for incoming in Incoming.objects.filter(pk__in=self.sums[-3:]).order_by("received_at"):
            kind = self.random.choice(["match", "credit", "return"])
            terms: dict[str, Any] = {"by_user_id": 1, "reason": "test"}
            price = Money(self.random.randint(1, 2000), incoming.currency)
            if kind == "match":
                order_id = uuid4()
                matched = ledger.match(
                    incoming.pk, account_id=member.account_id, order_id=order_id, price=price, **terms
                )
                if matched.is_for_order:
                    self.pay(member, price, on="bank_unmatched", order_id=order_id)
            elif kind == "credit":
                ledger.credit(incoming.pk, account_id=member.account_id, currency=price.currency, **terms)
            else:
                self.send_back(price, incoming_id=incoming.pk)

    def spend_own(self, member: Member) -> None:
        """What is an account's own pays an order, or goes back."""
        for own in Surplus.objects.filter(account_id=member.account_id, minor__gt=0):
            part = Money(self.random.randint(1, own.minor), own.currency)
            if self.random.random() < PARTLY:
                self.pay(member, part, on=f"customer_credit:{member.account_id}")
            else:
                self.send_back(part, account_id=member.account_id)

    @staticmethod
    def send_back(money: Money, **of: Any) -> None:
        departure = ledger.Departure(
            outgoing_id=uuid4(), money=money, money_account="bank", reason="test", by_user_id=1, **of
        )
        assert ledger.return_money(departure)


class TestYear:
    @pytest.mark.parametrize("seed", range(SEEDS))
    def test_ends_with_all_that_was_paid_accounted_for(self, seed: int) -> None:
        year, began = Year(seed), clock.now()
        for _ in range(STEPS):
            year.step()
            assert books.kinds() == set(), year.done
        year.end()
        assert books.kinds() == set()
        assert clock.now() - began > timedelta(days=365)
        assert all(year.done[name] for name in ("close_refund", "close_dispute", "roll_over", "decide", "spend_own"))
        for currency in CURRENCIES:
            back = given_back(currency)
            assert year.paid[currency] - back == -sum(
                books.in_books(code, currency) for code in ("tax", *EARNED, "chargeback_loss")
            )
            assert ledger.trial_balance(currency, since=began, until=clock.now()).is_balanced
            for share, column in (("platform_fee", "platform_basis_points"), ("channel_fee", "channel_basis_points")):
                owed = sum(
                    lot.earned_minor * getattr(lot, column) // 10**4 for lot in Lot.objects.filter(currency=currency)
                )
                assert books.in_books(share, currency) == owed
        assert not Lot.objects.filter(deferred_minor__gt=0).exists()
        for member in year.members:
            follow_each_other(member, began.date(), clock.now().date())


def given_back(currency: str) -> int:
    refunds = Refund.objects.filter(state="succeeded", currency=currency)
    disputes = Dispute.objects.filter(state="lost", currency=currency)
    return sum([*refunds.values_list("money_minor", flat=True), *disputes.values_list("money_minor", flat=True)])


def follow_each_other(member: Member, first: date, last: date) -> None:
    """Each month's statement begins where the one before ended, and adds up."""
    months = [date(first.year + number // 12, number % 12 + 1, 1) for number in range(first.month - 1, 100)]
    told = [ledger.statement_of(member.account_id, month=month) for month in months if month <= last]
    for each in told:
        adds_up(each)
    for before, after in pairwise(told):
        assert (before.credits.closing, before.credits.closing_debt) == (
            after.credits.opening,
            after.credits.opening_debt,
        )
    assert told[-1].credits.closing_debt == Wallet.objects.get(account_id=member.account_id).debt
