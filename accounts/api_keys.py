"""Keys that machines call with: issued once, shown once, revoked for good."""

import hashlib
import hmac
import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.models import ApiKey, Member, User
from portal.kit.refusals import Refusal, gettext_noop

PREFIX = "ck-"
SECRET_BYTES = 32
SHOWN_CHARACTERS = 8
MOST_KEYS_IN_USE = 100
_MAY_ISSUE = {Member.Role.OWNER, Member.Role.BILL_PAYER, Member.Role.HEAD, Member.Role.ADULT}


class MayNotIssue(Refusal):
    """Children and auditors hold no keys."""

    code = "may_not_issue"
    status = 403
    sentence = gettext_noop("Your role may not issue keys. Ask the owner of the account for one.")


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


@transaction.atomic
def issue(member: Member, *, label: str, by: User, now: datetime) -> tuple[ApiKey, str]:
    """This will make a key of `member` and return it with its secret, which is never stored.

    Raises `MayNotIssue` and `TooManyKeys`.
    """
    if member.role not in _MAY_ISSUE:
        raise MayNotIssue
    if member.account.api_keys.filter(revoked_at__isnull=True).count() >= MOST_KEYS_IN_USE:
        raise TooManyKeys(most=MOST_KEYS_IN_USE)
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey.objects.create(
        account_id=member.account_id,
        member=member,
        label=label,
        prefix=secret[:SHOWN_CHARACTERS],
        last_four=secret[-4:],
        digest=digest_of(secret),
        created_at=now,
    )
    audit.record("api_key.issue", subject=str(key), account=member.account, by=by, now=now)
    return key, secret


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
