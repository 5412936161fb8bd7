"""Whatever is killed in mid-call: one terminal answer a client, no hold left open, books clean, one run upstream."""

import re
import signal
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest
import redis

from tests.faults import customers
from tests.faults.charges import PARTIAL, check_charges, check_told, microcredits, told_readers
from tests.faults.outcomes import call_row, exact_charge
from tests.faults.readers import (
    LONG_QUESTION,
    QUESTION,
    READ_SECONDS,
    Browser,
    Reader,
    check,
    check_books,
    client,
    hits,
    read_through,
)
from tests.stand import Stand
from usage.calls.endings import VOID

MANY_STREAMS = 20
LITTLE_SECONDS = 0.7
ENDED_BY_US = {"error", "status 503", "done"}
BEGAN = "SELECT pg_postmaster_start_time() AS at"
SWEPT = {"sweep_partial", "sweep_usage", "platform"}


@pytest.fixture
def person(stand: Stand) -> Iterator[Browser]:
    found = Browser(stand)
    yield found
    found.close()


class TestKill:
    def test_of_the_worker_ends_every_stream_with_an_error(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("calls"))
        check(stand, readers, allowed=ENDED_BY_US)
        check_charges(stand, readers)
        check_swept(stand, readers)

    def test_of_the_worker_and_the_sweeper_is_mended_by_the_next(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: (stand.kill("calls"), stand.kill("sweep")))
        check(stand, readers, allowed=ENDED_BY_US)
        check_charges(stand, readers)
        check_swept(stand, readers)

    def test_of_web_cuts_its_clients_and_settles_their_calls(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("web"))
        check(stand, readers, allowed={"cut", "done"})
        check_charges(stand, readers)
        cut = [reader for reader in readers if reader.ends == ["cut"] and reader.text]
        assert cut
        for reader in cut:
            receipt = receipt_of(stand, reader.call_id)
            assert (receipt["state"], receipt["how"]) == ("settled", "usage")
            assert microcredits(receipt["credits_charged"]) == exact_charge(stand, QUESTION)

    def test_of_valkey_which_comes_back_empty_ends_every_stream(self, stand: Stand) -> None:
        with redis.Redis.from_url(stand.valkey_url) as broker:
            broker.set("kept", "1")
            readers = read_through(stand, lambda: stand.kill("valkey"), streams=MANY_STREAMS)
            stand.wait_until(stand.is_ready)
            assert not broker.exists("kept")
        check(stand, readers, allowed=ENDED_BY_US)
        check_charges(stand, readers)
        heard = [reader for reader in readers if reader.text]
        assert heard
        assert not VOID & set(check_charges(stand, heard)), "what was read was not charged"

    def test_of_postgres_lets_running_streams_end_and_be_charged(self, stand: Stand) -> None:
        began = stand.rows(BEGAN)
        readers = read_through(stand, lambda: stand.kill("postgres", how=signal.SIGQUIT))
        check(stand, readers, allowed=ENDED_BY_US)
        assert stand.rows(BEGAN) != began
        check_charges(stand, readers)
        assert {reader.ends[0] for reader in readers if reader.text} == {"done"}
        check_told(stand, told_readers(readers))


class TestEnd:
    """What a deployment does."""

    def test_of_the_worker_lets_calls_finish(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("calls", how=signal.SIGTERM))
        check(stand, readers, allowed={"done"})
        check_charges(stand, readers)

    def test_of_the_worker_settles_what_takes_too_long(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("calls", how=signal.SIGTERM), question=LONG_QUESTION)
        check(stand, readers, allowed={"error"})
        ids = [reader.call_id for reader in readers]
        rows = stand.rows("SELECT how, error_code FROM usage_call WHERE id = ANY(%s::uuid[])", [ids])
        assert {(row["how"], row["error_code"]) for row in rows} == {("sweep_partial", "platform")}

    def test_of_web_tells_those_who_still_read(self, stand: Stand) -> None:
        readers = read_through(stand, lambda: stand.kill("web", how=signal.SIGTERM), question=LONG_QUESTION)
        check(stand, readers, allowed={"error"})


class TestChat:
    def test_goes_on_where_web_was_killed(self, stand: Stand, person: Browser) -> None:
        call_id = person.ask(QUESTION)
        person.read_through(call_id, lambda: stand.kill("web"))
        assert person.events[-1] == "cut"
        stand.wait_until(stand.is_ready)
        person.read(call_id)
        assert person.events[-1] == "done"
        assert re.findall(r"word\d+", person.last) == Reader(stand, QUESTION).whole_answer.split()
        check_books(stand, [call_id])
        row = call_row(stand, call_id)
        assert (row["how"], row["out_text"]) == ("usage", 40)
        assert row["charged_microcredits"] == customers.cost_of(stand, row, customers.usage_of(row))

    def test_keeps_what_had_arrived_when_the_worker_was_killed(self, stand: Stand, person: Browser) -> None:
        call_id = person.ask(QUESTION)
        person.read_through(call_id, lambda: stand.kill("calls"))
        assert person.events.count("done") == 1
        check_books(stand, [call_id])
        rows = stand.rows("SELECT state FROM usage_turn WHERE call_id = %s::uuid", [call_id])
        assert [row["state"] for row in rows] == ["failed"]
        assert call_row(stand, call_id)["how"] in SWEPT


class TestLeaving:
    def test_stops_the_upstream_and_charges_what_had_arrived(self, stand: Stand) -> None:
        with (
            client(stand) as asking,
            asking.chat.completions.with_streaming_response.create(
                model="fast", messages=[{"role": "user", "content": QUESTION}], stream=True
            ) as answer,
        ):
            call_id = answer.headers["x-request-id"]
            next(iter(answer.iter_lines()))
        check_left(stand, call_id)

    def test_stops_the_upstream_of_a_plain_call_too(self, stand: Stand) -> None:
        """It has said nothing yet, but it had the prompt."""
        with pytest.raises(httpx.ReadTimeout):
            ask_plainly(stand, patience=LITTLE_SECONDS)
        rows = stand.rows("SELECT id FROM plans_hold UNION SELECT id FROM usage_call ORDER BY id DESC LIMIT 1")
        check_left(stand, str(rows[0]["id"]))

    def test_of_a_call_that_has_a_name_lets_it_go_on(self, stand: Stand) -> None:
        key = uuid4().hex
        with pytest.raises(httpx.ReadTimeout):
            ask_plainly(stand, patience=LITTLE_SECONDS, key=key)
        stand.wait_until(lambda: ask_plainly(stand, key=key).status_code == httpx.codes.OK)
        answer = ask_plainly(stand, key=key)
        assert "word40" in answer.text
        check_books(stand, [answer.headers["x-request-id"]])


def check_swept(stand: Stand, readers: Sequence[Reader]) -> None:
    """This will check that streams broke off, that the sweeper ended their calls, and that what arrived was charged."""
    broken = [reader for reader in readers if reader.ends == ["error"]]
    assert broken
    hows = check_charges(stand, broken)
    assert set(hows) <= SWEPT, hows
    assert PARTIAL in hows


def receipt_of(stand: Stand, call_id: str) -> dict[str, Any]:
    """This will return what the API says of a call."""
    headers = {"authorization": f"Bearer {stand.demo['api_keys'][-1]['key']}"}
    receipt: dict[str, Any] = httpx.get(f"{stand.api_base}/calls/{call_id}", headers=headers).json()
    return receipt


def ask_plainly(stand: Stand, *, patience: float = READ_SECONDS, key: str = "") -> httpx.Response:
    headers = {"authorization": f"Bearer {stand.demo['api_keys'][-1]['key']}"}
    return httpx.post(
        f"{stand.api_base}/chat/completions",
        json={"model": "fast", "messages": [{"role": "user", "content": QUESTION}]},
        headers=headers | ({"idempotency-key": key} if key else {}),
        timeout=patience,
    )


def check_left(stand: Stand, call_id: str) -> None:
    question = "SELECT how, charged_microcredits FROM usage_call WHERE id = %s::uuid"
    stand.wait_until(lambda: bool(stand.rows(question, [call_id])))
    row = stand.rows(question, [call_id])[0]
    assert row["how"] == "estimate_left"
    assert row["charged_microcredits"] > 0
    stand.wait_until(lambda: hits(stand, call_id)["hung_up"] == 1)
    check_books(stand, [call_id])
