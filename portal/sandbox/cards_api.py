"""The interface of the sandbox of cards: forms in, Stripe's objects out."""

from dataclasses import dataclass
from typing import Any, ClassVar

from portal.sandbox.cards_books import Books, Charge, Dispute, Intent, Item, Refund, Session, named
from portal.sandbox.cards_paying import Till
from portal.sandbox.misbehavior import Misbehavior
from portal.sandbox.plain_http import Answer, Question, as_json

LEAST_MINOR = 50
PAGE_SIZE = 10
MOST_A_PAGE = 100
_ITEM = "line_items[0]"
_NEEDED = ("mode", "success_url", f"{_ITEM}[quantity]", f"{_ITEM}[price_data][currency]")


@dataclass(frozen=True)
class Api:
    """Carries out what the merchant asks."""

    books: Books
    till: Till
    misbehavior: Misbehavior

    kinds: ClassVar[dict[str, type[Item]]] = {
        "checkout/sessions": Session,
        "payment_intents": Intent,
        "charges": Charge,
        "refunds": Refund,
        "disputes": Dispute,
    }

    def answer(self, question: Question, parts: list[str]) -> Answer:
        """This will answer the question for `/v1/` and the parts of the path behind it."""
        expand = [value for name, value in question.query.items() if name.startswith("expand")]
        length = 2 if parts[:1] == ["checkout"] else 1
        kind, rest = self.kinds.get("/".join(parts[:length])), parts[length:]
        if kind is None:
            return _no("", status=404)
        if question.method == "GET":
            return self._list(kind, question.query, expand) if not rest else self._one(kind, rest[0], expand)
        match kind.__name__, rest:
            case "Session", []:
                return self._open(question)
            case "Session", [name, "expire"] if session := self.books.session(name):
                return self._expire(session)
            case "Refund", []:
                return self._refund(question.form)
        return _no("resource_missing", status=404)

    def _one(self, kind: type[Item], name: str, expand: list[str]) -> Answer:
        found = self.books.items.get(name)
        return as_json(200, found.body(expand)) if isinstance(found, kind) else _no("resource_missing", status=404)

    def _list(self, kind: type[Item], query: dict[str, str], expand: list[str]) -> Answer:
        """The newest first; every other field of the query has to be the same in what is listed."""
        inner = [path.removeprefix("data.") for path in expand]
        paging = {"limit", "starting_after", "created[gte]", "created[lt]"}
        fields = {name: value for name, value in query.items() if name not in paging and not name.startswith("expand")}
        since, until = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 2**40))
        found = [item for item in reversed(self.books.items.values()) if isinstance(item, kind)]
        found = [item for item in found if since <= item.created < until]
        found = [item for item in found if all(item.body([]).get(name) == value for name, value in fields.items())]
        if after := query.get("starting_after"):
            found = found[[item.id for item in found].index(after) + 1 :]
        size = min(int(query.get("limit", PAGE_SIZE)), MOST_A_PAGE)
        shown = [item.body(inner) for item in found[:size]]
        return as_json(200, {"object": "list", "url": "/v1", "data": shown, "has_more": len(found) > size})

    def _open(self, question: Question) -> Answer:
        form, price = question.form, f"{_ITEM}[price_data]"
        amount = form.get(f"{price}[unit_amount]", "")
        if missing := [name for name in _NEEDED if not form.get(name)]:
            return _no("parameter_missing", param=missing[0])
        if form["mode"] != "payment" or not amount.isdecimal() or form[f"{_ITEM}[quantity]"] != "1":
            return _no("parameter_invalid", param="line_items")
        if int(amount) < LEAST_MINOR:
            return _no("amount_too_small", param="line_items")
        take = self.misbehavior.take
        kept: dict[str, Any] = {"livemode": take("other_mode"), "metadata": named(form, "metadata")}
        currency = "usd" if take("wrong_currency") else form[f"{price}[currency]"]
        session = Session(1 if take("wrong_amount") else int(amount), currency, form, **kept)
        session.url = f"{question.root}/pay/{session.id}/"
        self.books.keep(session)
        return as_json(200, session.body([]))

    def _expire(self, session: Session) -> Answer:
        if session.status != "open":
            return _no("")
        session.expired = True
        if session.intent:
            session.intent.status = "canceled"
        self.till.tell("checkout.session.expired", session)
        return as_json(200, session.body([]))

    def _refund(self, form: dict[str, str]) -> Answer:
        intent = self.books.intent(form.get("payment_intent", ""))
        if intent is None or intent.charge is None or intent.status != "succeeded":
            return _no("resource_missing", status=404, param="payment_intent")
        charge, left = intent.charge, intent.charge.amount - intent.charge.refunded
        amount = int(form.get("amount", left))
        if charge.dispute and charge.dispute.status != "won":
            return _no("charge_disputed")
        if left == 0:
            return _no("charge_already_refunded")
        if not 0 < amount <= left:
            return _no("", param="amount")
        if self.misbehavior.take("empty_till"):
            return _no("balance_insufficient")
        refund = Refund(charge, amount, self._outcome(), metadata=named(form, "metadata"), livemode=charge.livemode)
        charge.refunds.append(refund)
        self.books.keep(refund)
        self.till.tell("charge.refunded", charge)
        return as_json(200, refund.body([]))

    def _outcome(self) -> str:
        if self.misbehavior.take("refund_fails"):
            return "failed"
        return "pending" if self.misbehavior.take("refund_stays") else "succeeded"


def _no(code: str, *, status: int = 400, param: str = "") -> Answer:
    trouble = {"type": "invalid_request_error", "message": code or "Not possible"}
    return as_json(status, {"error": trouble | ({"code": code} if code else {}) | ({"param": param} if param else {})})
