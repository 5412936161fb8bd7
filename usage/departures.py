"""Leaving an account: running answers are stopped, quotas end, and chats are sealed with the person's key."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts import members
from accounts.models import Member, User
from plans import quotas
from plans.models import Hold, Quota
from usage import stops


def remove(member: Member, *, by: User, reason: str, now: datetime) -> None:
    """This will end a membership and everything that runs or stands for it; figures stay.

    Calls are stopped after the membership has ended, so that none begins in between; while nobody can be told to
    stop, they end by themselves. Raises `members.HasLeft` and `ownership.LastOwner`.
    """
    end(member, by=by, reason=reason, now=now)
    stop_calls(member)


@transaction.atomic
def end(member: Member, *, by: User, reason: str, now: datetime) -> None:
    """This will end a membership with its keys, invitations and quotas; its calls are left to `stop_calls`."""
    members.remove(member, by=by, reason=reason, now=now)
    in_force = Quota.objects.in_force().filter(account=member.account_id)
    keys = list(member.api_keys.values_list("pk", flat=True))
    theirs = Q(node_kind=Quota.Node.MEMBER, node_id=member.pk) | Q(node_kind=Quota.Node.KEY, node_id__in=keys)
    for quota in in_force.filter(theirs):
        quotas.end(quota, by=by, now=now)


def stop_calls(member: Member) -> None:
    """This will stop what still runs for a member."""
    running = Hold.objects.filter(account_id=member.account_id, member_id=member.pk)
    stops.stop(list(running.values_list("pk", flat=True)))
