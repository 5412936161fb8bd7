"""The questions that the usage page asks of totals: exact, since totals are written when a call is settled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Sum

from accounts.models import Member
from portal.kit import periods
from portal.kit.units import Microcredits
from usage.models import Call, DailyTotal
from usage.models.call import CallQuerySet


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


@dataclass(frozen=True)
class Chart:
    """Credits a day as elements/bars.html draws them; `even_pace` is microcredits a day, or 0."""

    series: Sequence[str]
    days: Sequence[Day]
    even_pace: Microcredits


def month(member: Member, *, now: datetime) -> Month:
    """This will return the current month, by day and member, of the calls that `member` may see figures of."""
    zone = ZoneInfo(member.account.time_zone)
    period = periods.month_of(now, zone=zone)
    first, end = period.active_from.date(), period.active_to.date()
    totals = DailyTotal.objects.filter(account_id=member.account_id, day__gte=first, day__lt=end)
    if not member.leads():
        totals = totals.filter(member_id=member.pk)
    charged = {
        (row["day"], row["member_id"]): int(row["charged"])
        for row in totals.values("day", "member_id").annotate(charged=Sum("charged_microcredits"))
    }
    sums = totals.values("member_id").annotate(number=Sum("calls"), charged=Sum("charged_microcredits"))
    members = _members(sums.values_list("member_id", "number", "charged"))
    return Month(period, members, _days(first, end, members=members, charged=charged))


def latest_calls(member: Member, *, before: UUID | None, size: int) -> Sequence[Call]:
    """This will return up to `size` of the calls that `member` may see, newest first, older than `before`."""
    calls = _calls_seen_by(member).newest_first().select_related("chat_model", "member")
    if before:
        calls = calls.filter(id__lt=before)
    return list(calls[:size])


def call_of(member: Member, call_id: UUID) -> Call | None:
    """This will return one call that has ended, if `member` may see its figures."""
    rows = ("chat_model__vendor", "member", "price", "api_key", "project", "scenario")
    return _calls_seen_by(member).filter(pk=call_id).select_related(*rows).first()


def _calls_seen_by(member: Member) -> CallQuerySet:
    calls = Call.objects.of_account(member.account_id)
    return calls if member.leads() else calls.filter(member_id=member.pk)


def _members(sums: Iterable[tuple[int, int, int]]) -> list[MemberMonth]:
    found = list(sums)
    names = dict(Member.objects.filter(pk__in=[row[0] for row in found]).values_list("pk", "name"))
    months = [
        MemberMonth(key, names.get(key, ""), int(number), Microcredits(int(charged))) for key, number, charged in found
    ]
    return sorted(months, key=lambda each: (-each.charged, each.member_id))


def _days(first: date, end: date, *, members: Sequence[MemberMonth], charged: dict[tuple[date, int], int]) -> list[Day]:
    dates = [first + timedelta(days=offset) for offset in range((end - first).days)]
    return [Day(each, [Microcredits(charged.get((each, member.member_id), 0)) for member in members]) for each in dates]
