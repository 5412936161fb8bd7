"""What the subscriber sees on the phone of the sandbox operator, in both languages at once."""

import html
from typing import Any

_STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; padding: 1rem; display: grid; gap: 1rem;
  max-inline-size: 26rem; margin-inline: auto }
article { border: 1px solid; border-color: light-dark(#ddd, #444); border-radius: 1rem; padding: 1rem }
button, input { font: inherit; padding: .55rem 1rem; border-radius: 9rem; border: 1px solid #888 }
form { display: inline-block; margin: .25rem .25rem 0 0 }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 }
small { color: light-dark(#555, #aaa) }
"""
_DECISIONS = [("approval", "Approve · 同意"), ("denial", "Deny · 拒绝"), ("delay", "Later · 稍后")]
_STATES = {
    "processing": "Waiting for you; undecided, nothing is charged · 等您决定；不决定就不扣费",
    "succeeded": "Approved: it will be on your phone bill · 已同意，计入话费账单",
    "denied": "Denied: nothing is charged · 已拒绝，不会扣费",
}


def inbox_page(phone: str, payments: list[dict[str, Any]]) -> str:
    """This will draw the page of one phone: its payments, the newest first."""
    cards = "".join(_card(payment) for payment in payments)
    nothing = "<p>No payment is waiting on this phone. · 这部手机没有待确认的付款。</p>" if phone else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Your phone, in the sandbox</title><style>{_STYLE}</style><main>"
        "<h1>Your phone, in the sandbox · 您的手机（沙盒）</h1>"
        "<p><small>This page plays the operator and the phone. No real money moves. "
        "本页模拟运营商与手机，不涉及真实资金。</small></p>"
        f'<form><label>Phone · 手机号 <input name="phone" value="{html.escape(phone)}"></label> '
        "<button>Open · 打开</button></form>"
        f"{cards or nothing}</main></html>"
    )


def _card(payment: dict[str, Any]) -> str:
    charging = payment["amountTransaction"]["paymentAmount"]["chargingInformation"]
    amount = html.escape(f"{charging['amount']:.2f} {charging['currency']}")
    state = _STATES.get(payment["paymentStatus"], "")
    buttons = "".join(_button(payment["paymentId"], *decision) for decision in _DECISIONS)
    what = html.escape(charging["description"])
    asked = buttons if payment["paymentStatus"] == "processing" else ""
    return f"<article><h2>{amount}</h2><p>{what}</p><p><strong>{state}</strong></p>{asked}</article>"


def _button(payment_id: str, decision: str, label: str) -> str:
    return f'<form method="post" action="{payment_id}/{decision}/"><button>{label}</button></form>'
