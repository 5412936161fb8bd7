"""What the subscriber sees on the phone of the sandbox operator, in both languages at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape

from portal.sandbox.operator_bills import CURRENCY, Bill, Line
from portal.sandbox.operator_charges import BLOCKED, SAID_NO, TIME_UP, WRONG_CODE, Charge
from portal.sandbox.operator_clock import ZONE
from portal.sandbox.operator_refunds import Refund
from portal.sandbox.operator_styles import STYLE

_DECISIONS = [("approval", "Approve · 同意"), ("denial", "Deny · 拒绝"), ("delay", "Later · 稍后")]
_STATES = {
    "processing": "Waiting for you; undecided, nothing is charged · 等您决定；不决定就不扣费",
    "pending_validation": "Waiting for the code; until then nothing is charged · 等待验证码；输入前不扣费",
    "reserved": "Reserved, to be confirmed by the shop · 已预留，待商家确认",
    "succeeded": "Approved: it will be on your phone bill · 已同意，计入话费账单",
    "denied": "Denied: nothing is charged · 已拒绝，不会扣费",
    "cancelled": "Cancelled: nothing is charged · 已取消，不会扣费",
}
_OPEN = "Waiting for you: agree on this page, nothing is charged before · 等您在本页同意；同意前不扣费"
_REFUNDS = {
    "processing": "Refund on its way · 退款处理中",
    "succeeded": "Refunded · 已退款",
    "denied": "Refund denied · 退款被拒绝",
}
_REASONS = {
    BLOCKED: f"{BLOCKED} · 号码因欠费停机",
    SAID_NO: f"{SAID_NO} · 机主已拒绝",
    TIME_UP: f"{TIME_UP} · 超时未处理",
    WRONG_CODE: f"{WRONG_CODE} · 验证码输错次数过多",
}
_IN_BILL = "Refund on your next bill · 退款计入下期账单"


@dataclass(frozen=True)
class Shown:
    """What the page of one phone shows, the newest payment first; `used` counts against the ceiling."""

    phone: str
    charges: list[Charge]
    refunds: list[Refund]
    bill: Bill
    ceiling: Decimal | None
    used: Decimal


def inbox_page(shown: Shown) -> str:
    """This will draw the page of one phone: its messages, its payments, its bill."""
    phone = escape(shown.phone)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Your phone, in the sandbox · 您的手机（沙盒）</title><style>{STYLE}</style><main>"
        "<header><h1>Your phone, in the sandbox<br><span lang=zh>您的手机（沙盒）</span></h1>"
        "<p class=small>This page plays the operator and the phone. No real money moves.<br>"
        "本页模拟运营商与手机，不涉及真实资金。</p>"
        '<form class=row><label for="phone">Phone · 手机号</label>'
        f'<input id="phone" name="phone" inputmode="tel" autocomplete="tel" value="{phone}">'
        "<button>Open · 打开</button></form></header>"
        f"{_phone(shown) if shown.phone else ''}</main></html>"
    )


def _phone(shown: Shown) -> str:
    messages = "".join(map(_message, shown.charges))
    cards = "".join(_card(charge, [one for one in shown.refunds if one.charge is charge]) for charge in shown.charges)
    nothing = "<p class=empty>No payment is waiting on this phone. · 这部手机没有待确认的付款。</p>"
    return f"{messages}{cards or nothing}{_bill(shown)}"


def _message(charge: Charge) -> str:
    if charge.status != "pending_validation" or charge.page_url:
        return ""
    amount, what = _money(charge.amount, charge.currency), escape(_description(charge))
    return (
        "<section class=message><p class=small>Text message · 短信</p>"
        f"<p class=code>{charge.code}</p>"
        f"<p>Your code for {amount}, {what}. It is good for 15 minutes. Give it to nobody but the shop's page.</p>"
        f"<p lang=zh>您正在支付 {amount}（{what}），验证码 {charge.code}，15 分钟内有效。请勿告诉他人。</p></section>"
    )


def _card(charge: Charge, refunds: list[Refund]) -> str:
    state = _OPEN if charge.status == "pending_validation" and charge.page_url else _STATES[charge.status]
    reason = f"<p class=small>{_both(_REASONS.get(charge.reason, escape(charge.reason)))}</p>" if charge.reason else ""
    return (
        f"<article><h2>{_money(charge.amount, charge.currency)}</h2>"
        f'<p>{escape(_description(charge))}</p><p class="state {charge.status}">{_both(state)}</p>{reason}'
        f"{_buttons(charge.payment_id, _asked_of(charge))}{''.join(map(_refund, refunds))}"
        f"<p class=small>{_moment(charge.created_at)} · {charge.payment_id}</p></article>"
    )


def _asked_of(charge: Charge) -> list[tuple[str, str]]:
    """What the subscriber may decide now."""
    if charge.status == "processing":
        return _DECISIONS
    if charge.status == "pending_validation":
        return _DECISIONS if charge.page_url else [_DECISIONS[1]]
    return []


def _refund(refund: Refund) -> str:
    state = _IN_BILL if refund.is_in_bill and refund.status == "processing" else _REFUNDS[refund.status]
    asks = refund.status == "processing" and "refund_ask" in refund.script
    buttons = _buttons(refund.refund_id, _DECISIONS[:2] if asks else [])
    return f"<p class=refund>{state}: {_money(refund.amount, refund.charge.currency)}</p>{buttons}"


def _bill(shown: Shown) -> str:
    lines = "".join(map(_line, shown.bill.lines)) or "<tr><td colspan=2>Nothing yet · 暂无费用</td></tr>"
    totals = shown.bill.totals or {CURRENCY: Decimal(0)}
    total = "<br>".join(_money(amount, currency) for currency, amount in totals.items())
    return (
        f"<section><h2>Bill · 账单 {shown.bill.month}</h2>"
        f"<table>{lines}<tfoot><tr><th scope=row>Total · 合计</th><td>{total}</td></tr></tfoot></table>"
        f"{_next_bill(shown)}{_ceiling(shown)}</section>"
    )


def _next_bill(shown: Shown) -> str:
    waiting = [refund for refund in shown.refunds if refund.is_in_bill and refund.status == "processing"]
    if not waiting:
        return ""
    lines = "".join(f"<li>{_money(-refund.amount, refund.charge.currency)}</li>" for refund in waiting)
    return (
        f"<p>On the next bill · 计入下期账单</p><ul>{lines}</ul>"
        f'<form method="post" action="bill/">{_hidden(shown.phone)}'
        "<button>Issue the next bill now · 立即出账</button></form>"
    )


def _ceiling(shown: Shown) -> str:
    so_far = _money(shown.used, CURRENCY)
    value = "" if shown.ceiling is None else f"{shown.ceiling:f}"
    return (
        f"<p class=small>Counted this month · 本月累计 {so_far}</p>"
        f'<form method="post" action="ceiling/" class=row>{_hidden(shown.phone)}'
        '<label for="ceiling">Monthly ceiling, empty for none · 每月上限，留空不限</label>'
        f'<input id="ceiling" name="ceiling" inputmode="decimal" value="{value}"><button>Save · 保存</button></form>'
    )


def _line(line: Line) -> str:
    text = f"Refund · 退款: {escape(line.text)}" if line.is_refund else escape(line.text)
    return (
        f"<tr><th scope=row>{text}<br><span class=small>{_moment(line.at)}</span></th>"
        f"<td>{_money(line.amount, line.currency)}</td></tr>"
    )


def _buttons(id_: str, decisions: Iterable[tuple[str, str]]) -> str:
    forms = "".join(
        f'<form method="post" action="{id_}/{decision}/"><button class="{decision}">{label}</button></form>'
        for decision, label in decisions
    )
    return f"<div class=buttons>{forms}</div>" if forms else ""


def _both(text: str) -> str:
    """A sentence in both languages, each on a line of its own."""
    english, _, chinese = text.partition(" · ")
    return f"{english}<br><span lang=zh>{chinese}</span>" if chinese else english


def _hidden(phone: str) -> str:
    return f'<input type="hidden" name="phone" value="{escape(phone)}">'


def _description(charge: Charge) -> str:
    return charge.asked.payment_amount.charging_information.description


def _money(amount: Decimal, currency: str) -> str:
    return f"<span class=money>{amount:,.2f} {escape(currency)}</span>".replace("-", "−")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"
