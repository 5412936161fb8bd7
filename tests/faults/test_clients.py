"""Clients that read slowly, leave, ask twenty times or all come back at once: one run, one charge, others unharmed."""

import asyncio
import json
import re
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import orjson
import pytest

from portal.kit.timings import Timings
from tests.faults import customers
from tests.faults.customers import Customer, Row
from tests.faults.readers import READ_SECONDS, Browser, hits
from tests.stand import TIMINGS_SCALE, Stand

AT_ONCE = 20
MEGABYTE = 1_048_576
SMALL_BUFFER = 2048
SLOWEST_SEND_SECONDS = Timings().slowest_send * TIMINGS_SCALE
NOTICED_SECONDS = 2.0
QUESTIONS = 5
TABS = 100
STORY = [f"word{number}" for number in range(1, 241)]


@pytest.fixture
def customer(stand: Stand) -> Customer:
    return customers.new(stand)


class TestSlowReader:
    """One byte at a time, into a small buffer: neither the worker nor the memory of web waits for it."""

    def test_is_closed_while_its_call_settles_at_once(self, stand: Stand, customer: Customer) -> None:
        before = memory_of(stand.pid("web"))
        reader = begin_to_read(
            customer, "[[script words=2000 letters=4000 gap_ms=0 first_ms=0]] More than sockets take."
        )
        began = time.monotonic()
        call = customer.only_call()
        assert time.monotonic() - began < SLOWEST_SEND_SECONDS
        assert (call["how"], call["out_text"]) == ("usage", 2000)
        while time.monotonic() < began + SLOWEST_SEND_SECONDS + NOTICED_SECONDS:
            assert reader.recv(1)
            time.sleep(TIMINGS_SCALE)  # this is how slow the reader is
        assert memory_of(stand.pid("web")) - before < 64 * MEGABYTE
        assert not rest_of(reader).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def begin_to_read(customer: Customer, question: str) -> socket.socket:
    """This will send a request by hand and return the connection, of which nothing is read yet."""
    body = orjson.dumps({"model": "fast", "messages": [{"role": "user", "content": question}], "stream": True})
    address = urlsplit(customer.stand.base_url)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {customer.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.socket()
    connection.settimeout(READ_SECONDS)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    connection.connect((address.hostname, address.port))
    connection.sendall(head.encode() + body)
    return connection


def rest_of(connection: socket.socket) -> bytes:
    """This will read until the other side has closed, and return what came last."""
    last = b""
    try:
        while piece := connection.recv(MEGABYTE):
            last = (last + piece)[-SMALL_BUFFER:]
    except ConnectionResetError:
        pass
    finally:
        connection.close()
    return last


def memory_of(pid: int) -> int:
    """This will return the bytes that a process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024


class TestLeaving:
    """The client hangs up; web notices and stops the upstream, and what it had accepted is charged."""

    def test_before_the_upstream_accepted_costs_nothing(self, stand: Stand, customer: Customer) -> None:
        call = self.leave(customer, "words=5 first_ms=5000", when=None)
        assert (call["how"], call["charged_microcredits"]) == ("cancelled", 0)

    def test_before_the_first_token_costs_the_prompt(self, stand: Stand, customer: Customer) -> None:
        call = self.leave(customer, "words=5 first_ms=0 gap_ms=5000", when=lambda _line: True)
        assert (call["how"], call["out_text"]) == ("estimate_left", 0)
        assert call["charged_microcredits"] > 0

    def test_in_mid_stream_costs_what_had_come(self, stand: Stand, customer: Customer) -> None:
        call = self.leave(customer, "words=200 first_ms=0 gap_ms=50", when=lambda line: "word3" in line)
        assert call["how"] == "estimate_left"
        assert 0 < call["out_text"] < 100

    def test_at_the_last_token_costs_no_less_than_was_read(self, stand: Stand, customer: Customer) -> None:
        call = self.leave(customer, "words=5 first_ms=0 gap_ms=0", when=lambda line: '"stop"' in line, stops=False)
        assert call["how"] in {"usage", "estimate_left"}
        assert call["charged_microcredits"] > 0

    def test_after_the_end_changes_nothing(self, stand: Stand, customer: Customer) -> None:
        call = self.leave(customer, "words=5 first_ms=0 gap_ms=0", when=lambda line: "[DONE]" in line, stops=False)
        assert (call["how"], call["out_text"]) == ("usage", 5)

    def leave(self, customer: Customer, script: str, *, when: Callable[[str], bool] | None, stops: bool = True) -> Row:
        """This will hang up at the first line that `when` accepts; before any when there is none."""
        body = {"model": "fast", "messages": [{"role": "user", "content": f"[[script {script}]] Go."}], "stream": True}
        asking = httpx.Client(base_url=customer.stand.api_base, headers=customer.headers, timeout=READ_SECONDS)
        with asking:
            if when is None:
                with pytest.raises(httpx.ReadTimeout):
                    asking.post("/chat/completions", json=body, timeout=0.7)
            else:
                with asking.stream("POST", "/chat/completions", json=body) as answer:
                    next(line for line in answer.iter_lines() if when(line))
            left = time.monotonic()
        call = customer.only_call()
        assert 0 <= call["charged_microcredits"] <= call["held_microcredits"]
        if stops:
            customer.wait(lambda: hits(customer.stand, str(call["id"]))["hung_up"] == 1)
            assert time.monotonic() - left < NOTICED_SECONDS
        return call


class TestSameName:
    """One call is begun twenty times at once under one name (Idempotency-Key)."""

    def test_runs_once_and_all_get_its_answer(self, stand: Stand, customer: Customer) -> None:
        question, name = "[[script words=5 gap_ms=50 first_ms=0]] Go.", uuid4().hex
        with ThreadPoolExecutor(AT_ONCE) as pool:
            heard = list(pool.map(lambda _: customer.ask(question, stream=False, name=name), range(AT_ONCE)))
        ends = Counter(one.ends[0] for one in heard)
        assert ends.keys() <= {"done", "status 409"}
        assert ends["done"] >= 1
        call = customer.only_call()
        again = [customer.ask(question, stream=False, name=name) for _ in range(2)]
        answers = [one for one in [*heard, *again] if one.ends == ["done"]]
        assert {one.call_id for one in answers} == {str(call["id"])}
        assert {one.body["choices"][0]["message"]["content"] for one in answers} == {"word1 word2 word3 word4 word5"}
        assert customer.only_call() == call


class TestReconnectStorm:
    """Five hundred browsers lose their streams when web restarts, and all come back."""

    def test_gives_every_browser_the_whole_answer(self, stand: Stand, customer: Customer) -> None:
        person = Browser(stand, email=customer.email)
        question = f"[[script words={len(STORY)} gap_ms=75 first_ms=0]] Tell a story."
        calls = [person.ask(question) for _ in range(QUESTIONS)]
        storm = Storm(stand, cookies_of(person.http), [call for call in calls for _ in range(TABS)])
        thread = threading.Thread(target=asyncio.run, args=[storm.read()])
        thread.start()
        stand.wait_until(lambda: storm.reading >= QUESTIONS * TABS)
        pid = stand.kill("web")
        stand.wait_until(lambda: stand.pid("web") != pid)
        stand.wait_until(stand.is_ready)
        thread.join(READ_SECONDS)
        person.close()
        assert storm.ends == Counter({"whole": QUESTIONS * TABS})
        assert storm.cuts >= QUESTIONS * TABS
        assert len(storm.pauses) > TABS  # no two come back at the same moment because they were told the same
        assert cpu_seconds_of(stand.pid("web")) < 20.0
        customers.check_books(stand, calls)
        assert {(str(call["id"]), call["how"], call["out_text"]) for call in customer.calls()} == {
            (call_id, "usage", len(STORY)) for call_id in calls
        }


def cookies_of(http: httpx.Client) -> dict[str, str]:
    """The newest of each name: the portal may have sent again what the client began with."""
    return {cookie.name: cookie.value or "" for cookie in http.cookies.jar}


class Storm:
    """Browsers as EventSource makes them: each comes back after the pause that the server told it.

    An answer comes from its beginning each time: in pieces while it is on its way, and in one at the end.
    """

    def __init__(self, stand: Stand, cookies: dict[str, str], calls: list[str]) -> None:
        self.stand = stand
        self.cookies = cookies
        self.calls = calls
        self.reading = 0
        self.cuts = 0
        self.pauses: Counter[int] = Counter()
        self.ends: Counter[str] = Counter()

    async def read(self) -> None:
        limits = httpx.Limits(max_connections=None)
        asking = httpx.AsyncClient(
            base_url=self.stand.base_url, cookies=self.cookies, limits=limits, timeout=READ_SECONDS
        )
        async with asking:
            self.ends.update(await asyncio.gather(*(self._follow(asking, call) for call in self.calls)))

    async def _follow(self, asking: httpx.AsyncClient, call: str) -> str:
        pause = 3000
        deadline = time.monotonic() + READ_SECONDS
        while time.monotonic() < deadline:
            read: dict[str, str] = defaultdict(str)
            try:
                async with asking.stream("GET", f"/chat/answers/{call}/stream/") as answer:
                    async for line in answer.aiter_lines():
                        name, _, value = line.partition(": ")
                        if name == "retry":
                            pause = int(value)
                            self.pauses[pause] += 1
                            self.reading += 1
                        elif name == "event":
                            event = value
                        elif name == "data":
                            read[event] += "".join(json.loads(value).values())
                            if event == "done":
                                return self._end(read)
            except httpx.TransportError:
                self.cuts += 1
            await asyncio.sleep(pause / 1000)
        return "never"

    def _end(self, read: dict[str, str]) -> str:
        """This will tell whether the whole story was read, both as it came and as it stands at the end."""
        told = [re.findall(r"word\d+", read[event]) for event in ("text", "whole")]
        return "whole" if told[1] == STORY and told[0] in ([], STORY) else f"{len(told[0])}, {len(told[1])} words"


def cpu_seconds_of(pid: int) -> float:
    """This will return the processor time that a process has used since it began."""
    used = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / 100
