"""What the books say of a month: an account's statement, and the trial balance of all."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from accounts.models import Account
from plans.ledger.balances import NoBooksThen
from portal.kit import database
from portal.kit.periods import Period, after_months
from portal.kit.units import Microcredits

CREDITS = "µ"
"""The unit of postings that are no money."""
FUNDS = frozenset({"psp", "carrier_receivable", "bank", "ar", "bank_unmatched", "customer_credit"})
"""Where money comes from and goes to when somebody pays or is paid back."""


@dataclass(frozen=True)
class CreditLines:
    """An account's credits over a month, in microcredits; `granted` is by the source of the lot.

    `closing - closing_debt == opening - opening_debt + all granted - used - lapsed - refunded - revoked`. Part of what
    was granted paid debts (`repaid`); what rolled over moved from one lot to another.
    """

    opening: Microcredits
    opening_debt: Microcredits
    granted: Mapping[str, Microcredits]
    used: Microcredits
    lapsed: Microcredits
    refunded: Microcredits
    revoked: Microcredits
    rolled: Microcredits
    repaid: Microcredits
    closing: Microcredits
    closing_debt: Microcredits


@dataclass(frozen=True)
class MoneyLines:
    """An account's money over a month, in minor units of one currency; deferred is what was paid and not yet earned.

    `closing_deferred == opening_deferred + paid - tax - earned_by_use - earned_by_lapse - refunded - charged_back +
    lost`. `paid` and `refunded` are with their tax; `tax` is that of what was paid without that of what was given
    back; `lost` is what disputes took of what was used, without what later purchases paid of it.
    """

    currency: str
    opening_deferred: int
    paid: int
    tax: int
    tax_given_back: int
    earned_by_use: int
    earned_by_lapse: int
    refunded: int
    charged_back: int
    lost: int
    closing_deferred: int


@dataclass(frozen=True)
class Statement:
    """What the books say of an account and a month by the account's clock; currencies in alphabetical order."""

    account_id: int
    month: date
    period: Period
    credits: CreditLines
    money: tuple[MoneyLines, ...]


@dataclass(frozen=True)
class TrialLine:
    """One account of the books, in minor units: positive is a debit (what we have, and costs), negative a credit."""

    code: str
    opening: int
    debit: int
    credit: int
    closing: int


@dataclass(frozen=True)
class TrialBalance:
    """All accounts of the books in one currency; what customers have one each of stands in one line."""

    currency: str
    period: Period
    lines: tuple[TrialLine, ...]

    @property
    def is_balanced(self) -> bool:
        """Whether all that came somewhere left somewhere else."""
        return sum(line.closing for line in self.lines) == 0 == sum(line.opening for line in self.lines)


class _Sum(NamedTuple):
    side: str
    kind: str
    code: str
    unit: str
    source: str
    amount: int


def statement_of(account_id: int, *, month: date) -> Statement:
    """This will tell what the books say of an account in the month of that day, by the account's clock.

    The same is told at any later time. A month whose journals were dropped is told from those that carried it forward:
    they keep its sums, by the clock that the account had then. Raises `NoBooksThen` of a month to come.
    """
    zone = ZoneInfo(Account.objects.values_list("time_zone", flat=True).get(pk=account_id))
    first = datetime(month.year, month.month, 1, tzinfo=zone)
    period = Period(first, after_months(first, months=1))
    if database.value("SELECT %s > app_now()", period.active_from):
        raise NoBooksThen
    sums = _sums(account_id, period)
    currencies = sorted({each.unit for each in sums if each.unit not in {CREDITS, ""}})
    money = tuple(_money(sums, currency) for currency in currencies)
    return Statement(account_id, first.date(), period, _credits(sums), tuple(each for each in money if _moved(each)))


def trial_balance(currency: str, *, since: datetime, until: datetime) -> TrialBalance:
    """This will tell what stood on each account of the books, and what moved from `since` until before `until`.

    Raises `NoBooksThen` where the journals since then are not all kept any more.
    """
    if not database.value("SELECT %s >= ledger_kept_since()", since):
        raise NoBooksThen
    statement = "SELECT code, opening, debit, credit, closing FROM ledger_trial_balance(%s, %s, %s)"
    with connection.cursor() as cursor:
        cursor.execute(statement, [currency, since, until])
        return TrialBalance(currency, Period(since, until), tuple(TrialLine(*row) for row in cursor.fetchall()))


def _sums(account_id: int, period: Period) -> list[_Sum]:
    asked = (account_id, period.active_from, period.active_to, f"{period.active_from:%Y-%m}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT side, kind, code, unit, source, amount FROM ledger_statement(%s, %s, %s, %s)", asked)
        return [_Sum(*row) for row in cursor.fetchall()]


def _credits(sums: list[_Sum]) -> CreditLines:
    during = [each for each in sums if each.side == "during" and each.unit == CREDITS]

    def add(code: str, **said: str) -> Microcredits:
        found = (each for each in during if each.code == code)
        return Microcredits(sum(each.amount for each in found if all(getattr(each, key) == said[key] for key in said)))

    closing, opening = _ends(sums, "avail", CREDITS)
    closing_debt, opening_debt = _ends(sums, "debt", CREDITS)
    granted: Counter[str] = Counter()
    for each in during:
        if each.kind == "grant" and each.code in {"issued", "adjust"}:
            granted[each.source] -= each.amount
    ended = [each for each in during if each.kind == "roll_over" and each.source != "rollover"]
    return CreditLines(
        opening=Microcredits(opening),
        opening_debt=Microcredits(-opening_debt),
        granted={source: Microcredits(amount) for source, amount in sorted(granted.items())},
        used=add("usage"),
        lapsed=add("expired"),
        refunded=add("refunded"),
        revoked=add("revoked"),
        rolled=Microcredits(-sum(each.amount for each in ended if each.code in {"avail", "expired"})),
        repaid=add("debt", kind="grant"),
        closing=Microcredits(closing),
        closing_debt=Microcredits(-closing_debt),
    )


def _money(sums: list[_Sum], currency: str) -> MoneyLines:
    during = [each for each in sums if each.side == "during" and each.unit == currency]

    def add(wanted: Callable[[_Sum], bool]) -> int:
        return sum(each.amount for each in during if wanted(each))

    closing, opening = _ends(sums, "deferred", currency)
    return MoneyLines(
        currency=currency,
        opening_deferred=-opening,
        paid=add(lambda each: each.kind == "grant" and each.code in FUNDS),
        tax=-add(lambda each: each.code == "tax"),
        tax_given_back=add(lambda each: each.code == "tax" and each.kind != "grant"),
        earned_by_use=-add(lambda each: each.code == "revenue_usage"),
        earned_by_lapse=-add(lambda each: each.code == "revenue_breakage"),
        refunded=-add(lambda each: each.kind == "refund" and each.code in FUNDS),
        charged_back=-add(lambda each: each.kind == "dispute" and each.code in FUNDS | {"psp_fee"}),
        lost=add(lambda each: each.code == "chargeback_loss"),
        closing_deferred=-closing,
    )


def _ends(sums: list[_Sum], code: str, unit: str) -> tuple[int, int]:
    """What stands there at the end and at the beginning: what there is now without what moved since."""
    moved: Counter[str] = Counter()
    for each in sums:
        if (each.code, each.unit) == (code, unit):
            moved[each.side] += each.amount
    closing = moved["now"] - moved["after"]
    return closing, closing - moved["during"]


def _moved(lines: MoneyLines) -> bool:
    return any(value for name, value in vars(lines).items() if name != "currency")
