"""Many at once, on connections of their own: nobody overspends, and what happens once happens once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore

import orjson
import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, transaction
from psycopg import errors

from plans import ledger
from plans.ledger import holds
from plans.models import Hold, Journal
from portal.kit import database
from portal.kit.units import Microcredits
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 200
CONNECTIONS_LEFT_TO_OTHERS = 70

Work = Callable[[psycopg.Connection[tuple[object, ...]]], str]


def at_once(callers: int, work: Work, *, role: str = settings.APP_ROLE) -> Counter[str]:
    """This will run `work` in as many threads, each with its own connection, as the server has room for."""
    room = int(books.fetch("SHOW max_connections")[0][0]) - CONNECTIONS_LEFT_TO_OTHERS
    gate, start = BoundedSemaphore(room), Barrier(callers)

    def run(_number: int) -> str:
        start.wait()
        with gate, books.another_connection(autocommit=True) as own:
            own.execute(f"SET ROLE {role}")
            return work(own)

    with ThreadPoolExecutor(callers) as pool:
        return Counter(pool.map(run, range(callers)))


def reserving(*asked: ledger.Reservation) -> Work:
    """This will make the work of reserving the next of `asked`, or the only one again and again."""
    given = [orjson.dumps([holds._given(each)]).decode() for each in asked]

    def work(own: psycopg.Connection[tuple[object, ...]]) -> str:
        mine = given.pop() if len(asked) > 1 else given[0]
        while True:
            try:
                row = own.execute("SELECT outcome FROM ledger_reserve(%s::jsonb)", [mine]).fetchone()
            except psycopg.errors.LockNotAvailable:  # a slow disk and many before us: ask again, as callers do
                continue
            assert row is not None
            return str(row[0])

    return work


class TestReserve:
    @pytest.mark.parametrize(("callers", "paid"), [(CALLERS, 40), (40, 39), (2, 1)])
    def test_admits_exactly_what_the_credits_are_for(self, callers: int, paid: int) -> None:
        member = books.founded()
        books.grant(member, 99)
        books.grant(member, paid * 100 - 99)
        books.grant(member, 99)
        outcomes = at_once(callers, reserving(*[books.ask(member, 100) for _ in range(callers)]))
        assert outcomes == {"ok": paid, "no_credits": callers - paid}
        assert books.kinds() == set()

    def test_admits_exactly_what_the_quota_is_for(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        daily = books.quota(member, 3000, kind="member", node_id=member.pk)
        outcomes = at_once(60, reserving(*[books.ask(member, 100) for _ in range(60)]))
        assert outcomes == {"ok": 30, "quota": 30}
        assert books.window_of(daily).held == 3000
        assert books.kinds() == set()

    def test_opens_one_call_for_one_idempotency_key(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        name = ledger.Idempotency("key:1", "abc", "hash")
        outcomes = at_once(20, reserving(*[books.ask(member, idempotency=name) for _ in range(20)]))
        assert outcomes == {"ok": 1, "replay": 19}
        assert Hold.objects.count() == 1


class TestCapture:
    def test_charges_once(self) -> None:
        member = books.founded()
        lot = books.grant(member, 1000)
        asked = books.ask(member, 300)
        books.reserve(asked)
        given = orjson.dumps([{"call_id": asked.call_id, "charge": 120}]).decode()

        def settle(own: psycopg.Connection[tuple[object, ...]]) -> str:
            row = own.execute("SELECT outcome FROM ledger_capture(%s::jsonb)", [given]).fetchone()
            assert row is not None
            return str(row[0])

        owner = books.fetch("SELECT session_user::text")[0][0]
        assert at_once(10, settle, role=owner) == {"ok": 1, "already": 9}
        assert books.counters(lot) == (880, 0, 120, 0)
        assert Journal.objects.filter(kind="settle").count() == 1
        assert books.kinds() == set()


class TestGrant:
    def test_makes_one_lot_for_one_dedupe_key(self) -> None:
        member = books.founded()
        grant = {"account_id": member.account_id, "source": "plan", "microcredits": 5, "dedupe_key": "same"}
        given = orjson.dumps([grant]).decode()

        def work(own: psycopg.Connection[tuple[object, ...]]) -> str:
            row = own.execute("SELECT granted FROM ledger_grant(%s::jsonb)", [given]).fetchone()
            assert row is not None
            return str(row[0])

        assert at_once(20, work) == {"True": 1, "False": 19}
        assert books.kinds() == set()


class TestMixedSets:
    def test_never_wait_for_each_other_in_a_circle(self) -> None:
        members = [books.founded() for _ in range(6)]
        for member in members:
            books.grant(member, 10**6)
        owner = books.fetch("SELECT session_user::text")[0][0]
        sets = [[books.ask(members[(first + n) % 6]) for n in range(6)] for first in range(24)]

        def work(own: psycopg.Connection[tuple[object, ...]]) -> str:
            asked = sets.pop()
            given = orjson.dumps([holds._given(each) for each in asked]).decode()
            own.execute("SELECT * FROM ledger_reserve(%s::jsonb)", [given])
            ends = orjson.dumps([{"call_id": each.call_id, "charge": 7} for each in reversed(asked)])
            rows = own.execute("SELECT outcome FROM ledger_capture(%s::jsonb)", [ends.decode()]).fetchall()
            return " ".join(sorted({str(row[0]) for row in rows}))

        assert at_once(24, work, role=owner) == {"ok": 24}
        assert books.kinds() == set()


class TestVerbs:
    def test_reserve_claim_and_keep_a_call_through_the_pool(self) -> None:
        member = books.founded()
        books.grant(member, 150)
        asked, refused = books.ask(member), books.ask(member)

        async def live() -> None:
            await database.open_pool()
            try:
                opened = await ledger.reserve([asked, refused])
                assert opened[0] == ledger.Hold(asked.call_id, Microcredits(100), 100)
                assert isinstance(opened[1], ledger.NoCredits)
                assert opened[1].details == {"available": 50, "needed": 100}
                claim = await ledger.claim(asked.call_id, worker="a")
                assert claim is not None
                assert (claim.fence, claim.amount, claim.time_zone) == (1, 100, "Asia/Shanghai")
                assert await ledger.claim(asked.call_id, worker="b") is None
                kept = await ledger.heartbeat([asked.call_id], accepted=[asked.call_id], worker="a")
                assert kept == {asked.call_id}
            finally:
                await database.close_pool()

        asyncio.run(live())

    def test_answer_busy_where_the_wallet_stays_locked(self) -> None:
        member = books.founded()
        books.grant(member, 150)
        with books.another_connection() as other:
            other.execute("SELECT FROM plans_wallet FOR UPDATE")
            [answer] = asyncio.run(_reserved(books.ask(member)))
            with pytest.raises(errors.LockNotAvailable):  # of which a set is asked again, one by one
                asyncio.run(_reserved(books.ask(member), books.ask(member)))
        assert isinstance(answer, ledger.Busy)

    def test_change_no_quota_while_a_call_is_being_admitted(self) -> None:
        member = books.founded()
        books.grant(member, 150)
        with books.another_connection() as other:
            other.execute("SELECT FROM plans_wallet FOR UPDATE")
            with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
                ledger.stop_admission(member.account_id)

    def test_claim_for_each_worker_its_own_calls(self) -> None:
        member = books.founded()
        books.grant(member, 300)
        asked = [books.ask(member), books.ask(member), books.ask(member)]

        async def live() -> list[ledger.Claim | None]:
            await database.open_pool()
            try:
                await ledger.reserve(asked)
                wanted = zip(asked, "abb", strict=True)
                claims = [ledger.claim(each.call_id, worker=worker) for each, worker in wanted]
                return [*await asyncio.gather(*claims), await ledger.claim(asked[0].call_id, worker="b")]
            finally:
                await database.close_pool()

        claims = asyncio.run(live())
        assert [claim and claim.call_id for claim in claims] == [*(each.call_id for each in asked), None]
        assert Hold.objects.filter(worker="b").count() == 2


async def _reserved(*asked: ledger.Reservation) -> list[object]:
    await database.open_pool()
    try:
        return list(await ledger.reserve(asked))
    finally:
        await database.close_pool()
