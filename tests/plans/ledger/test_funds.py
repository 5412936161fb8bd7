"""Money beside orders: what comes in unasked, whose it is, what goes back, and what others charge us."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Member
from plans import ledger
from plans.models import Cost, Incoming, Lot, Outgoing, Surplus
from portal.kit.units import Money
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

PRICE = Money(990, "CNY")


def received(minor: int = 990, *, key: str = "line:1", on: str = "bank", currency: str = "CNY") -> ledger.Arrived:
    arrival = ledger.Arrival(
        incoming_id=uuid4(), money=Money(minor, currency), money_account=on, dedupe_key=key, reference="CY-1"
    )
    return ledger.receive(arrival)


def matched(incoming_id: UUID, member: Member, order_id: UUID, price: Money = PRICE) -> ledger.Matched:
    return ledger.match(
        incoming_id, account_id=member.account_id, order_id=order_id, price=price, by_user_id=1, reason="by reference"
    )


def granted(member: Member, order_id: UUID, *, on: str = "bank_unmatched", minor: int = 990, tax: int = 56) -> int:
    money = ledger.Received(Money(minor, "CNY"), on, tax)
    return books.grant(member, 1000, order_id=order_id, received=money)


def credited(incoming_id: UUID, member: Member, *, currency: str = "CNY") -> ledger.Matched:
    return ledger.credit(
        incoming_id, account_id=member.account_id, currency=currency, by_user_id=1, reason="no order was named"
    )


def sent_back(minor: int, *, outgoing_id: UUID | None = None, **terms: Any) -> bool:
    departure = ledger.Departure(
        outgoing_id=outgoing_id or uuid4(),
        money=Money(minor, "CNY"),
        money_account="bank",
        reason="asked for",
        by_user_id=1,
        **terms,
    )
    return ledger.return_money(departure)


def own(member: Member) -> int:
    found = Surplus.objects.filter(account_id=member.account_id, currency="CNY").values_list("minor", flat=True)
    minor = found.first() or 0
    assert books.in_books(f"customer_credit:{member.account_id}") == -minor
    return minor


class TestReceive:
    def test_happens_once_for_one_key(self) -> None:
        first, again = received(), received()
        assert (first.is_new, again.is_new) == (True, False)
        assert again.incoming_id == first.incoming_id
        assert (books.in_books("bank"), books.in_books("bank_unmatched")) == (990, -990)
        assert books.kinds() == set()

    @pytest.mark.parametrize("other", [{"minor": 991}, {"currency": "USD"}, {"on": "psp:stripe"}])
    def test_of_other_money_under_the_same_key_is_a_mistake(self, other: dict[str, Any]) -> None:
        received()
        with pytest.raises(DatabaseError), transaction.atomic():
            received(**other)

    def test_is_of_money_alone_that_comes_from_outside(self) -> None:
        with pytest.raises(DatabaseError, match="nothing comes in"), transaction.atomic():
            received(on="deferred:1")


class TestMatch:
    def test_sets_the_price_aside_and_the_rest_is_the_accounts_own(self) -> None:
        member, order_id, sum_id = books.founded(), uuid4(), received(1000).incoming_id
        assert matched(sum_id, member, order_id) == ledger.Matched(is_for_order=True, surplus=Money(10, "CNY"))
        assert books.kinds() == set()
        lot = granted(member, order_id)
        assert (books.in_books("bank_unmatched"), books.in_books("bank"), own(member)) == (0, 1000, 10)
        assert (Lot.objects.get(pk=lot).deferred_minor, books.in_books("tax")) == (934, -56)
        assert matched(sum_id, member, order_id) == ledger.Matched(is_for_order=True, surplus=Money(0, "CNY"))
        assert books.kinds() == set()

    def test_of_an_order_that_was_paid_credits_all_of_it(self) -> None:
        member, order_id = books.founded(), uuid4()
        books.buy(member, 1000, 990, order_id=order_id)
        sum_id = received().incoming_id
        for surplus in (990, 0):
            assert matched(sum_id, member, order_id) == ledger.Matched(
                is_for_order=False, surplus=Money(surplus, "CNY")
            )
        assert own(member) == 990
        assert books.kinds() == set()

    def test_of_a_second_sum_for_the_same_order_credits_it(self) -> None:
        member, order_id = books.founded(), uuid4()
        matched(received().incoming_id, member, order_id)
        second = received(key="line:2").incoming_id
        assert not matched(second, member, order_id).is_for_order
        granted(member, order_id)
        assert own(member) == 990
        assert books.kinds() == set()

    @pytest.mark.parametrize(
        ("minor", "price", "outcome"),
        [(989, PRICE, "too_little"), (990, Money(990, "USD"), "currency")],
    )
    def test_takes_no_sum_that_does_not_fit(self, minor: int, price: Money, outcome: str) -> None:
        sum_id = received(minor).incoming_id
        with pytest.raises(ledger.NotMatchable) as refused:
            matched(sum_id, books.founded(), uuid4(), price)
        assert refused.value.details["outcome"] == outcome
        assert Incoming.objects.get().open_minor == minor

    def test_may_be_said_otherwise_until_the_order_was_granted(self) -> None:
        member, wrong, right, sum_id = books.founded(), uuid4(), uuid4(), received().incoming_id
        matched(sum_id, member, wrong)
        matched(sum_id, member, right)
        with pytest.raises(DatabaseError, match="no sum received"), transaction.atomic():
            granted(member, wrong)
        granted(member, right)
        for refused in (wrong, None):
            with pytest.raises(ledger.NotMatchable):
                matched(sum_id, member, refused) if refused else credited(sum_id, member)
        with pytest.raises(ledger.NotReturnable):
            sent_back(1, incoming_id=sum_id)
        assert books.kinds() == set()

    def test_is_of_a_sum_that_came_in(self) -> None:
        with pytest.raises(ledger.NotMatchable):
            matched(uuid4(), books.founded(), uuid4())

    def test_is_what_a_grant_of_unmatched_money_asks_for(self) -> None:
        member, other, order_id = books.founded(), books.founded(), uuid4()
        matched(received().incoming_id, member, order_id)
        for wrong in ({"member": other}, {"minor": 989}, {"order_id": uuid4()}):
            with pytest.raises(DatabaseError, match="no sum received"), transaction.atomic():
                granted(**{"member": member, "order_id": order_id, **wrong})  # type: ignore[arg-type]
        granted(member, order_id)
        with pytest.raises(DatabaseError, match="no sum received"), transaction.atomic():
            granted(member, order_id)  # under another key, with money that is spent
        assert books.kinds() == set()


class TestCredit:
    def test_pays_a_later_order_and_no_more_than_there_is(self) -> None:
        member, other = books.founded(), books.founded()
        assert credited(received(1500).incoming_id, member).surplus == Money(1500, "CNY")
        mine = f"customer_credit:{member.account_id}"
        order_id = uuid4()
        granted(member, order_id, on=mine)
        assert own(member) == 510
        with pytest.raises(DatabaseError, match="not so much"), transaction.atomic():
            granted(member, uuid4(), on=mine)
        with pytest.raises(DatabaseError, match="another one"), transaction.atomic():
            granted(other, uuid4(), on=mine, minor=100, tax=0)
        with pytest.raises(DatabaseError, match="not so much"), transaction.atomic():
            granted(other, uuid4(), on=f"customer_credit:{other.account_id}", minor=100, tax=0)
        refund_id = uuid4()
        lot = Lot.objects.get(order_id=order_id).pk
        ledger.open_refund(refund_id, lot_id=lot, reason="asked", by_user_id=1)
        ledger.close_refund(refund_id, succeeded=True, money_account=mine)
        assert own(member) == 1500
        assert books.kinds() == set()

    def test_happens_once(self) -> None:
        member, sum_id = books.founded(), received().incoming_id
        assert [credited(sum_id, member).surplus.minor for _ in range(2)] == [990, 0]
        with pytest.raises(ledger.NotMatchable):
            credited(sum_id, books.founded())
        assert own(member) == 990


class TestReturnMoney:
    def test_undoes_a_match_that_no_grant_has_followed(self) -> None:
        member, order_id, sum_id = books.founded(), uuid4(), received().incoming_id
        matched(sum_id, member, order_id)
        assert sent_back(990, incoming_id=sum_id)
        with pytest.raises(DatabaseError, match="no sum received"), transaction.atomic():
            granted(member, order_id)
        assert books.kinds() == set()

    def test_of_a_sum_happens_once_and_never_of_more_than_is_left(self) -> None:
        sum_id, outgoing_id = received().incoming_id, uuid4()
        assert [sent_back(400, incoming_id=sum_id, outgoing_id=outgoing_id) for _ in range(2)] == [True, False]
        with pytest.raises(ledger.NotReturnable):
            sent_back(591, incoming_id=sum_id)
        assert sent_back(590, incoming_id=sum_id)
        assert (books.in_books("bank"), books.in_books("bank_unmatched")) == (0, 0)
        assert books.kinds() == set()

    def test_of_what_is_left_may_follow_a_match_in_part(self) -> None:
        member, sum_id, outgoing_id = books.founded(), received(1000).incoming_id, uuid4()
        assert sent_back(10, incoming_id=sum_id, outgoing_id=outgoing_id)
        order_id = uuid4()
        assert matched(sum_id, member, order_id).surplus.minor == 0
        assert not sent_back(10, incoming_id=sum_id, outgoing_id=outgoing_id)
        granted(member, order_id)
        assert Incoming.objects.get().open_minor == 0
        assert books.kinds() == set()

    def test_of_an_accounts_own_leaves_the_rest(self) -> None:
        member, outgoing_id = books.founded(), uuid4()
        credited(received().incoming_id, member)
        terms: dict[str, Any] = {"account_id": member.account_id, "outgoing_id": outgoing_id}
        assert [sent_back(900, **terms) for _ in range(2)] == [True, False]
        with pytest.raises(ledger.NotReturnable):
            sent_back(91, account_id=member.account_id)
        assert own(member) == 90
        assert Outgoing.objects.get().amount_minor == 900
        assert books.kinds() == set()

    def test_is_of_money_that_there_is(self) -> None:
        for whose in ({"incoming_id": uuid4()}, {"account_id": books.founded().account_id}):
            with pytest.raises(ledger.NotReturnable):
                sent_back(1, **whose)


class TestCosts:
    def test_of_a_provider_are_booked_once(self) -> None:
        books.buy(books.founded(), 1000, 990)
        for booked in (6, 0):
            assert ledger.book_fee(Money(6, "CNY"), money_account="psp:test", dedupe_key="payment:1") == booked
        assert (books.in_books("psp_fee"), books.in_books("psp:test")) == (6, 984)
        assert books.kinds() == set()

    def test_of_a_vendors_day_are_set_to_what_is_known_last(self) -> None:
        day = date(2026, 11, 1)
        changes = [
            ledger.book_vendor_day(Money(minor, "CNY"), vendor="deep-mill", day=day) for minor in (500, 500, 700, 0, 20)
        ]
        assert changes == [500, 0, 200, -700, 20]
        assert (books.in_books("provider_cost"), books.in_books("payable:vendor:deep-mill")) == (20, -20)
        assert ledger.vendors_of(day) == ["deep-mill"]
        assert Cost.objects.get().amount_minor == 20
        assert books.kinds() == set()

    def test_of_another_kind_under_the_same_key_are_a_mistake(self) -> None:
        ledger.book_fee(Money(6, "CNY"), money_account="psp:test", dedupe_key="payment:1")
        with pytest.raises(DatabaseError), transaction.atomic():
            ledger.book_fee(Money(6, "USD"), money_account="psp:test", dedupe_key="payment:1")
