"""The hook that issues e-fapiao: it is told of each until it has ended, and its answers say what became of it."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db.models import F, Q

from accounts import senders
from plans import fapiaos
from plans.models import Fapiao
from plans.models.fapiao import FapiaoQuerySet
from portal.kit.refusals import Refusal

LONGEST_NUMBER = 40
BATCH = 20
MOST_LOOKED_AT = 500
PAUSES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""How long until it is told again, after the first, second, … time; the last pause goes on."""


class News(msgspec.Struct):
    """`state` is empty (it was taken), issued (`number`, the `pdf` in base64), declined or reversed (`reason`)."""

    state: str = ""
    number: str = ""
    pdf: str = ""
    reason: str = ""


def exchange(*, now: datetime) -> int:
    """This will tell the hook of what waits for it, at most a batch, and do what it answers; return how many it took.

    It is told the same id each time, so that hearing of one twice is harmless. Without a hook staff do it by hand.
    """
    if not settings.FAPIAO_HOOK_URL:
        return 0
    due = [each for each in _waiting()[:MOST_LOOKED_AT] if _is_due(each, now=now)]
    return sum(_tell(fapiao, now=now) for fapiao in due[:BATCH])


def _waiting() -> FapiaoQuerySet:
    """What was asked for, what the hook is at, and what has to be reversed; the longest silent first."""
    at_it = Q(state=Fapiao.State.HANDED_OVER, tries__gt=0)
    to_reverse = Q(state=Fapiao.State.ISSUED, reversal_asked_at__isnull=False)
    found = Fapiao.objects.filter(Q(state=Fapiao.State.ASKED) | at_it | to_reverse)
    return found.select_related("account").order_by(F("tried_at").asc(nulls_first=True), "asked_at", "pk")


def _is_due(fapiao: Fapiao, *, now: datetime) -> bool:
    if fapiao.tried_at is None or not fapiao.tries:
        return True
    return now >= fapiao.tried_at + PAUSES[min(fapiao.tries, len(PAUSES)) - 1]


def _tell(fapiao: Fapiao, *, now: datetime) -> bool:
    mine = Fapiao.objects.filter(pk=fapiao.pk, state=fapiao.state, tries=fapiao.tries)
    if not mine.update(tries=fapiao.tries + 1, tried_at=now):
        return False  # another worker is at it
    try:
        answer = senders.tell_hook(settings.FAPIAO_HOOK_URL, _told(fapiao), secret=settings.FAPIAO_HOOK_SECRET, now=now)
    except senders.HookSilent:
        return False
    try:
        _take(fapiao, msgspec.json.decode(answer or b"{}", type=News), now=now)
    except (msgspec.DecodeError, binascii.Error, Refusal):
        return False  # what it says makes no sense: it is asked again, and staff see the tries
    return True


def _take(fapiao: Fapiao, news: News, *, now: datetime) -> None:
    if fapiao.state == Fapiao.State.ASKED:
        fapiaos.note_handed_over(fapiao, now=now)
    match news.state:
        case Fapiao.State.ISSUED if 0 < len(news.number) <= LONGEST_NUMBER and fapiao.state != Fapiao.State.ISSUED:
            content = base64.b64decode(news.pdf, validate=True)
            fapiaos.issue(fapiao, number=news.number, content=content, by=None, reason="", now=now)
        case Fapiao.State.DECLINED if news.reason.strip():
            fapiaos.decline(fapiao, by=None, reason=news.reason.strip(), now=now)
        case Fapiao.State.REVERSED:
            fapiaos.reverse(fapiao, by=None, reason=news.reason.strip(), now=now)
        case _:
            pass  # it is at it


def _told(fapiao: Fapiao) -> Mapping[str, object]:
    """What the hook is told: amounts in minor units with the tax inside, the title as it was when it was asked for."""
    parts = fapiao.parts.select_related("invoice").order_by("invoice__issued_at", "pk")
    return {
        "id": str(fapiao.pk),
        "wanted": "reversal" if fapiao.reversal_asked_at else "issue",
        "number": fapiao.number,
        "asked_at": fapiao.asked_at.isoformat(),
        "buyer": fapiao.buyer,
        "currency": fapiao.currency,
        "total_minor": fapiao.total_minor,
        "tax_minor": fapiao.tax_minor,
        "invoices": [
            {
                "number": part.invoice.number,
                "name": part.invoice.lines[0]["name_zh"],
                "total_minor": part.total_minor,
                "tax_minor": part.tax_minor,
                "tax_basis_points": part.invoice.tax_basis_points,
            }
            for part in parts
        ],
    }
