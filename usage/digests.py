"""The weekly digest of a child for the guardians: minutes, what for, credits; never a word that was written."""

from datetime import datetime, timedelta

from django.db.models import Sum
from django.urls import reverse

from accounts import notifications
from accounts.models import Guardianship, Scenario
from plans.models import ChildDay
from portal.kit.refusals import gettext_noop
from portal.kit.units import MICROCREDITS_PER_CREDIT
from usage.models import DailyTotal

A_WEEK = timedelta(days=7)
BLOCK_MINUTES = 5
BATCH = 200


def send_due(now: datetime) -> int:
    """This will tell the guardians of each child about the week that is over, once a week; returns how many."""
    due = Guardianship.objects.filter(member__left_at=None).exclude(digest_sent_at__gt=now - A_WEEK)
    children = list(due.filter(consented_at__lte=now - A_WEEK).select_related("member__account")[:BATCH])
    return sum(_send(each, now=now) for each in children)


def _send(guardianship: Guardianship, *, now: datetime) -> bool:
    taken = Guardianship.objects.filter(pk=guardianship.pk).exclude(digest_sent_at__gt=now - A_WEEK)
    if not taken.update(digest_sent_at=now):
        return False
    child = guardianship.member
    last = child.account.local_day(now)
    first = last - A_WEEK
    days = ChildDay.objects.filter(member_id=child.pk, day__gte=first, day__lt=last)
    minutes = BLOCK_MINUTES * sum(len(each.blocks) for each in days)
    totals = DailyTotal.objects.filter(account_id=child.account_id, member_id=child.pk, day__gte=first, day__lt=last)
    sums = totals.aggregate(calls=Sum("calls"), charged=Sum("charged_microcredits"))
    often = totals.exclude(scenario=None).values_list("scenario").annotate(Sum("calls"))
    top = max(often, key=lambda row: row[-1], default=None)
    subject = Scenario.objects.filter(pk=top[0]).first() if top else None
    notifications.tell(
        child.account.members.owners(),
        kind="child_digest",
        sentence=(
            gettext_noop("{name}’s week: {minutes} minutes, {calls} questions, {credits} credits, mostly {subject}.")
            if subject
            else gettext_noop("{name}’s week: {minutes} minutes, {calls} questions, {credits} credits.")
        ),
        path=reverse("usage"),
        now=now,
        name=child.name,
        minutes=minutes,
        calls=int(sums["calls"] or 0),
        credits=f"{int(sums['charged'] or 0) // MICROCREDITS_PER_CREDIT:,}",
        subject=subject.name if subject else "",
    )
    return True
