"""What the tests of the ledger are written with: people with credits, calls, and a look as the owner."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
from django.conf import settings
from django.db import connection, transaction

from accounts import accounts
from accounts.models import ApiKey, Member, User
from models_catalog.models import ChatModel, Price, Vendor
from plans import ledger
from plans.ledger import holds
from plans.models import Lot, Quota, QuotaWindow
from portal.kit import clock, ids
from portal.kit.units import Microcredits, Money
from usage.audits import violations

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Closed:
    """What a capture answered for one call."""

    outcome: str
    charged: int | None
    lots: list[dict[str, int]]
    credits_left: int | None


@transaction.atomic
def founded(*, time_zone: str = "Asia/Shanghai") -> Member:
    """This will found a business with one owner and no credits."""
    number = next(_numbers)
    now = clock.now()
    user = User.objects.create(email=f"{number}@example.org", created_at=now)
    return accounts.found(user, kind="business", name=f"Firm {number}", now=now, time_zone=time_zone)


def grant(member: Member, microcredits: int, **terms: Any) -> int:
    """This will grant a lot and return its id."""
    asked = {"source": "topup", "name": "Pack", "dedupe_key": f"test:{next(_numbers)}", "reason": "test"}
    granted = ledger.grant(
        ledger.Grant(account_id=member.account_id, microcredits=Microcredits(microcredits), **asked | terms)
    )
    return granted.lot_id


def buy(member: Member, microcredits: int, minor: int, *, tax_minor: int = 0, **terms: Any) -> int:
    """This will grant a lot that was paid for, from an order of its own, and return its id."""
    received = ledger.Received(Money(minor, "CNY"), "psp:test", tax_minor)
    return grant(member, microcredits, **{"order_id": uuid4(), "received": received} | terms)


def in_books(code: str, unit: str = "CNY") -> int:
    """This will return what stands on an account of the books."""
    return int(
        fetch("SELECT coalesce(sum(amount), 0) FROM plans_posting WHERE account_code = %s AND unit = %s", code, unit)[
            0
        ][0]
    )


def priced(chat_model_id: int) -> int:
    """This will return the price row that counts for a model; a model that is not there is made with one."""
    found = Price.objects.in_force(now=clock.now()).filter(chat_model_id=chat_model_id).first()
    if found is None:
        if not ChatModel.objects.filter(pk=chat_model_id).exists():
            _make_model(chat_model_id)
        when = {"chat_model_id": chat_model_id, "active_from": LONG_AGO}
        found, _ = Price.objects.get_or_create(base=None, **when, defaults={"published_at": LONG_AGO})
    return found.pk


def _make_model(pk: int) -> None:
    vendor, _ = Vendor.objects.get_or_create(slug="books", defaults={"name": "Books", "country": "CN"})
    named = ChatModel(
        pk=pk, slug=f"books-{pk}", name=f"Books {pk}", vendor=vendor, context_tokens=1, max_output_tokens=1
    )
    ChatModel.objects.bulk_create([named], ignore_conflicts=True)  # two threads may ask at once
    with owner():
        run(
            "SELECT setval('models_catalog_chatmodel_id_seq', greatest(last_value,"
            " (SELECT max(id) FROM models_catalog_chatmodel))) FROM models_catalog_chatmodel_id_seq"
        )


def ask(member: Member, amount: int = 100, **terms: Any) -> ledger.Reservation:
    """This will describe a call that needs `amount`, at the price of its model that counts."""
    if "price_id" not in terms:
        terms["price_id"] = priced(terms.setdefault("chat_model_id", 1))
    usual: dict[str, Any] = {
        "call_id": ids.uuid7(clock.now()),
        "account_id": member.account_id,
        "member_id": member.pk,
        "departments": (),
        "project_id": None,
        "scenario_id": None,
        "api_key_id": None,
        "end_user": "",
        "amount": Microcredits(amount),
        "floor_amount": Microcredits(amount),
        "output_limit": 100,
        "output_rate": 1_000_000,
        "prompt_tokens": 10,
        "tokens": 110,
        "floor_tokens": 110,
        "choices": 1,
        "source": "api",
        "streamed": False,
        "reply_to": "web:1",
        "queue_deadline_seconds": 15,
        "hard_deadline_seconds": 60,
    }
    return ledger.Reservation(**usual | terms)


def reserve(*asked: ledger.Reservation) -> list[tuple[str, dict[str, Any]]]:
    """This will reserve on the test's own connection and return outcome and details of each."""
    given = orjson.dumps([holds._given(each) for each in asked]).decode()
    rows = fetch("SELECT outcome, details::text FROM ledger_reserve(%s::jsonb)", given)
    return [(outcome, orjson.loads(details)) for outcome, details in rows]


def claim(call_id: UUID, *, worker: str = "worker") -> list[tuple[Any, ...]]:
    """This will claim a call on the test's own connection."""
    return fetch("SELECT fence FROM ledger_claim(ARRAY[%s::uuid], %s, 20)", call_id, worker)


def capture(*captures: dict[str, Any]) -> list[Closed]:
    """This will close calls, as the settlement does with the rights of the owner."""
    given = orjson.dumps(captures).decode()
    statement = "SELECT outcome, charged, lots::text, credits_left FROM ledger_capture(%s::jsonb)"
    with owner():
        return [
            Closed(outcome, charged, orjson.loads(lots), left)
            for outcome, charged, lots, left in fetch(statement, given)
        ]


def close(asked: ledger.Reservation, charge: int, **terms: Any) -> Closed:
    """This will close one call."""
    return capture({"call_id": asked.call_id, "charge": charge, **terms})[0]


def spent(member: Member, amount: int) -> UUID:
    """This will let a call cost `amount` and return its id."""
    asked = ask(member, amount)
    assert reserve(asked)[0][0] == "ok"
    assert close(asked, amount).charged == amount
    return asked.call_id


def quota(
    member: Member, limit: int, *, kind: str = "account", node_id: int = 0, window: str = "day", **terms: Any
) -> Quota:
    """This will set a quota, on the account where nothing else is said."""
    return Quota.objects.create(
        account_id=member.account_id,
        node_kind=kind,
        node_id=node_id or member.account_id,
        window=window,
        limit=limit,
        created_at=clock.now(),
        **terms,
    )


def window_of(set_quota: Quota) -> QuotaWindow:
    """This will return the newest window of a quota."""
    return QuotaWindow.objects.filter(quota=set_quota).latest("starts_at")


def key_of(member: Member) -> ApiKey:
    """This will make a key row; its secret does not matter here."""
    number = next(_numbers)
    return ApiKey.objects.create(
        account_id=member.account_id, member=member, digest=b"%d" % number, created_at=clock.now()
    )


def counters(lot_id: int) -> tuple[int, int, int, int]:
    """This will return what of a lot is available, held, spent and expired."""
    lot = Lot.objects.get(pk=lot_id)
    return lot.available, lot.held, lot.spent, lot.expired


def move_clock(distance: timedelta) -> datetime:
    """This will move business time ahead and return what it is now."""
    with owner():
        run("INSERT INTO portal_clock (id, shift) VALUES (1, '0') ON CONFLICT DO NOTHING")
        run("UPDATE portal_clock SET shift = shift + %s", distance)
    return clock.now()


def kinds() -> set[str]:
    """This will return the kinds of violation that the audit finds in the ledger's own tables."""
    return {found.kind for found in violations() if found.kind.startswith("I")}


def all_kinds() -> set[str]:
    """This will return the kinds of violation that the audit's view shows, anywhere.

    A connection plans for it once: with few rows that takes three times as long as looking.
    """
    connection.ensure_connection()
    own = connection.connection
    own.prepare_threshold, usual = 0, own.prepare_threshold
    try:
        return {kind for (kind,) in psycopg.Cursor(own).execute("SELECT kind FROM violations")}
    finally:
        own.prepare_threshold = usual


def another_connection(*, autocommit: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    """This will connect once more to the test's database, as the owner, for whoever is to come in between."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    return psycopg.connect(**parameters, autocommit=autocommit)


@contextmanager
def owner() -> Iterator[None]:
    """Within this the statements run as the owner of the tables, who is stopped by triggers alone."""
    run("RESET ROLE")
    try:
        yield
    finally:
        run(f"SET ROLE {settings.APP_ROLE}")


@contextmanager
def corrupting() -> Iterator[None]:
    """Within this no trigger fires, as for a superuser who means harm."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with owner():
        run("SET session_replication_role = replica")
        try:
            yield
        finally:
            run("SET session_replication_role = origin")


def run(statement: str, *parameters: Any) -> None:
    """This will run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


def fetch(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """This will run one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall())
