"""What WeChat Pay's sandbox remembers: orders, and what was paid back of them, in fen."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from portal.kit.merchants import WechatPay as Merchant

BEIJING = timezone(timedelta(hours=8))
FEE_PER_MILLE = 6


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(eq=False)
class Refund:
    """What was paid back at once, or is on its way."""

    number: str
    total: int
    notify_url: str
    status: str = "PROCESSING"
    refund_id: str = field(default_factory=lambda: "503" + str(secrets.randbelow(10**20)).zfill(20))
    created_at: datetime = field(default_factory=_now)
    ended_at: datetime | None = None

    def end(self, status: str) -> None:
        """This will end a refund that is on its way."""
        if self.status == "PROCESSING":
            self.status, self.ended_at = status, _now()


@dataclass(eq=False)
class Order:
    """One order. `shown` replaces parts of it where it is shown wrong on purpose."""

    asked: dict[str, Any]
    state: str = "NOTPAY"
    code_url: str = field(default_factory=lambda: f"weixin://wxpay/bizpayurl?pr={secrets.token_urlsafe(8)}")
    transaction_id: str = field(default_factory=lambda: "42" + str(secrets.randbelow(10**26)).zfill(26))
    created_at: datetime = field(default_factory=_now)
    paid_at: datetime | None = None
    refunds: dict[str, Refund] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """The merchant's number of the order."""
        return str(self.asked["out_trade_no"])

    @property
    def total(self) -> int:
        """What is to be paid, in fen."""
        return int(self.asked["amount"]["total"])

    @property
    def fee(self) -> int:
        """What the platform keeps, in fen."""
        return (self.total * FEE_PER_MILLE + 500) // 1000

    @property
    def left(self) -> int:
        """What can still be paid back, in fen."""
        return self.total - sum(refund.total for refund in self.refunds.values() if refund.status != "CLOSED")

    def pay(self) -> bool:
        """This will take the payer's yes, once."""
        if self.state != "NOTPAY":
            return False
        self.state, self.paid_at = "SUCCESS", _now()
        return True

    def end(self, state: str) -> None:
        """This will end an order that was not paid."""
        if self.state == "NOTPAY":
            self.state = state

    def body(self) -> dict[str, Any]:
        """This will return the order as a query or a notification shows it."""
        amount = {"total": self.total, "currency": "CNY", "payer_currency": "CNY"} | self.shown.get("amount", {})
        shown: dict[str, Any] = {
            "appid": self.asked["appid"],
            "mchid": self.shown.get("mchid", self.asked["mchid"]),
            "out_trade_no": self.number,
            "attach": self.asked.get("attach", ""),
            "trade_state": "REFUND" if self.refunds else self.state,
            "trade_state_desc": self.state,
            "amount": amount,
        }
        if self.paid_at:
            amount["payer_total"] = amount["total"]
            shown |= {
                "transaction_id": self.transaction_id,
                "trade_type": "NATIVE",
                "bank_type": "OTHERS",
                "success_time": self.paid_at.astimezone(BEIJING).isoformat(timespec="seconds"),
                "payer": {"openid": "o" + self.number[:27]},
            }
        return shown

    def refund_body(self, refund: Refund) -> dict[str, Any]:
        """This will return a refund as it is shown."""
        shown: dict[str, Any] = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.number,
            "transaction_id": self.transaction_id,
            "out_trade_no": self.number,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": refund.created_at.astimezone(BEIJING).isoformat(timespec="seconds"),
            "status": refund.status,
            "amount": {"total": self.total, "refund": refund.total, "currency": "CNY"},
        }
        if refund.status == "SUCCESS" and refund.ended_at:
            shown["success_time"] = refund.ended_at.astimezone(BEIJING).isoformat(timespec="seconds")
        return shown


class Books:
    """All orders of the one merchant."""

    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant
        self.orders: dict[str, Order] = {}

    def by_code(self, code_url: str) -> Order | None:
        """This will find the order behind a code that was scanned."""
        return next((order for order in self.orders.values() if order.code_url == code_url), None)

    def refund(self, number: str) -> tuple[Order, Refund] | None:
        """This will find a refund by the merchant's number."""
        return next(((order, order.refunds[number]) for order in self.orders.values() if number in order.refunds), None)
