"""Clients that read through a fault, machines and browsers, and what must hold for each of them afterwards."""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import openai
from django.conf import settings
from django.test import Client
from openai.types.chat import ChatCompletionMessageParam

from accounts.models import User
from tests.faults import asking
from tests.stand import Stand

QUESTION = "[[script words=40 gap_ms=50]] Tell me something long."
MIDDLE = "word5"
"""Whoever has read so far is in the middle: a quarter of a second, in which the worker wrote down how far it is."""
LONG_QUESTION = "[[script words=240 gap_ms=50]] Tell me something very long."
STREAMS = 8
HOLDS_CLOSE_SECONDS = 20.0
READ_SECONDS = 60.0


@dataclass
class Reader:
    """One client that reads a stream to its end and notes how it ended; `name` is what the books know it by."""

    stand: Stand
    question: str = QUESTION
    key: str = ""
    name: str = field(default_factory=lambda: uuid4().hex)
    call_id: str = ""
    text: str = ""
    ends: list[str] = field(default_factory=list)

    @property
    def answer(self) -> str:
        """The answer as far as it has been read."""
        return "".join(re.findall(r'"content":"([^"]*)"', self.text))

    @property
    def whole_answer(self) -> str:
        """What the upstream says to the question when nothing comes between."""
        (words,) = re.findall(r"words=(\d+)", self.question)
        return " ".join(f"word{number}" for number in range(1, int(words) + 1))

    def again(self) -> "Reader":
        """This will return a client that asks the same under the same key and has read nothing yet."""
        return Reader(self.stand, self.question, self.key, self.name)

    def read(self) -> None:
        """This will ask once, without retries, under the idempotency key if there is one."""
        named = {"idempotency-key": self.key} if self.key else {}
        messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": self.question}]
        try:
            with (
                client(self.stand) as asking,
                asking.chat.completions.with_streaming_response.create(
                    model="fast",
                    messages=messages,
                    stream=True,
                    stream_options={"include_usage": True},
                    user=self.name,
                    extra_headers=named,
                ) as answer,
            ):
                self.call_id = answer.headers["x-request-id"]
                for line in answer.iter_lines():
                    self._note(line)
        except openai.APIStatusError as error:
            self.call_id = error.response.headers.get("x-request-id", "")
            self.ends.append(f"status {error.status_code}")
        except Exception:  # noqa: BLE001 - whatever the client's transport calls a broken connection
            if not self.ends:
                self.ends.append("cut")

    def _note(self, line: str) -> None:
        if end := asking.end_in(line):
            self.ends.append(end)
        elif line.startswith("data:"):
            self.text += line


class Browser:
    """A person who asks in the chat and reads the answer as a browser does, which comes back after a cut."""

    def __init__(self, stand: Stand, *, email: str = "") -> None:
        self.stand = stand
        self.events: list[str] = []
        self.last = ""
        self.http = httpx.Client(base_url=stand.base_url, timeout=READ_SECONDS)
        with stand.inside():
            session = Client()
            session.force_login(User.objects.get(email=email or stand.demo["people"][0]["email"]))
        self.http.cookies.set(settings.SESSION_COOKIE_NAME, session.cookies[settings.SESSION_COOKIE_NAME].value)

    def ask(self, question: str) -> str:
        """This will send the form and return the id of the call."""
        page = self.http.get("/chat/").text
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
        given = {"text": question, "model": "fast", "csrfmiddlewaretoken": token}
        answer = self.http.post("/chat/", data=given, follow_redirects=True)
        return str(re.findall(r'data-stream="/chat/answers/([0-9a-f-]{36})/stream/"', answer.text)[0])

    def read(self, call_id: str) -> None:
        """This will read the answer's events from its beginning until they end or the connection breaks."""
        self.events = []
        try:
            with self.http.stream("GET", f"/chat/answers/{call_id}/stream/") as answer:
                for line in answer.iter_lines():
                    self._note(line)
        except httpx.TransportError:
            self.events.append("cut")

    def read_through(self, call_id: str, fault: Callable[[], object]) -> None:
        """This will read, with `fault` in the middle."""
        thread = threading.Thread(target=self.read, args=[call_id])
        thread.start()
        self.stand.wait_until(lambda: "text" in self.events)
        fault()
        finish([thread])

    def _note(self, line: str) -> None:
        if line.startswith("event: "):
            self.events.append(line.removeprefix("event: "))
        elif line.startswith("data: ") and self.events[-1] == "whole":
            self.last = line

    def close(self) -> None:
        """This will close the browser."""
        self.http.close()


def client(stand: Stand) -> openai.OpenAI:
    """The stock client with the business's key."""
    key = stand.demo["api_keys"][-1]["key"]
    return openai.OpenAI(base_url=stand.api_base, api_key=key, max_retries=0, timeout=READ_SECONDS)


def can_call(stand: Stand) -> bool:
    """This will tell whether a short call goes through."""
    try:
        with client(stand) as asking:
            asking.chat.completions.create(
                model="fast", messages=[{"role": "user", "content": "[[script words=1 gap_ms=0 first_ms=0]]"}]
            )
    except openai.APIError:
        return False
    return True


def read_through(
    stand: Stand, fault: Callable[[], object], *, streams: int = STREAMS, question: str = QUESTION
) -> list[Reader]:
    """This will put `fault` into the middle of some streams and return how each was read."""
    readers, threads = begin(stand, streams=streams, question=question)
    stand.wait_until(lambda: sum(MIDDLE in reader.answer for reader in readers) >= streams // 2)
    fault()
    finish(threads)
    return readers


def begin(
    stand: Stand, *, streams: int = STREAMS, question: str = QUESTION
) -> tuple[list[Reader], list[threading.Thread]]:
    """This will start to read some streams."""
    readers = [Reader(stand, question) for _ in range(streams)]
    threads = [threading.Thread(target=reader.read) for reader in readers]
    for thread in threads:
        thread.start()
    return readers, threads


def finish(threads: Sequence[threading.Thread]) -> None:
    """This will wait until every stream has ended."""
    for thread in threads:
        thread.join(READ_SECONDS)
        assert not thread.is_alive(), "a client waits for ever"


def check(stand: Stand, readers: Sequence[Reader], *, allowed: set[str]) -> None:
    """This will check what must hold after every fault: one end for each, a whole answer if that is good, one call."""
    for reader in readers:
        assert len(reader.ends) == 1, reader.ends
        assert reader.ends[0] in allowed, reader.ends
        assert reader.ends != ["done"] or reader.answer == reader.whole_answer, reader.answer
    seen = [reader for reader in readers if reader.call_id]
    check_books(
        stand,
        [reader.call_id for reader in seen if reader.text],
        silent_ids=[reader.call_id for reader in seen if not reader.text],
    )
    for reader in readers:
        calls = calls_of(stand, reader)
        assert calls == [reader.call_id] if reader.call_id else len(calls) <= 1, calls


def check_books(stand: Stand, call_ids: Sequence[str], *, silent_ids: Sequence[str] = ()) -> None:
    """This will check that every call has ended, that the books are in order, and how often each ran.

    Once where anything of its answer was read, and once at most where nothing was (`silent_ids`).
    """
    stand.wait_until(stand.is_ready)
    stand.wait_until(lambda: not stand.rows("SELECT id FROM plans_hold"), seconds=HOLDS_CLOSE_SECONDS)
    stand.manage("audit_ledger")
    every = [*call_ids, *silent_ids]
    ended = stand.rows("SELECT id FROM usage_call WHERE id = ANY(%s::uuid[])", [every])
    assert len(ended) == len(every)
    runs = {call_id: hits(stand, call_id)["count"] for call_id in every}
    assert all(runs[call_id] == 1 for call_id in call_ids), runs
    assert all(runs[call_id] <= 1 for call_id in silent_ids), runs


def calls_of(stand: Stand, reader: Reader) -> list[str]:
    """This will return the ids of all calls that a reader's question became, open ones too."""
    question = """SELECT id::text FROM plans_hold WHERE end_user = %(name)s
        UNION SELECT id::text FROM usage_call WHERE end_user = %(name)s"""
    return [row["id"] for row in stand.rows(question, {"name": reader.name})]


def hits(stand: Stand, call_id: str) -> dict[str, int]:
    """This will return how often the upstream ran a call, and how that ended."""
    found: dict[str, int] = httpx.get(f"{stand.sandbox_url}/upstream/hits/{call_id}").json()
    return found
