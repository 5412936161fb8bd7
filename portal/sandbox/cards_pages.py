"""The hosted page on which cards are typed, which no portal has, and the bank's question; in both languages at once."""

import html

from babel.numbers import get_currency_precision

from portal.sandbox.cards_books import Session
from portal.sandbox.cards_paying import CARDS
from portal.sandbox.pages_style import STYLE
from portal.sandbox.plain_http import Answer, as_page

TITLE = "Pay by card, in the sandbox"
_NOTE = (
    '<p class="small">This page plays Stripe. No real money moves; type no real card. '
    "本页模拟 Stripe 收银台，不涉及真实资金，请勿填写真实卡号。</p>"
)
_TROUBLES = {
    "card_declined": "The card was declined; nothing was charged. · 银行卡被拒，没有扣款。",
    "insufficient_funds": "The card has not enough money; nothing was charged. · 卡内余额不足，没有扣款。",
    "authentication_required": "The bank did not recognize you; nothing was charged. · 银行验证未通过，没有扣款。",
    "incorrect_number": "This is no card number of the sandbox. · 沙盒里没有这个卡号。",
}


def pay_page(session: Session, trouble: str = "") -> Answer:
    """This will draw the page of an open session; `trouble` is why the last card did not pay."""
    told = f'<p class="state bad" role="alert">{_TROUBLES[trouble]}</p>' if trouble in _TROUBLES else ""
    cards = "".join(
        f'<button class="card" name="number" value="{number}">'
        f"<span>{_spaced(number)}</span><span>{label}</span></button>"
        for number, (_, label) in CARDS.items()
    )
    back = html.escape(session.form.get("cancel_url", ""))
    return as_page(
        TITLE,
        STYLE,
        f"<h1>Pay by card · 银行卡支付（沙盒）</h1>{_NOTE}"
        f'<section><p class="money">{_amount(session)}</p><p>{html.escape(session.name)}</p>{told}'
        '<form method="post"><label for="card">Card number · 卡号</label>'
        '<input id="card" name="typed" inputmode="numeric" autocomplete="off" placeholder="4242 4242 4242 4242">'
        '<button class="main">Pay · 支付</button></form></section>'
        f'<section><h2>Cards of the sandbox · 沙盒测试卡</h2><form method="post">{cards}</form></section>'
        f'<p><a href="{back}">Back to the shop without paying · 不支付，返回商家</a></p>',
    )


def challenge_page(session: Session) -> Answer:
    """This will draw the bank's question to the holder of the card."""
    return as_page(
        TITLE,
        STYLE,
        f"<h1>Your bank asks · 银行验证（3-D Secure）</h1>{_NOTE}"
        f'<section><p class="money">{_amount(session)}</p>'
        "<p>Is it you who pays this by card? · 是您本人在用卡支付这笔款项吗？</p>"
        '<form method="post"><div class="buttons">'
        '<button class="main" name="decision" value="approval">Yes, it is me · 是本人</button>'
        '<button class="no" name="decision" value="failure">No · 不是</button></div></form></section>',
    )


def ended_page(session: Session) -> Answer:
    """This will draw the page of a session on which nothing can be paid any more."""
    told = {
        "complete": '<p class="state good" role="status">This was paid. · 这笔款项已支付。',
        "expired": '<p class="state bad" role="status">This page has ended; nothing is charged. · 页面已失效，不扣款。',
    }[session.status]
    back = html.escape(session.form.get("success_url", ""))
    return as_page(
        TITLE,
        STYLE,
        f"<h1>Pay by card · 银行卡支付（沙盒）</h1>{_NOTE}<section>{told}</p>"
        f'<p><a href="{back}">Back to the shop · 返回商家</a></p></section>',
    )


def _amount(session: Session) -> str:
    places = get_currency_precision(session.currency.upper())
    whole, rest = divmod(session.amount, 10**places)
    return f"{whole}.{rest:0{places}d} {session.currency.upper()}" if places else f"{whole} {session.currency.upper()}"


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
