"""The asynchronous way to PostgreSQL, for the few functions on the path of a call, and the bridge to the ORM."""

import asyncio
import select
import time
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from django.db import close_old_connections, connections
from psycopg import AsyncConnection, AsyncCursor, Error, OperationalError, sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

POOL_SIZE = 4
POOL_WAIT_SECONDS = 2.0
KEPT_SECONDS = 600.0
_GOING_AWAY = "57"

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Row = dict[str, Any]


class _Kept:
    """A connection that stays out of the pool between statements, with a cursor for each statement."""

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self.connection = connection
        self.give_back_at = time.monotonic() + KEPT_SECONDS
        self._cursors: dict[str, AsyncCursor[Row]] = {}
        self._poll = select.poll()
        self._poll.register(connection.fileno(), select.POLLIN)

    @property
    def is_lost(self) -> bool:
        """An idle server says nothing; what can be read is its goodbye."""
        return bool(self._poll.poll(0))

    async def fetch(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        cursor = self._cursors.get(statement)
        if cursor is None:
            cursor = self._cursors[statement] = self.connection.cursor()
        await cursor.execute(statement, parameters)
        return await cursor.fetchall()


class _Lane:
    """The pool of one event loop. Who asks alone gets the same connection again, past the pool's bookkeeping."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Row]]) -> None:
        self.pool = pool
        self.asking = 0
        self._spare: _Kept | None = None

    async def take(self) -> _Kept:
        kept, self._spare = self._spare, None
        if kept is not None and kept.is_lost:
            await kept.connection.close()  # else the pool, which has not read the goodbye, takes it back as sound
            await self.pool.putconn(kept.connection)
            kept = None
        return kept or _Kept(await self.pool.getconn())

    async def give_back(self, kept: _Kept) -> None:
        """Nobody may wait at the pool for a connection that is kept here."""
        has_waiting = self.asking >= POOL_SIZE
        if self._spare is None and not has_waiting and time.monotonic() < kept.give_back_at and not self.pool.closed:
            self._spare = kept
        else:
            await self.pool.putconn(kept.connection)

    async def close(self) -> None:
        kept, self._spare = self._spare, None
        if kept is not None:
            await self.pool.putconn(kept.connection)
        await self.pool.close()


_lanes: dict[asyncio.AbstractEventLoop, _Lane] = {}


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
    _lanes[asyncio.get_running_loop()] = _Lane(pool)


async def close_pool() -> None:
    """This will close the pool of the running event loop."""
    await _lanes.pop(asyncio.get_running_loop()).close()


async def fetch(statement: str, parameters: Sequence[object] = ()) -> list[Row]:
    """This will run one statement in a transaction of its own and return its rows as dictionaries."""
    lane = _lanes[asyncio.get_running_loop()]
    lane.asking += 1
    try:
        kept = await lane.take()
        try:
            rows = await kept.fetch(statement, parameters)
        except BaseException:
            await lane.pool.putconn(kept.connection)  # which looks at its state
            raise
    finally:
        lane.asking -= 1
    await lane.give_back(kept)
    return rows


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
