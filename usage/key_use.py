"""Keys in use: ended with all their calls, noted when they call, and pointed out when nobody uses them."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts import api_keys, callers, notifications
from accounts.models import ApiKey, Member, User
from plans import keys, ledger
from plans.models import Hold
from portal.kit import clock, ids
from portal.kit.refusals import gettext_noop
from usage import stops
from usage.models import Call, Refused

UNUSED = timedelta(days=60)
NOTED_SECONDS = 60
BATCH = 100
MOST_EXPOSED = 20
EXPOSED = "It stood in an address."

_NOTE = """
UPDATE accounts_apikey k SET used_at = c.at
FROM (
  SELECT api_key_id, max(opened_at) AS at FROM usage_call
  WHERE ended_at >= %s - interval '10 minutes' AND api_key_id IS NOT NULL GROUP BY api_key_id
) c
WHERE k.id = c.api_key_id AND (k.used_at IS NULL OR k.used_at < c.at)
"""


def revoke(key: ApiKey, *, by: User, reason: str, now: datetime) -> int:
    """This will end a key and stop its calls within a second; returns how many were under way.

    A call that is just being opened is either open before the end, and is stopped, or is refused. Raises
    `api_keys.AlreadyRevoked`.
    """
    running = _end(key, by=by, reason=reason, now=now)
    stops.stop(running)
    return len(running)


def check_address(query: str) -> None:
    """This will refuse a query string in which a key stands, and end that key. Raises `callers.KeyInAddress`."""
    stops.stop(end_exposed(query))
    callers.check_address(query)


def end_exposed(query: str) -> list[UUID]:
    """This will end the keys that stand in a query string, which others have read; returns their open calls."""
    digests = [api_keys.digest_of(secret) for secret in callers.secrets_in(query)[:MOST_EXPOSED]]
    found = ApiKey.objects.filter(digest__in=digests, revoked_at=None) if digests else ApiKey.objects.none()
    exposed = list(found.select_related("account", "member__user"))
    return [call_id for key in exposed for call_id in _give_up(key, now=clock.now())]


def first_call(key: ApiKey) -> Call | None:
    """This will return the first call that a key made and that has ended, if that was soon after its issue."""
    between = (ids.earliest(key.created_at), ids.earliest(key.created_at + keys.AWAITED))
    calls = Call.objects.of_account(key.account_id).filter(id__range=between, api_key_id=key.pk)
    return calls.order_by("id").first()


def last_refusal(key: ApiKey) -> Refused | None:
    """This will return what a key was refused last."""
    mine = Refused.objects.filter(account_id=key.account_id, api_key_id=key.pk, refused_at__gte=key.created_at)
    return mine.order_by("-refused_at").first()


def note_calls(now: datetime) -> int:
    """This will note the newest call of each key that called in the last minutes; returns how many keys that were."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [now])
        return int(cursor.rowcount)


def note(key_id: int, *, now: datetime) -> None:
    """This will note that a key was used just now for what is no call; at most once a minute."""
    before = now - timedelta(seconds=NOTED_SECONDS)
    ApiKey.objects.filter(Q(used_at=None) | Q(used_at__lt=before), pk=key_id).update(used_at=now)


def remind(now: datetime) -> int:
    """This will tell the holders of keys that nobody has used for 60 days, once each; returns how many keys."""
    idle = (
        ApiKey.objects.in_use(now)
        .annotate(last=Coalesce("used_at", "created_at"))
        .filter(Q(reminded_at=None) | Q(reminded_at__lt=F("used_at")), last__lt=now - UNUSED, member__left_at=None)
    )
    return sum(_remind(key, now=now) for key in idle.select_related("member", "account").order_by("pk")[:BATCH])


@transaction.atomic
def _remind(key: ApiKey, *, now: datetime) -> bool:
    if not ApiKey.objects.filter(pk=key.pk, reminded_at=key.reminded_at).update(reminded_at=now):
        return False
    notifications.tell(
        _minders(key),
        kind="key_unused",
        sentence=gettext_noop("Nobody has used the key “{label}” for 60 days. Revoke it if no program needs it."),
        path=reverse("plans:key", args=[key.pk]),
        now=now,
        label=key.label,
    )
    return True


def _end(key: ApiKey, *, by: User, reason: str, now: datetime) -> list[UUID]:
    with transaction.atomic():
        ledger.stop_admission(key.account_id)
        api_keys.revoke(key, by=by, reason=reason, now=now)
    return list(Hold.objects.filter(account_id=key.account_id, api_key_id=key.pk).values_list("pk", flat=True))


@transaction.atomic
def _give_up(key: ApiKey, *, now: datetime) -> list[UUID]:
    """The holder's program has shown it, so it is the holder who ends it in the books."""
    try:
        running = _end(key, by=key.member.user, reason=EXPOSED, now=now)
    except api_keys.AlreadyRevoked:
        return []
    people = {each.pk: each for each in (*_minders(key), *key.account.members.owners())}
    notifications.tell(
        people.values(),
        kind="key_exposed",
        sentence=gettext_noop("The key “{label}” stood in an address, where others can read it. It was revoked."),
        path=reverse("plans:key", args=[key.pk]),
        now=now,
        label=key.label,
    )
    return running


def _minders(key: ApiKey) -> list[Member]:
    """Who holds a key minds it; those of a child are minded by the owners."""
    return list(key.account.members.owners()) if key.member.role == Member.Role.CHILD else [key.member]
