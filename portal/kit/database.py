"""The asynchronous way to PostgreSQL, for what lies on the path of a call; and plain ways for all else."""

import asyncio
import contextlib
import random
import select
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from django.db import close_old_connections, connection, connections
from psycopg import AsyncConnection, Error, OperationalError, errors, sql
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

POOL_SIZE = 4
POOL_WAIT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
"""How long a server may be silent: longer than a statement waits for a lock, shorter than a lease."""
MOST_RETRIES = 3
RETRY_SECONDS = 0.05
KEPT_SECONDS = 600.0
FLUSH_SECONDS = 0.001
CANCEL_SECONDS = 2.0
_GOING_AWAY = "57"

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Row = dict[str, Any]


def value(statement: str, *parameters: Any) -> Any:
    """This will return the one value that a statement answers, on Django's own connection."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        (answer,) = cursor.fetchone()
        return answer


def count(statement: str, *parameters: Any) -> int:
    """This will return the whole number that a statement answers."""
    return int(value(statement, *parameters))


class _Kept:
    """A connection that stays out of the pool between statements, and its prepared statements.

    Speaks to libpq itself: a cursor would ask the loop to watch the socket and to forget it again around every
    statement, and costs twice what the statement does. Values are turned into SQL and back by psycopg.
    """

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self.connection = connection
        self.give_back_at = 0.0
        self.is_lost = False
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._socket: int | None = None

    @property
    def is_idle(self) -> bool:
        """Whether all of the last statement's answer was read, be it an error, from a server that is still there."""
        return not self.is_lost and self.connection.pgconn.transaction_status == TransactionStatus.IDLE

    def come(self) -> None:
        """The pool, and psycopg itself, watch the socket in their own way; until it leaves, it is watched here."""
        self.give_back_at = time.monotonic() + KEPT_SECONDS
        self._socket = self.connection.fileno()  # which a lost connection no longer tells
        self._loop.add_reader(self._socket, self._hear)

    def leave(self) -> AsyncConnection[Row]:
        self._look_away()
        return self.connection

    async def break_off(self) -> AsyncConnection[Row]:
        """What is left on the wire is nobody's; for a closed connection the pool makes a new one."""
        self.leave()
        if self.connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
            with contextlib.suppress(Error):
                await self.connection.cancel_safe(timeout=CANCEL_SECONDS)
        await self.connection.close()
        return self.connection

    async def fetch(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        wire, transformer = self.connection.pgconn, Transformer(self.connection)
        values = transformer.dump_sequence(parameters, [PyFormat.TEXT] * len(parameters))
        types = transformer.types or ()
        if (name := self._names.get((statement, types))) is None:
            name = f"kept_{len(self._names)}".encode()
            wire.send_prepare(name, _numbered(statement), types)
            await self._answer()
            self._names[statement, types] = name
        wire.send_query_prepared(name, values)
        return _rows(await self._answer(), transformer)

    async def _answer(self) -> PGresult:
        """The messages of a statement end with a None; of several results, none of ours has any, the last counts."""
        wire, answer = self.connection.pgconn, None
        while wire.flush():  # noqa: ASYNC110 - larger than the socket's buffer, which hardly ever happens
            await asyncio.sleep(FLUSH_SECONDS)
        while True:
            while wire.is_busy():
                self._waiting = self._loop.create_future()
                await self._waiting
                if self.is_lost:
                    message = "the server closed this connection"
                    raise OperationalError(message)
            result = wire.get_result()
            if result is None:
                break
            answer = result
        assert answer is not None
        if answer.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            raise errors.error_from_result(answer, encoding="utf-8")
        return answer

    def _look_away(self) -> None:
        """Once only: the number of a closed socket may soon be another's."""
        socket, self._socket = self._socket, None
        if socket is not None:
            self._loop.remove_reader(socket)

    def _hear(self) -> None:
        """An idle server says nothing; what it says then is its goodbye."""
        try:
            self.connection.pgconn.consume_input()
        except OperationalError:
            self.is_lost = True
            self._look_away()
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            self.is_lost = True
        elif not waiting.done():
            waiting.set_result(None)


class _Lane:
    """The pool of one event loop. Its connections are kept here while nobody waits, past the pool's bookkeeping."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Row]]) -> None:
        self.pool = pool
        self.asking = 0
        self._spare: list[_Kept] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._known: WeakKeyDictionary[AsyncConnection[Row], _Kept] = WeakKeyDictionary()

    async def take(self) -> _Kept:
        while self._spare:
            kept = self._spare.pop()
            if kept.is_idle:
                return kept
            await self._replace(kept)
        connection = await self.pool.getconn()
        kept = self._known.get(connection) or self._known.setdefault(connection, _Kept(connection))
        kept.come()
        return kept

    async def give_back(self, kept: _Kept) -> None:
        """Nobody may wait at the pool for a connection that is kept here."""
        has_waiting = self.asking > POOL_SIZE
        if not kept.is_idle:  # nobody waits for it: who asked may have a client to answer
            leaving = asyncio.get_running_loop().create_task(self._replace(kept))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        elif has_waiting or time.monotonic() > kept.give_back_at or self.pool.closed:
            await self.pool.putconn(kept.leave())
        else:
            self._spare.append(kept)

    async def close(self) -> None:
        await asyncio.gather(*self._leaving)
        while self._spare:
            await self.pool.putconn(self._spare.pop().leave())
        await self.pool.close()

    async def _replace(self, kept: _Kept) -> None:
        await self.pool.putconn(await kept.break_off())


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
    """This will run one statement in a transaction of its own and return its rows as dictionaries.

    It is tried again, at most three times, when others who wrote at the same time had it undone.
    """
    for retry in range(MOST_RETRIES):
        try:
            return await _fetch(statement, parameters)
        except (errors.DeadlockDetected, errors.SerializationFailure):
            await asyncio.sleep(random.uniform(0.5, 1.5) * RETRY_SECONDS * 2**retry)  # noqa: S311 - apart, not secret
    return await _fetch(statement, parameters)


def changed_nothing(error: Exception) -> bool:
    """This will tell whether the server itself said that a statement failed, so that it surely was undone."""
    lost = error.sqlstate is None or error.sqlstate.startswith(_GOING_AWAY) if isinstance(error, Error) else True
    return not lost


async def in_thread(verb: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """This will run `verb`, which uses the plain ORM, in a thread that trusts no connection older than it."""
    return await asyncio.to_thread(_fresh, lambda: verb(*args, **kwargs))


async def _fetch(statement: str, parameters: Sequence[object]) -> list[Row]:
    lane = _lanes[asyncio.get_running_loop()]
    lane.asking += 1
    try:
        kept = await lane.take()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await kept.fetch(statement, parameters)
        except TimeoutError as error:
            message = "the server does not answer"
            raise OperationalError(message) from error
        finally:
            await lane.give_back(kept)
    finally:
        lane.asking -= 1


@lru_cache
def _numbered(statement: str) -> bytes:
    """Writes the places of parameters as the server does: $1 for the first %s."""
    first, *others = statement.split("%s")
    return (first + "".join(f"${number}{text}" for number, text in enumerate(others, 1))).encode()


def _rows(answer: PGresult, transformer: Any) -> list[Row]:
    transformer.set_pgresult(answer)
    names = [str((answer.fname(place) or b"").decode()) for place in range(answer.nfields)]
    rows: list[Row] = transformer.load_rows(0, answer.ntuples, lambda values: dict(zip(names, values, strict=True)))
    return rows


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
