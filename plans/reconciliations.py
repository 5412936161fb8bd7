"""Our payments of a day held against a provider's own list, with a case for each that does not agree."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from accounts import audit
from accounts.models import User
from plans import payment_providers
from plans.models import Case, Payment, Reconciliation
from plans.payment_providers.base import Listed, Unanswered
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Money

MARGIN = timedelta(hours=2)
"""Clocks differ, and a payment begins at one of the two first: the list is read so much beyond the day."""
DAYS_BACK = 7
"""A day that could not be compared, because the provider was away, is compared later."""
UNDECIDED = ("processing", "pending_validation", "reserved")

logger = logging.getLogger(__name__)


class ReasonMissing(Refusal):
    """A case is closed with the reason that was found."""

    code = "reason_missing"
    status = 400
    sentence = gettext_noop("Say what you found out; the case stays open.")


@dataclass(frozen=True)
class _Difference:
    """What does not agree: its kind, whom it is about, and what both say."""

    kind: str
    reference: str
    payment: Payment | None
    ours: str
    theirs: str


def run(*, now: datetime) -> int:
    """This will compare the days of the last week that were not compared yet, and return how many cases were opened.

    Each provider that cannot be reached is left for the next time.
    """
    opened = 0
    for provider in payment_providers.open():
        for day in _days(provider, now=now):
            try:
                opened += compare(provider, day=day, now=now)
            except Unanswered:
                logger.warning("the list of %s for %s could not be read", provider, day)
                break
    return opened


def compare(provider: str, *, day: date, now: datetime) -> int:
    """This will hold the payments of a day (UTC) against the provider's list, and return how many cases were opened.

    Compared again it opens no case twice. Raises `Unanswered`.
    """
    start = datetime.combine(day, time(), tzinfo=UTC)
    end = start + timedelta(days=1)
    listed = list(payment_providers.provider(provider).listed(start - MARGIN, end + MARGIN))
    ours = _ours(provider, listed, since=start - 2 * MARGIN, until=end + 2 * MARGIN)
    differences = [
        *(found for each in listed if start <= each.created_at < end for found in _held_against(each, ours)),
        *_missing(ours, listed, start=start, end=end),
    ]
    return _write(provider, day, listed=len(listed), differences=differences, now=now)


def close(case: Case, *, reason: str, by: User, now: datetime) -> bool:
    """This will close a case with what was found out, and tell whether it was open. Raises `ReasonMissing`."""
    if not reason.strip():
        raise ReasonMissing
    is_open = Case.objects.filter(pk=case.pk, closed_at=None)
    if not is_open.update(closed_at=now, closed_by=by.pk, reason=reason[:200]):
        return False
    audit.record("case.close", subject=str(case), account=None, by=by, now=now, reason=reason)
    return True


def _days(provider: str, *, now: datetime) -> list[date]:
    """Yesterday, once its margin is over, and what is missing before that: the oldest first."""
    last = (now - MARGIN).astimezone(UTC).date() - timedelta(days=1)
    first = (
        Payment.objects.filter(provider=provider).order_by("created_at").values_list("created_at", flat=True).first()
    )
    if first is None:
        return []
    since = max(first.astimezone(UTC).date(), last - timedelta(days=DAYS_BACK - 1))
    done = set(Reconciliation.objects.filter(provider=provider, day__gte=since).values_list("day", flat=True))
    days = [since + timedelta(days=count) for count in range((last - since).days + 1)]
    return [day for day in days if day not in done]


def _ours(provider: str, listed: Iterable[Listed], *, since: datetime, until: datetime) -> list[Payment]:
    mine = Payment.objects.filter(provider=provider)
    then = mine.filter(created_at__gte=since, created_at__lt=until)
    named = mine.filter(reference__in=[each.reference for each in listed])
    return list((then | named).distinct())


def _held_against(listed: Listed, ours: list[Payment]) -> list[_Difference]:
    payment = next(
        (each for each in ours if listed.reference == each.reference or listed.charge_id == str(each.pk)), None
    )
    theirs = f"{listed.state} {listed.amount.minor} {listed.amount.currency}"
    if payment is None:
        return [_Difference(Case.Kind.UNKNOWN_HERE, listed.reference, None, "", theirs)]
    said = f"{payment.state} {payment.amount_minor} {payment.currency}"
    found = []
    if listed.amount != Money(payment.amount_minor, payment.currency):
        found.append(_Difference(Case.Kind.AMOUNT, listed.reference, payment, said, theirs))
    if _is_final(listed.state) and listed.state != payment.state:
        found.append(_Difference(Case.Kind.STATE, listed.reference, payment, said, theirs))
    return found


def _missing(ours: list[Payment], listed: list[Listed], *, start: datetime, end: datetime) -> list[_Difference]:
    """What succeeded here and is not on their list; what came to nothing may well be missing there."""
    there = {name for each in listed for name in (each.reference, each.charge_id)}
    return [
        _Difference(Case.Kind.MISSING_THERE, each.reference or "", each, f"succeeded {each.amount_minor}", "")
        for each in ours
        if start <= each.created_at < end
        and each.state == Payment.State.SUCCEEDED
        and not {each.reference, str(each.pk)} & there
    ]


@transaction.atomic
def _write(provider: str, day: date, *, listed: int, differences: list[_Difference], now: datetime) -> int:
    rows = [
        Case(
            provider=provider,
            day=day,
            kind=each.kind,
            reference=each.reference[:128],
            payment=each.payment,
            ours=each.ours[:80],
            theirs=each.theirs[:80],
            opened_at=now,
        )
        for each in differences
    ]
    before = Case.objects.count()
    Case.objects.bulk_create(rows, ignore_conflicts=True)
    matched = max(0, listed - len({each.reference for each in differences if each.theirs}))
    columns = {"listed": listed, "matched": matched, "compared_at": now}
    Reconciliation.objects.update_or_create(provider=provider, day=day, defaults=columns)
    return Case.objects.count() - before


def _is_final(state: str) -> bool:
    return state not in UNDECIDED
