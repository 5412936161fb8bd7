"""The audit finds every kind of corruption that somebody beyond all constraints can plant."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from accounts.models import Member
from plans import ledger, offerings
from plans.models import Dispute, Lot, Order, Refund
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

COUNTERS = ("available", "held", "spent", "expired", "revoked", "refunded", "rolled")
PRICE = 990
MOMENT = timedelta(microseconds=1)

ACCOUNT_DIFFERS = "I4 account differs from the books"
HELD_FOR_NOTHING = "I6 lot holds what no call holds"
QUOTA_DIFFERS = "I6 quota differs from what was given, lent and reclaimed"
FROZEN_FOR_NOTHING = "I6 lot is frozen for nothing"
ORDER_DIFFERS = "I16 paid order and books differ"
TOO_MUCH_BACK = "I17 more was given back than was paid"

ADD_LINE = """
INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
SELECT id, '{code}', '{unit}', {lot}, {amount} FROM plans_journal WHERE kind = 'grant' LIMIT 1
"""
DROP = "ALTER TABLE plans_lot DROP CONSTRAINT {}"
CHANGE = "UPDATE plans_lot SET {}"

PLANTED = (
    ("I1 journal does not add up", [ADD_LINE.format(code="psp:x", unit="CNY", lot=0, amount=5)]),
    (
        "I1 journal does not add up",
        [
            ADD_LINE.format(code="psp:x", unit="CNY", lot=0, amount=5),
            ADD_LINE.format(code="usage", unit="µ", lot=0, amount=-5),
        ],
    ),
    ("I1 posting without a journal", ["DELETE FROM plans_journal WHERE kind = 'settle'"]),
    ("I2 lot does not add up", [DROP.format("lot_adds_up"), "UPDATE plans_lot SET available = available + 1"]),
    ("I3 lot differs from the books", ["UPDATE plans_lot SET available = available - 1, spent = spent + 1"]),
    ("I3 lot differs from the books", ["DELETE FROM plans_posting", "DELETE FROM plans_journal"]),
    ("I3 books know a lot that is not there", [ADD_LINE.format(code="usage", unit="µ", lot=987654321, amount=5)]),
    (ACCOUNT_DIFFERS, ["UPDATE plans_wallet SET debt = 3"]),
    (ACCOUNT_DIFFERS, ["UPDATE plans_posting SET amount = amount + 1 WHERE account_code LIKE 'avail:%'"]),
    ("I4 lots without a wallet", ["DELETE FROM plans_wallet"]),
    (HELD_FOR_NOTHING, ["UPDATE plans_lot SET held = held + 1, available = available - 1"]),
    (HELD_FOR_NOTHING, ["DELETE FROM plans_holdlot"]),
    ("I6 call and its lots differ", ["UPDATE plans_hold SET amount = amount + 1"]),
    ("I6 call and its lots differ", ["DELETE FROM plans_holdlot"]),
    ("I6 quota holds what no call holds", ["UPDATE plans_quotawindow SET held = held + 1 WHERE metric = 'calls'"]),
    (
        "I6 quota holds what no call holds",
        ["UPDATE plans_quotawindow SET held = held - 1 WHERE metric = 'microcredits'"],
    ),
    ("I6 quota holds what no call holds", ["DELETE FROM plans_quotawindow WHERE metric = 'calls'"]),
    (QUOTA_DIFFERS, ["UPDATE plans_quotawindow SET extra = -1"]),
    (QUOTA_DIFFERS, ["UPDATE plans_quotawindow SET extra = 1"]),
    (
        QUOTA_DIFFERS,
        [
            """INSERT INTO plans_reclaim (account_id, window_id, due_date, microcredits, reclaimed_at, ends_at)
            SELECT q.account_id, w.id, current_date, 5, now(), now()
            FROM plans_quotawindow w JOIN plans_quota q ON q.id = w.quota_id"""
        ],
    ),
    (FROZEN_FOR_NOTHING, ["UPDATE plans_lot SET frozen = 1"]),
    ("I16 money that is not earned differs from the books", ["UPDATE plans_lot SET deferred_minor = 7"]),
    (
        "I16 all credits are gone, yet not all money is earned",
        ["UPDATE plans_lot SET deferred_minor = 7, revoked = granted, available = 0, held = 0, spent = 0"],
    ),
    (
        "I8 open call is settled already",
        [
            """INSERT INTO plans_journal (id, kind, account_id, reason, moved_at)
            SELECT id, 'settle', account_id, '', now() FROM plans_hold""",
        ],
    ),
    ("I13 lots drawn out of order", ["UPDATE plans_holdlot SET ord = ord + 1"]),
    ("I13 lots drawn out of order", ["UPDATE plans_holdlot SET ord = 0"]),
    (
        "I14 call opened on a lot outside its time",
        ["UPDATE plans_lot SET expires_at = (SELECT h.opened_at FROM plans_hold h)"],
    ),
    (
        "I14 call opened on a lot outside its time",
        ["UPDATE plans_lot SET effective_at = (SELECT h.opened_at FROM plans_hold h) + interval '1 microsecond'"],
    ),
)


@pytest.fixture
def _busy() -> None:
    """An account with a settled call and an open one under a quota in credits and one in calls."""
    member = books.founded()
    books.grant(member, 1000)
    books.quota(member, 500)
    books.quota(member, 500, metric="calls")
    settled, still_open = books.ask(member, 100), books.ask(member, 100)
    books.reserve(settled, still_open)
    books.close(settled, 60)
    assert books.kinds() == set()


@pytest.mark.usefixtures("_busy")
class TestAudit:
    @pytest.mark.parametrize(("kind", "statements"), PLANTED, ids=[kind for kind, _ in PLANTED])
    def test_finds(self, kind: str, statements: list[str]) -> None:
        plant(*statements)
        assert kind in books.kinds()

    def test_finds_a_hold_without_its_call(self) -> None:
        plant("DELETE FROM plans_hold")
        assert books.kinds() == {"I6 call and its lots differ", "I6 quota holds what no call holds"}

    def test_takes_a_lot_as_usable_from_its_first_moment_on(self) -> None:
        plant("UPDATE plans_lot SET effective_at = (SELECT h.opened_at FROM plans_hold h)")
        assert books.kinds() == set()

    def test_prints_what_it_finds_and_fails(self) -> None:
        plant("UPDATE plans_wallet SET debt = 3")
        said = StringIO()
        with pytest.raises(SystemExit, match="1"):
            call_command("audit_ledger", stderr=said)
        assert ACCOUNT_DIFFERS in said.getvalue()


@pytest.mark.usefixtures("_busy")
class TestAuditOfLots:
    """Each counter is wrong alone once, so that none can be forgotten in a sum."""

    @pytest.mark.parametrize("counter", COUNTERS)
    def test_finds_one_that_does_not_add_up(self, counter: str) -> None:
        plant(DROP.format("lot_adds_up"), CHANGE.format(f"{counter} = {counter} + 1"))
        assert "I2 lot does not add up" in books.kinds()

    @pytest.mark.parametrize("counter", COUNTERS)
    def test_finds_one_that_adds_up_with_less_than_nothing(self, counter: str) -> None:
        plant(
            DROP.format("lot_not_negative"),
            DROP.format("lot_earned_within_money"),
            CHANGE.format(f"granted = granted - {counter} - 1, {counter} = -1"),
        )
        assert "I2 lot does not add up" in books.kinds()

    @pytest.mark.parametrize(
        ("counter", "also"),
        [
            ("available", {ACCOUNT_DIFFERS}),
            ("held", {ACCOUNT_DIFFERS, HELD_FOR_NOTHING}),
            ("spent", set()),
            ("expired", set()),
            ("revoked", set()),
            ("refunded", set()),
        ],
    )
    def test_finds_one_that_differs_from_the_books(self, counter: str, also: set[str]) -> None:
        plant(CHANGE.format(f"granted = granted + 1, {counter} = {counter} + 1"))
        assert books.kinds() == {"I3 lot differs from the books", *also}

    def test_finds_one_that_is_not_frozen_in_a_refund_or_a_dispute(self) -> None:
        member, order_id = books.founded(), uuid4()
        refunded, disputed = books.buy(member, 100, PRICE), books.buy(member, 100, PRICE, order_id=order_id)
        ledger.open_refund(uuid4(), lot_id=refunded, reason="test", by_user_id=None)
        ledger.open_dispute(uuid4(), order_id=order_id, money_minor=PRICE, reason="test", by_user_id=None)
        assert books.kinds() == set()
        for lot_id in (refunded, disputed):
            plant(CHANGE.format(f"frozen = 0 WHERE id = {lot_id}"))
            assert books.kinds() == {FROZEN_FOR_NOTHING}
            plant(CHANGE.format(f"frozen = 1 WHERE id = {lot_id}"))

    def test_follows_the_order_in_which_they_are_drawn(self) -> None:
        member, now = books.founded(), clock.now()
        for priority, days in ((1, 1), (0, None), (0, 9), (0, 2), (-1, None)):
            ends = now + timedelta(days=days) if days else None
            books.grant(member, 100, priority=priority, expires_at=ends)
        assert books.reserve(books.ask(member, 500))[0][0] == "ok"
        assert books.kinds() == set()


@pytest.fixture
def order(shelf: None) -> Order:
    """An order that was paid and booked."""
    member = books.founded()
    placed = placed_by(member, state=Order.State.PAID, paid_at=clock.now())
    books.buy(member, 1000, PRICE, tax_minor=90, order_id=placed.pk, source="plan")
    assert books.kinds() == set()
    return placed


class TestAuditOfOrders:
    def test_finds_a_paid_one_without_a_journal(self, order: Order) -> None:
        placed_by(order.placed_by, state=Order.State.PAID, paid_at=clock.now())
        assert books.kinds() == {ORDER_DIFFERS}

    @pytest.mark.parametrize("change", [{"price_minor": PRICE + 1}, {"price_minor": PRICE - 1}, {"currency": "EUR"}])
    def test_finds_one_that_was_booked_otherwise(self, order: Order, change: dict[str, object]) -> None:
        with books.corrupting():
            Order.objects.update(**change)
        assert books.kinds() == {ORDER_DIFFERS}

    @pytest.mark.parametrize("state", [state for state in Order.State if state != Order.State.PAID])
    def test_asks_no_journal_of_one_that_is_not_paid(self, order: Order, state: str) -> None:
        placed_by(order.placed_by, state=state)
        assert books.kinds() == set()

    def test_counts_what_was_paid_alone(self, order: Order) -> None:
        end = ledger.PeriodEnd(
            lot_id=Lot.objects.get(order_id=order.pk).pk,
            account_id=order.account_id,
            cap=Microcredits(500),
            name="Rolled over",
            expires_at=clock.now() + timedelta(days=30),
            dedupe_key="period:1",
        )
        ledger.roll_over([end])
        ledger.earn()
        assert books.kinds() == set()

    def test_asks_for_journals_from_the_first_month_on_that_is_kept(self, order: Order) -> None:
        kept_since: datetime = books.fetch("SELECT ledger_kept_since()")[0][0]
        placed_by(order.placed_by, state=Order.State.PAID, paid_at=kept_since - MOMENT)
        assert books.kinds() == set()
        placed_by(order.placed_by, state=Order.State.PAID, paid_at=kept_since)
        assert books.kinds() == {ORDER_DIFFERS}


class TestAuditOfWhatWentBack:
    @pytest.mark.parametrize(
        ("refunds", "disputes", "found"),
        [
            ([("succeeded", 600), ("succeeded", 391)], [], {TOO_MUCH_BACK}),
            ([("succeeded", 600)], [("lost", 391)], {TOO_MUCH_BACK}),
            ([], [("lost", PRICE + 1)], {TOO_MUCH_BACK}),
            ([("processing", PRICE + 1)], [], {TOO_MUCH_BACK, FROZEN_FOR_NOTHING}),
            ([], [("open", PRICE + 1)], {TOO_MUCH_BACK, FROZEN_FOR_NOTHING}),
            ([("succeeded", 600)], [("lost", 390)], set()),
            ([("succeeded", PRICE), ("failed", PRICE)], [("won", PRICE)], set()),
        ],
    )
    def test_finds_more_than_was_paid(
        self, order: Order, refunds: list[tuple[str, int]], disputes: list[tuple[str, int]], found: set[str]
    ) -> None:
        now = clock.now()
        shared = {"account_id": order.account_id, "order_id": order.pk, "currency": "CNY", "reason": "test"}
        lot_id = Lot.objects.get(order_id=order.pk).pk
        with books.corrupting():
            for table, given, terms in (
                (Refund, refunds, {"lot_id": lot_id, "microcredits": 1}),
                (Dispute, disputes, {}),
            ):
                for state, minor in given:
                    ended_at = None if state in {"processing", "open"} else now
                    row = {"id": uuid4(), "state": state, "money_minor": minor, "opened_at": now, "ended_at": ended_at}
                    table.objects.create(**shared | terms | row)
        assert books.kinds() & {TOO_MUCH_BACK, FROZEN_FOR_NOTHING} == found


class TestCleanBooks:
    def test_are_said_to_be_in_order(self) -> None:
        said = StringIO()
        call_command("audit_ledger", stdout=said)
        assert said.getvalue() == "The books are in order.\n"


def plant(*statements: str) -> None:
    """This will do what no trigger would let pass."""
    with books.corrupting():
        for statement in statements:
            books.run(statement)


def placed_by(member: Member, **terms: Any) -> Order:
    """This will write down an order as if it were in that state."""
    now = clock.now()
    usual: dict[str, Any] = {"price_minor": PRICE, "currency": "CNY", "microcredits": 1000}
    usual |= {"placed_at": now, "expires_at": now, "offering_version": offerings.current("starter")}
    return Order.objects.create(account=member.account, placed_by=member, **usual | terms)
