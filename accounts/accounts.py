"""Founding and changing households and businesses."""

from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction

from accounts import audit
from accounts.models import Account, Member, User
from portal.kit.refusals import Refusal, gettext_noop


class AlreadyFounded(Refusal):
    """One person owns at most one household and one business."""

    code = "already_founded"
    status = 409
    sentence = gettext_noop("You already own an account of this kind. Open it from the menu; nothing was made twice.")


class UnknownTimeZone(Refusal):
    """The name is not in the time zone database."""

    code = "unknown_time_zone"
    status = 400
    sentence = gettext_noop("This time zone is not known. Choose one from the list.")


@transaction.atomic
def found(user: User, *, kind: str, name: str, now: datetime, time_zone: str = "Asia/Shanghai") -> Member:
    """This will found a household or a business with `user` as its owner, and return that membership.

    Raises `AlreadyFounded` and `UnknownTimeZone`.
    """
    _check_zone(time_zone)
    User.objects.select_for_update().get(pk=user.pk)  # two clicks found one account
    if Member.objects.of(user).active().filter(role=Member.Role.OWNER, account__kind=kind).exists():
        raise AlreadyFounded
    account = Account.objects.create(kind=kind, name=name, time_zone=time_zone, created_at=now)
    owner = Member.objects.create(
        account=account, user=user, role=Member.Role.OWNER, name=user.get_short_name(), joined_at=now
    )
    audit.record("account.found", subject=name, account=account, by=user, now=now, kind=kind)
    user.forget_membership()
    return owner


@transaction.atomic
def describe(account: Account, *, name: str, time_zone: str, by: User, now: datetime) -> None:
    """This will change what an account is called and by which clock it lives."""
    _check_zone(time_zone)
    Account.objects.filter(pk=account.pk).update(name=name, time_zone=time_zone)
    audit.record("account.describe", subject=name, account=account, by=by, now=now, time_zone=time_zone)
    account.refresh_from_db()


def _check_zone(name: str) -> None:
    if name not in available_timezones():
        raise UnknownTimeZone
