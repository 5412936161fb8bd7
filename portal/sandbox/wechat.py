"""WeChat Pay for the demo and the tests: native payments of API v3, for one merchant, in memory.

Whoever scans the code decides on the page `/wechat/scan/?code_url=…`; `/wechat/control/` makes it misbehave.
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, unquote

from portal.kit.merchants import WechatPay as Merchant
from portal.sandbox import plain_http, wechat_bill, wechat_pages
from portal.sandbox.misbehavior import Misbehavior
from portal.sandbox.plain_http import Answer, Question, as_json
from portal.sandbox.postbox import PAUSES, Letter, Postbox, Written
from portal.sandbox.wechat_books import Books, Order, Refund
from portal.sandbox.wechat_seals import Seals

REFUND_SECONDS = 1.0
MOUNT = "/wechat"


class WechatPeer:
    """An ASGI app. `platform_key` (PEM) signs; refunds take `refund_seconds`; what is not taken is sent again."""

    def __init__(
        self,
        merchant: Merchant,
        platform_key: str,
        *,
        refund_seconds: float = REFUND_SECONDS,
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self.books = Books(merchant)
        self.misbehavior = Misbehavior()
        self.postbox = Postbox(self.misbehavior, pauses=pauses)
        self.requests: list[str] = []
        self._merchant = merchant
        self._seals = Seals(merchant, platform_key)
        self._refund_seconds = refund_seconds
        self._files: dict[str, bytes] = {}

    async def __call__(self, scope: dict[str, Any], receive: plain_http.Receive, send: plain_http.Send) -> None:
        """This will answer one request."""
        if scope["type"] != "http":
            return
        question = await plain_http.read(scope, receive, mount=MOUNT)
        await plain_http.send_answer(send, await self._answer(question))

    async def _answer(self, question: Question) -> Answer:
        if question.path == "/control/":
            return self.misbehavior.control(question)
        if question.path.startswith("/scan/"):
            return self._scan(question)
        self.requests.append(f"{question.method} {question.path}")
        if not self._seals.knows(question):
            return self._seals.signed(_no(401, "SIGN_ERROR"))
        if question.path == "/v3/billdownload/file":
            return Answer(200, self._files.get(question.query.get("token", ""), b""))
        answer = await self.misbehavior.around(question, lambda: self._carried_out(question))
        signed = self._seals.signed(answer)
        return replace(signed, body=signed.body + b" ") if self.misbehavior.take("answer_forged") else signed

    def _carried_out(self, question: Question) -> Answer:
        parts = [unquote(part) for part in question.path.strip("/").split("/")][1:]
        answer = _no(404, "RESOURCE_NOT_EXISTS")
        try:
            match question.method, parts:
                case "POST", ["pay", "transactions", "native"]:
                    answer = self._create(json.loads(question.body))
                case "GET", ["pay", "transactions", "out-trade-no", number]:
                    answer = self._with_order(number, question.query, lambda order: as_json(200, order.body()))
                case "POST", ["pay", "transactions", "out-trade-no", number, "close"]:
                    answer = self._with_order(number, json.loads(question.body), _close)
                case "POST", ["refund", "domestic", "refunds"]:
                    answer = self._refund(json.loads(question.body))
                case "GET", ["refund", "domestic", "refunds", number] if found := self.books.refund(number):
                    answer = as_json(200, found[0].refund_body(found[1]))
                case "GET", ["bill", "tradebill"]:
                    answer = self._bill(question)
        except (KeyError, TypeError, ValueError):
            answer = _no(400, "PARAM_ERROR")
        return answer

    def _create(self, asked: dict[str, Any]) -> Answer:
        amount = asked["amount"]
        if (asked["mchid"], asked["appid"]) != (self._merchant.mchid, self._merchant.appid):
            return _no(400, "APPID_MCHID_NOT_MATCH")
        is_amount = isinstance(amount["total"], int) and amount["total"] > 0 and amount.get("currency", "CNY") == "CNY"
        if not is_amount or not asked["description"]:
            return _no(400, "PARAM_ERROR")
        known = self.books.orders.get(asked["out_trade_no"])
        if known is None:
            known = self.books.orders[asked["out_trade_no"]] = Order(asked, shown=self._wrongs())
        if known.state != "NOTPAY":
            return _no(400, "ORDER_CLOSED" if known.state == "CLOSED" else "ORDERPAID")
        if known.asked != asked:
            return _no(403, "OUT_TRADE_NO_USED")
        return as_json(200, {"code_url": known.code_url})

    def _wrongs(self) -> dict[str, Any]:
        take = self.misbehavior.take
        shown: dict[str, Any] = {}
        if take("wrong_amount"):
            shown["amount"] = {"total": 1}
        if take("wrong_currency"):
            shown["amount"] = {"currency": "USD"}
        return shown | ({"mchid": "1900000000"} if take("other_merchant") else {})

    def _with_order(self, number: str, named: dict[str, Any], act: Callable[[Order], Answer]) -> Answer:
        if named["mchid"] != self._merchant.mchid:
            return _no(400, "PARAM_ERROR")
        order = self.books.orders.get(number)
        return act(order) if order else _no(404, "ORDER_NOT_EXIST")

    def _refund(self, asked: dict[str, Any]) -> Answer:
        order, number, amount = self.books.orders.get(asked["out_trade_no"]), asked["out_refund_no"], asked["amount"]
        if order is None or order.paid_at is None:
            return _no(404, "RESOURCE_NOT_EXISTS")
        if self.misbehavior.take("empty_till"):
            return _no(403, "NOT_ENOUGH")
        if known := order.refunds.get(number):
            same = known.total == amount["refund"]
            return as_json(200, order.refund_body(known)) if same else _no(400, "INVALID_REQUEST")
        if amount["total"] != order.total or not 0 < amount["refund"] <= order.left or amount["currency"] != "CNY":
            return _no(400, "INVALID_REQUEST")
        refund = Refund(number, amount["refund"], asked.get("notify_url", order.asked["notify_url"]))
        order.refunds[number] = refund
        if not self.misbehavior.take("refund_stays"):
            status = "CLOSED" if self.misbehavior.take("refund_fails") else "SUCCESS"
            asyncio.get_running_loop().call_later(self._refund_seconds, self._end_refund, order, refund, status)
        return as_json(200, order.refund_body(refund))

    def _end_refund(self, order: Order, refund: Refund, status: str) -> None:
        refund.end(status)
        shown = order.refund_body(refund)
        sealed = {
            "mchid": self._merchant.mchid,
            "refund_status": shown.pop("status"),
            "amount": shown.pop("amount") | {"payer_total": order.total, "payer_refund": refund.total},
            **{name: shown[name] for name in ("out_trade_no", "transaction_id", "out_refund_no", "refund_id")},
            "user_received_account": shown["user_received_account"],
        }
        self._tell(refund.notify_url, f"REFUND.{status}", "refund", sealed)

    def _tell(self, address: str, event: str, kind: str, content: dict[str, Any]) -> None:
        notice = {
            "id": f"EV-{secrets.token_hex(12)}",
            "create_time": datetime.now(UTC).isoformat(timespec="seconds"),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": event,
            "resource": self._seals.sealed(content, kind=kind),
        }
        body = json.dumps(notice).encode()

        def write(seconds: int) -> Written:
            return self._seals.signature(body, seconds) | {"Content-Type": "application/json"}, body

        self.postbox.post(Letter(address, write))

    def _bill(self, question: Question) -> Answer:
        bill = wechat_bill.bill(self.books, date.fromisoformat(question.query["bill_date"])).encode()
        if not bill:
            return _no(400, "NO_STATEMENT_EXIST")
        name = secrets.token_urlsafe(16)
        self._files[name] = bill
        address = f"{question.root}/v3/billdownload/file?token={name}"
        digest = hashlib.sha1(bill, usedforsecurity=False).hexdigest()
        return as_json(200, {"hash_type": "SHA1", "hash_value": digest, "download_url": address})

    def _scan(self, question: Question) -> Answer:
        if question.method != "POST":
            code_url = question.query.get("code_url", "")
            found = self.books.by_code(code_url)
            return wechat_pages.scan_page(found) if found else wechat_pages.scanner(code_url)
        number, _, decision = question.path.removeprefix("/scan/").strip("/").partition("/")
        order = self.books.orders.get(number)
        if order is None:
            return wechat_pages.scanner(number)
        if decision == "payment" and order.pay():
            self._tell(order.asked["notify_url"], "TRANSACTION.SUCCESS", "transaction", order.body())
        elif decision == "failure":
            order.end("PAYERROR")
        return plain_http.see_other(f"../../?code_url={quote(order.code_url, safe='')}")


def _close(order: Order) -> Answer:
    if order.paid_at:
        return _no(400, "ORDERPAID")
    order.end("CLOSED")
    return Answer(204)


def _no(status: int, code: str) -> Answer:
    return as_json(status, {"code": code, "message": code})
