"""The asynchronous way to PostgreSQL, for the few functions on the path of a call, and the bridge to the ORM."""

import asyncio
import select
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections, connections
from psycopg import AsyncConnection, Error, OperationalError, sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

POOL_SIZE = 4
POOL_WAIT_SECONDS = 2.0
_GOING_AWAY = "57"

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Row = dict[str, Any]

_pools: dict[asyncio.AbstractEventLoop, AsyncConnectionPool[AsyncConnection[Row]]] = {}


async def open_pool() -> None:
    """This will open the pool of the running event loop; a process has one."""
    parameters = connections["default"].get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        parameters.pop(name, None)
    parameters.pop("assume_role", None)
    pool: AsyncConnectionPool[AsyncConnection[Row]] = AsyncConnectionPool(
        kwargs=parameters | {"autocommit": True, "row_factory": dict_row, "prepare_threshold": 1},
        min_size=1,
        max_size=POOL_SIZE,
        timeout=POOL_WAIT_SECONDS,
        configure=_take_role,
        check=_refuse_lost,
        open=False,
    )
    await pool.open()
    _pools[asyncio.get_running_loop()] = pool


async def close_pool() -> None:
    """This will close the pool of the running event loop."""
    await _pools.pop(asyncio.get_running_loop()).close()


async def fetch(statement: str, parameters: Sequence[object] = ()) -> list[Row]:
    """This will run one statement in a transaction of its own and return its rows as dictionaries."""
    async with _pools[asyncio.get_running_loop()].connection() as connection:
        cursor = await connection.execute(statement, parameters)
        return await cursor.fetchall()


def changed_nothing(error: Exception) -> bool:
    """This will tell whether the server itself said that a statement failed, so that it surely was undone."""
    lost = error.sqlstate is None or error.sqlstate.startswith(_GOING_AWAY) if isinstance(error, Error) else True
    return not lost


async def in_thread(verb: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """This will run `verb`, which uses the plain ORM, in a thread that trusts no connection older than it."""
    return await asyncio.to_thread(_fresh, lambda: verb(*args, **kwargs))


def _fresh(verb: Callable[[], Answer]) -> Answer:
    close_old_connections()
    try:
        return verb()
    finally:
        close_old_connections()


async def _refuse_lost(connection: AsyncConnection[Row]) -> None:
    """An idle server says nothing; what can be read is its goodbye. Asking it would cost a round trip a call."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await connection.close()  # else the pool, which has not read it, takes it back as sound
        message = "the server closed this connection"
        raise OperationalError(message)


async def _take_role(connection: AsyncConnection[Row]) -> None:
    if role := connections["default"].settings_dict["OPTIONS"].get("assume_role"):
        await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
