"""Coming into an account with what was kept for the person: a place, and a quota."""

from datetime import datetime

from django.db import transaction

from accounts import domains, invitations
from accounts.models import Invitation, MailDomain, Member, User
from plans import quotas
from plans.models import Quota


@transaction.atomic
def accept(invitation: Invitation, *, user: User, now: datetime) -> Member:
    """This will make `user` a member on the terms of the invitation. Raises what `invitations.accept` refuses."""
    return _with_quota(invitation, invitations.accept(invitation, user=user, now=now), now=now)


@transaction.atomic
def confirm(invitation: Invitation, *, by: User, now: datetime) -> Member:
    """This will let in who scanned the code. Raises what `invitations.confirm` refuses."""
    return _with_quota(invitation, invitations.confirm(invitation, by=by, now=now), now=now)


@transaction.atomic
def enter(door: MailDomain, *, user: User, now: datetime) -> Member:
    """This will let in who has a proven address at a domain of the account. Raises what `domains.enter` refuses."""
    member = domains.enter(door, user=user, now=now)
    _put_quota(member, door.monthly_microcredits, by=door.claimed_by, now=now)
    return member


def _with_quota(invitation: Invitation, member: Member, *, now: datetime) -> Member:
    _put_quota(member, invitation.monthly_microcredits, by=invitation.invited_by, now=now)
    return member


def _put_quota(member: Member, microcredits: int | None, *, by: User, now: datetime) -> None:
    if microcredits is not None:
        terms = quotas.Terms(window=Quota.Window.MONTH, limit=microcredits)
        quotas.put(member.account, node_kind=Quota.Node.MEMBER, node_id=member.pk, terms=terms, by=by, now=now)
