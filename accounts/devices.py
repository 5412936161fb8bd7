"""Devices of children: signed in by a code that is good for two minutes, shared by profile and PIN, ended at once."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from accounts import audit, members, notifications, tickets
from accounts.models import Device, DeviceTicket, Guardianship, Member, User
from portal.kit.refusals import Refusal, gettext_noop

TICKET_LIVES = timedelta(minutes=2)
MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
SECRET_BYTES = 32
SEEN_EVERY = timedelta(minutes=5)


class TicketEnded(Refusal):
    """A code that was used, is older than two minutes or never was: all sound alike."""

    code = "ticket_ended"
    status = 410
    sentence = gettext_noop(
        "This code is no longer valid. Ask your parents to show a new one; it is good for two minutes."
    )


class WrongPin(Refusal):
    """Not the child's PIN."""

    code = "wrong_pin"
    status = 403
    sentence = gettext_noop("This is not the right PIN. Try again, or ask your parents for a new one.")


class PinLocked(Refusal):
    """Too many wrong PINs in a row."""

    code = "pin_locked"
    status = 429
    sentence = gettext_noop("Too many wrong tries. Wait a quarter of an hour, or ask your parents for a new PIN.")


class DeviceEnded(Refusal):
    """The device is not known, was ended, or the child is not on it."""

    code = "device_ended"
    status = 403
    sentence = gettext_noop("This device is not signed in any more. Ask your parents to show a new code.")


@dataclass(frozen=True)
class SignedIn:
    """A child on a device; `secret` is for the device's cookie, empty where it keeps the one it has."""

    member: Member
    device: Device
    secret: str


@transaction.atomic
def make_ticket(child: Member, *, by: Member, now: datetime) -> DeviceTicket:
    """This will make the code that signs `child` in on one device within two minutes. Raises `OwnersOnly`."""
    members.check_owner(by)
    DeviceTicket.objects.usable(now=now).filter(member=child).update(expires_at=now)
    ticket = DeviceTicket.objects.create(member=child, made_by=by.user, created_at=now, expires_at=now + TICKET_LIVES)
    audit.record("device.make_ticket", subject=child.name, account=child.account, by=by.user, now=now)
    return ticket


def path_of(ticket: DeviceTicket) -> str:
    """This will return the path that the code leads to."""
    return reverse("device_ticket", args=[ticket.pk, tickets.secret_of("device", ticket.pk)])


def find(ticket_id: int, secret: str, *, now: datetime) -> DeviceTicket:
    """This will return a ticket that can still be used. Raises `TicketEnded`."""
    usable = DeviceTicket.objects.usable(now=now).filter(member__left_at=None)
    ticket = usable.select_related("member__account", "member__user", "made_by").filter(pk=ticket_id).first()
    if ticket is None or not tickets.fits(secret, "device", ticket.pk):
        raise TicketEnded
    return ticket


@transaction.atomic
def use(ticket: DeviceTicket, *, cookie: str, name: str, now: datetime) -> SignedIn:
    """This will sign the ticket's child in on the device with this `cookie`, or on a new one. Raises `TicketEnded`."""
    device, secret = known(cookie), ""
    if device is None or device.account_id != ticket.member.account_id:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        device = Device.objects.create(
            account=ticket.member.account,
            name=name,
            digest=_digest(secret),
            added_by=ticket.made_by,
            created_at=now,
            seen_at=now,
        )
    if not DeviceTicket.objects.usable(now=now).filter(pk=ticket.pk).update(used_at=now, device=device):
        raise TicketEnded
    device.members.add(ticket.member)
    audit.record(
        "device.sign_in",
        subject=f"{ticket.member.name}: {device.name}",
        account=ticket.member.account,
        by=ticket.made_by,
        now=now,
    )
    return SignedIn(ticket.member, device, secret)


def known(cookie: str) -> Device | None:
    """This will return the device in use that has this cookie; None where there is none."""
    if not cookie:
        return None
    return Device.objects.in_use().select_related("account").filter(digest=_digest(cookie)).first()


def profiles(device: Device) -> list[Member]:
    """This will return the children on a device, by name."""
    return list(device.members.active().select_related("guardianship", "account").order_by("name", "pk"))


def enter(device: Device, *, member_id: int, pin: str, now: datetime) -> Member:
    """This will return the child of a profile whose PIN was typed. Raises `DeviceEnded`, `WrongPin` and `PinLocked`.

    Each try is counted before it is looked at, so that many at once are not more than a few in a row.
    """
    child = device.members.active().select_related("user", "account", "guardianship").filter(pk=member_id).first()
    if child is None or device.ended_at:
        raise DeviceEnded
    guardianship = Guardianship.objects.filter(member=child)
    guardianship.filter(pin_locked_until__lte=now).update(pin_failures=0, pin_locked_until=None)
    if not guardianship.filter(pin_failures__lt=MOST_TRIES).update(pin_failures=F("pin_failures") + 1):
        _lock(child, now=now)
        raise PinLocked
    if not check_password(pin, child.guardianship.pin_digest):
        _lock(child, now=now)
        raise WrongPin
    guardianship.update(pin_failures=0, pin_locked_until=None)
    return child


@transaction.atomic
def end(device: Device, *, by: Member, now: datetime) -> None:
    """This will sign a device out of all its profiles, at its next click. Raises `OwnersOnly`."""
    members.check_owner(by)
    if Device.objects.in_use().filter(pk=device.pk, account=by.account_id).update(ended_at=now, ended_by=by.user):
        audit.record("device.end", subject=device.name, account=device.account, by=by.user, now=now)


def is_signed_in(device_id: int | None, *, user: User, now: datetime) -> bool:
    """This will tell whether the session of a child still stands on a device in use, and note that it was seen."""
    device = Device.objects.in_use().filter(pk=device_id or 0, members__user=user, members__left_at=None).first()
    if device is None:
        return False
    if now - device.seen_at > SEEN_EVERY:
        Device.objects.filter(pk=device.pk).update(seen_at=now)
    return True


@transaction.atomic
def _lock(child: Member, *, now: datetime) -> None:
    tried = Guardianship.objects.filter(member=child, pin_failures__gte=MOST_TRIES, pin_locked_until=None)
    if not tried.update(pin_locked_until=now + LOCKED_FOR):
        return
    audit.record("child.pin_locked", subject=child.name, account=child.account, by=None, now=now)
    notifications.tell(
        child.account.members.owners(),
        kind="pin_locked",
        sentence=gettext_noop(
            "Somebody tried several wrong PINs for {name}. The PIN is locked for a quarter of an hour."
        ),
        path=reverse("child", args=[child.pk]),
        now=now,
        name=child.name,
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
