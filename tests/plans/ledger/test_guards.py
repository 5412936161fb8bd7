"""What the database refuses by itself: to the application's role, and to the owner of the tables."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, transaction

from plans import ledger
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

TABLES = [
    "plans_wallet",
    "plans_lot",
    "plans_hold",
    "plans_holdlot",
    "plans_idempotencykey",
    "plans_journal",
    "plans_posting",
    "plans_quotawindow",
    "plans_lotcheck",
    "plans_lotnotice",
    "plans_refund",
    "plans_dispute",
    "plans_adjustment",
    "usage_call",
    "usage_attempt",
    "usage_calllot",
    "usage_dailytotal",
    "usage_dropped",
    "usage_hourprofile",
    "usage_keptanswer",
    "usage_lateevidence",
]


def refused(statement: str, *parameters: object, error: type[DatabaseError] = IntegrityError) -> None:
    with pytest.raises(error):
        attempt(statement, *parameters)


@transaction.atomic
def attempt(statement: str, *parameters: object) -> None:
    books.run(statement, *parameters)
    books.run("SET CONSTRAINTS ALL IMMEDIATE")


class TestApplication:
    @pytest.mark.parametrize("table", TABLES)
    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES"])
    def test_writes_no_money_table(self, table: str, statement: str) -> None:
        refused(statement.format(table), error=ProgrammingError)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE plans_lot SET available = available",
            "UPDATE plans_wallet SET debt = 0",
            "UPDATE plans_posting SET amount = 1",
            "UPDATE plans_quotawindow SET used = 0",
            "UPDATE usage_call SET charged_microcredits = 0",
            "UPDATE usage_dailytotal SET charged_microcredits = 0",
            "UPDATE django_migrations SET name = ''",
            "DELETE FROM plans_journal_default",
            "SELECT * FROM ledger_capture('[]')",
            "SELECT make_partitions('plans_journal', 'id', 1)",
            "CREATE TABLE own (id integer)",
        ],
    )
    def test_has_no_way_around_the_functions(self, statement: str) -> None:
        refused(statement, error=ProgrammingError)

    def test_calls_no_function_with_the_owners_rights_but_these(self) -> None:
        found = books.fetch(
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
            " AND has_function_privilege(oid, 'execute') ORDER BY 1"
        )
        expected = {
            "ledger_claim",
            "ledger_expire",
            "ledger_forget_keys",
            "ledger_grant",
            "ledger_forget_windows",
            "ledger_heartbeat",
        }
        expected |= {
            "ledger_make_partitions",
            "ledger_reserve",
            "ledger_earn",
            "ledger_note_endings",
            "ledger_fold_audit",
        }
        expected |= {"ledger_roll_over", "ledger_open_refund", "ledger_close_refund", "ledger_open_dispute"}
        expected |= {
            "ledger_give_extra",
            "ledger_give_minutes",
            "ledger_stop_admission",
            "ledger_drop_month",
            "ledger_close_dispute",
            "ledger_ask_adjustment",
            "ledger_decide_adjustment",
        }
        expected |= {
            "ledger_receive",
            "ledger_match",
            "ledger_return_money",
            "ledger_book_cost",
            "ledger_refundable",
        }
        assert {name for (name,) in found if name.startswith(("ledger", "make"))} == expected

    def test_finds_functions_with_a_fixed_search_path_alone(self) -> None:
        found = books.fetch(
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
            " AND NOT coalesce(array_to_string(proconfig, ','), '') LIKE '%search_path=%'"
        )
        assert found == []


class TestOwner:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE plans_lot SET available = available - 1",
            "UPDATE plans_lot SET spent = -1, available = available + 1",
            "UPDATE plans_lot SET granted = 0",
            "UPDATE plans_lot SET rolled = -1, available = available + 1",
            "UPDATE plans_lot SET frozen = -1",
            "UPDATE plans_lot SET deferred_minor = -1",
            "UPDATE plans_lot SET spent_earned = spent + 1",
            "UPDATE plans_lot SET expired_earned = expired + 1",
            "UPDATE plans_lot SET held = 5",
            "UPDATE plans_lot SET source = 'gift'",
            "UPDATE plans_lot SET expires_at = effective_at",
        ],
    )
    def test_cannot_break_a_lot(self, change: str) -> None:
        books.grant(books.founded(), 100)
        with books.owner():
            refused(change)

    @pytest.mark.parametrize("table", ["journal", "posting"])
    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET account_code = account_code"])
    def test_cannot_change_the_books(self, table: str, statement: str) -> None:
        books.grant(books.founded(), 100)
        column = "kind = kind" if table == "journal" else "account_code = account_code"
        with books.owner():
            refused(
                statement.format(f"plans_{table}").replace("account_code = account_code", column),
                error=DatabaseError,
            )

    def test_cannot_post_what_does_not_add_up(self) -> None:
        journal = uuid4()
        line = "INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount) VALUES"
        with books.owner():
            refused(f"{line} (%s, 'issued', 'µ', 0, 5)", journal)
            refused(f"{line} (%s, 'issued', 'µ', 0, 5), (%s, 'psp:x', 'CNY', 0, -5)", journal, journal)
            refused(f"{line} (%s, 'issued', 'µ', 0, 0)", journal)
            with transaction.atomic():
                books.run(f"{line} (%s, 'issued', 'µ', 0, 5)", journal)
                books.run(f"{line} (%s, 'usage', 'µ', 0, -5)", journal)
                books.run("SET CONSTRAINTS ALL IMMEDIATE")

    def test_cannot_settle_a_call_twice(self) -> None:
        insert = "INSERT INTO plans_journal (id, kind, account_id, reason, moved_at) VALUES (%s, %s, 1, '', now())"
        with books.owner():
            call = books.fetch("SELECT new_id()")[0][0]
            books.run(insert, call, "settle")
            refused(insert, call, "settle")
            refused(insert, uuid4(), "whim")

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE plans_hold SET amount = -1",
            "UPDATE plans_hold SET amount = 2000000000000000",
            "UPDATE plans_hold SET state = 'done'",
            "UPDATE plans_hold SET state = 'running'",
            "UPDATE plans_hold SET lease_until = now()",
            "UPDATE plans_hold SET source = 'fax'",
        ],
    )
    def test_cannot_break_an_open_call(self, change: str) -> None:
        member = books.founded()
        books.grant(member, 100)
        books.reserve(books.ask(member))
        with books.owner():
            refused(change)

    def test_cannot_break_wallets_and_windows(self) -> None:
        member = books.founded()
        books.grant(member, 100)
        books.quota(member, 1000)
        books.reserve(books.ask(member))
        with books.owner():
            refused("UPDATE plans_wallet SET debt = -1")
            refused("UPDATE plans_quotawindow SET held = -1")
            refused('UPDATE plans_quota SET "limit" = -1')
            refused("UPDATE plans_holdlot SET amount = 0")
            refused("UPDATE portal_clock SET shift = '-1 day'")
            refused("INSERT INTO portal_clock (id, shift) VALUES (2, '0')")


def partition_of_the_only_journal() -> str:
    [(name,)] = books.fetch("SELECT tableoid::regclass::text FROM plans_journal")
    return str(name)


class TestPartitions:
    def test_stand_three_months_ahead(self) -> None:
        for table in ("plans_journal", "plans_posting"):
            found = books.fetch("SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass", table)
            assert found[0][0] >= 5
        assert ledger.make_partitions() == 0

    def test_are_made_when_time_goes_on(self) -> None:
        books.move_clock(timedelta(days=70))
        assert ledger.make_partitions() >= 4
        books.grant(books.founded(), 100)
        assert partition_of_the_only_journal() != "plans_journal_default"

    def test_leave_what_is_in_the_default_where_it_is(self) -> None:
        books.move_clock(timedelta(days=400))
        books.grant(books.founded(), 100)
        assert partition_of_the_only_journal() == "plans_journal_default"
        assert ledger.make_partitions() == 6
        assert books.kinds() == set()
