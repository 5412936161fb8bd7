"""A lean connection to Valkey: pipelined commands, answers in order, timeouts everywhere, reconnects by itself."""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
RETRY_SECONDS = 0.25

Part = bytes | str | int
Push = Callable[[list[bytes]], None]


class Unavailable(Exception):
    """Valkey did not answer in time, or is not there."""


class _Wire(asyncio.Protocol):
    """One socket: writes commands, hands each answer to whoever waits for it, pushes to the listener."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[object] | None] = deque()
        self.on_push: Push | None = None
        self._transport: asyncio.Transport | None = None
        self._ready: list[bytes] = []
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        handle = transport.get_extra_info("socket")
        if handle is not None and handle.family != socket.AF_UNIX:
            handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            if self.on_push is not None:
                self.on_push(answer)
                continue
            waiting = self._waiting.popleft()
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        for waiting in self._waiting:
            if waiting is not None and not waiting.done():
                waiting.set_exception(Unavailable())
        self._waiting.clear()

    @property
    def is_open(self) -> bool:
        return not self.lost.done()

    def command(self, parts: tuple[Part, ...]) -> asyncio.Future[object]:
        waiting: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._write(parts, waiting)
        return waiting

    def send(self, parts: tuple[Part, ...]) -> None:
        self._write(parts, None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _write(self, parts: tuple[Part, ...], waiting: asyncio.Future[object] | None) -> None:
        """All commands of one turn of the loop leave in one piece: a system call costs more than a command."""
        if self.on_push is None:
            self._waiting.append(waiting)
        if not self._ready:
            asyncio.get_running_loop().call_soon(self._send_ready)
        self._ready.append(hiredis.pack_command(cast("Any", parts)))

    def _send_ready(self) -> None:
        assert self._transport is not None
        data = self._ready[0] if len(self._ready) == 1 else b"".join(self._ready)
        self._ready.clear()
        self._transport.write(data)


class Valkey:
    """A connection that is made when first needed and made again when it is lost."""

    def __init__(self, url: str, *, on_push: Push | None = None) -> None:
        self._url = url
        self._on_push = on_push
        self._wire: _Wire | None = None
        self._connecting = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether commands can be sent right now without waiting for a connection."""
        return self._wire is not None and self._wire.is_open

    async def command(self, *parts: Part, wait_seconds: float = 0.0) -> object:
        """This will send one command and return its answer; `wait_seconds` is how long it may block at Valkey.

        Raises `Unavailable`, also when Valkey answers with an error.
        """
        wire = self._wire
        if wire is None or not wire.is_open:
            wire = await self.connect()
        waiting = wire.command(parts)
        timer = asyncio.get_running_loop().call_later(READ_SECONDS + wait_seconds, wire.close)
        try:
            answer = await waiting
        finally:
            timer.cancel()
        if isinstance(answer, hiredis.ReplyError):
            raise Unavailable(str(answer))
        return answer

    async def fullness(self) -> float:
        """This will return how much of the memory that it may take Valkey has taken; 0.0 where it has no limit."""
        answer = await self.command("INFO", "memory")
        assert isinstance(answer, bytes)
        figures = dict(line.split(":", 1) for line in answer.decode().splitlines() if ":" in line)
        most = int(figures["maxmemory"])
        return int(figures["used_memory"]) / most if most else 0.0

    def send(self, *parts: Part) -> bool:
        """This will send one command without waiting for the answer; False when there is no connection."""
        if self._wire is None or not self._wire.is_open:
            return False
        self._wire.send(parts)
        return True

    async def connect(self) -> _Wire:
        """This will return an open connection, making one if needed. Raises `Unavailable`."""
        async with self._connecting:
            if self._wire is not None and self._wire.is_open:
                return self._wire
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    self._wire = await _connect(self._url, self._on_push)
            except (OSError, TimeoutError) as error:
                raise Unavailable(str(error)) from error
            return self._wire

    async def until_lost(self) -> None:
        """This will wait until the connection breaks; at once when there is none."""
        if self._wire is not None and self._wire.is_open:
            with contextlib.suppress(Unavailable):
                await asyncio.shield(self._wire.lost)

    def close(self) -> None:
        """This will drop the connection; the next command makes a new one."""
        if self._wire is not None:
            self._wire.close()


async def _connect(url: str, on_push: Push | None) -> _Wire:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    if parts.scheme in {"unix", "redis+socket", "redis+unix"}:
        _, wire = await loop.create_unix_connection(_Wire, unquote(parts.path))
        database = parse_qs(parts.query).get("db", parse_qs(parts.query).get("virtual_host", ["0"]))[0]
    else:
        secure = True if parts.scheme in {"rediss", "valkeys"} else None
        _, wire = await loop.create_connection(_Wire, parts.hostname or "127.0.0.1", parts.port or 6379, ssl=secure)
        database = parts.path.strip("/") or "0"
    try:
        await _greet(wire, parts.username or "", parts.password or "", database)
    except BaseException:
        wire.close()
        raise
    wire.on_push = on_push
    return wire


async def _greet(wire: _Wire, user: str, password: str, database: str) -> None:
    """What takes a connection may be a balancer whose server is away: only an answer tells that Valkey is there."""
    if password:
        wire.send(("AUTH", unquote(user) or "default", unquote(password)))
    if database != "0":
        wire.send(("SELECT", database))
    answer = await wire.command(("PING",))
    if isinstance(answer, hiredis.ReplyError):
        raise Unavailable(str(answer))
