"""Carries what happens to a running call from the worker to whoever waits: one Valkey stream per web process."""

import asyncio
import contextlib
import logging
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

import msgspec
from django.conf import settings

from usage.events import Answer, Event
from usage.valkey import RETRY_SECONDS, Part, Unavailable, Valkey

LONGEST_STREAM = 5000
READ_AT_ONCE = 500
READ_WAIT_SECONDS = 5.0
TRIM_SECONDS = 1.0
LONGEST_BACKLOG = 20_000
STOP_CHANNEL = "stop"

logger = logging.getLogger(__name__)


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """One event of one call; `sequence` counts from 1, so that a gap is noticed."""

    call: bytes
    sequence: int
    event: Event


class Snapshot(msgspec.Struct, frozen=True):
    """How far a call had come: whoever missed frames, or comes later, goes on from here."""

    sequence: int
    served_model: str
    answer: Answer
    end: Event | None = None


class Tried(msgspec.Struct, frozen=True, array_like=True):
    """One try at one route, in seconds of the wall clock."""

    route_id: int
    outcome: str
    started_at: float
    accepted_at: float | None
    ended_at: float
    raw_usage: dict[str, Any] | None


class Evidence(msgspec.Struct, frozen=True):
    """What a worker knew of a call's usage before it settled: enough to settle it exactly without the worker."""

    raw_usage: dict[str, Any] | None
    dialect: str
    answer_bytes: int
    route_id: int
    tries: list[Tried] = []


class Reader(Protocol):
    """Whoever takes frames in a web process."""

    def take(self, frame: Frame) -> None:
        """This will take one frame, whatever call it is of."""


_encode = msgspec.msgpack.Encoder().encode
_decode_frames = msgspec.msgpack.Decoder(list[Frame]).decode
_decode_snapshot = msgspec.msgpack.Decoder(Snapshot).decode
_decode_evidence = msgspec.msgpack.Decoder(Evidence).decode


class Publisher:
    """The worker's side: what becomes ready in one turn of the loop leaves as one entry per web process.

    An entry that Valkey did not confirm is sent again, in order; readers drop what they have seen.
    """

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        self._ready: dict[str, list[Frame]] = defaultdict(list)
        self._sending: dict[str, list[Frame]] = {}
        self._refused_since: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def publish(self, web: str, frame: Frame) -> None:
        """This will send one frame to the web process that waits at the stream `web`."""
        waiting = self._ready[web]
        if len(waiting) < LONGEST_BACKLOG:
            waiting.append(frame)
        if web not in self._sending:
            self._sending[web] = []
            task = asyncio.get_running_loop().create_task(self._drain(web))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @property
    def refused_seconds(self) -> float:
        """For how long Valkey has taken nothing; 0.0 when it took what it was given last."""
        return 0.0 if self._refused_since is None else asyncio.get_running_loop().time() - self._refused_since

    async def probe(self) -> None:
        """This will find out whether Valkey takes anything now."""
        try:
            await self._put_away("SET", "probe", "1", "PX", 1000)
        except Unavailable:
            logger.warning("Valkey takes nothing; answers wait until it does")

    def waiting(self, web: str, call_id: UUID) -> list[Frame]:
        """This will return the frames of a call that Valkey has not taken yet."""
        frames = [*self._sending.get(web, []), *self._ready.get(web, [])]
        return [frame for frame in frames if frame.call == call_id.bytes]

    def keep_snapshot(self, call_id: UUID, snapshot: Snapshot) -> None:
        """This will leave how far a call is, for ten minutes."""
        self._put(f"snap:{call_id}", snapshot, life_seconds=settings.TIMINGS.snapshot_life)

    def keep_evidence(self, call_id: UUID, evidence: Evidence) -> None:
        """This will leave what settles a call, for an hour."""
        self._put(f"fin:{call_id}", evidence, life_seconds=settings.TIMINGS.evidence_life)

    async def flush(self) -> None:
        """This will wait until all that was published is out, or its sender gave up."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=settings.TIMINGS.silence)

    async def _drain(self, web: str) -> None:
        try:
            while frames := self._ready.pop(web, None):
                self._sending[web] = frames
                await self._send(web, frames)
        finally:
            del self._sending[web]

    async def _send(self, web: str, frames: list[Frame]) -> None:
        data = _encode(frames)
        deadline = asyncio.get_running_loop().time() + settings.TIMINGS.settle_retries
        while asyncio.get_running_loop().time() < deadline:
            try:
                await self._put_away("XADD", web, "MAXLEN", "~", LONGEST_STREAM, "*", "d", data)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _put_away(self, *command: Part) -> None:
        try:
            await self._valkey.command(*command)
        except Unavailable:
            if self._refused_since is None:
                self._refused_since = asyncio.get_running_loop().time()
            raise
        self._refused_since = None

    def _put(self, key: str, value: msgspec.Struct, *, life_seconds: float) -> None:
        self._valkey.send("SET", key, _encode(value), "PX", int(life_seconds * 1000))


class Inbox:
    """The web process's side: one loop reads its stream and hands each frame on."""

    def __init__(self, url: str, *, reader: Reader) -> None:
        self.name = f"relay:{secrets.token_hex(8)}"
        self._valkey = Valkey(url)
        self._reader = reader
        self._task: asyncio.Task[None] | None = None
        self._trimmed_at = 0.0

    def open(self) -> None:
        """This will start reading."""
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def close(self) -> None:
        """This will stop reading."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._valkey.close()

    async def _read(self) -> None:
        last = b"0"
        while True:
            try:
                last = await self._read_once(last)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                last = b"0"  # after a wipe ids may begin again; frames seen before are dropped by their number

    async def _read_once(self, last: bytes) -> bytes:
        wait = int(READ_WAIT_SECONDS * 1000)
        answer: Any = await self._valkey.command(
            "XREAD", "COUNT", READ_AT_ONCE, "BLOCK", wait, "STREAMS", self.name, last,
            wait_seconds=READ_WAIT_SECONDS,
        )  # fmt: skip
        if not answer:
            return last
        for entry, fields in answer[0][1]:
            last = entry
            for frame in _decode_frames(fields[1]):
                self._reader.take(frame)
        self._trim(last)
        return last

    def _trim(self, last: bytes) -> None:
        """The length of the stream is bounded anyway, so now and then is enough."""
        now = asyncio.get_running_loop().time()
        if now - self._trimmed_at > TRIM_SECONDS:
            self._trimmed_at = now
            self._valkey.send("XTRIM", self.name, "MINID", "~", last)
            self._valkey.send("EXPIRE", self.name, int(settings.TIMINGS.snapshot_life) or 1)


async def snapshot_of(valkey: Valkey, call_id: UUID) -> Snapshot | None:
    """This will return how far a call had come when its worker last wrote it down. Raises `Unavailable`."""
    data = await valkey.command("GET", f"snap:{call_id}")
    return _decode_snapshot(data) if isinstance(data, bytes) else None


async def evidence_of(valkey: Valkey, call_id: UUID) -> Evidence | None:
    """This will return what a worker knew before it settled. Raises `Unavailable`."""
    data = await valkey.command("GET", f"fin:{call_id}")
    return _decode_evidence(data) if isinstance(data, bytes) else None


async def ask_to_stop(valkey: Valkey, call_id: UUID) -> None:
    """This will tell the worker of a call, running or about to run, to stop it. Raises `Unavailable`."""
    life = int(settings.TIMINGS.snapshot_life * 1000)
    kept = valkey.command("SET", f"stop:{call_id}", "1", "PX", life)
    told = valkey.command("PUBLISH", STOP_CHANNEL, call_id.bytes)
    await asyncio.gather(kept, told)


async def is_asked_to_stop(valkey: Valkey, call_id: UUID) -> bool:
    """This will tell whether a stop was asked for while nobody listened. Raises `Unavailable`."""
    return bool(await valkey.command("EXISTS", f"stop:{call_id}"))


async def hear_stops(url: str, *, on_stop: Callable[[UUID], None], on_again: Callable[[], Awaitable[None]]) -> None:
    """This will listen for stops for ever; `on_again` runs after each time the connection was made anew."""

    def heard(message: list[bytes]) -> None:
        if message[0] == b"message":
            on_stop(UUID(bytes=message[2]))

    listener = Valkey(url, on_push=heard)
    while True:
        try:
            wire = await listener.connect()
            wire.send(("SUBSCRIBE", STOP_CHANNEL))
            await on_again()
            await listener.until_lost()
        except Unavailable:
            await asyncio.sleep(RETRY_SECONDS)
