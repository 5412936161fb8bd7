"""How long the credits last: the pace of the month so far against what is left and when it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from plans.ledger import Balance, LotLeft
from portal.kit.units import Microcredits
from usage.reports import Month

SECONDS_A_DAY = 86_400
LONGEST_DAYS = 366


@dataclass(frozen=True)
class Outlook:
    """Figures in microcredits.

    `renews_at` is when the first lot ends. At the pace so far the credits end on `lasts_until`, or, when they
    last beyond `renews_at`, about `left_then` will be left at that moment; both are empty without a pace.
    """

    whole: Microcredits
    used: Microcredits
    even_pace: Microcredits
    renews_at: datetime | None
    lasts_until: date | None
    left_then: Microcredits | None


def of(balance: Balance, *, month: Month, now: datetime) -> Outlook:
    """This will look ahead from `now`, by what the month has used a day until now."""
    renews_at = min((lot.expires_at for lot in balance.lots if lot.expires_at), default=None)
    pace = _pace(month, now=now)
    lasts_until, left_then = _ends(balance.left, pace=pace, renews_at=renews_at, now=now)
    return Outlook(
        whole=Microcredits(sum(lot.whole for lot in balance.lots)),
        used=Microcredits(sum(lot.used for lot in balance.lots)),
        even_pace=_even_pace(balance.lots),
        renews_at=renews_at,
        lasts_until=lasts_until,
        left_then=left_then,
    )


def _pace(month: Month, *, now: datetime) -> int:
    elapsed = max(int((now - month.period.active_from).total_seconds()), SECONDS_A_DAY)
    return month.seen * SECONDS_A_DAY // elapsed


def _ends(
    left: Microcredits, *, pace: int, renews_at: datetime | None, now: datetime
) -> tuple[date | None, Microcredits | None]:
    if not pace or renews_at is None:
        return None, None
    rest = left - pace * int((renews_at - now).total_seconds()) // SECONDS_A_DAY
    if rest >= 0:
        return None, Microcredits(rest)
    return (now + timedelta(days=min(left // pace, LONGEST_DAYS))).date(), None


def _even_pace(lots: Sequence[LotLeft]) -> Microcredits:
    paces = [
        lot.granted * SECONDS_A_DAY // max(int((lot.expires_at - lot.effective_at).total_seconds()), SECONDS_A_DAY)
        for lot in lots
        if lot.source == "plan" and lot.expires_at
    ]
    return Microcredits(sum(paces))
