"""Leaving an account: running answers are stopped, quotas end, and chats are sealed with the person's key."""

import contextlib
from datetime import datetime

from asgiref.sync import async_to_sync
from django.db import transaction

from accounts import members
from accounts.models import Member, User
from plans import quotas
from plans.models import Hold, Quota
from usage import gateway
from usage.failures import OutOfService


def remove(member: Member, *, by: User, reason: str, now: datetime) -> None:
    """This will end a membership and everything that runs or stands for it; figures stay.

    Calls are stopped after the membership has ended, so that none begins in between; while nobody can be told to
    stop, they end by themselves. Raises `members.HasLeft` and `ownership.LastOwner`.
    """
    with transaction.atomic():
        members.remove(member, by=by, reason=reason, now=now)
        in_force = Quota.objects.in_force().filter(account=member.account_id)
        keys = member.api_keys.values_list("pk", flat=True)
        for quota in in_force.filter(node_kind=Quota.Node.MEMBER, node_id=member.pk):
            quotas.end(quota, by=by, now=now)
        for quota in in_force.filter(node_kind=Quota.Node.KEY, node_id__in=list(keys)):
            quotas.end(quota, by=by, now=now)
    for call_id in Hold.objects.filter(account_id=member.account_id, member_id=member.pk).values_list("pk", flat=True):
        with contextlib.suppress(OutOfService):
            async_to_sync(gateway.stop)(call_id)
