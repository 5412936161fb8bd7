"""The audit finds every kind of corruption that somebody beyond all constraints can plant."""

from io import StringIO

import pytest
from django.core.management import call_command

from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

ADD_LINE = """
INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
SELECT id, '{code}', '{unit}', {lot}, {amount} FROM plans_journal WHERE kind = 'grant' LIMIT 1
"""
DROP = "ALTER TABLE plans_lot DROP CONSTRAINT {}"

PLANTED = {
    "I1 journal does not add up": [ADD_LINE.format(code="psp:x", unit="CNY", lot=0, amount=5)],
    "I1 posting without a journal": ["DELETE FROM plans_journal WHERE kind = 'settle'"],
    "I2 lot does not add up": [
        DROP.format("lot_adds_up"),
        "UPDATE plans_lot SET available = available + 1",
    ],
    "I3 lot differs from the books": ["UPDATE plans_lot SET available = available - 1, spent = spent + 1"],
    "I3 books know a lot that is not there": [
        ADD_LINE.format(code="usage", unit="µ", lot=987654321, amount=5),
    ],
    "I4 account differs from the books": ["UPDATE plans_wallet SET debt = 3"],
    "I4 lots without a wallet": ["DELETE FROM plans_wallet"],
    "I6 lot holds what no call holds": ["UPDATE plans_lot SET held = held + 1, available = available - 1"],
    "I6 call and its lots differ": ["UPDATE plans_hold SET amount = amount + 1"],
    "I6 quota holds what no call holds": ["UPDATE plans_quotawindow SET held = held + 1"],
    "I6 lot is frozen for nothing": ["UPDATE plans_lot SET frozen = 1"],
    "I16 money that is not earned differs from the books": ["UPDATE plans_lot SET deferred_minor = 7"],
    "I16 all credits are gone, yet not all money is earned": [
        "UPDATE plans_lot SET deferred_minor = 7, revoked = granted, available = 0, held = 0, spent = 0",
    ],
    "I8 open call is settled already": [
        """INSERT INTO plans_journal (id, kind, account_id, reason, moved_at)
        SELECT id, 'settle', account_id, '', now() FROM plans_hold""",
    ],
    "I13 lots drawn out of order": ["UPDATE plans_holdlot SET ord = 7"],
    "I14 call opened on a lot outside its time": [
        """UPDATE plans_lot SET effective_at = effective_at - interval '2 days',
        expires_at = granted_at - interval '1 day'""",
    ],
}


@pytest.fixture
def _busy() -> None:
    """An account with a settled call and an open one under a quota."""
    member = books.founded()
    books.grant(member, 1000)
    books.quota(member, 500)
    settled, still_open = books.ask(member, 100), books.ask(member, 100)
    books.reserve(settled, still_open)
    books.close(settled, 60)
    assert books.kinds() == set()


@pytest.mark.usefixtures("_busy")
class TestAudit:
    @pytest.mark.parametrize("kind", PLANTED)
    def test_finds(self, kind: str) -> None:
        with books.corrupting():
            for statement in PLANTED[kind]:
                books.run(statement)
        assert kind in books.kinds()

    def test_finds_a_hold_without_its_call(self) -> None:
        with books.corrupting():
            books.run("DELETE FROM plans_hold")
        assert books.kinds() == {"I6 call and its lots differ", "I6 quota holds what no call holds"}

    def test_prints_what_it_finds_and_fails(self) -> None:
        with books.corrupting():
            books.run("UPDATE plans_wallet SET debt = 3")
        said = StringIO()
        with pytest.raises(SystemExit, match="1"):
            call_command("audit_ledger", stderr=said)
        assert "I4 account differs from the books" in said.getvalue()


class TestCleanBooks:
    def test_are_said_to_be_in_order(self) -> None:
        said = StringIO()
        call_command("audit_ledger", stdout=said)
        assert said.getvalue() == "The books are in order.\n"
