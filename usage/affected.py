"""Whom a new price of a model touches: who called it lately, and whose quotas count it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from models_catalog.models import ChatModel
from plans.models import Quota
from usage.models import DailyTotal

LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Affected:
    """Accounts and their members that called a model within 30 days, their calls, and the open quotas on it."""

    accounts: int
    members: int
    calls: int
    quotas: int


def by_price_of(chat_model: ChatModel, *, now: datetime) -> Affected:
    """This will count whom a change of the model's price touches."""
    recent = DailyTotal.objects.filter(chat_model_id=chat_model.pk, day__gte=(now - LATELY).date())
    counted = recent.aggregate(
        accounts=Count("account_id", distinct=True), members=Count("member_id", distinct=True), calls=Sum("calls")
    )
    return Affected(
        accounts=counted["accounts"],
        members=counted["members"],
        calls=counted["calls"] or 0,
        quotas=Quota.objects.in_force().filter(chat_model=chat_model).count(),
    )
