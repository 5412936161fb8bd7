"""Months of a business, their bills, and what a spreadsheet reads of them."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts.models import Member
from plans import ledger
from portal.kit import clock
from portal.kit.units import MICROCREDITS_PER_CREDIT
from tests.plans.ledger import books
from usage import statements
from usage.statements import Bill

SHANGHAI = ZoneInfo("Asia/Shanghai")
A_DAY = timedelta(days=1)


def bill_of(member: Member, month: date) -> Bill:
    return statements.of(member.account, month=month, now=clock.now())


def bills_of(member: Member) -> list[Bill]:
    """All bills of an account, the oldest first."""
    months = statements.months_of(member.account, now=clock.now())
    return [bill_of(member, each.month) for each in reversed(months)]


def to_next_month(*, day: int = 3) -> date:
    """To a day of the next month, so far from its ends that it is the same month everywhere."""
    today = clock.now().date()
    moment = datetime(today.year + today.month // 12, today.month % 12 + 1, day, 12, tzinfo=UTC)
    books.move_clock(moment - clock.now())
    ledger.make_partitions()
    return moment.date()


def in_csv(bill: Bill) -> list[dict[str, str]]:
    text = "".join(statements.lines(bill))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def exact(rows: list[dict[str, str]]) -> int:
    """What the lines of a CSV come to, in microcredits."""
    return int(sum(Decimal(row["credits"]) for row in rows) * MICROCREDITS_PER_CREDIT)


def to_midnight(now: datetime) -> date:
    """Five minutes before the next month in Shanghai; returns a day of the one that ends."""
    local = now.astimezone(SHANGHAI)
    first = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=SHANGHAI)
    books.move_clock(first - timedelta(minutes=5) - now)
    return first.date() - A_DAY
