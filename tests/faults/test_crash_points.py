"""A process dies at each step of a call: somebody mends it, the client gets one end and pays what was promised."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
import redis

from models_catalog import catalog
from portal.kit.units import divide_up
from tests.faults import customers
from tests.faults.customers import Customer
from tests.faults.failing import Point, after, before, dying
from tests.faults.outcomes import call_named, call_row, check_ended, exact_charge
from tests.faults.readers import READ_SECONDS, Browser, Reader, calls_of, can_call
from tests.stand import Stand
from usage import dispatch

SHORT = "[[script words=12 gap_ms=20 first_ms=50]] Tell me something short."
LONG = "[[script words=40 gap_ms=50]] Tell me something long."
NOTHING, DELIVERED, EXACT = "nothing", "what was delivered", "exact"
BYTES_PER_TOKEN = 4
GONE = "status 422"


@dataclass(frozen=True)
class Step:
    """Where what dies, and what was promised for it: how client and call end, what it costs, what a retry is told."""

    point: Point
    end: str
    how: str
    charge: str
    again: str
    runs: int = 1
    question: str = SHORT

    def __str__(self) -> str:
        return str(self.point)


STEPS = [
    Step(after("web", "plans.ledger:reserve_one"), "cut", "queue_timeout", NOTHING, GONE, runs=0),
    Step(after("calls", "plans.ledger:claim"), "error", "platform", NOTHING, GONE, runs=0),
    Step(after("web", "usage.dispatch:push"), "cut", "usage", EXACT, "done"),
    Step(after("calls", "usage.calls.runs:Run.hear"), "error", "platform", NOTHING, GONE),
    Step(
        before("calls", "usage.calls.runs:Run.keep_snapshot", call=6),
        *("error", "sweep_partial", DELIVERED, GONE),
        question=LONG,
    ),
    Step(before("calls", "usage.calls.settlement:settle_surely"), "error", "sweep_usage", EXACT, GONE),
    Step(after("calls", "usage.calls.settlement:settle_surely"), "error", "usage", EXACT, "done"),
]


@pytest.fixture
def customer(stand: Stand) -> Customer:
    return customers.new(stand)


@pytest.fixture
def person(stand: Stand, customer: Customer) -> Iterator[Browser]:
    found = Browser(stand, email=customer.email)
    yield found
    found.close()


@pytest.mark.parametrize("step", STEPS, ids=str)
class TestCall:
    def test_ends_once_whoever_dies(self, stand: Stand, step: Step) -> None:
        reader = Reader(stand, step.question, key=uuid4().hex)
        with dying(stand, step.point):
            reader.read()
        call_id = call_named(stand, reader.key)
        check_ended(stand, call_id, runs=step.runs)
        assert reader.ends == [step.end]
        assert reader.call_id in {"", call_id}
        check_charge(stand, call_id, step, reader)
        ended = call_row(stand, call_id)
        check_again(stand, reader, step.again)
        assert calls_of(stand, reader) == [call_id] == [call_named(stand, reader.key)]
        assert call_row(stand, call_id) == ended
        check_ended(stand, call_id, runs=step.runs)


class TestReservation:
    def test_that_was_not_committed_leaves_nothing(self, stand: Stand) -> None:
        reader = Reader(stand, SHORT, key=uuid4().hex)
        with dying(stand, before("web", "plans.ledger:reserve_one")):
            reader.read()
        assert reader.ends == ["cut"]
        assert not stand.rows("SELECT call_id FROM plans_idempotencykey WHERE key = %s", [reader.key])
        assert not stand.rows("SELECT id FROM plans_hold")
        again = reader.again()
        again.read()
        assert again.ends == ["done"]
        assert calls_of(stand, again) == [again.call_id] == [call_named(stand, reader.key)]
        check_ended(stand, again.call_id, runs=1)


class TestPlainCall:
    def test_is_told_that_nothing_was_charged(self, stand: Stand) -> None:
        """Before anything was sent the error is a status."""
        key = uuid4().hex
        with dying(stand, after("calls", "plans.ledger:claim")):
            answer = ask_plainly(stand, key)
        assert answer.status_code == 503
        assert "Nothing was charged" in answer.text
        check_ended(stand, call_named(stand, key), runs=0)


class TestMessage:
    def test_that_comes_again_after_the_end_is_left(self, stand: Stand) -> None:
        reader = Reader(stand, SHORT)
        reader.read()
        charged = call_row(stand, reader.call_id)
        deliver_again(stand, reader.call_id)
        assert can_call(stand)  # which came after it in the same queue
        check_ended(stand, reader.call_id, runs=1)
        assert call_row(stand, reader.call_id) == charged


class TestQuestion:
    """In the chat; what was asked stands in the database, and so does where the answer will."""

    def test_whose_page_was_lost_is_sent_again(self, stand: Stand, customer: Customer, person: Browser) -> None:
        with dying(stand, after("web", "plans.ledger:reserve_one")), pytest.raises(httpx.TransportError):
            person.ask(SHORT)
        call = customer.only_call(runs=1)
        call_id = str(call["id"])
        check_ended(stand, call_id, runs=1)
        assert answers_of(customer) == [call_id]
        assert (call["how"], call["out_text"]) == ("usage", 12)
        assert call["charged_microcredits"] == customers.cost_of(stand, call, customers.usage_of(call)) > 0
        person.read(call_id)
        assert person.events[-1] == "done"
        assert "word12" in person.last
        assert turn_of(stand, call_id) == "kept"
        assert customer.calls() == [call]

    def test_whose_answer_was_settled_but_never_kept_leaves_the_conversation_open(
        self, stand: Stand, person: Browser
    ) -> None:
        with dying(stand, after("calls", "usage.calls.settlement:settle_surely")):
            call_id = person.ask(SHORT)
        check_ended(stand, call_id, runs=1)
        assert call_row(stand, call_id)["how"] == "usage"
        person.read(call_id)
        assert person.events.count("done") == 1
        assert turn_of(stand, call_id) == "failed"


def check_charge(stand: Stand, call_id: str, step: Step, reader: Reader) -> None:
    row, exact = call_row(stand, call_id), exact_charge(stand, step.question)
    charged = int(str(row["charged_microcredits"]))
    assert row["how"] == step.how
    if step.charge == DELIVERED:
        assert 0 < charged < exact
        assert int(str(row["out_text"])) <= divide_up(len(reader.answer.encode()), BYTES_PER_TOKEN)
    else:
        assert charged == (exact if step.charge == EXACT else 0)
    if step.charge == EXACT:  # by whomever it was settled, it keeps the try and what the vendor said
        [tried] = stand.rows("SELECT outcome, raw_usage FROM usage_attempt WHERE call_id = %s", [call_id])
        assert tried["outcome"] == "ok"
        assert tried["raw_usage"]["completion_tokens"] == row["out_text"]


def check_again(stand: Stand, first: Reader, end: str) -> None:
    """Whoever asks again under the same key is told of the same call."""
    again = first.again()
    again.read()
    assert again.ends == [end]
    if end == "done":
        assert again.call_id == call_named(stand, first.key)
        assert "word12" in again.answer


def ask_plainly(stand: Stand, key: str) -> httpx.Response:
    return httpx.post(
        f"{stand.api_base}/chat/completions",
        json={"model": "fast", "messages": [{"role": "user", "content": SHORT}]},
        headers={"authorization": f"Bearer {stand.demo['api_keys'][-1]['key']}", "idempotency-key": key},
        timeout=READ_SECONDS,
    )


def answers_of(customer: Customer) -> list[str]:
    """This will return the calls of the answers in all conversations of the customer."""
    question = """SELECT t.call_id::text FROM usage_turn t JOIN usage_conversation c ON c.id = t.conversation_id
        WHERE c.account_id = %s AND t.call_id IS NOT NULL"""
    return [row["call_id"] for row in customer.stand.rows(question, [customer.account_id])]


def turn_of(stand: Stand, call_id: str) -> str:
    return str(stand.rows("SELECT state FROM usage_turn WHERE call_id = %s::uuid", [call_id])[0]["state"])


def deliver_again(stand: Stand, call_id: str) -> None:
    """This will put the message of a call into its queue once more."""
    with stand.inside():
        queue = catalog.offer("fast").queue
    request = {"model": "fast", "messages": [{"role": "user", "content": SHORT}], "stream": True}
    calls = [{"call": call_id, "request": request, "keep": False}]
    with redis.Redis.from_url(stand.valkey_url) as broker:
        broker.lpush(queue, dispatch.message(queue=queue, arguments={"calls": calls}))
        stand.wait_until(lambda: not broker.llen(queue))
