"""The asynchronous way to PostgreSQL: one connection for those who come alone, never a broken one, room for more."""

import asyncio
from collections.abc import Awaitable, Callable

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
    try:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")  # the product may not end connections
            cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [process])
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

    def test_goes_on_after_one_who_left(self) -> None:
        async def work() -> None:
            await pid()
            leaving = asyncio.create_task(database.fetch("SELECT pg_sleep(20)"))
            await asyncio.sleep(0.1)
            leaving.cancel()
            await asyncio.wait([leaving])
            assert await asyncio.wait_for(pid(), 5)

        with_pool(work)
