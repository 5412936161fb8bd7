"""The figures of a month: from totals that every settlement adds to, from the books, and from the papers issued."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from accounts.models import Account, Department, Member, Project, Scenario
from models_catalog.models import ChatModel
from plans import ledger
from plans.models import Invoice
from portal.kit import database, periods
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits
from usage.models import ClosedMonth, DailyTotal

A_DAY = timedelta(days=1)
CLOSED_AFTER = timedelta(hours=1)
"""What began before a month's end has moved by then."""
MOST_PARTS = 100
MOST_PAPERS = 500
MOST_MONTHS = 240

PERSON, DEPARTMENT, PROJECT, SCENARIO, MODEL = "person", "department", "project", "scenario", "model"
OF_HOUSEHOLDS = (PERSON, SCENARIO, MODEL)
OF_BUSINESSES = (PERSON, DEPARTMENT, PROJECT, SCENARIO, MODEL)
_COLUMNS = {
    PERSON: "member_id",
    DEPARTMENT: "departments",
    PROJECT: "project_id",
    SCENARIO: "scenario_id",
    MODEL: "chat_model_id",
}
_TABLES: Mapping[str, Any] = {PERSON: Member, PROJECT: Project, SCENARIO: Scenario, MODEL: ChatModel}


class NoSuchMonth(Refusal):
    """A month before the account was founded, or one that is still to come."""

    code = "no_such_bill"
    status = 404
    sentence = gettext_noop("There is no bill of this month. Your bills are listed under Billing.")


@dataclass(frozen=True)
class Share:
    """What one person, department, project, scenario or model used; without a key, what belongs to none of them."""

    key: int | None
    name: str
    calls: int
    charged: Microcredits


@dataclass(frozen=True)
class Bill:
    """One month of an account by its clock. The shares of each dimension add up to `reading`.

    `reading` counts calls on the day they were opened, as receipts do; the books count what moved within the month.
    """

    account: Account
    month: date
    period: periods.Period
    is_running: bool
    reading: Microcredits
    calls: int
    shares: Mapping[str, Sequence[Share]]
    papers: Sequence[Invoice]
    books: ledger.CreditLines
    has_calls: bool
    """Whether each call of the month is still kept, with its receipt."""

    @property
    def across(self) -> Microcredits:
        """What calls over midnight at its ends put on another month's reading; negative: on this one's."""
        return Microcredits(self.books.used - self.reading)

    @property
    def paid(self) -> Mapping[str, int]:
        """What was paid without what was given back, in minor units by currency."""
        sums: Counter[str] = Counter()
        for paper in self.papers:
            sums[paper.currency] += -paper.total_minor if paper.is_credit_note else paper.total_minor
        return sums


_HAS_CALLS = "SELECT coalesce(%s >= call_comparable_since() - interval '2 days', true)"
"""Whether no month was dropped that any call since then may be in."""


@dataclass(frozen=True)
class Month:
    """A line of the list of bills."""

    month: date
    reading: Microcredits
    is_running: bool


def of(account: Account, *, month: date, now: datetime) -> Bill:
    """This will return the bill of the month of that day. Raises `NoSuchMonth`."""
    first = month.replace(day=1)
    if not _first_month(account) <= first <= account.local_day(now):
        raise NoSuchMonth
    period, books = _books(account, first, now=now)
    shares, reading, calls = _used(account, first=first, end=period.active_to.date())
    papers = Invoice.objects.of_account(account.pk).select_related("invoice").reverse()
    paid = papers.filter(issued_at__gte=period.active_from, issued_at__lt=period.active_to)[:MOST_PAPERS]
    has_calls = bool(database.value(_HAS_CALLS, period.active_from))
    return Bill(account, first, period, now < period.active_to, reading, calls, shares, list(paid), books, has_calls)


def months_of(account: Account, *, now: datetime) -> list[Month]:
    """This will return the months that the account has a bill of, newest first, each with its reading."""
    totals = DailyTotal.objects.filter(account=account).annotate(month=TruncMonth("day"))
    used = dict(totals.values_list("month").annotate(charged=Sum("charged_microcredits")).order_by())
    first, last = _first_month(account), account.local_day(now).replace(day=1)
    months = [Month(each, Microcredits(int(used.get(each, 0))), each == last) for each in _months(first, last)]
    return months[::-1][:MOST_MONTHS]


def used_in(account: Account, *, month: date) -> Mapping[str, Sequence[Share]]:
    """This will return what was used in the calendar month of that day, by each dimension."""
    first = datetime(month.year, month.month, 1, tzinfo=ZoneInfo(account.time_zone))
    shares, _reading, _calls = _used(account, first=first.date(), end=periods.after_months(first, months=1).date())
    return shares


def _books(account: Account, first: date, *, now: datetime) -> tuple[periods.Period, ledger.CreditLines]:
    """A month that is over is asked for once: nothing moves in it any more, whatever becomes of the account's clock."""
    kept = ClosedMonth.objects.filter(account=account, month=first).first()
    if kept is not None:
        zone = ZoneInfo(kept.time_zone)
        period = periods.Period(kept.active_from.astimezone(zone), kept.active_to.astimezone(zone))
        return period, ledger.CreditLines(**kept.lines)
    told = ledger.statement_of(account.pk, month=first)
    if now >= told.period.active_to + CLOSED_AFTER:
        closed = ClosedMonth(
            account=account,
            month=first,
            active_from=told.period.active_from,
            active_to=told.period.active_to,
            time_zone=account.time_zone,
            lines=asdict(told.credits),
        )
        ClosedMonth.objects.bulk_create([closed], ignore_conflicts=True)
    return told.period, told.credits


def _used(account: Account, *, first: date, end: date) -> tuple[Mapping[str, Sequence[Share]], Microcredits, int]:
    columns = list(_COLUMNS.values())
    totals = DailyTotal.objects.filter(account=account, day__gte=first, day__lt=end)
    sums = totals.values(*columns).annotate(charged=Sum("charged_microcredits"), number=Sum("calls"))
    found = list(sums.values_list(*columns, "charged", "number").order_by())
    dimensions = OF_HOUSEHOLDS if account.kind == Account.Kind.HOUSEHOLD else OF_BUSINESSES
    shares = {dimension: _shares(dimension, found, account=account) for dimension in dimensions}
    reading = Microcredits(sum(int(row[-2]) for row in found))
    return shares, reading, sum(int(row[-1]) for row in found)


def _shares(dimension: str, found: Sequence[tuple[Any, ...]], *, account: Account) -> list[Share]:
    """The largest first, what is in none of them last; a department is the one that asked, not those around it."""
    place = list(_COLUMNS).index(dimension)
    charged: Counter[int | None] = Counter()
    calls: Counter[int | None] = Counter()
    for row in found:
        key = row[place]
        if dimension == DEPARTMENT:
            key = key[0] if key else None
        charged[key] += int(row[-2])
        calls[key] += int(row[-1])
    names = _names(dimension, [key for key in charged if key is not None], account=account)
    named = sorted((key for key in charged if key is not None), key=lambda key: (-charged[key], key))
    keys: list[int | None] = [*named, *([None] if None in charged else [])]
    return [Share(key, names.get(key, "") if key else "", calls[key], Microcredits(charged[key])) for key in keys]


def _names(dimension: str, keys: Sequence[int], *, account: Account) -> Mapping[int, str]:
    if dimension != DEPARTMENT:
        return {each.pk: str(each) for each in _TABLES[dimension].objects.filter(pk__in=keys)}
    rooms = {each.pk: each for each in Department.objects.filter(account=account)}
    names: dict[int, str] = defaultdict(str)
    for key in keys:
        line: list[str] = []
        place = rooms.get(key)
        while place is not None and len(line) <= len(rooms):
            line.append(place.name)
            place = rooms.get(place.parent_id or 0)
        names[key] = " / ".join(reversed(line))
    return names


def _first_month(account: Account) -> date:
    return account.local_day(account.created_at).replace(day=1)


def _months(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = date(first.year + first.month // 12, first.month % 12 + 1, 1)
