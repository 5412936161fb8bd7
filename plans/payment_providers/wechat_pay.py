"""WeChat Pay, API v3: native payments, whose code the payer scans. Our charge, in hex, is the order number there.

The platform signs its answers; one that it did not sign is none. Its numbers are in fen.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec

from plans.payment_providers import wechat_bills, wechat_line, wechat_signing
from plans.payment_providers.base import (
    Charge,
    Event,
    Forged,
    Listed,
    Message,
    Repaid,
    Repayment,
    Standing,
    Unaccepted,
    Unanswered,
    Unknown,
)
from plans.payment_providers.wechat_bills import charge_of
from portal.kit.merchants import WechatPay as Merchant
from portal.kit.units import Money

ORDERS = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"
LONGEST_TEXT = 127
LONGEST_REASON = 80
_STATES = {
    "NOTPAY": "pending_validation",
    "USERPAYING": "processing",
    "ACCEPT": "processing",
    "SUCCESS": "succeeded",
    "REFUND": "succeeded",
    "CLOSED": "canceled",
    "REVOKED": "canceled",
    "PAYERROR": "denied",
}
# An abnormal refund came back from a dead bank card: staff send it on by hand, until then it is under way.
_REFUND_STATES = {"SUCCESS": "succeeded", "PROCESSING": "processing", "ABNORMAL": "processing", "CLOSED": "denied"}
_MAY_BE_KNOWN = frozenset(
    {"ORDERPAID", "ORDER_PAID", "ORDER_CLOSED", "ORDERCLOSED", "OUT_TRADE_NO_USED", "INVALID_REQUEST"}
)
"""A no that may only mean that the number was used before: our own first try, whose answer was lost."""
_NO_BILL = frozenset({"NO_STATEMENT_EXIST"})


class _Total(msgspec.Struct):
    total: int = -1
    currency: str = "CNY"


class _Order(msgspec.Struct):
    mchid: str
    appid: str
    out_trade_no: str
    trade_state: str
    amount: _Total = msgspec.field(default_factory=_Total)


class _Begun(msgspec.Struct):
    code_url: str


class _Returned(msgspec.Struct):
    refund: int
    currency: str = "CNY"


class _Refund(msgspec.Struct):
    refund_id: str
    out_refund_no: str
    out_trade_no: str
    status: str
    amount: _Returned


class _Bill(msgspec.Struct):
    download_url: str
    hash_value: str
    hash_type: str


class _Notice(msgspec.Struct):
    id: str
    event_type: str
    resource: wechat_signing.Resource


class _Sealed(msgspec.Struct):
    mchid: str
    out_trade_no: str
    appid: str = ""


class WechatPay:
    """One merchant. `client` is an httpx client with base address and timeouts; `clock` tells seconds since 1970."""

    def __init__(self, client: httpx.Client, *, merchant: Merchant, clock: Callable[[], float] = time.time) -> None:
        self._mchid, self._appid = merchant.mchid, merchant.appid
        self._platform = wechat_signing.Platform(
            key_id=merchant.platform_key_id, key=merchant.platform_key, api_key=merchant.api_key
        )
        self._line = wechat_line.Line(client, merchant=merchant, platform=self._platform, clock=clock)
        self._clock = clock

    def begin(self, charge: Charge) -> Standing:
        """This will ask for a code to scan; the same order is given the same code, so a second time is harmless."""
        body = {
            "appid": self._appid,
            "mchid": self._mchid,
            "description": charge.description[:LONGEST_TEXT],
            "out_trade_no": charge.id.hex,
            "attach": charge.reference_code[:LONGEST_TEXT],
            "notify_url": charge.message_url,
            "amount": {"total": charge.amount.minor, "currency": charge.amount.currency},
        }
        answer = self._line.send("POST", f"{ORDERS}/native", body)
        if wechat_line.code_of(answer) in _MAY_BE_KNOWN:
            with suppress(Unknown):
                return self.query(charge.id.hex)
        wechat_line.refuse(answer)
        begun: _Begun = self._line.read(answer, _Begun)
        return Standing(
            reference=charge.id.hex,
            state="pending_validation",
            amount=charge.amount,
            charge_id=str(charge.id),
            code_url=begun.code_url,
        )

    def find(self, charge_id: UUID) -> Standing:
        """This will look for a charge whose answer, and with it its code, was lost.

        One that nobody could pay yet counts as never arrived: sent again it stays one, and tells its code.
        """
        standing = self.query(charge_id.hex)
        if standing.state == "pending_validation":
            raise Unknown(standing.reference)
        return standing

    def query(self, reference: str) -> Standing:
        """This will read the order, which alone decides. What was paid back of it is not told there."""
        answer = self._line.send("GET", f"{ORDERS}/out-trade-no/{quote(reference, safe='')}?mchid={self._mchid}")
        order: _Order = self._line.read(answer, _Order)
        if (order.mchid, order.appid, order.out_trade_no) != (self._mchid, self._appid, reference):
            message = "an order of somebody else"
            raise Unaccepted(message)
        if order.trade_state not in _STATES:
            raise Unanswered(order.trade_state)
        return Standing(
            reference=reference,
            state=_STATES[order.trade_state],
            amount=Money(order.amount.total, order.amount.currency),
            charge_id=charge_of(reference),
        )

    def cancel(self, standing: Standing) -> Standing:
        """This will close the order, so that its code leads nowhere; one that was paid meanwhile stays paid."""
        path = f"{ORDERS}/out-trade-no/{quote(standing.reference, safe='')}/close"
        self._line.send("POST", path, {"mchid": self._mchid})
        return self.query(standing.reference)

    def read(self, message: Message) -> Event:
        """This will check the signature, open the seal, and tell which order it is about; raises `Forged`.

        Signatures are held against the clock of the world, business time may have been moved.
        """
        self._platform.check(message.headers, message.body, seconds=self._clock())
        try:
            notice = msgspec.json.decode(message.body, type=_Notice)
        except msgspec.MsgspecError as error:
            raise Forged(type(error).__name__) from error
        if not notice.event_type.startswith(("TRANSACTION.", "REFUND.")):
            return Event(notice.id, "", "")
        sealed: _Sealed = self._platform.unseal(notice.resource, shape=_Sealed)
        if sealed.mchid != self._mchid or sealed.appid not in {"", self._appid}:
            told = "for somebody else"
            raise Forged(told)
        return Event(notice.id, sealed.out_trade_no, charge_of(sealed.out_trade_no))

    def refund(self, repayment: Repayment) -> Repaid:
        """This will ask to pay back; the same refund number is carried out once."""
        body = {
            "out_trade_no": repayment.reference,
            "out_refund_no": repayment.id.hex,
            "reason": repayment.reason[:LONGEST_REASON],
            "amount": {
                "refund": repayment.amount.minor,
                "total": repayment.paid.minor,
                "currency": repayment.amount.currency,
            },
        }
        answer = self._line.send("POST", REFUNDS, body)
        if wechat_line.code_of(answer) in _MAY_BE_KNOWN:
            with suppress(Unknown):
                return self.find_refund(repayment)
        wechat_line.refuse(answer)
        return self._repaid(answer, repayment)

    def find_refund(self, repayment: Repayment) -> Repaid:
        """This will read the refund by our number."""
        return self._repaid(self._line.send("GET", f"{REFUNDS}/{repayment.id.hex}"), repayment)

    def listed(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """This will go through the bills of the days in Beijing; raises `Unanswered` while one is not made out yet."""
        bills = [bill for day in wechat_bills.days(since, until) if (bill := self._bill(day))]
        for payment in wechat_bills.read(bills):
            if since <= payment.created_at < until:
                yield payment

    def _repaid(self, answer: httpx.Response, repayment: Repayment) -> Repaid:
        refund: _Refund = self._line.read(answer, _Refund)
        if (refund.out_refund_no, refund.out_trade_no) != (repayment.id.hex, repayment.reference):
            message = "a refund of something else"
            raise Unaccepted(message)
        if refund.status not in _REFUND_STATES:
            raise Unanswered(refund.status)
        amount = Money(refund.amount.refund, refund.amount.currency)
        return Repaid(refund.refund_id, _REFUND_STATES[refund.status], amount)

    def _bill(self, day: date) -> str:
        """A day on which nothing was paid has no bill, and neither has one that is not made out yet."""
        answer = self._line.send("GET", f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL")
        if wechat_line.code_of(answer) in _NO_BILL and self._clock() >= wechat_bills.made_out_at(day).timestamp():
            return ""
        bill: _Bill = self._line.read(answer, _Bill)
        file = self._line.download(bill.download_url)
        found = hashlib.sha1(file, usedforsecurity=False).hexdigest()
        if bill.hash_type != "SHA1" or found != bill.hash_value.lower():
            message = "a broken bill"
            raise Unanswered(message)
        return file.decode("utf-8", "replace")
