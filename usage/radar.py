"""The key radar: a key that suddenly uses more in minutes than on any day is slowed, and its people are asked."""

from datetime import datetime, timedelta

from django.db.models import Sum
from django.urls import reverse

from accounts import audit, notifications
from accounts.models import ApiKey
from plans import keys, ledger
from portal.kit import ids
from portal.kit.refusals import gettext_noop
from portal.kit.units import MICROCREDITS_PER_CREDIT, Microcredits
from usage.models import Call, DailyTotal

LOOKED_AT = timedelta(minutes=10)
USUAL = timedelta(days=14)
LONGEST_CALL = timedelta(hours=1)
QUIET = timedelta(days=1)
"""Who was asked is left in peace for so long."""
PER_POOL = 100
"""Less than a hundredth of the month's pool is no break."""
VERB = "api_key.slow"
BATCH = 200


def look(now: datetime) -> int:
    """This will slow the keys whose last minutes are no longer theirs, and ask their people; returns how many."""
    recent = Call.objects.filter(
        id__gte=ids.earliest(now - LOOKED_AT - LONGEST_CALL), ended_at__gt=now - LOOKED_AT, api_key__isnull=False
    )
    sums = recent.values_list("api_key", "account").annotate(charged=Sum("charged_microcredits")).order_by("-charged")
    return sum(_judge(key_id, account_id, int(charged), now=now) for key_id, account_id, charged in sums[:BATCH])


def _judge(key_id: int, account_id: int, charged: int, *, now: datetime) -> bool:
    pool = ledger.granted_by_plans(account_id, now=now) or ledger.balance(account_id, now=now).left + charged
    if charged * PER_POOL < pool:
        return False
    key = ApiKey.objects.select_related("account", "member__user").get(pk=key_id)
    usual = _largest_day(key, now=now)
    asked = key.account.audit_events.filter(verb=VERB, created_at__gt=now - QUIET, details__key=key.pk)
    if usual is None or charged <= usual or key.revoked_at or asked.exists():
        return False
    keys.slow(key, limit=Microcredits(usual), now=now)
    audit.record(VERB, subject=str(key), account=key.account, by=None, now=now, key=key.pk, charged=charged)
    _ask(key, charged, now=now)
    return True


def _largest_day(key: ApiKey, *, now: datetime) -> int | None:
    """What the key used on the largest of its last days; None for a key that has none yet, which has a brake."""
    today = key.account.local_day(now)
    days = DailyTotal.objects.filter(account_id=key.account_id, api_key=key.pk, day__gte=today - USUAL, day__lt=today)
    sums = days.values("day").annotate(charged=Sum("charged_microcredits")).values_list("charged", flat=True)
    return max((int(charged) for charged in sums), default=None)


def _ask(key: ApiKey, charged: int, *, now: datetime) -> None:
    people = {each.pk: each for each in [*key.account.members.owners(), key.member] if each.left_at is None}
    notifications.tell(
        people.values(),
        kind="key_slowed",
        sentence=gettext_noop(
            "Is this you? {label} used {credits} credits in {minutes} minutes, more than on any of its last days."
            " It is slowed until you lift the brake."
        ),
        path=reverse("plans:key", args=[key.pk]),
        now=now,
        label=key.label,
        credits=f"{charged // MICROCREDITS_PER_CREDIT:,}",
        minutes=int(LOOKED_AT.total_seconds() // 60),
    )
