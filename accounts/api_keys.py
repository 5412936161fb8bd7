"""Keys that machines call with: issued once, shown once, rotated, revoked for good."""

import base64
import hashlib
import hmac
import secrets
import zlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import audit, key_scopes
from accounts.key_scopes import Wish
from accounts.members import OwnersOnly
from accounts.models import Account, ApiKey, Member, User
from portal.kit.refusals import Refusal, gettext_noop

__all__ = [
    "AlreadyRevoked",
    "AlreadyRotated",
    "BadHolder",
    "MayNotIssue",
    "OwnersOnly",
    "TooManyKeys",
    "Wish",
    "digest_of",
    "is_whole",
    "issue",
    "revoke",
    "rotate",
]

PREFIX = "ck-"
SECRET_BYTES = 32
SECRET_CHARACTERS = 43
"""So many hold the secret; those after them are a checksum, which older keys do not have."""
CHECKSUM_BYTES = 4
SHOWN_CHARACTERS = 8
MOST_KEYS_IN_USE = 100
LONGEST_OVERLAP_SECONDS = 7 * 86_400
_MAY_ISSUE = {Member.Role.OWNER, Member.Role.BILL_PAYER, Member.Role.HEAD, Member.Role.ADULT}


class MayNotIssue(Refusal):
    """Children and auditors issue no keys."""

    code = "may_not_issue"
    status = 403
    sentence = gettext_noop("Your role may not issue keys. Ask the owner of the account for one.")


class BadHolder(Refusal):
    """An auditor only reads, a child manages nothing, and who has left holds nothing."""

    code = "bad_holder"
    status = 422
    sentence = gettext_noop(
        "This person cannot hold such a key: an auditor calls no models, and a child manages none. Choose another one."
    )


class TooManyKeys(Refusal):
    """Every list has an end."""

    code = "too_many_keys"
    status = 409
    sentence = gettext_noop("This account has {most} keys in use. Revoke one that nobody needs, then issue a new one.")


class AlreadyRevoked(Refusal):
    """A key dies once."""

    code = "already_revoked"
    status = 409
    sentence = gettext_noop("This key was revoked before. Nothing calls with it any more.")


class AlreadyRotated(Refusal):
    """A key is replaced once, and only while it works."""

    code = "already_rotated"
    status = 409
    sentence = gettext_noop("This key has ended or was replaced before. Rotate the newer one, or issue another key.")


@transaction.atomic
def issue(member: Member, wish: Wish, *, by: User, now: datetime) -> tuple[ApiKey, str]:
    """This will make a key of `member` and return it with its secret, which is never stored.

    Everybody issues for themselves, an owner for everybody else too, so that their limits hold for it. Raises
    `MayNotIssue`, `OwnersOnly`, `BadHolder`, `TooManyKeys` and the refusals of `key_scopes.checked`.
    """
    _check_issuer(member, by)
    if member.left_at or member.role == Member.Role.AUDITOR or (wish.is_management and member.role not in _MAY_ISSUE):
        raise BadHolder
    _check_room(member.account, now=now)
    wish = key_scopes.checked(wish, account=member.account, now=now)
    key, secret = _made(member, wish, by=by, now=now)
    audit.record("api_key.issue", subject=str(key), account=member.account, by=by, now=now, member=member.pk)
    return key, secret


@transaction.atomic
def rotate(key: ApiKey, *, overlap_seconds: int, by: User, now: datetime) -> tuple[ApiKey, str]:
    """This will make a key that takes the place of `key`, for all that it is for, and return it with its secret.

    Both work for `overlap_seconds`; then the old one dies, or earlier where it would have anyway. Raises
    `MayNotIssue`, `OwnersOnly`, `TooManyKeys`, `AlreadyRevoked` and `AlreadyRotated`.
    """
    assert 0 <= overlap_seconds <= LONGEST_OVERLAP_SECONDS
    old = ApiKey.objects.select_for_update(of=("self",)).select_related("member__account").get(pk=key.pk)
    _check_issuer(old.member, by)
    if old.revoked_at:
        raise AlreadyRevoked
    if old.has_ended(now) or ApiKey.objects.filter(replaces=old).exists():
        raise AlreadyRotated
    ends_at = now + timedelta(seconds=overlap_seconds)
    dies_at = ends_at if old.expires_at is None else min(ends_at, old.expires_at)
    ApiKey.objects.filter(pk=old.pk).update(expires_at=dies_at)
    _check_room(old.account, now=now)
    new, secret = _made(old.member, _wish_of(old), by=by, now=now)
    ApiKey.objects.filter(pk=new.pk).update(replaces=old, paused_at=old.paused_at)
    new.refresh_from_db()
    audit.record(
        "api_key.rotate", subject=str(old), account=old.account, by=by, now=now, new=new.pk, seconds=overlap_seconds
    )
    return new, secret


@transaction.atomic
def revoke(key: ApiKey, *, by: User, reason: str, now: datetime) -> None:
    """This will end `key` for good; calls with it are refused from the next one on. Raises `AlreadyRevoked`."""
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now, revoked_by=by)
    if not changed:
        raise AlreadyRevoked
    audit.record("api_key.revoke", subject=str(key), account=key.account, by=by, now=now, reason=reason)


def digest_of(secret: str) -> bytes:
    """This will return the keyed digest (HMAC-SHA-256) under which a key is stored and found."""
    return hmac.digest(settings.API_KEY_PEPPER.encode(), secret.encode(), hashlib.sha256)


def is_whole(secret: str) -> bool:
    """This will tell whether a key that was typed or cut off can be one of ours; it says nothing about which are."""
    text = secret.removeprefix(PREFIX)
    if len(text) <= SECRET_CHARACTERS:
        return True
    both = base64.urlsafe_b64decode(text)
    return both[SECRET_BYTES:] == _checksum(both[:SECRET_BYTES])


def _check_issuer(member: Member, by: User) -> None:
    people = Member.objects.active().filter(account=member.account_id, user=by)
    issuer = member if member.user_id == by.pk and not member.left_at else people.first()
    if issuer is None or issuer.role not in _MAY_ISSUE:
        raise MayNotIssue
    if issuer.pk != member.pk and not issuer.owns():
        raise OwnersOnly


def _check_room(account: Account, *, now: datetime) -> None:
    if ApiKey.objects.in_use(now).filter(account=account).count() >= MOST_KEYS_IN_USE:
        raise TooManyKeys(most=MOST_KEYS_IN_USE)


def _made(member: Member, wish: Wish, *, by: User, now: datetime) -> tuple[ApiKey, str]:
    random = secrets.token_bytes(SECRET_BYTES)
    secret = PREFIX + base64.urlsafe_b64encode(random + _checksum(random)).decode()
    key = ApiKey.objects.create(
        account_id=member.account_id,
        member=member,
        project_id=wish.project_id,
        scenario_id=wish.scenario_id,
        label=wish.label,
        is_management=wish.is_management,
        endpoints=None if wish.endpoints is None else list(wish.endpoints),
        networks=None if wish.networks is None else list(wish.networks),
        expires_at=wish.expires_at,
        prefix=secret[:SHOWN_CHARACTERS],
        last_four=secret[-4:],
        digest=digest_of(secret),
        created_at=now,
        issued_by=by,
    )
    return key, secret


def _wish_of(key: ApiKey) -> Wish:
    return Wish(
        label=key.label,
        is_management=key.is_management,
        endpoints=None if key.endpoints is None else tuple(key.endpoints),
        networks=None if key.networks is None else tuple(key.networks),
        expires_at=key.expires_at,
        project_id=key.project_id,
        scenario_id=key.scenario_id,
    )


def _checksum(random: bytes) -> bytes:
    return zlib.crc32(random).to_bytes(CHECKSUM_BYTES, "big")
