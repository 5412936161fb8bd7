"""Members of an account: whom a signed-in person acts as, what they are called, their role, and their end."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.db import transaction
from django.urls import reverse

from accounts import audit, notifications, ownership
from accounts.models import Account, Department, Device, Guardianship, Invitation, Member, User
from portal.kit.refusals import Refusal, gettext_noop

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

LEFT = "The member has left."
LINGERS = timedelta(days=30)
"""For so long who has left decides what becomes of what they wrote."""
_ROLES = {Member.Role.BILL_PAYER, Member.Role.HEAD, Member.Role.ADULT, Member.Role.AUDITOR}


class NoAccount(Refusal):
    """The person belongs to no household or business yet."""

    code = "no_account"
    status = 403
    sentence = gettext_noop("You do not belong to a household or a business yet. Found one first; it takes a minute.")


class OwnersOnly(Refusal):
    """Only an owner decides this."""

    code = "owners_only"
    status = 403
    sentence = gettext_noop("Only the owner of the account may change this. Nothing was changed.")


class BadRole(Refusal):
    """The role cannot be given this way, or needs a department that the account has."""

    code = "bad_role"
    status = 422
    sentence = gettext_noop(
        "This role cannot be given here. A head needs a department; ownership is offered, and a child stays a child."
    )


class HasLeft(Refusal):
    """The member is no longer part of the account."""

    code = "has_left"
    status = 409
    sentence = gettext_noop("This person has left the account already. Nothing was changed.")


def current(user: "User | AnonymousUser") -> Member:
    """This will return the membership that `user` acts as; raises `NoAccount` when there is none."""
    member = user.current_membership if isinstance(user, User) else None
    if member is None:
        raise NoAccount
    return member


def check_owner(member: Member) -> None:
    """This will refuse all but owners. Raises `OwnersOnly`."""
    if not member.owns():
        raise OwnersOnly


def welcome(member: Member, *, now: datetime, **details: str) -> None:
    """This will note that somebody has just become `member`, `details` say how, and tell the owners."""
    member.user.forget_membership()
    audit.record("member.join", subject=member.name, account=member.account, by=member.user, now=now, **details)
    notifications.tell(
        member.account.members.owners(),
        kind="member_joined",
        sentence=gettext_noop("{name} has joined {account}."),
        path=reverse("people"),
        now=now,
        name=member.name,
        account=member.account.name,
    )


@transaction.atomic
def rename(member: Member, *, name: str, by: User, now: datetime) -> None:
    """This will change what the account calls `member`, and what the person is called where they have no account."""
    Member.objects.filter(pk=member.pk).update(name=name)
    User.objects.filter(pk=member.user_id, name="").update(name=name)
    audit.record("member.rename", subject=name, account=member.account, by=by, now=now)


@transaction.atomic
def place(member: Member, *, role: str, department: Department | None, by: Member, now: datetime) -> None:
    """This will give `member` a role and a department; what they used so far stays where it was used.

    Raises `OwnersOnly`, `BadRole` and `HasLeft`.
    """
    check_owner(by)
    if role not in _ROLES | {Member.Role(member.role)} or (role == Member.Role.HEAD and department is None):
        raise BadRole
    if department is not None and department.pk != member.department_id:
        _check_department(member.account_id, department)
    if role != member.role and member.role in {Member.Role.OWNER, Member.Role.CHILD}:
        raise BadRole
    if not Member.objects.active().filter(pk=member.pk, role=member.role).update(role=role, department=department):
        raise HasLeft
    audit.record(
        "member.place",
        subject=member.name,
        account=member.account,
        by=by.user,
        now=now,
        role=[member.role, role],
        department=[member.department_id, department.pk if department else None],
    )


@transaction.atomic
def remove(member: Member, *, by: User, reason: str, now: datetime) -> None:
    """This will end a membership: keys and invitations end with it, devices sign out, figures stay.

    Raises `HasLeft` and `LastOwner`.
    """
    if member.role == Member.Role.OWNER:
        ownership.check_not_last(member)
    if not Member.objects.active().filter(pk=member.pk).update(left_at=now):
        raise HasLeft
    member.api_keys.filter(revoked_at=None).update(revoked_at=now, revoked_by=by)
    _end_invitations(member, by=by, now=now)
    _leave_devices(member, by=by, now=now)
    member.user.forget_membership()
    audit.record("member.remove", subject=member.name, account=member.account, by=by, now=now, reason=reason)
    notifications.tell(
        member.account.members.owners().exclude(user=by),
        kind="member_left",
        sentence=gettext_noop("{name} has left {account}."),
        path=reverse("people"),
        now=now,
        name=member.name,
        account=member.account.name,
    )


def _check_department(account_id: int, department: Department) -> None:
    """Under the lock of the account, so that none is closed meanwhile."""
    Account.objects.select_for_update(no_key=True).get(pk=account_id)
    if not Department.objects.in_use().filter(pk=department.pk, account=account_id).exists():
        raise BadRole


def _end_invitations(member: Member, *, by: User, now: datetime) -> None:
    """What they were invited by, in whatever address of theirs, and whom they invited themselves."""
    pending = member.account.invitations.unanswered()
    mailboxes = EmailAddress.objects.filter(user=member.user).values_list("email", flat=True)
    addresses = [address for address in (*mailboxes, member.user.phone) if address]
    theirs = pending.filter(contact__in=addresses) | pending.filter(asked_by=member.user)
    for invitations in (theirs, pending.filter(invited_by=member.user)):
        invitations.update(state=Invitation.State.WITHDRAWN, ended_at=now, ended_by=by)


def _leave_devices(member: Member, *, by: User, now: datetime) -> None:
    if not Guardianship.objects.filter(member=member).exists():
        return
    for device in list(member.devices.all()):
        device.members.remove(member)
        if not device.members.exists():
            Device.objects.in_use().filter(pk=device.pk).update(ended_at=now, ended_by=by)
    User.objects.filter(pk=member.user_id).update(is_active=False)
