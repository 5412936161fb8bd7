"""The asynchronous way to PostgreSQL: one connection for those who come alone, never a broken one, room for more."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from portal.kit import database

pytestmark = pytest.mark.django_db

PID = "SELECT pg_backend_pid() AS pid"
SLEEP = "SELECT pg_backend_pid() AS pid, pg_sleep(0.05)"


def with_pool(work: Callable[[], Awaitable[None]]) -> None:
    """This will run `work` on a loop of its own with an open pool."""

    async def run() -> None:
        await database.open_pool()
        try:
            await work()
        finally:
            await database.close_pool()

    asyncio.run(run())


async def pid() -> int:
    """This will return the number of the server's process that answers now."""
    return int((await database.fetch(PID))[0]["pid"])


def end(process: int) -> None:
    """This will have the server close a connection."""
    _as_owner("SELECT pg_terminate_backend(%s, 2000)", [process])


def end_sleepers() -> None:
    """This will have the server close the connections that sleep."""
    _as_owner("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%%'", [])


def _as_owner(statement: str, parameters: list[int]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")  # the product may not end connections
            cursor.execute(statement, parameters)
    finally:
        connection.close()


class TestFetch:
    def test_keeps_to_one_connection_when_asked_one_by_one(self) -> None:
        async def work() -> None:
            assert len({await pid() for _ in range(5)}) == 1

        with_pool(work)

    def test_takes_another_connection_when_the_server_closed_it(self) -> None:
        async def work() -> None:
            first = await pid()
            await database.in_thread(end, first)
            assert await pid() != first

        with_pool(work)

    def test_serves_more_than_there_are_connections(self) -> None:
        async def work() -> None:
            await pid()
            answers = await asyncio.gather(*(database.fetch(SLEEP) for _ in range(5 * database.POOL_SIZE)))
            assert len({answer[0]["pid"] for answer in answers}) <= database.POOL_SIZE

        with_pool(work)

    def test_goes_on_after_a_statement_that_failed(self) -> None:
        async def work() -> None:
            with pytest.raises(psycopg.errors.DivisionByZero):
                await database.fetch("SELECT 1 / 0")
            assert await pid()

        with_pool(work)

    def test_takes_and_gives_values_as_a_cursor_does(self) -> None:
        given = [uuid4(), [uuid4(), uuid4()], 'a "b" 天', 7, 2.5, None, ["x", "y"]]
        statement = """
            SELECT %s::uuid AS id, %s::uuid[] AS ids, %s::text AS text, %s::bigint AS whole, %s::float8 AS part,
              %s::text AS nothing, %s::text[] AS texts, jsonb_build_object('a', 1) AS json, now() AS moment, true AS yes
        """

        async def work() -> None:
            for _ in range(2):
                row = (await database.fetch(statement, given))[0]
                assert list(row.values())[: len(given)] == given
                assert (row["json"], row["yes"], row["moment"].tzinfo is not None) == ({"a": 1}, True, True)

        with_pool(work)

    def test_takes_more_than_a_socket_holds_and_numbers_of_any_size(self) -> None:
        async def work() -> None:
            long = "天" * 3_000_000
            assert (await database.fetch("SELECT length(%s::text) AS letters", [long]))[0]["letters"] == len(long)
            for number in (1, 2**20, 2**40):
                assert (await database.fetch("SELECT %s::bigint AS number", [number]))[0]["number"] == number

        with_pool(work)

    def test_keeps_its_connection_through_an_error_of_the_statement(self) -> None:
        async def work() -> None:
            first = await pid()
            with pytest.raises(psycopg.errors.DivisionByZero):
                await database.fetch("SELECT 1 / %s::int", [0])
            assert await pid() == first

        with_pool(work)

    def test_tells_of_a_server_that_goes_away_in_the_middle(self) -> None:
        async def work() -> None:
            asking = asyncio.create_task(database.fetch("SELECT pg_sleep(20)"))
            await asyncio.sleep(0.2)
            await database.in_thread(end_sleepers)
            with pytest.raises(psycopg.OperationalError):
                await asking
            assert await pid()

        with_pool(work)

    def test_goes_on_after_one_who_left(self) -> None:
        async def work() -> None:
            await pid()
            leaving = asyncio.create_task(database.fetch("SELECT pg_sleep(20)"))
            await asyncio.sleep(0.1)
            leaving.cancel()
            await asyncio.wait([leaving])
            assert await asyncio.wait_for(pid(), 5)

        with_pool(work)

    def test_gives_up_on_a_server_that_does_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "ANSWER_SECONDS", 0.1)

        async def work() -> None:
            with pytest.raises(psycopg.OperationalError, match="does not answer"):
                await database.fetch("SELECT pg_sleep(20)")
            assert await asyncio.wait_for(pid(), 5)

        with_pool(work)
