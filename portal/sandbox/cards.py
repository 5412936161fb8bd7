"""Cards for the demo and the tests: the part of Stripe's interface that a shop with hosted pages needs, in memory.

People pay on `/cards/pay/<session>/`; `/cards/control/` makes it misbehave, `/cards/control/disputes/` lets a bank
take money back.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from portal.kit.merchants import Stripe as Merchant
from portal.sandbox import cards_pages, plain_http
from portal.sandbox.cards_api import Api
from portal.sandbox.cards_books import Books, Item, new_id
from portal.sandbox.cards_paying import Till
from portal.sandbox.misbehavior import Misbehavior
from portal.sandbox.plain_http import Answer, Question, as_json, see_other
from portal.sandbox.postbox import PAUSES, Letter, Postbox, Written

MOUNT = "/cards"
API_VERSION = "2026-10-28.endive"


class CardsPeer:
    """An ASGI app. Its events go to `webhook_url`, signed by the merchant's webhook secret."""

    def __init__(self, merchant: Merchant, *, webhook_url: str = "", pauses: tuple[float, ...] = PAUSES) -> None:
        self.books = Books()
        self.misbehavior = Misbehavior()
        self.postbox = Postbox(self.misbehavior, pauses=pauses)
        self.till = Till(self.books, self._tell)
        self.requests: list[str] = []
        self._merchant = merchant
        self._webhook_url = webhook_url
        self._api = Api(self.books, self.till, self.misbehavior)
        self._kept: dict[str, tuple[tuple[str, bytes], Answer]] = {}

    async def __call__(self, scope: dict[str, Any], receive: plain_http.Receive, send: plain_http.Send) -> None:
        """This will answer one request."""
        if scope["type"] != "http":
            return
        question = await plain_http.read(scope, receive, mount=MOUNT)
        await plain_http.send_answer(send, await self._answer(question))

    async def _answer(self, question: Question) -> Answer:
        parts = [unquote(part) for part in question.path.strip("/").split("/")]
        match parts:
            case ["v1", *rest]:
                self.requests.append(f"{question.method} {question.path}")
                if question.headers.get("authorization") != f"Bearer {self._merchant.secret_key}":
                    return as_json(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}})
                return await self.misbehavior.around(question, lambda: self._once(question, rest))
            case ["pay", name, *rest] if name in self.books.items:
                return self._pay(question, name, rest)
            case ["control"]:
                return self.misbehavior.control(question)
            case ["control", "disputes"] if question.method == "POST":
                return self._dispute(question.query)
            case _:
                return Answer(404)

    def _once(self, question: Question, parts: list[str]) -> Answer:
        """What carries the same key is done once, and answered again as it was."""
        key = question.headers.get("idempotency-key", "")
        if question.method != "POST" or not key:
            return self._api.answer(question, parts)
        asked = (question.path, question.body)
        if key not in self._kept:
            self._kept[key] = (asked, self._api.answer(question, parts))
            return self._kept[key][1]
        known, answer = self._kept[key]
        if known != asked:
            return as_json(400, {"error": {"type": "idempotency_error", "message": "Used with other parameters"}})
        return Answer(answer.status, answer.body, answer.headers | {"idempotent-replayed": "true"})

    def _pay(self, question: Question, name: str, rest: list[str]) -> Answer:
        session = self.books.session(name)
        if session is None:
            return Answer(404)
        if session.status != "open":
            return cards_pages.ended_page(session)
        home = f"{question.root}/pay/{session.id}/"
        if question.method != "POST":
            is_asked = rest == ["challenge"] and session.intent and session.intent.status == "requires_action"
            trouble = question.query.get("trouble", "")
            return cards_pages.challenge_page(session) if is_asked else cards_pages.pay_page(session, trouble)
        if rest == ["challenge"]:
            outcome = self.till.answer_challenge(session, is_holder=question.form.get("decision") == "approval")
        else:
            outcome = self.till.try_card(session, question.form.get("number") or question.form.get("typed", ""))
        if outcome == "challenge":
            return see_other(f"{home}challenge/")
        if outcome or session.status != "complete":
            return see_other(f"{home}?trouble={outcome}")
        return see_other(session.form["success_url"].replace("{CHECKOUT_SESSION_ID}", session.id))

    def _dispute(self, query: dict[str, str]) -> Answer:
        session = self.books.session(query.get("session", ""))
        dispute = self.till.dispute(session.intent) if session and session.intent else None
        if dispute is None:
            return as_json(404, {"needs": "session, of one that was paid"})
        if status := query.get("status"):
            self.till.close_dispute(dispute, status)
        return as_json(200, dispute.body([]))

    def _tell(self, kind: str, item: Item) -> None:
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": item.created,
            "data": {"object": item.body([])},
            "livemode": item.livemode,
            "type": kind,
        }
        self.postbox.post(Letter(self._webhook_url, signed(event, self._merchant.webhook_secret)))


def signed(event: dict[str, Any], secret: str) -> Callable[[int], Written]:
    """This will return how the event is written at a moment, in seconds since 1970."""
    body = json.dumps(event, ensure_ascii=False).encode()

    def write(seconds: int) -> Written:
        mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        header = f"t={seconds},v1={mac},v0={'0' * len(mac)}"
        return {"Stripe-Signature": header, "Content-Type": "application/json; charset=utf-8"}, body

    return write
