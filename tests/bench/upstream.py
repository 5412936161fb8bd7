"""An OpenAI-compatible upstream that costs next to nothing: bytes made ahead, on a bare protocol.

python -m tests.bench.upstream PORT
"""

import asyncio
import json
import sys
from typing import cast

import uvloop

from tests.bench import wire

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: "


def _event(choices: list[object], usage: object = None) -> bytes:
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "bench", "choices": choices}
    line = b"data: " + json.dumps(body | ({"usage": usage} if usage else {})).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(line), line)


def _piece(text: str, finish_reason: str | None = None) -> bytes:
    delta = {"role": "assistant", "content": text} if text else {}
    return _event([{"index": 0, "delta": delta, "finish_reason": finish_reason}])


def _plain() -> bytes:
    message = {"role": "assistant", "content": "".join(WORDS)}
    body = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "usage": USAGE,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    text = json.dumps(body).encode()
    return HEAD + b"application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(text), text)


WORDS = [f"tok{number} " for number in range(wire.TOKENS)]
USAGE = {
    "prompt_tokens": wire.PROMPT_TOKENS,
    "completion_tokens": wire.TOKENS,
    "total_tokens": wire.PROMPT_TOKENS + wire.TOKENS,
}
STREAM_HEAD = HEAD + b"text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PIECES = [_piece(word) for word in WORDS]
DONE = b"data: [DONE]\n\n"
TAIL = _piece("", "stop") + _event([], USAGE) + b"%x\r\n%s\r\n" % (len(DONE), DONE) + wire.LAST_CHUNK
PLAIN = _plain()
WHOLE_STREAM = STREAM_HEAD + _piece("".join(WORDS)) + TAIL


class Upstream(asyncio.Protocol):
    """One connection. The model that a request names decides when the answer comes."""

    transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own class is none of asyncio's

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(wire.HEAD_END)
        if end < 0:
            return
        length = max(wire.content_length(self.buffer[: end + 2].lower()), 0)
        if len(self.buffer) < end + 4 + length:
            return
        body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
        self.answer(body)

    def answer(self, body: bytes) -> None:
        streamed = b'"stream":true' in body or b'"stream": true' in body
        if streamed and wire.PACED.encode() in body:
            self.transport.write(STREAM_HEAD)
            self.loop.call_later(wire.PACE_SECONDS, self.pace, 0, self.loop.time() + wire.PACE_SECONDS)
            return
        delay = wire.PATIENCE_SECONDS if wire.PATIENT.encode() in body else 0
        answer = WHOLE_STREAM if streamed else PLAIN
        if delay:
            self.loop.call_later(delay, self.transport.write, answer)
        else:
            self.transport.write(answer)

    def pace(self, position: int, due: float) -> None:
        if self.transport.is_closing():
            return
        if position == wire.TOKENS:
            self.transport.write(TAIL)
            return
        self.transport.write(PIECES[position])
        due += wire.PACE_SECONDS
        self.loop.call_at(due, self.pace, position + 1, due)


async def main(port: int) -> None:
    """This will serve until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Upstream(loop), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
