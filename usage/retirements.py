"""Telling those who use a model that it is being retired: a month, a week and a day before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import notifications
from accounts.models import Account, Member
from models_catalog.models import ChatModel, State
from portal.kit.refusals import gettext_noop
from usage.models import DailyTotal, RetirementNotice

DAYS_BEFORE = (30, 7, 1)
USED_WITHIN = timedelta(days=30)
BATCH = 500


def remind(now: datetime) -> int:
    """This will tell the accounts that used a model within 30 days of its end; returns how many were told.

    A model whose end is announced late is told at once, and then on those of the days that are still to come.
    """
    leaving = ChatModel.objects.filter(state=State.DEPRECATED, retires_date__isnull=False)
    ends = [_End(one, one.retires_date) for one in leaving.order_by("retires_date", "pk") if one.retires_date]
    return sum(_remind_of(end, now=now) for end in ends)


@dataclass(frozen=True)
class _End:
    chat_model: ChatModel
    last_day: date


def _remind_of(end: _End, *, now: datetime) -> int:
    left = (end.last_day - timezone.localdate(now)).days
    due = min((days for days in DAYS_BEFORE if days >= left), default=None)
    if due is None or left < 0:
        return 0
    told = RetirementNotice.objects.filter(chat_model=end.chat_model, retires_date=end.last_day, days_before=due)
    waiting = _used(end.chat_model, now=now).exclude(account_id__in=told.values("account_id"))
    accounts = waiting.order_by("account_id").values_list("account_id", flat=True).distinct()
    return sum(_tell(account_id, end, days_before=due, now=now) for account_id in accounts.iterator(BATCH))


@transaction.atomic
def _tell(account_id: int, end: _End, *, days_before: int, now: datetime) -> bool:
    told, is_first = RetirementNotice.objects.get_or_create(
        chat_model=end.chat_model,
        account_id=account_id,
        retires_date=end.last_day,
        days_before=days_before,
        defaults={"told_at": now},
    )
    if is_first:
        successor = end.chat_model.successor
        notifications.tell(
            _concerned(told.account, end.chat_model, now=now),
            kind="model_retires",
            sentence=_REPLACED if successor else _ENDS,
            path=end.chat_model.get_absolute_url(),
            now=now,
            model=end.chat_model.name,
            date=str(end.last_day),
            replacement=successor.name if successor else "",
        )
    return is_first


def _concerned(account: Account, chat_model: ChatModel, *, now: datetime) -> Iterable[Member]:
    """The owners, and the grown members who called it themselves: theirs is the program to change."""
    used = _used(chat_model, now=now).filter(account=account)
    callers = Member.objects.active().filter(account=account, pk__in=used.values("member_id"))
    grown = callers.exclude(role=Member.Role.CHILD)
    return {member.pk: member for member in (*account.members.owners(), *grown)}.values()


def _used(chat_model: ChatModel, *, now: datetime) -> QuerySet[DailyTotal]:
    return DailyTotal.objects.filter(chat_model=chat_model, day__gte=(now - USED_WITHIN).date(), calls__gt=0)


_ENDS = gettext_noop("“{model}” ends on {date}. Please choose another model before that.")
_REPLACED = gettext_noop("“{model}” ends on {date}. “{replacement}” takes its place; please try it before that.")
