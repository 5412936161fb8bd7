"""Who owns an account: offered to a member, taken on by their own yes, or recovered by staff with a reason."""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts import audit, notifications
from accounts.models import Member, OwnershipOffer, User
from accounts.models.joining import OFFER_MOVES
from portal.kit.refusals import Refusal, gettext_noop

LIVES = timedelta(days=7)
_MAY_OWN = {Member.Role.BILL_PAYER, Member.Role.HEAD, Member.Role.ADULT}


class MayNotOwn(Refusal):
    """Children and auditors own nothing, and who offers must own the account."""

    code = "may_not_own"
    status = 403
    sentence = gettext_noop("This person cannot own the account. Choose an adult who belongs to it.")


class AlreadyOffered(Refusal):
    """The member has an open offer."""

    code = "already_offered"
    status = 409
    sentence = gettext_noop("Ownership was offered to this person already. Wait for the answer, or withdraw the offer.")


class OfferEnded(Refusal):
    """The offer was answered, withdrawn, is too old, or is somebody else's."""

    code = "offer_ended"
    status = 410
    sentence = gettext_noop("This offer is no longer open. Nothing was changed; ask the owner for a new one.")


class LastOwner(Refusal):
    """Without this person nobody would own the account."""

    code = "last_owner"
    status = 409
    sentence = gettext_noop("You are the only owner. Let somebody else own the account first, then step down or leave.")


@transaction.atomic
def offer(owner: Member, *, to: Member, is_handover: bool, now: datetime) -> OwnershipOffer:
    """This will ask `to` to own the account too, or instead of `owner`. Raises `MayNotOwn` and `AlreadyOffered`."""
    if not owner.owns() or to.account_id != owner.account_id or to.left_at or to.role not in _MAY_OWN:
        raise MayNotOwn
    offers = OwnershipOffer.objects.filter(member=to)
    if offers.standing(now=now).exists():
        raise AlreadyOffered
    stale = offers.filter(state=OwnershipOffer.State.OPEN).exclude(pk__in=offers.standing(now=now))
    stale.update(state=OwnershipOffer.State.WITHDRAWN, ended_at=now)
    made, is_new = OwnershipOffer.objects.get_or_create(
        member=to,
        state=OwnershipOffer.State.OPEN,
        defaults={
            "account": owner.account,
            "offered_by": owner,
            "is_handover": is_handover,
            "created_at": now,
            "expires_at": now + LIVES,
        },
    )
    if not is_new:  # two clicks
        raise AlreadyOffered
    audit.record(
        "ownership.offer", subject=to.name, account=owner.account, by=owner.user, now=now, is_handover=is_handover
    )
    notifications.tell(
        [to],
        kind="ownership_offered",
        sentence=gettext_noop("{name} asks you to own {account}."),
        path=reverse("people"),
        now=now,
        name=owner.name,
        account=owner.account.name,
    )
    return made


@transaction.atomic
def accept(made: OwnershipOffer, *, by: Member, now: datetime) -> None:
    """This will make who was asked an owner; in a handover the one who asked steps down. Raises `OfferEnded`."""
    _end(made, state=OwnershipOffer.State.ACCEPTED, by=by, now=now)
    changed = Member.objects.active().filter(pk=by.pk, role__in=_MAY_OWN).update(role=Member.Role.OWNER)
    still_owns = Member.objects.owners().filter(pk=made.offered_by_id)
    if not changed or not still_owns.exists():
        raise OfferEnded
    if made.is_handover:
        still_owns.update(role=Member.Role.ADULT)
    audit.record("ownership.accept", subject=by.name, account=made.account, by=by.user, now=now)
    notifications.tell(
        made.account.members.owners().exclude(pk=by.pk),
        kind="ownership_accepted",
        sentence=gettext_noop("{name} owns {account} now."),
        path=reverse("people"),
        now=now,
        name=by.name,
        account=made.account.name,
    )


@transaction.atomic
def decline(made: OwnershipOffer, *, by: Member, now: datetime) -> None:
    """This will say no. Raises `OfferEnded`."""
    _end(made, state=OwnershipOffer.State.DECLINED, by=by, now=now)
    audit.record("ownership.decline", subject=by.name, account=made.account, by=by.user, now=now)


@transaction.atomic
def withdraw(made: OwnershipOffer, *, by: Member, now: datetime) -> None:
    """This will take an offer back. Raises `MayNotOwn` and `OfferEnded`."""
    if not by.owns() or by.account_id != made.account_id:
        raise MayNotOwn
    ends = OwnershipOffer.objects.filter(pk=made.pk, state__in=OFFER_MOVES.before(OwnershipOffer.State.WITHDRAWN))
    if not ends.update(state=OwnershipOffer.State.WITHDRAWN, ended_at=now):
        raise OfferEnded
    audit.record("ownership.withdraw", subject=made.member.name, account=made.account, by=by.user, now=now)


@transaction.atomic
def step_down(owner: Member, *, now: datetime) -> None:
    """This will make an owner an adult of the account. Raises `LastOwner` and `MayNotOwn`."""
    check_not_last(owner)
    if not Member.objects.owners().filter(pk=owner.pk).update(role=Member.Role.ADULT):
        raise MayNotOwn
    audit.record("ownership.step_down", subject=owner.name, account=owner.account, by=owner.user, now=now)


@transaction.atomic
def recover(member: Member, *, by: User, reason: str, now: datetime) -> None:
    """This will make `member` an owner because the owners are lost; staff say why, and all owners are told.

    Raises `MayNotOwn`.
    """
    if not Member.objects.active().filter(pk=member.pk, role__in=_MAY_OWN).update(role=Member.Role.OWNER):
        raise MayNotOwn
    audit.record("ownership.recover", subject=member.name, account=member.account, by=by, now=now, reason=reason)
    notifications.tell(
        member.account.members.owners(),
        kind="ownership_recovered",
        sentence=gettext_noop("Support made {name} an owner of {account}."),
        path=reverse("people"),
        now=now,
        name=member.name,
        account=member.account.name,
    )


def check_not_last(owner: Member) -> None:
    """This will refuse where `owner` is the only one; within a transaction the others stay until it ends.

    Raises `LastOwner`.
    """
    owners = Member.objects.owners().filter(account=owner.account_id).order_by("pk").select_for_update()
    if {each.pk for each in owners} <= {owner.pk}:
        raise LastOwner


def _end(made: OwnershipOffer, *, state: str, by: Member, now: datetime) -> None:
    ends = OwnershipOffer.objects.filter(
        pk=made.pk, member=by.pk, state__in=OFFER_MOVES.before(state), expires_at__gt=now
    )
    if not ends.update(state=state, ended_at=now):
        raise OfferEnded
