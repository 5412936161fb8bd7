"""What the payer sees on the phone after scanning the code, in both languages at once."""

import html

from portal.sandbox.pages_style import STYLE
from portal.sandbox.plain_http import Answer, as_page
from portal.sandbox.wechat_books import Order

TITLE = "WeChat Pay, in the sandbox"
_NOTE = (
    '<p class="small">This page plays WeChat Pay on your phone. No real money moves. '
    "本页模拟手机上的微信支付，不涉及真实资金。</p>"
)
_STATES = {
    "NOTPAY": ("", "Not paid yet · 尚未支付"),
    "SUCCESS": ("good", "Paid; you may go back to the shop · 已支付，可以回到商家页面了"),
    "REFUND": ("", "Paid, and paid back · 已支付，已退款"),
    "PAYERROR": ("bad", "The payment failed; nothing was charged · 支付失败，没有扣款"),
    "CLOSED": ("bad", "The shop closed this order; nothing is charged · 商家已关闭订单，不会扣款"),
}


def scan_page(order: Order) -> Answer:
    """This will draw the page of one order."""
    tone, state = _STATES["REFUND" if order.refunds else order.state]
    asked = _buttons(order.number) if order.state == "NOTPAY" else ""
    amount = f"¥{order.total // 100}.{order.total % 100:02d}"
    return as_page(
        TITLE,
        STYLE,
        f"<h1>WeChat Pay · 微信支付（沙盒）</h1>{_NOTE}"
        f'<section><p class="money">{amount}</p><p>{html.escape(order.asked["description"])}</p>'
        f'<p class="state {tone}" role="status">{state}</p>{asked}</section>',
    )


def scanner(code_url: str) -> Answer:
    """This will draw the page on which a code is typed that no camera sees."""
    nothing = (
        '<p class="state bad" role="status">No order has this code. · 没有找到这个付款码。</p>' if code_url else ""
    )
    return as_page(
        TITLE,
        STYLE,
        f"<h1>WeChat Pay · 微信支付（沙盒）</h1>{_NOTE}<section>{nothing}"
        f'<form><label for="code">The code that the shop shows · 商家展示的付款码</label>'
        f'<input id="code" name="code_url" value="{html.escape(code_url)}" placeholder="weixin://wxpay/…">'
        '<button class="main">Scan · 扫一扫</button></form></section>',
    )


def _buttons(number: str) -> str:
    decisions = (("payment", "main", "Pay · 支付"), ("failure", "no", "Fail · 支付失败"), ("delay", "", "Later · 稍后"))
    forms = (
        f'<form method="post" action="{html.escape(number)}/{decision}/"><button class="{kind}">{label}</button></form>'
        for decision, kind, label in decisions
    )
    return f'<div class="buttons">{"".join(forms)}</div>'
