"""Use it or lend it: on the days that an owner chose, what slices did not use flows back to the pool."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.urls import reverse

from accounts import audit, members, notifications
from accounts.models import Account, Member
from plans import ledger, returns, slice_news, slices
from plans.models import Reclaim, ReclaimRule
from plans.models.reclaim import FIRST_DAY, LAST_DAY, MOST_FLOOR_PERCENT
from plans.slices import Unused
from portal.kit import periods
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits

ACCOUNTS_A_RUN = 200

logger = logging.getLogger(__name__)

_DUE = """
SELECT r.account_id FROM plans_reclaimrule r JOIN accounts_account a ON a.id = r.account_id
CROSS JOIN LATERAL (SELECT (app_now() AT TIME ZONE a.time_zone)::date AS today) t
WHERE r.done_date < t.today AND EXISTS (
  SELECT FROM unnest(r.days) AS d(day)
  WHERE d.day <= extract(day FROM t.today) AND t.today - (extract(day FROM t.today)::integer - d.day) > r.done_date)
ORDER BY r.account_id LIMIT %s
"""


class BadReclaim(Refusal):
    """The days or the floor cannot be."""

    code = "bad_reclaim"
    status = 422
    sentence = gettext_noop("Choose days from the 2nd to the 28th, and a part from 0 to 100 percent.")


class ReclaimEnded(Refusal):
    """It was given back before, its month is over, or the quota was ended."""

    code = "reclaim_ended"
    status = 410
    sentence = gettext_noop(
        "There is nothing to give back any more: it was done already, the month is over, or the quota was ended."
    )


@dataclass(frozen=True)
class Outlook:
    """The next day on which something flows back, and what it would be as things stand; None: too early to say."""

    due: date
    unused: Sequence[Unused] | None

    @property
    def total(self) -> Microcredits:
        """What would flow back to the pool; what stands inside of a slice flows back to that."""
        return _to_pool(self.unused or ())


@transaction.atomic
def set_rule(account: Account, *, days: Sequence[int], floor_percent: int, by: Member, now: datetime) -> None:
    """This will choose the days of the month, from tomorrow on, and the part of each slice that stays; no day: never.

    Raises `OwnersOnly` and `BadReclaim`.
    """
    members.check_owner(by)
    wanted = sorted(set(days))
    if any(not FIRST_DAY <= day <= LAST_DAY for day in wanted) or not 0 <= floor_percent <= MOST_FLOOR_PERCENT:
        raise BadReclaim
    today = account.local_day(ledger.stop_admission(account.pk))
    told: dict[str, Any] = {"days": wanted, "floor_percent": floor_percent}
    rule, is_new = ReclaimRule.objects.get_or_create(account=account, defaults={**told, "done_date": today})
    if not is_new:
        done = max(rule.done_date, today)
        ReclaimRule.objects.filter(pk=rule.pk).update(**told, done_date=done)
    audit.record("reclaim.rule", subject=account.name, account=account, by=by.user, now=now, **told)


def outlook(account: Account, *, days: Sequence[int], floor_percent: int, now: datetime) -> Outlook | None:
    """This will tell what would flow back on the next of `days`, by what is used until now; None without a day."""
    if not days:
        return None
    today = account.local_day(now)
    later = [day for day in days if day > today.day]
    if not later:
        following = periods.after_months(now.astimezone(ZoneInfo(account.time_zone)).replace(day=1), months=1)
        return Outlook(following.date().replace(day=min(days)), None)
    due = today.replace(day=min(later))
    return Outlook(due, slices.unused(account, due=due, floor_percent=floor_percent, now=now))


def run() -> int:
    """This will let flow back what is due in all accounts, once a day that was chosen, and return how many it did.

    An account of which nothing can flow back stops no other one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [ACCOUNTS_A_RUN])
        due = [account_id for (account_id,) in cursor.fetchall()]
    return sum(_reclaimed(account_id) for account_id in due)


@transaction.atomic
def give_back(reclaims: Iterable[Reclaim], *, by: Member, now: datetime) -> Microcredits:
    """This will return to their slices what flowed back this month, and tell how much that was.

    What is returned is not asked for again this month. Raises `OwnersOnly`, and `ReclaimEnded` if nothing is left.
    """
    members.check_owner(by)
    moment = ledger.stop_admission(by.account_id)
    running = Reclaim.objects.filter(account=by.account_id, returned_at=None, ends_at__gt=moment)
    asked = running.filter(pk__in=[each.pk for each in reclaims], window__quota__ended_at=None).order_by("pk")
    found = list(asked.select_related("window__quota"))
    if not found:
        raise ReclaimEnded
    return returns.give(by.account, found, by=by, moment=moment, now=now)


def _reclaimed(account_id: int) -> bool:
    """The next run tries again."""
    try:
        return _reclaim(account_id)
    except Exception:
        logger.exception("what account %s has not used did not flow back", account_id)
        return False


@transaction.atomic
def _reclaim(account_id: int) -> bool:
    """Whoever comes second waits for the account and finds the day done."""
    moment = ledger.stop_admission(account_id)
    rule = ReclaimRule.objects.select_related("account").get(pk=account_id)
    account, today = rule.account, rule.account.local_day(moment)
    passed = [day for day in rule.days if day <= today.day]
    if not passed or today.replace(day=max(passed)) <= rule.done_date:
        return False
    due = today.replace(day=max(passed))
    found = slices.unused(account, due=due, floor_percent=rule.floor_percent, now=moment)
    _take(account, found, due=due, moment=moment)
    ReclaimRule.objects.filter(pk=rule.pk).update(done_date=due)
    _record(account, found, due=due, moment=moment)
    return True


def _take(account: Account, found: Sequence[Unused], *, due: date, moment: datetime) -> None:
    taken = ledger.give_extras({each.quota.pk: -each.microcredits for each in found})
    assert len(taken) == len(found), f"account {account.pk} has less than was found while nobody was let in"
    ends = {quota_id: each.ends_at for quota_id, each in taken.items() if each.ends_at is not None}
    Reclaim.objects.bulk_create(
        Reclaim(
            account=account,
            window_id=taken[each.quota.pk].window_id,
            due_date=due,
            microcredits=each.microcredits,
            reclaimed_at=moment,
            ends_at=ends[each.quota.pk],
        )
        for each in found
    )


def _record(account: Account, found: Sequence[Unused], *, due: date, moment: datetime) -> None:
    flowed = [(each.quota, each.microcredits) for each in found]
    audit.record(
        "reclaim.run",
        subject=account.name,
        account=account,
        by=None,
        now=moment,
        day=due.isoformat(),
        reclaimed=returns.written(flowed),
    )
    slice_news.tell(
        account,
        flowed,
        sentence=gettext_noop(
            "{name} did not use {credits} credits of its part of the month so far. They flowed back, for others"
            " to use. Ask for more if you need it."
        ),
        now=moment,
    )
    if total := _to_pool(found):
        notifications.tell(
            account.members.owners(),
            kind="reclaimed",
            sentence=gettext_noop(
                "{credits} unused credits flowed back to the pool. You can give them back this month."
            ),
            path=reverse("plans:reclaims"),
            now=moment,
            credits=slice_news.in_credits(total),
        )


def _to_pool(found: Iterable[Unused]) -> Microcredits:
    return Microcredits(sum(each.microcredits for each in found if not each.is_inside))
