"""The questions that the usage page asks of totals: exact, since totals are written when a call is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Sum

from accounts.models import Account, Member
from portal.kit import periods
from portal.kit.units import Microcredits
from usage.models import Call, DailyTotal


@dataclass(frozen=True)
class MemberMonth:
    """What one member used in a month."""

    member_id: int
    name: str
    calls: int
    charged: Microcredits


@dataclass(frozen=True)
class Day:
    """What each member used on one day, in the order of the month's members."""

    date: date
    parts: Sequence[Microcredits]

    @property
    def charged(self) -> Microcredits:
        """This will return the day's sum."""
        return Microcredits(sum(self.parts))


@dataclass(frozen=True)
class Month:
    """One calendar month of an account, in the account's zone; `days` has every day of it."""

    period: periods.Period
    members: Sequence[MemberMonth]
    days: Sequence[Day]

    @property
    def charged(self) -> Microcredits:
        """This will return what the account used in the month."""
        return Microcredits(sum(member.charged for member in self.members))

    @property
    def calls(self) -> int:
        """This will return how many calls the account made in the month."""
        return sum(member.calls for member in self.members)


def month(account: Account, *, now: datetime) -> Month:
    """This will return the account's current month by day and member."""
    zone = ZoneInfo(account.time_zone)
    period = periods.month_of(now, zone=zone)
    first, end = period.active_from.date(), period.active_to.date()
    totals = DailyTotal.objects.filter(account_id=account.pk, day__gte=first, day__lt=end)
    charged = {
        (row["day"], row["member_id"]): int(row["charged"])
        for row in totals.values("day", "member_id").annotate(charged=Sum("charged_microcredits"))
    }
    members = _members(totals.values("member_id").annotate(
            number=Sum("calls"), charged=Sum("charged_microcredits")
        ))
    return Month(period, members, _days(first, end, members=members, charged=charged))


def latest_calls(account: Account, *, before: str = "", size: int) -> Sequence[Call]:
    """This will return up to `size` calls, newest first, older than the call id `before`."""
    calls = Call.objects.of_account(account.pk).newest_first().select_related("chat_model", "member")
    if before:
        calls = calls.filter(id__lt=before)
    return list(calls[:size])


def _members(rows: object) -> list[MemberMonth]:
    found = {row["member_id"]: row for row in rows}  # type: ignore[attr-defined]  # rows of .values()
    names = dict(Member.objects.filter(pk__in=found).values_list("pk", "name"))
    months = [
        MemberMonth(key, names.get(key, ""), int(row["number"]), Microcredits(int(row["charged"])))
        for key, row in found.items()
    ]
    return sorted(months, key=lambda each: (-each.charged, each.member_id))


def _days(
    first: date, end: date, *, members: Sequence[MemberMonth], charged: dict[tuple[date, int], int]
) -> list[Day]:
    dates = [first + timedelta(days=offset) for offset in range((end - first).days)]
    return [
        Day(each, [Microcredits(charged.get((each, member.member_id), 0)) for member in members])
        for each in dates
    ]
