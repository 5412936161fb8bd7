"""Many at once over the same money: it comes in once, pays once and goes back once."""

from uuid import UUID, uuid4

import orjson
import psycopg
import pytest

from accounts.models import Member
from plans import ledger
from plans.ledger import holds
from plans.models import Incoming, Lot, Refund, Surplus
from portal.kit.units import Money
from tests.plans.ledger import books
from tests.plans.ledger.test_races import Work, at_once

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 16

Own = psycopg.Connection[tuple[object, ...]]


def first(own: Own, statement: str, *parameters: object) -> str:
    row = own.execute(statement, parameters).fetchone()
    assert row is not None
    return str(row[0])


def receiving(key: str) -> Work:
    return lambda own: first(own, "SELECT received FROM ledger_receive(%s, %s, 'bank', 990, 'CNY', '')", uuid4(), key)


def arrived(key: str, minor: int = 990) -> UUID:
    arrival = ledger.Arrival(incoming_id=uuid4(), money=Money(minor, "CNY"), money_account="bank", dedupe_key=key)
    return ledger.receive(arrival).incoming_id


class TestReceive:
    def test_notes_a_sum_once(self) -> None:
        assert at_once(CALLERS, receiving("line:1")) == {"True": 1, "False": CALLERS - 1}
        assert books.in_books("bank") == 990
        assert books.kinds() == set()


class TestMatch:
    def test_pays_an_order_once_whatever_sums_are_for_it(self) -> None:
        member, order_id = books.founded(), uuid4()
        sums = [arrived(f"line:{number}") for number in range(CALLERS)]
        match = "SELECT outcome FROM ledger_match(%s, %s, %s, 990, 'CNY', 1, 'test')"
        left = list(sums)
        outcomes = at_once(CALLERS, lambda own: first(own, match, left.pop(), member.account_id, order_id))
        assert outcomes == {"matched": 1, "credited": CALLERS - 1}
        money = ledger.Received(Money(990, "CNY"), "bank_unmatched")
        books.grant(member, 1000, order_id=order_id, received=money)
        assert Surplus.objects.get().minor == 990 * (CALLERS - 1)
        assert books.kinds() == set()

    def test_of_one_sum_pays_one_of_many_orders(self) -> None:
        member, sum_id = books.founded(), arrived("line:1")
        match = "SELECT outcome FROM ledger_match(%s, %s, %s, 990, 'CNY', 1, 'test')"
        grant = {"account_id": member.account_id, "source": "topup", "microcredits": 1000, "money_minor": 990}
        grant |= {"currency": "CNY", "money_account": "bank_unmatched"}

        def work(own: Own) -> str:
            order_id = uuid4()
            with own.transaction():
                outcome = first(own, match, sum_id, member.account_id, order_id)
                if outcome == "matched":
                    given = orjson.dumps([grant | {"order_id": order_id, "dedupe_key": f"order:{order_id}"}]).decode()
                    first(own, "SELECT granted FROM ledger_grant(%s::jsonb)", given)
                return outcome

        assert at_once(CALLERS, work) == {"matched": 1, "taken": CALLERS - 1}
        assert Lot.objects.count() == 1
        assert Incoming.objects.get().granted_at is not None
        assert books.kinds() == set()


class TestReturnMoney:
    def test_sends_back_what_there_is_and_no_more(self) -> None:
        sum_id = arrived("line:1", 1000)
        back = "SELECT ledger_return_money(%s, %s, NULL, 300, 'CNY', 'bank', 1, 'test')"
        assert at_once(CALLERS, lambda own: first(own, back, uuid4(), sum_id)) == {"ok": 3, "too_much": CALLERS - 3}
        assert books.kinds() == set()

    def test_and_an_order_never_take_the_same_money_of_an_account(self) -> None:
        member = books.founded()
        ledger.credit(
            arrived("line:1", 1000), account_id=member.account_id, currency="CNY", by_user_id=1, reason="test"
        )
        back = "SELECT ledger_return_money(%s, NULL, %s, 300, 'CNY', 'bank', 1, 'test')"
        outcomes = at_once(CALLERS, lambda own: first(own, back, uuid4(), member.account_id))
        assert outcomes == {"ok": 3, "too_much": CALLERS - 3}
        assert Surplus.objects.get().minor == 100
        assert books.kinds() == set()


class TestRefund:
    def test_opens_once_however_many_ask(self) -> None:
        lot = books.buy(books.founded(), 1000, 990)
        ask = "SELECT outcome FROM ledger_open_refund(%s, %s, 400, 1, 'asked')"
        assert at_once(CALLERS, lambda own: first(own, ask, uuid4(), lot)) == {"ok": 1, "frozen": CALLERS - 1}
        refund = Refund.objects.get()
        close = "SELECT ledger_close_refund(%s, true, 'psp:test')"
        assert at_once(CALLERS, lambda own: first(own, close, refund.pk)) == {"ok": 1, "already": CALLERS - 1}
        assert books.in_books("psp:test") == 990 - refund.money_minor
        assert books.kinds() == set()

    def test_and_calls_share_the_credits_between_them(self) -> None:
        member = books.founded()
        whole = 100 * CALLERS  # so that something is left for the refund, whenever it comes
        lot = books.buy(member, whole, whole)
        asked = [books.ask(member, 100) for _ in range(CALLERS)]
        outcomes = at_once(CALLERS, calling_or_refunding(member, lot, asked))
        refund = Refund.objects.get()
        assert outcomes["refund"] == 1
        assert refund.microcredits + outcomes["ok"] * 100 == whole
        assert ledger.close_refund(refund.pk, succeeded=True, money_account="psp:test")
        for each in asked:
            books.capture({"call_id": each.call_id, "charge": 100})
        ledger.earn()
        assert books.in_books("psp:test") == whole - refund.microcredits == -books.in_books("revenue_usage")
        assert books.kinds() == set()


def calling_or_refunding(member: Member, lot: int, asked: list[ledger.Reservation]) -> Work:
    """One of them asks for the money back, all others call."""
    turns = [*asked[1:], None]
    given = {id(each): orjson.dumps([holds._given(each)]).decode() for each in asked}

    def work(own: Own) -> str:
        turn = turns.pop(len(turns) // 2)
        if turn is None:
            ask = "SELECT outcome FROM ledger_open_refund(%s, %s, NULL, 1, 'asked')"
            assert first(own, ask, uuid4(), lot) == "ok", member
            return "refund"
        return first(own, "SELECT outcome FROM ledger_reserve(%s::jsonb)", given[id(turn)])

    return work
