"""Whatever is killed in mid-call: one terminal answer a client, no hold left open, books clean, one run upstream."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import openai
import pytest

from tests.stand import Stand

QUESTION = "[[script words=40 gap_ms=50]] Tell me something long."
STREAMS = 8
HOLDS_CLOSE_SECONDS = 20.0


@dataclass
class Reader:
    """One client that reads a stream to its end and notes how it ended."""

    stand: Stand
    call_id: str = ""
    text: str = ""
    ends: list[str] = field(default_factory=list)

    def read(self) -> None:
        """This will ask once, without retries."""
        try:
            with client(self.stand).chat.completions.with_streaming_response.create(
                model="fast", messages=[{"role": "user", "content": QUESTION}], stream=True
            ) as answer:
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
        if line == "data: [DONE]":
            self.ends.append("done")
        elif line.startswith('data: {"error"'):
            self.ends.append("error")
        elif line.startswith("data:"):
            self.text += line


def client(stand: Stand) -> openai.OpenAI:
    """The stock client with the business's key."""
    key = stand.demo["api_keys"][-1]["key"]
    return openai.OpenAI(base_url=stand.api_base, api_key=key, max_retries=0, timeout=60)


def can_call(stand: Stand) -> bool:
    """This will tell whether a short call goes through."""
    try:
        client(stand).chat.completions.create(
            model="fast", messages=[{"role": "user", "content": "[[script words=1 gap_ms=0 first_ms=0]]"}]
        )
    except openai.APIError:
        return False
    return True


def read_through(stand: Stand, fault: Callable[[], object]) -> list[Reader]:
    """This will put `fault` into the middle of some streams and return how each was read."""
    readers = [Reader(stand) for _ in range(STREAMS)]
    threads = [threading.Thread(target=reader.read) for reader in readers]
    for thread in threads:
        thread.start()
    stand.wait_until(lambda: sum(bool(reader.text) for reader in readers) >= STREAMS // 2)
    fault()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a client waits for ever"
    return readers


def check(stand: Stand, readers: list[Reader], *, allowed: set[str]) -> None:
    """This will check what must hold after every fault."""
    for reader in readers:
        assert len(reader.ends) == 1, reader.ends
        assert reader.ends[0] in allowed, reader.ends
    stand.wait_until(stand.is_ready)
    stand.wait_until(lambda: not stand.rows("SELECT id FROM plans_hold"), seconds=HOLDS_CLOSE_SECONDS)
    assert stand.rows("SELECT * FROM call_violations") == []
    assert stand.rows("SELECT * FROM ledger_violations") == []
    for reader in readers:
        if reader.call_id:
            hits = httpx.get(f"{stand.sandbox_url}/upstream/hits/{reader.call_id}").json()
            assert hits["count"] <= 1


@pytest.fixture(autouse=True)
def settled(stand: Stand) -> None:
    """Each fault strikes a portal that is well."""
    stand.wait_until(lambda: stand.is_ready() and can_call(stand))


class TestKill:
    def test_of_the_worker_ends_every_stream_with_an_error(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("calls"))
        check(stand, readers, allowed={"error", "status 503", "done"})
        assert any(reader.ends == ["error"] for reader in readers)

    def test_of_the_worker_charges_what_had_arrived_and_no_more(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: (time.sleep(0.3), stand.kill("calls")))
        check(stand, readers, allowed={"error", "status 503", "done"})
        ids = [reader.call_id for reader in readers if reader.ends == ["error"]]
        rows = stand.rows("SELECT how FROM usage_call WHERE id = ANY(%s::uuid[])", [ids])
        assert {row["how"] for row in rows} <= {"sweep_partial", "sweep_usage", "platform"}

    def test_of_web_cuts_its_clients_and_settles_their_calls(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("web"))
        check(stand, readers, allowed={"cut", "done"})
        ids = [reader.call_id for reader in readers if reader.call_id]
        rows = stand.rows("SELECT state FROM usage_call WHERE id = ANY(%s::uuid[])", [ids])
        assert len(rows) == len(ids)

    def test_of_valkey_which_comes_back_empty_ends_every_stream(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("valkey"))
        check(stand, readers, allowed={"done", "error", "status 503"})

    def test_of_postgres_lets_running_streams_end_and_be_charged(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("postgres", how=signal.SIGQUIT))
        check(stand, readers, allowed={"done", "error", "status 503"})


class TestLeaving:
    def test_stops_the_upstream_and_charges_what_had_arrived(self, stand: Stand) -> None:
        with client(stand).chat.completions.with_streaming_response.create(
            model="fast", messages=[{"role": "user", "content": QUESTION}], stream=True
        ) as answer:
            call_id = answer.headers["x-request-id"]
            next(iter(answer.iter_lines()))
        rows: list[dict[str, object]] = []
        stand.wait_until(
            lambda: rows.extend(stand.rows("SELECT how FROM usage_call WHERE id = %s::uuid", [call_id])) or bool(rows),
            seconds=HOLDS_CLOSE_SECONDS,
        )
        assert rows[0]["how"] == "estimate_left"
        hits = httpx.get(f"{stand.sandbox_url}/upstream/hits/{call_id}").json()
        assert (hits["count"], hits["hung_up"]) == (1, 1)
