"""A customer with an account of its own: asks as a machine does, and looks into the books afterwards."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from accounts import api_keys
from models_catalog.models import Price
from models_catalog.pricing import USAGE_CLASSES, Usage, cost
from portal.kit import clock
from portal.kit.units import credits
from tests.faults.outcomes import check_audit
from tests.faults.readers import READ_SECONDS, hits
from tests.plans.ledger import books
from tests.stand import Stand

Row = dict[str, Any]
WEALTH = credits(1_000_000)
ALL_ENDED_SECONDS = 10.0
"""A minute by the timers of production, and some seconds because the machine is slow and not the timers."""


@dataclass
class Heard:
    """What one client was told: the status, and of a stream every event and how it ended."""

    status: int = 0
    call_id: str = ""
    body: Row = field(default_factory=dict)
    pieces: list[Row] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text of the first choice."""
        return self._all("content")

    @property
    def reasoning(self) -> str:
        """All that the model thought before it."""
        return self._all("reasoning_content")

    @property
    def error(self) -> Row:
        """The error that ended it; empty where none did."""
        found: Row = next((piece["error"] for piece in self.pieces if "error" in piece), self.body.get("error", {}))
        return found

    def _all(self, name: str) -> str:
        """Of an answer in one piece too."""
        choices = [choice for piece in [*self.pieces, self.body] for choice in piece.get("choices", ())]
        said = [choice.get("delta", choice.get("message")) for choice in choices if choice["index"] == 0]
        return "".join(each.get(name) or "" for each in said)


@dataclass(frozen=True)
class Customer:
    """A business that nobody else asks for, with its owner's key and more credits than a test can use."""

    stand: Stand
    account_id: int
    email: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """What lets it in."""
        return {"authorization": f"Bearer {self.key}"}

    def ask(self, question: str, *, stream: bool = True, name: str = "", model: str = "fast", **more: Any) -> Heard:
        """This will ask once and read to the end; `name` is its own name for the call (Idempotency-Key)."""
        body = {"model": model, "messages": [{"role": "user", "content": question}], "stream": stream, **more}
        headers = self.headers | ({"idempotency-key": name} if name else {})
        heard = Heard()
        try:
            with httpx.stream(
                "POST", f"{self.stand.api_base}/chat/completions", json=body, headers=headers, timeout=READ_SECONDS
            ) as answer:
                read(answer, heard)
        except httpx.TransportError:
            if not heard.ends:
                heard.ends.append("cut")
        return heard

    def calls(self) -> list[Row]:
        """This will return the calls of the account that have ended, the oldest first."""
        return self.stand.rows("SELECT * FROM usage_call WHERE account_id = %s ORDER BY id", [self.account_id])

    def open_calls(self) -> list[Row]:
        """This will return its calls that have not ended."""
        return self.stand.rows("SELECT * FROM plans_hold WHERE account_id = %s", [self.account_id])

    def only_call(self, *, runs: int = 1) -> Row:
        """This will wait until its only call has ended and return it, with a look at the books."""
        self.wait(lambda: not self.open_calls() and bool(self.calls()))
        [call] = self.calls()
        check_books(self.stand, [str(call["id"])], runs=runs)
        return call

    def wait(self, condition: Callable[[], bool]) -> None:
        """This will wait as long as a call may stay open."""
        self.stand.wait_until(condition, seconds=ALL_ENDED_SECONDS)


def new(stand: Stand) -> Customer:
    """This will found a business with credits and a key."""
    with stand.inside():
        member = books.founded()
        books.grant(member, WEALTH)
        key = api_keys.issue(member, api_keys.Wish(label="Test"), by=member.user, now=clock.now())[1]
        return Customer(stand, member.account_id, member.user.email or "", key)


def read(answer: httpx.Response, heard: Heard) -> None:
    """This will take an answer as it comes, be it one piece or a stream."""
    heard.status, heard.call_id = answer.status_code, answer.headers.get("x-request-id", "")
    if not answer.headers["content-type"].startswith("text/event-stream"):
        heard.body = json.loads(answer.read())
        heard.ends.append("done" if answer.is_success else f"status {answer.status_code}")
        return
    for line in answer.iter_lines():
        if line == "data: [DONE]":
            heard.ends.append("done")
        elif line.startswith("data:"):
            heard.pieces.append(json.loads(line.removeprefix("data:")))
            if "error" in heard.pieces[-1]:
                heard.ends.append("error")


def check_books(stand: Stand, call_ids: Sequence[str], *, runs: int = 1) -> None:
    """This will check that the audit finds nothing and that each call ran just so often."""
    check_audit(stand)
    for call_id in call_ids:
        assert hits(stand, call_id)["count"] == runs


def cost_of(stand: Stand, call: Row, used: Usage) -> int:
    """This will return what such usage costs by the price that a call was opened on, in microcredits."""
    with stand.inside():
        return cost(used, Price.objects.get(pk=call["price_id"]).rates)


def usage_of(call: Row) -> Usage:
    """This will return what a call was found to have used."""
    return Usage(**{name: call[name] for name in USAGE_CLASSES})
