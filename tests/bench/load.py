"""A closed loop of connections on a bare protocol: each asks, waits for the whole answer, and asks again.

    python -m tests.bench.load '{"port": 8000, "model": "bench", "connections": 16, "seconds": 4, ...}'

Prints one line of JSON.
"""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

import uvloop

from tests.bench import wire

PATIENCE_SECONDS = 45.0
QUESTION = "Tell me about the sea in fifty words."


@dataclass
class Samples:
    """What all connections saw, in milliseconds."""

    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    errors: int = 0
    first_error: str = ""


class Connection(asyncio.Protocol):
    """One connection that asks until the deadline."""

    transport: asyncio.Transport

    def __init__(self, request: bytes, deadline: float, samples: Samples, *, streamed: bool) -> None:
        self.request, self.deadline, self.samples, self.streamed = request, deadline, samples, streamed
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own class is none of asyncio's
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.buffer or not self.done:
            self.fail(f"connection lost: {exc}")
        if not self.closed.done():
            self.closed.set_result(None)

    def ask(self) -> None:
        self.buffer, self.left, self.head, self.done = b"", 0, False, False
        self.last_token = 0.0
        self.sent = perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        if not self.head:
            data = self.read_head(data)
            if not self.head:
                return
        if self.streamed:
            self.count_tokens(data, now)
        if self.left >= 0:
            self.left -= len(data)
            ended = self.left <= 0
        else:
            self.buffer = (self.buffer + data)[-7:]
            ended = self.buffer.endswith(wire.LAST_CHUNK)
        if ended:
            self.finish(now)

    def read_head(self, data: bytes) -> bytes:
        self.buffer += data
        end = self.buffer.find(wire.HEAD_END)
        if end < 0:
            return b""
        head, rest = self.buffer[: end + 2], self.buffer[end + 4 :]
        self.head, self.buffer = True, b""
        self.left = wire.content_length(head.lower())
        if head[9:12] != b"200":
            self.fail((head + rest).decode(errors="replace"))
        return rest

    def count_tokens(self, data: bytes, now: float) -> None:
        if wire.MARK not in data:
            return
        if self.last_token:
            self.samples.gaps.append((now - self.last_token) * 1000)
        else:
            self.samples.first.append((now - self.sent) * 1000)
        self.last_token = now

    def finish(self, now: float) -> None:
        self.buffer, self.done = b"", True
        self.samples.whole.append((now - self.sent) * 1000)
        if self.streamed and not self.last_token:
            self.fail("a stream without a token")
        if now < self.deadline:
            self.ask()
        else:
            self.transport.close()

    def fail(self, reason: str) -> None:
        self.samples.errors += 1
        self.samples.first_error = self.samples.first_error or reason[:600]


def request_bytes(*, port: int, model: str, key: str, streamed: bool) -> bytes:
    """This will return one whole request."""
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": "user", "content": QUESTION}],
        "max_tokens": 2 * wire.TOKENS,
    }
    text = json.dumps(body | ({"stream": True} if streamed else {})).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


async def run(job: dict[str, object]) -> dict[str, object]:
    """This will put the load of `job` on its port and return the figures."""
    loop, samples = asyncio.get_running_loop(), Samples()
    port, streamed, keys = int(str(job["port"])), bool(job["streamed"]), str(job["keys"]).split()
    started = perf_counter()
    deadline = started + float(str(job["seconds"]))
    connections = []
    for number in range(int(str(job["connections"]))):
        request = request_bytes(port=port, model=str(job["model"]), key=keys[number % len(keys)], streamed=streamed)
        made = Connection(request, deadline, samples, streamed=streamed)
        await loop.create_connection(lambda made=made: made, "127.0.0.1", port)  # type: ignore[misc]  # bound early
        connections.append(made.closed)
    _done, late = await asyncio.wait(connections, timeout=deadline - perf_counter() + PATIENCE_SECONDS)
    samples.errors += len(late)
    return figures(samples, seconds=perf_counter() - started)


def figures(samples: Samples, *, seconds: float) -> dict[str, object]:
    """This will sum the samples up."""
    return {
        "calls": len(samples.whole),
        "errors": samples.errors,
        "first_error": samples.first_error,
        "calls_per_second": len(samples.whole) / seconds,
        "p50_ms": quantile(samples.whole, 0.5),
        "p99_ms": quantile(samples.whole, 0.99),
        "first_token_p50_ms": quantile(samples.first, 0.5),
        "first_token_p99_ms": quantile(samples.first, 0.99),
        "gap_p50_ms": quantile(samples.gaps, 0.5),
        "gap_p99_ms": quantile(samples.gaps, 0.99),
    }


def quantile(values: list[float], share: float) -> float | None:
    """This will return the value below which `share` of the values lie."""
    if not values:
        return None
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.loads(sys.argv[1])))))
