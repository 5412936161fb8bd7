"""Many at once, from processes of their own that share nothing but the database: what happens once happens once."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta

import orjson
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from models_catalog import catalog
from models_catalog.pricing import Usage, cost
from plans import ledger
from plans.ledger import holds
from plans.models import Hold, Journal, Lot, QuotaWindow
from portal.kit import clock
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage.calls.endings import Charge, Ending
from usage.models import Call, DailyTotal, HourProfile, How

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSES = 4
MOST_CONNECTIONS = 40
GATE = 20_040
"""An advisory lock: held while callers gather before it, and let go of for all of them at once."""
SECONDS = 60
POLL_SECONDS = 0.02

CALLER = """
import json, sys
from concurrent.futures import ThreadPoolExecutor

import psycopg

asked = json.loads(sys.stdin.readline())

def call(bodies):
    with psycopg.connect(asked["conninfo"], autocommit=True) as own:
        own.execute("SELECT set_config('role', %s, false)", [asked["role"]])
        own.execute("SELECT pg_advisory_lock_shared(%s)", [asked["gate"]])
        return [answer(own, body) for body in bodies]

def answer(own, body):
    while True:
        try:
            return str(own.execute(asked["statement"], [body]).fetchone()[0])
        except psycopg.errors.LockNotAvailable:  # a slow disk and many before us: ask again, as callers do
            pass

with ThreadPoolExecutor(len(asked["shares"])) as pool:
    print(json.dumps([told for some in pool.map(call, asked["shares"]) for told in some]))
"""
"""What runs in each process: no Django, a connection a thread, and for each body the statement's first answer."""


def at_once(statement: str, bodies: Sequence[bytes]) -> Counter[str]:
    """This will run the statement with each body, all at the same moment, from several processes."""
    connections = min(len(bodies), MOST_CONNECTIONS)
    shares = [[body.decode() for body in bodies[number::connections]] for number in range(connections)]
    with ExitStack() as cleanup:
        books.run("SELECT pg_advisory_lock(%s)", GATE)
        cleanup.callback(books.run, "SELECT pg_advisory_unlock_all()")
        callers = [
            _start(cleanup, statement, shares[number::PROCESSES]) for number in range(min(PROCESSES, connections))
        ]
        _await_all(callers, connections)
        books.run("SELECT pg_advisory_unlock(%s)", GATE)
        return Counter(told for caller in callers for told in json.loads(caller.communicate(timeout=SECONDS)[0]))


def _start(cleanup: ExitStack, statement: str, shares: list[list[str]]) -> "subprocess.Popen[bytes]":
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    asked = {"conninfo": make_conninfo(**parameters), "role": settings.APP_ROLE, "gate": GATE}
    caller = cleanup.enter_context(
        subprocess.Popen([sys.executable, "-c", CALLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    )
    cleanup.callback(caller.kill)
    assert caller.stdin is not None
    caller.stdin.write(orjson.dumps(asked | {"statement": statement, "shares": shares}) + b"\n")
    caller.stdin.flush()
    return caller


def _await_all(callers: list["subprocess.Popen[bytes]"], connections: int) -> None:
    waiting = """SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND l.objid = %s AND NOT l.granted AND d.datname = current_database()"""
    deadline = time.monotonic() + SECONDS
    while books.fetch(waiting, GATE) != [(connections,)]:
        assert all(caller.poll() is None for caller in callers), "a caller ended before it began"
        assert time.monotonic() < deadline, "not all callers came"
        time.sleep(POLL_SECONDS)


def reserving(asked: Sequence[ledger.Reservation]) -> Counter[str]:
    """This will reserve each at the same moment and count the outcomes."""
    bodies = [orjson.dumps([holds._given(each)]) for each in asked]
    return at_once("SELECT outcome FROM ledger_reserve(%s::jsonb)", bodies)


class TestReserve:
    @pytest.mark.parametrize(("callers", "paid"), [(200, 40), (40, 39), (2, 1)])
    def test_admits_exactly_what_the_credits_are_for(self, callers: int, paid: int) -> None:
        member = books.founded()
        lots = [books.grant(member, paid // 2 * 100 + 50), books.grant(member, (paid + 1) // 2 * 100 + 49)]
        outcomes = reserving([books.ask(member, 100) for _ in range(callers)])
        assert outcomes == {"ok": paid, "no_credits": callers - paid}
        assert sum(books.counters(lot)[1] for lot in lots) == paid * 100
        assert books.kinds() == set()

    def test_admits_exactly_what_the_quota_is_for(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        daily = books.quota(member, 9, kind="member", node_id=member.pk, metric="calls")
        assert reserving([books.ask(member, 100) for _ in range(40)]) == {"ok": 9, "quota": 31}
        assert books.window_of(daily).held == 9
        assert books.kinds() == set()

    def test_admits_no_more_calls_at_once_than_may_be(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        quota = books.quota(member, 5, kind="member", node_id=member.pk, window="lifetime", metric="at_once")
        asked = [books.ask(member, 100, api_key_id=books.key_of(member).pk) for _ in range(200)]
        assert reserving(asked) == {"ok": 5, "quota": 195}
        assert books.window_of(quota).held == 5
        assert books.kinds() == set()

    @pytest.mark.parametrize(("metric", "limit", "most"), [("calls", 30, 30), ("tokens", 3399, 30)])
    def test_admits_in_a_minute_exactly_what_its_quota_is_for(self, metric: str, limit: int, most: int) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        books.quota(member, limit, kind="member", node_id=member.pk, window="minute", metric=metric)
        asked = [books.ask(member, 100, api_key_id=books.key_of(member).pk) for _ in range(200)]
        outcomes = reserving(asked)
        minutes = QuotaWindow.objects.values_list("pk", flat=True)
        opened = [Hold.objects.filter(quota_windows__contains=[pk]).count() for pk in minutes]
        assert outcomes["ok"] == sum(opened)
        assert opened in ([most], [most, most])  # where a slow machine came into the next minute
        assert books.kinds() == set()

    def test_opens_one_call_for_one_idempotency_key(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        name = ledger.Idempotency("key:1", "abc", "hash")
        outcomes = reserving([books.ask(member, idempotency=name) for _ in range(20)])
        assert outcomes == {"ok": 1, "replay": 19}
        assert Hold.objects.count() == 1
        assert books.kinds() == set()


@pytest.fixture
def home(db: None) -> Iterator[Home]:
    yield cast.assemble(now=clock.now())
    catalog.forget()


class TestSettle:
    def test_writes_one_call_and_counts_it_once(self, home: Home) -> None:
        offer, used = cast.offer_of("fast"), Usage(in_fresh=11, out_text=90)
        asked = books.ask(home.owner, 10**9, chat_model_id=offer.chat_model_id, price_id=offer.price_id)
        books.reserve(asked)
        price = cost(used, offer.rates)
        ending = Ending(asked.call_id, Charge(used, price, How.USAGE))
        body = orjson.dumps([ending.as_json(now=time.monotonic())])
        assert at_once("SELECT outcome FROM call_settle(%s::jsonb)", [body] * 10) == {"ok": 1, "already": 9}
        assert Call.objects.get().charged_microcredits == price
        assert Lot.objects.get().spent == price
        assert Journal.objects.filter(kind="settle").count() == 1
        for counted in (DailyTotal.objects.get(), HourProfile.objects.get()):
            assert (counted.calls, counted.charged_microcredits) == (1, price)
        assert books.all_kinds() == set()


class TestGrant:
    def test_makes_one_lot_for_one_dedupe_key(self) -> None:
        member = books.founded()
        grant = {"account_id": member.account_id, "source": "plan", "microcredits": 5, "dedupe_key": "same"}
        outcomes = at_once("SELECT granted FROM ledger_grant(%s::jsonb)", [orjson.dumps([grant])] * 50)
        assert outcomes == {"True": 1, "False": 49}
        assert Lot.objects.get().available == 5
        assert Journal.objects.count() == 1
        assert books.kinds() == set()


class TestRollOver:
    @pytest.mark.parametrize("keys", [1, 10])
    def test_moves_what_is_left_once(self, keys: int) -> None:
        member = books.founded()
        lot = books.buy(member, 1000, 990, source="plan")
        ends_at = clock.now() + timedelta(days=30)
        terms = {"lot_id": lot, "account_id": member.account_id, "cap": 300, "name": "Rolled over"}
        ends = [terms | {"expires_at": ends_at, "dedupe_key": f"period:{number % keys}"} for number in range(10)]
        outcomes = at_once("SELECT rolled FROM ledger_roll_over(%s::jsonb)", [orjson.dumps([end]) for end in ends])
        assert outcomes == {"300": 1, "0": 9}
        assert Lot.objects.get(source="rollover").available == 300
        assert books.counters(lot) == (0, 0, 0, 700)
        assert Journal.objects.filter(kind="roll_over").count() == 1
        assert books.kinds() == set()
