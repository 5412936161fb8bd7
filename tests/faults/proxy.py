"""A TCP proxy of our own that stands before a server and does what networks do: delay, drip, cut, lose, hang, reset.

    with Proxy(("127.0.0.1", 6379)) as proxy:   # or the path of a unix socket
        connect(proxy.port)
        proxy.strike(Fault(delay_seconds=0.2))  # from now on, also where connections live
        proxy.heal()

It runs on a loop and in a thread of its own.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

LOCAL = "127.0.0.1"
PIECE_BYTES = 65_536
LOOK_SECONDS = 0.01
ANSWER_SECONDS = 10.0
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Fault:
    """What happens to connections; the plain one passes everything on."""

    delay_seconds: float = 0.0
    """How long each answer of the server is late."""
    drip_seconds: float = 0.0
    """How long each byte of an answer takes."""
    cut_after_bytes: int | None = None
    """A connection is reset once it has passed on this much of the server's answers."""
    lose_answer_to: bytes = b""
    """What holds these bytes reaches the server, whose answer is lost with the connection; once."""
    is_hanging: bool = False
    """Nothing is passed on in either direction, as by a peer that sleeps; it all comes when healed."""
    is_resetting: bool = False
    """Every connection is reset, old and new."""
    change: Callable[[bytes], bytes] | None = None
    """What each piece of an answer becomes."""


NONE = Fault()


class _Link:
    """One connection through the proxy: its two ends and what has passed."""

    def __init__(self, proxy: "Proxy", client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._answered_bytes = 0
        self._is_losing = False
        self._end = b""

    async def pass_on(self, client: asyncio.StreamReader, server: asyncio.StreamReader) -> None:
        """This will pass on in both directions until one end closes or the connection is broken."""
        directions = [
            asyncio.create_task(self._pass(client, self._ask)),
            asyncio.create_task(self._pass(server, self._answer)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            self._server.close()
            self._client.close()

    def reset(self) -> None:
        """This will break both ends at once."""
        for end in (self._client, self._server):
            handle = end.get_extra_info("socket")
            if handle is not None and handle.family != socket.AF_UNIX and handle.fileno() >= 0:
                handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, take: Callable[[bytes], Coroutine[Any, Any, None]]) -> None:
        while data := await source.read(PIECE_BYTES):
            while self._proxy.fault.is_hanging:  # noqa: ASYNC110 - the fault is switched by another thread
                await asyncio.sleep(LOOK_SECONDS)
            await take(data)

    async def _ask(self, data: bytes) -> None:
        wanted = self._proxy.fault.lose_answer_to
        if wanted and not self._is_losing:
            self._is_losing = wanted in self._end + data
            self._end = data[-len(wanted) :]
        self._server.write(data)
        await self._server.drain()

    async def _answer(self, data: bytes) -> None:
        fault = self._proxy.fault
        if self._is_losing:
            self._proxy.note_loss()
            self.reset()
            return
        await asyncio.sleep(fault.delay_seconds)
        if fault.change is not None:
            data = fault.change(data)
        if fault.cut_after_bytes is not None:
            data = data[: max(0, fault.cut_after_bytes - self._answered_bytes)]
        await self._write(data, drip_seconds=fault.drip_seconds)
        self._answered_bytes += len(data)
        if fault.cut_after_bytes is not None and self._answered_bytes >= fault.cut_after_bytes:
            self.reset()

    async def _write(self, data: bytes, *, drip_seconds: float) -> None:
        pieces = [data[at : at + 1] for at in range(len(data))] if drip_seconds else [data]
        for piece in pieces:
            self._client.write(piece)
            await self._client.drain()
            await asyncio.sleep(drip_seconds)


class Proxy:
    """Listens on a loopback port and passes on to `server`: host and port, or the path of a unix socket."""

    def __init__(self, server: tuple[str, int] | Path) -> None:
        self.fault = NONE
        self.port = 0
        self._to = server
        self._links: set[_Link] = set()
        self._lost = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def strike(self, fault: Fault) -> None:
        """This will put a fault on all connections, those that live and those to come."""
        self._lost.clear()
        self.fault = fault
        if fault.is_resetting:
            self.cut()

    def heal(self) -> None:
        """This will pass everything on again."""
        self.strike(NONE)

    def cut(self) -> None:
        """This will reset the connections that live; new ones may come."""
        self._run(self._cut())

    def await_loss(self) -> None:
        """This will return when an answer was lost as `lose_answer_to` asks."""
        assert self._lost.wait(ANSWER_SECONDS), "no answer was lost"

    def note_loss(self) -> None:
        """This will end the fault: one answer is lost, the next one comes."""
        self.fault = NONE
        self._lost.set()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_SECONDS)

    async def _listen(self) -> int:
        self._listener = await asyncio.start_server(self._serve, LOCAL, 0)
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if isinstance(self._to, Path):
                source, sink = await asyncio.open_unix_connection(str(self._to))
            else:
                source, sink = await asyncio.open_connection(*self._to)
        except OSError:  # the server is away: so is the proxy
            writer.transport.abort()
            return
        link = _Link(self, writer, sink)
        self._links.add(link)
        try:
            if self.fault.is_resetting:
                link.reset()
            await link.pass_on(reader, source)
        finally:
            self._links.discard(link)

    async def _cut(self) -> None:
        for link in list(self._links):
            link.reset()

    async def _close(self) -> None:
        self._listener.close()
        await self._cut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
