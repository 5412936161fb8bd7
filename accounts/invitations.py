"""Inviting people into an account: a link that is worth nothing without the invited address or the owner's yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import audit, members, names, tickets
from accounts.models import Account, AuditEvent, Department, Invitation, Member, User
from accounts.models.joining import INVITATION_MOVES
from portal.kit.refusals import Refusal, gettext_noop

LIVES = {
    Invitation.Way.EMAIL: timedelta(hours=72),
    Invitation.Way.PHONE: timedelta(hours=72),
    Invitation.Way.SCREEN: timedelta(minutes=10),
}
A_DAY = timedelta(days=1)
MOST_A_DAY = 20
MOST_LISTED_A_DAY = 500  # those of files, sent by an owner who has proven who they are
MOST_SENT = 3
SENT_AGAIN = "invitation.send_again"
LARGEST_QUOTA_MICROCREDITS = 10**16
_MAY_OFFER = {
    Member.Role.OWNER: {Member.Role.BILL_PAYER, Member.Role.HEAD, Member.Role.ADULT, Member.Role.AUDITOR},
    Member.Role.HEAD: {Member.Role.ADULT},
}


class MayNotInvite(Refusal):
    """The role may not invite into this place."""

    code = "may_not_invite"
    status = 403
    sentence = gettext_noop("Your role may not invite into this place. Ask the owner of the account to do it.")


class BadPlace(Refusal):
    """The role, the department and the quota do not fit together."""

    code = "bad_place"
    status = 422
    sentence = gettext_noop(
        "This place does not exist here. A head needs a department of this account, and a quota is not negative."
    )


class TooManyInvitations(Refusal):
    """An account sends only so many a day, so that nobody mails strangers through it."""

    code = "too_many_invitations"
    status = 429
    sentence = gettext_noop("{most} invitations went out within a day. Try again tomorrow; the open ones stay valid.")


class AlreadyHere(Refusal):
    """Whoever is invited, or accepts, belongs to the account already."""

    code = "already_here"
    status = 409
    sentence = gettext_noop("This person belongs to the account already. Change the role on the page of people.")


class AlreadyInvited(Refusal):
    """The address has an open invitation."""

    code = "already_invited"
    status = 409
    sentence = gettext_noop("This address has an open invitation. Send it once more, or withdraw it first.")


class LinkEnded(Refusal):
    """A link that was used, withdrawn, is too old or never was: all sound alike."""

    code = "link_ended"
    status = 410
    sentence = gettext_noop("This link is no longer valid. Ask whoever sent it for a new one; nothing was changed.")


class WrongPerson(Refusal):
    """The invitation was sent to another address than the ones of who is signed in."""

    code = "wrong_person"
    status = 409
    sentence = gettext_noop(
        "This invitation was sent to another address. Sign in with that address, or ask for an invitation to yours."
    )


class SentOften(Refusal):
    """One link is sent only so often."""

    code = "sent_often"
    status = 429
    sentence = gettext_noop("It was sent {most} times already. Withdraw it and invite again, or show a code instead.")


@dataclass(frozen=True, kw_only=True)
class Place:
    """What is kept for whom: `contact` in its normal form ("" for a code on the screen), microcredits a month."""

    way: str
    contact: str = ""
    name: str = ""
    role: str = Member.Role.ADULT
    department_id: int | None = None
    monthly_microcredits: int | None = None


@transaction.atomic
def invite(inviter: Member, place: Place, *, now: datetime) -> Invitation:
    """This will keep a place for somebody; the link goes out within seconds, or is shown as a code.

    Raises `MayNotInvite`, `BadPlace`, `TooManyInvitations`, `AlreadyHere`, `AlreadyInvited` and `names.BadName`.
    """
    _check_day(inviter.account, now=now)
    return _keep(inviter, place, listed_at=None, now=now)


@transaction.atomic
def invite_list(owner: Member, places: Sequence[Place], *, now: datetime) -> list[Invitation]:
    """This will keep the places of a file, all or none; its day's limit is one of its own. Raises as `invite` does."""
    if not owner.owns():
        raise MayNotInvite
    Account.objects.select_for_update(no_key=True).get(pk=owner.account_id)
    listed = owner.account.invitations.filter(listed_at__gt=now - A_DAY).count()
    if listed + len(places) > MOST_LISTED_A_DAY:
        raise TooManyInvitations(most=listed)
    return [_keep(owner, place, listed_at=now, now=now) for place in places]


@transaction.atomic
def send_again(invitation: Invitation, *, by: User, now: datetime) -> None:
    """This will send a new link and let the old one die. Raises `LinkEnded`, `SentOften` and `TooManyInvitations`."""
    if invitation.edition >= MOST_SENT:
        raise SentOften(most=MOST_SENT)
    _check_day(invitation.account, now=now)
    changed = Invitation.objects.filter(pk=invitation.pk, state=Invitation.State.OPEN, edition=invitation.edition)
    changed = changed.exclude(way=Invitation.Way.SCREEN)  # which is shown, never sent
    lives = LIVES[Invitation.Way(invitation.way)]
    anew = {"sent_at": None, "tries": 0, "next_try_at": None, "refused_at": None}
    if not changed.update(edition=invitation.edition + 1, expires_at=now + lives, **anew):
        raise LinkEnded
    audit.record(SENT_AGAIN, subject=str(invitation), account=invitation.account, by=by, now=now)


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User, now: datetime) -> None:
    """This will end an invitation that nobody has accepted. Raises `LinkEnded`."""
    _end(invitation, state=Invitation.State.WITHDRAWN, by=by, now=now)
    audit.record("invitation.withdraw", subject=str(invitation), account=invitation.account, by=by, now=now)


def find(invitation_id: int, secret: str, *, now: datetime) -> Invitation:
    """This will return the invitation of a link that is still valid. Raises `LinkEnded`."""
    pending = Invitation.objects.pending(now=now).select_related("account", "invited_by", "department")
    invitation = pending.filter(pk=invitation_id).first()
    if invitation is None or not tickets.fits(secret, "invitation", invitation.pk, invitation.edition):
        raise LinkEnded
    return invitation


def link_of(invitation: Invitation) -> str:
    """This will return the address that opens the invitation."""
    secret = tickets.secret_of("invitation", invitation.pk, invitation.edition)
    return settings.BASE_URL + reverse("plans:invitation", args=[invitation.pk, secret])


@transaction.atomic
def accept(invitation: Invitation, *, user: User, now: datetime) -> Member:
    """This will make `user` a member, if the invitation was sent to an address that they have proven to own.

    Raises `LinkEnded`, `WrongPerson` and `AlreadyHere`.
    """
    if invitation.way == Invitation.Way.SCREEN or not _owns(user, invitation):
        raise WrongPerson
    return _join(invitation, user=user, by=user, now=now)


@transaction.atomic
def ask(invitation: Invitation, *, user: User, now: datetime) -> None:
    """This will let who scanned a code wait for the owner's yes; one person a code.

    Raises `LinkEnded`, `WrongPerson` and `AlreadyHere`.
    """
    if invitation.way != Invitation.Way.SCREEN or user.guarded_at:
        raise WrongPerson
    if Member.objects.active().of(user).filter(account=invitation.account_id).exists():
        raise AlreadyHere
    changed = Invitation.objects.pending(now=now).filter(pk=invitation.pk, state=Invitation.State.OPEN)
    if not changed.update(state=Invitation.State.ASKED, asked_at=now, asked_by=user):
        raise LinkEnded


@transaction.atomic
def confirm(invitation: Invitation, *, by: User, now: datetime) -> Member:
    """This will take in who asked. Raises `LinkEnded` and `AlreadyHere`."""
    if invitation.asked_by is None:
        raise LinkEnded
    return _join(invitation, user=invitation.asked_by, by=by, now=now)


@transaction.atomic
def decline(invitation: Invitation, *, by: User, now: datetime) -> None:
    """This will send away who asked, and end the code. Raises `LinkEnded`."""
    _end(invitation, state=Invitation.State.DECLINED, by=by, now=now)
    audit.record("invitation.decline", subject=str(invitation), account=invitation.account, by=by, now=now)


def _check_day(account: Account, *, now: datetime) -> None:
    """Twenty a day, however many at once; a link that is sent again counts as one more."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    single = account.invitations.filter(created_at__gt=now - A_DAY, listed_at=None).exclude(way=Invitation.Way.SCREEN)
    again = AuditEvent.objects.filter(account=account, verb=SENT_AGAIN, created_at__gt=now - A_DAY)
    if single.count() + again.count() >= MOST_A_DAY:
        raise TooManyInvitations(most=MOST_A_DAY)


def _keep(inviter: Member, place: Place, *, listed_at: datetime | None, now: datetime) -> Invitation:
    _check_place(inviter, place)
    _check_contact(inviter, place, now=now)
    invitation = Invitation.objects.create(
        account=inviter.account,
        invited_by=inviter.user,
        created_at=now,
        listed_at=listed_at,
        expires_at=now + LIVES[Invitation.Way(place.way)],
        sent_at=now if place.way == Invitation.Way.SCREEN else None,
        **vars(place) | {"name": names.check(place.name)},
    )
    account, subject = inviter.account, str(invitation)
    audit.record("invitation.make", subject=subject, account=account, by=inviter.user, now=now, role=place.role)
    return invitation


def _check_place(inviter: Member, place: Place) -> None:
    if place.role not in _MAY_OFFER.get(Member.Role(inviter.role), set()):
        raise MayNotInvite
    if inviter.role == Member.Role.HEAD:
        led = Department.objects.below(inviter.department_id or 0)
        if not led.filter(pk=place.department_id or 0).exists():
            raise MayNotInvite
    kept = Department.objects.in_use().filter(account=inviter.account_id)
    if place.department_id and not kept.filter(pk=place.department_id).exists():
        raise BadPlace
    if place.role == Member.Role.HEAD and not place.department_id:
        raise BadPlace
    if not 0 <= (place.monthly_microcredits or 0) <= LARGEST_QUOTA_MICROCREDITS:
        raise BadPlace


def _check_contact(inviter: Member, place: Place, *, now: datetime) -> None:
    if not place.contact:
        return
    made = inviter.account.invitations
    owner = {"user__email": place.contact} if place.way == Invitation.Way.EMAIL else {"user__phone": place.contact}
    if inviter.account.members.filter(left_at=None, **owner).exists():
        raise AlreadyHere
    if made.filter(contact=place.contact, state=Invitation.State.OPEN, expires_at__gt=now).exists():
        raise AlreadyInvited


def _owns(user: User, invitation: Invitation) -> bool:
    if invitation.way == Invitation.Way.PHONE:
        return user.phone == invitation.contact and user.phone_verified_at is not None
    is_theirs: bool = EmailAddress.objects.filter(user=user, email=invitation.contact, verified=True).exists()
    return is_theirs


def _join(invitation: Invitation, *, user: User, by: User, now: datetime) -> Member:
    account = invitation.account
    locked = Invitation.objects.pending(now=now).select_for_update().filter(pk=invitation.pk).first()
    if locked is None:
        raise LinkEnded
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two invitations at once make one member
    if Member.objects.active().of(user).filter(account=account).exists():
        raise AlreadyHere
    member = Member.objects.create(
        account=account,
        user=user,
        department=invitation.department,
        role=invitation.role,
        name=invitation.name or user.get_short_name(),
        joined_at=now,
    )
    _end(invitation, state=Invitation.State.ACCEPTED, by=by, now=now, member=member)
    members.welcome(member, now=now, role=member.role)
    return member


def _end(invitation: Invitation, *, state: str, by: User, now: datetime, member: Member | None = None) -> None:
    ends = Invitation.objects.filter(pk=invitation.pk, state__in=INVITATION_MOVES.before(state))
    if not ends.update(state=state, ended_at=now, ended_by=by, member=member):
        raise LinkEnded
