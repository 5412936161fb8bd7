"""Asks one call as a careful client does, and notes how it ended."""

import json
import time
from dataclasses import dataclass, field

import httpx

from tests.faults.forecast import Question

PATIENCE_SECONDS = 180.0
LITTLE_SECONDS = 0.3
DONE = "done"
ERROR = "error"
NOT_THERE = "not there"
LOST = "cut"
LEFT = "left"
SILENT = "silent"
OK = "status 200"
IN_PROGRESS = "status 409"


@dataclass
class Asked:
    """One try to ask as its client saw it; moments are of the monotonic clock."""

    question: Question
    began: float = field(default_factory=time.monotonic)
    heard: float = 0.0
    ended: float = 0.0
    end: str = ""
    call_id: str = ""
    text: str = ""
    charged: str = ""
    silence: float = 0.0

    @property
    def is_answered(self) -> bool:
        """Whether web said how it ended."""
        return self.end in {DONE, ERROR} or self.end.startswith("status")

    @property
    def is_whole(self) -> bool:
        """Whether it was answered well, to the end."""
        return self.end in {DONE, OK}

    def hear(self) -> None:
        """This will note a sign of life."""
        now = time.monotonic()
        self.silence, self.heard = max(self.silence, now - (self.heard or self.began)), now


def end_in(line: str) -> str:
    """This will tell whether a line of a stream ends it: done, error, or not at all."""
    if line == "data: [DONE]":
        return DONE
    return ERROR if line.startswith('data: {"error"') else ""


async def ask(client: httpx.AsyncClient, question: Question, *, headers: dict[str, str]) -> Asked:
    """This will send the call once and read what comes until it ends."""
    asked = Asked(question)
    try:
        asked.end = await _read(client, asked, headers=headers)
    except httpx.ConnectError:
        asked.end = NOT_THERE
    except httpx.ConnectTimeout:  # which a client of little patience reaches before it is let in
        asked.end = LEFT if question.leaves else NOT_THERE
    except httpx.TimeoutException:
        asked.end = LEFT if question.leaves else SILENT
    except httpx.TransportError:
        asked.end = LOST
    asked.hear()
    asked.ended = asked.heard
    return asked


async def _read(client: httpx.AsyncClient, asked: Asked, *, headers: dict[str, str]) -> str:
    question = asked.question
    leaves_early = question.leaves and not question.is_streamed
    patience = LITTLE_SECONDS if leaves_early else PATIENCE_SECONDS
    sending = client.stream("POST", "/chat/completions", json=question.body, headers=headers, timeout=patience)
    async with sending as answer:
        asked.hear()
        asked.call_id = answer.headers.get("x-request-id", "")
        asked.charged = answer.headers.get("x-credits-charged", "")
        if question.is_streamed and answer.status_code == httpx.codes.OK:
            return await _read_stream(answer, asked)
        body = await answer.aread()
        if answer.status_code == httpx.codes.OK:
            asked.text = json.loads(body)["choices"][0]["message"]["content"]
        return f"status {answer.status_code}"


async def _read_stream(answer: httpx.Response, asked: Asked) -> str:
    """A stream that ends twice, or without a word, is told by a name of its own."""
    ends: list[str] = []
    async for line in answer.aiter_lines():
        asked.hear()
        if end := end_in(line):
            ends.append(end)
        elif line.startswith("data: "):
            asked.text += _text_in(line)
            if asked.question.leaves:
                return LEFT
    return ends[0] if len(ends) == 1 else f"{len(ends)} ends"


def _text_in(line: str) -> str:
    choices = json.loads(line.removeprefix("data: "))["choices"]
    return str(choices[0]["delta"].get("content", "")) if choices else ""
