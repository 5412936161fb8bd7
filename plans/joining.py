"""Coming into an account with what was kept for the person: a place, and a quota."""

from datetime import datetime

from django.db import transaction

from accounts import invitations
from accounts.models import Invitation, Member, User
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


def _with_quota(invitation: Invitation, member: Member, *, now: datetime) -> Member:
    if invitation.monthly_microcredits is not None:
        terms = quotas.Terms(window=Quota.Window.MONTH, limit=invitation.monthly_microcredits)
        quotas.put(
            member.account,
            node_kind=Quota.Node.MEMBER,
            node_id=member.pk,
            terms=terms,
            by=invitation.invited_by,
            now=now,
        )
    return member
