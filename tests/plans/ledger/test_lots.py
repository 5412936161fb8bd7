"""Lots over their life: what they are good for, how they roll over and end, and what they earn."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from plans import ledger
from plans.models import Lot, LotNotice
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

MILLION = 10**6


def period_end(lot_id: int, cap: int, *, key: str = "period:1", days: int = 30) -> ledger.PeriodEnd:
    lot = Lot.objects.get(pk=lot_id)
    return ledger.PeriodEnd(
        lot_id=lot_id,
        account_id=lot.account_id,
        cap=Microcredits(cap),
        name="Rolled over",
        expires_at=clock.now() + timedelta(days=days),
        dedupe_key=key,
    )


class TestScope:
    def test_of_a_model_leaves_other_models_calls_to_other_lots(self) -> None:
        member = books.founded()
        narrow = books.grant(member, 100, priority=-1, chat_model_ids=(7,))
        wide = books.grant(member, 100)
        books.reserve(books.ask(member, 60, chat_model_id=1))
        assert (books.counters(narrow)[1], books.counters(wide)[1]) == (0, 60)
        assert books.reserve(books.ask(member, 110, chat_model_id=7))[0][0] == "ok"
        assert (books.counters(narrow)[1], books.counters(wide)[1]) == (100, 70)

    def test_of_a_scenario_refuses_what_is_none(self) -> None:
        member = books.founded()
        books.grant(member, 100, scenario_ids=(3,))
        assert books.reserve(books.ask(member, 10))[0][0] == "no_credits"
        assert books.reserve(books.ask(member, 10, scenario_id=3))[0][0] == "ok"


class TestOrder:
    def test_is_that_of_the_grants_where_all_else_is_equal(self) -> None:
        member = books.founded()
        younger, older = books.grant(member, 100), books.grant(member, 100)
        with books.corrupting():
            books.run("UPDATE plans_lot SET granted_at = granted_at + interval '1 h' WHERE id = %s", younger)
        books.reserve(books.ask(member, 60))
        assert (books.counters(older)[1], books.counters(younger)[1]) == (60, 0)


class TestGift:
    def test_pays_no_debt(self) -> None:
        member = books.founded()
        books.grant(member, 1)
        with books.corrupting():
            books.run("UPDATE plans_wallet SET debt = 70 WHERE account_id = %s", member.account_id)
        given = [Lot.objects.get(pk=books.grant(member, 100, source=source)) for source in ("promo", "goodwill")]
        assert [(lot.granted, lot.repaid) for lot in given] == [(100, 0)] * 2
        bought = Lot.objects.get(pk=books.grant(member, 100, source="plan"))
        assert (bought.granted, bought.repaid) == (30, 70)

    def test_of_one_account_is_not_told_to_another(self) -> None:
        member, stranger = books.founded(), books.founded()
        books.grant(member, 100, dedupe_key="same")
        with pytest.raises(DatabaseError), transaction.atomic():
            books.grant(stranger, 100, dedupe_key="same")


class TestRollOver:
    def test_moves_what_is_left_up_to_the_cap_and_expires_the_rest(self) -> None:
        member = books.founded()
        scope = {"priority": -1, "chat_model_ids": (7,), "scenario_ids": (3,)}
        lot = books.grant(member, 1000, source="plan", expires_at=clock.now() + timedelta(days=1), **scope)
        [rolled] = ledger.roll_over([period_end(lot, 300)])
        assert (rolled.rolled, rolled.expired) == (300, 700)
        assert rolled.lot_id is not None
        new = Lot.objects.get(pk=rolled.lot_id)
        assert (new.source, new.available, new.granted) == ("rollover", 300, 300)
        assert (new.priority, new.chat_model_ids, new.scenario_ids) == (-1, [7], [3])
        assert new.expires_at is not None
        assert new.expires_at - clock.now() > timedelta(days=29)
        assert books.counters(lot) == (0, 0, 0, 700)
        assert Lot.objects.get(pk=lot).rolled == 300
        assert books.kinds() == set()

    def test_is_of_the_own_account_and_of_no_lot_that_is_frozen(self) -> None:
        member, other = books.founded(), books.founded()
        lot = books.buy(member, 1000, 990, source="plan")
        asked = period_end(lot, 300)
        assert ledger.roll_over([replace(asked, account_id=other.account_id)])[0].rolled == 0
        ledger.open_refund(uuid4(), lot_id=lot, reason="half", by_user_id=1, microcredits=Microcredits(50))
        assert ledger.roll_over([asked])[0].rolled == 0
        assert books.counters(lot) == (1000, 0, 0, 0)

    def test_leaves_the_rest_to_its_end_where_the_next_period_was_paid_early(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000, source="plan", expires_at=clock.now() + timedelta(days=1))
        early = replace(period_end(lot, 300), keeps_rest=True)
        [end] = ledger.roll_over([early])
        assert (end.rolled, end.expired) == (300, 0)
        assert Lot.objects.get(pk=lot).available == 700
        asked = books.ask(member, 800)
        books.reserve(asked)
        books.close(asked, 800)
        assert Lot.objects.get(source="rollover").available == 200  # as if it had rolled over only at the end
        [again] = ledger.roll_over([replace(early, dedupe_key="other", cap=Microcredits(0))])
        assert (again.lot_id, again.rolled, again.expired) == (None, 0, 0)
        assert books.kinds() == set()

    def test_moves_nothing_where_nothing_may_roll(self) -> None:
        lot = books.grant(books.founded(), 1000, source="plan")
        [end] = ledger.roll_over([period_end(lot, -1)])
        assert (end.lot_id, end.rolled, end.expired) == (None, 0, 1000)

    def test_happens_once(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000, source="plan")
        [first] = ledger.roll_over([period_end(lot, 300)])
        [again] = ledger.roll_over([period_end(lot, 300)])
        assert (again.lot_id, again.rolled, again.expired) == (first.lot_id, 0, 0)
        assert Lot.objects.count() == 2

    def test_is_not_done_to_what_rolled_over_before(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000, source="plan")
        [first] = ledger.roll_over([period_end(lot, 300)])
        assert first.lot_id is not None
        [second] = ledger.roll_over([period_end(first.lot_id, 300, key="period:2")])
        assert (second.lot_id, second.rolled, second.expired) == (None, 0, 300)
        assert books.kinds() == set()

    def test_leaves_open_calls_what_they_hold(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000, source="plan")
        asked = books.ask(member, 400)
        books.reserve(asked)
        [rolled] = ledger.roll_over([period_end(lot, 1000)])
        assert (rolled.rolled, rolled.expired) == (600, 0)
        assert books.close(asked, 250).charged == 250
        assert books.counters(lot) == (150, 0, 250, 0)
        [again] = ledger.roll_over([period_end(lot, 1000)])
        assert (again.lot_id, again.rolled, again.expired) == (rolled.lot_id, 0, 0)
        assert books.kinds() == set()

    def test_moves_nothing_once_the_period_is_over(self) -> None:
        member = books.founded()
        late = books.grant(member, 1000, source="plan", expires_at=clock.now() + timedelta(days=1))
        past = books.grant(member, 1000, source="plan", expires_at=clock.now() + timedelta(days=9))
        books.move_clock(timedelta(days=2))
        ends = [period_end(late, 300), period_end(past, 300, key="period:2", days=-1)]
        assert [(end.lot_id, end.rolled, end.expired) for end in ledger.roll_over(ends)] == [(None, 0, 1000)] * 2
        assert books.kinds() == set()

    def test_takes_the_money_along(self) -> None:
        member = books.founded()
        lot = books.buy(member, 1000, 990, source="plan")
        asked = books.ask(member, 100)
        books.reserve(asked)
        books.close(asked, 100)
        ledger.roll_over([period_end(lot, 500)])
        assert books.in_books("revenue_usage") == -99
        assert Lot.objects.get(source="rollover").deferred_minor == 495
        ledger.earn()
        assert books.in_books("revenue_breakage") == -(990 - 99 - 495)
        assert Lot.objects.get(pk=lot).deferred_minor == 0
        assert books.kinds() == set()


class TestEarning:
    def test_follows_use_and_lapse_to_the_last_unit(self) -> None:
        member = books.founded()
        ends = clock.now() + timedelta(days=3)
        lot = books.buy(member, 7 * MILLION, 1000, tax_minor=57, expires_at=ends)
        assert books.in_books("tax") == -57
        assert Lot.objects.get(pk=lot).deferred_minor == 943
        for _ in range(2):
            asked = books.ask(member, MILLION)
            books.reserve(asked)
            books.close(asked, MILLION)
            assert ledger.earn() == 1
            assert ledger.earn() == 0
        assert books.in_books("revenue_usage") == -(943 // 7) - (943 - 943 // 7) // 6
        books.move_clock(timedelta(days=4))
        ledger.expire()
        ledger.earn()
        assert books.in_books("revenue_usage") + books.in_books("revenue_breakage") == -943
        assert Lot.objects.get(pk=lot).deferred_minor == 0
        assert books.in_books("psp:test") == 1000
        assert books.kinds() == set()

    def test_of_the_rest_follows_what_lapsed_before(self) -> None:
        member = books.founded()
        lot = books.buy(member, 100, 1000, expires_at=clock.now() + timedelta(days=1))
        asked = books.ask(member, 50)
        books.reserve(asked)
        books.move_clock(timedelta(days=2))
        ledger.expire()
        ledger.earn()
        assert Lot.objects.get(pk=lot).deferred_minor == 500
        books.close(asked, 20)  # of which the other 30 lapse
        ledger.earn()
        assert (books.in_books("revenue_usage"), books.in_books("revenue_breakage")) == (-200, -800)
        assert Lot.objects.get(pk=lot).deferred_minor == 0
        assert books.kinds() == set()

    def test_of_the_rest_follows_what_was_paid_back_before(self) -> None:
        member = books.founded()
        lot = books.buy(member, 100, 1000)
        refund_id = uuid4()
        ledger.open_refund(refund_id, lot_id=lot, reason="half", by_user_id=1, microcredits=Microcredits(50))
        ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
        books.spent(member, 25)
        ledger.earn()
        assert books.in_books("revenue_usage") == -250
        assert books.kinds() == set()

    def test_is_nothing_for_what_was_given(self) -> None:
        member = books.founded()
        books.grant(member, 1000, source="promo")
        asked = books.ask(member, 100)
        books.reserve(asked)
        books.close(asked, 100)
        assert ledger.earn() == 0


class TestNotices:
    def test_are_noted_once_for_each_day(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000, expires_at=clock.now() + timedelta(days=10))
        books.grant(member, 1000, expires_at=clock.now() + timedelta(hours=20))  # too short for any notice
        assert ledger.note_endings() == 0
        books.move_clock(timedelta(days=4))
        assert (ledger.note_endings(), ledger.note_endings()) == (1, 0)
        books.move_clock(timedelta(days=5, hours=12))
        assert ledger.note_endings() == 1
        noted = LotNotice.objects.order_by("due_at").values_list("lot_id", "days_before", "sent_at")
        assert list(noted) == [(lot, 7, None), (lot, 1, None)]
