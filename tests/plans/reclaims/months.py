"""A business at the beginning of a month, whose departments have slices, and a clock that is set to days of it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Department, Member
from plans import reclaims
from plans.models import Quota
from portal.kit import clock, periods
from portal.kit.units import credits
from tests.plans.ledger import books

SHANGHAI = ZoneInfo("Asia/Shanghai")


def begin_month() -> datetime:
    """This will move the clock to the first hour of the next month and return what it is then."""
    now = clock.now()
    return books.move_clock(periods.month_of(now, zone=SHANGHAI).active_to - now + timedelta(minutes=1))


def move_to(day: int) -> datetime:
    """This will move the clock to the first minute of a day that is still to come this month."""
    now = clock.now()
    first = periods.month_of(now, zone=SHANGHAI).active_from
    return books.move_clock(first.replace(day=day, minute=1) - now)


def sliced(owner: Member, name: str, amount: int, **terms: Any) -> Quota:
    """This will make a department with a slice of so many credits a month, as if it had stood since the month began."""
    room = Department.objects.create(
        account=owner.account, name=name, parent_id=terms.pop("inside", None), created_at=clock.now()
    )
    usual: dict[str, Any] = {"window": "month", "is_slice": True}
    made = books.quota(owner, credits(amount), kind="department", node_id=room.pk, **usual | terms)
    made.created_at = periods.month_of(clock.now(), zone=SHANGHAI).active_from
    made.save()
    return made


def choose(owner: Member, *days: int, floor_percent: int = 20) -> None:
    """This will let an owner choose the days."""
    reclaims.set_rule(owner.account, days=days, floor_percent=floor_percent, by=owner, now=clock.now())


def used(owner: Member, quota: Quota, amount: int) -> None:
    """This will let a department spend so many credits."""
    asked = books.ask(owner, credits(amount), departments=departments_of(quota))
    assert books.reserve(asked)[0][0] == "ok"
    books.close(asked, credits(amount))


def departments_of(quota: Quota) -> tuple[int, ...]:
    """The department of a slice and those around it, from the leaf to the root."""
    found: list[int] = []
    at: int | None = quota.node_id
    while at is not None:
        found.append(at)
        at = Department.objects.get(pk=at).parent_id
    return tuple(found)


def extra_of(quota: Quota) -> int:
    """What a slice has on top this month, in credits."""
    return books.window_of(quota).extra // credits(1)


def days_in_month_of(quota: Quota) -> int:
    """How many days the month has."""
    window = books.window_of(quota)
    assert window.ends_at is not None
    return (window.ends_at - window.starts_at).days


def part_of(amount: int, days: int, month: int, *, less: int = 0) -> int:
    """The part of so many days of a slice, in whole credits."""
    return (credits(amount) * days // month - less) // credits(1) * credits(1)


def asks(owner: Member, amount: int, *, of: Quota | None = None) -> str:
    """This will ask for a call of so many credits and return how that came out."""
    departments = departments_of(of) if of else ()
    return books.reserve(books.ask(owner, credits(amount), departments=departments))[0][0]
