"""The trade bill of WeChat Pay's sandbox: a CSV file a day, as the merchants' platform writes it."""

from collections.abc import Iterator
from datetime import date, datetime

from portal.sandbox.wechat_books import BEIJING, Books, Order, Refund

HEADING = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def bill(books: Books, day: date) -> str:
    """This will write the bill of a day in Beijing, or nothing when nothing happened."""
    rows = [*_paid(books, day), *_refunded(books, day)]
    if not rows:
        return ""
    lines = [HEADING, *(",".join(f"`{cell}" for cell in row) for row in rows)]
    orders = sum(order.total for order in books.orders.values() if _is_on(order.paid_at, day))
    refunds = sum(refund.total for _, refund in _ended(books, day))
    sums = [str(len(rows)), *map(_yuan, (orders, refunds, 0, 0, orders, refunds))]
    return "\ufeff" + "\r\n".join([*lines, SUMS, ",".join(f"`{cell}" for cell in sums)]) + "\r\n"


def _paid(books: Books, day: date) -> Iterator[list[str]]:
    for order in books.orders.values():
        if order.paid_at and _is_on(order.paid_at, day):
            refund = ["0", "0", "0.00", "0.00", "", ""]
            yield _row(order, order.paid_at, "SUCCESS", refund, (order.total, 0))


def _refunded(books: Books, day: date) -> Iterator[list[str]]:
    for order, refund in _ended(books, day):
        cells = [refund.refund_id, refund.number, _yuan(refund.total), "0.00", "ORIGINAL", "SUCCESS"]
        yield _row(order, refund.ended_at or refund.created_at, "REFUND", cells, (0, refund.total))


def _row(order: Order, at: datetime, state: str, refund: list[str], sums: tuple[int, int]) -> list[str]:
    ordered, returned = sums
    return [
        at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
        *(order.asked["appid"], order.asked["mchid"], "0", "", order.transaction_id, order.number),
        *("o" + order.number[:27], "NATIVE", state, "OTHERS", "CNY", _yuan(ordered), "0.00"),
        *refund,
        *(order.asked["description"], order.asked.get("attach", "")),
        *(_yuan(order.fee if ordered else 0), "0.60%", _yuan(ordered), _yuan(returned), ""),
    ]


def _ended(books: Books, day: date) -> list[tuple[Order, Refund]]:
    return [
        (order, refund)
        for order in books.orders.values()
        for refund in order.refunds.values()
        if refund.status == "SUCCESS" and _is_on(refund.ended_at, day)
    ]


def _is_on(moment: datetime | None, day: date) -> bool:
    return moment is not None and moment.astimezone(BEIJING).date() == day


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
