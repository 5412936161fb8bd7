"""The trade bill of WeChat Pay: one CSV file a day (Beijing), amounts in yuan, texts behind a backtick."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, DecimalException
from uuid import UUID

from plans.payment_providers.base import Listed, Unanswered
from portal.kit.units import Money

BEIJING = timezone(timedelta(hours=8))
MADE_OUT = time(10)
_TIME, _NUMBER, _STATE, _CURRENCY = "交易时间", "商户订单号", "交易状态", "货币种类"
_AMOUNT, _REFUNDED, _REFUND_STATE = "订单金额", "申请退款金额", "退款状态"
_FEN_PLACES = 2


def days(since: datetime, until: datetime) -> Iterator[date]:
    """This will go through the days in Beijing that a span touches; `until` is not part of it."""
    day, last = since.astimezone(BEIJING).date(), (until - timedelta(microseconds=1)).astimezone(BEIJING).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def made_out_at(day: date) -> datetime:
    """This will return when the bill of a day is there for certain: at ten the next morning."""
    return datetime.combine(day + timedelta(days=1), MADE_OUT, tzinfo=BEIJING)


def read(bills: Iterable[str]) -> list[Listed]:
    """This will return the payments of some bills, each with what was paid back of it within the same bills.

    Raises `Unanswered` for what is no bill.
    """
    listed: dict[str, Listed] = {}
    refunded: Counter[str] = Counter()
    try:
        for row in itertools.chain.from_iterable(map(_rows, bills)):
            if row[_STATE] == "SUCCESS":
                listed[row[_NUMBER]] = _paid(row)
            elif row[_STATE] == "REFUND" and row[_REFUND_STATE] == "SUCCESS":
                refunded[row[_NUMBER]] += _fen(row[_REFUNDED])
    except (KeyError, ValueError, DecimalException) as error:
        message = "no bill"
        raise Unanswered(message) from error
    return [replace(paid, refunded_minor=refunded[number]) for number, paid in listed.items()]


def charge_of(number: str) -> str:
    """This will return our charge behind a merchant's order number, or nothing when it is not one of ours."""
    try:
        charge = UUID(hex=number)
    except ValueError:
        return ""
    return str(charge) if charge.hex == number else ""


def _rows(bill: str) -> Iterator[dict[str, str]]:
    """Cells are not quoted, so that only a comma before a backtick parts them; the sums at the end are no row."""
    heading, *lines = bill.removeprefix("\ufeff").splitlines() or [""]
    names = heading.strip().split(",")
    for line in lines:
        if not line.startswith("`"):
            return
        yield dict(zip(names, line.strip().removeprefix("`").split(",`"), strict=True))


def _paid(row: dict[str, str]) -> Listed:
    return Listed(
        reference=row[_NUMBER],
        charge_id=charge_of(row[_NUMBER]),
        state="succeeded",
        amount=Money(_fen(row[_AMOUNT]), row[_CURRENCY]),
        refunded_minor=0,
        created_at=datetime.strptime(row[_TIME], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING),
    )


def _fen(yuan: str) -> int:
    fen = Decimal(yuan).scaleb(_FEN_PLACES)
    if fen != fen.to_integral_value():
        message = f"{yuan} is no whole fen"
        raise ValueError(message)
    return int(fen)
