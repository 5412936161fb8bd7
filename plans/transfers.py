"""A month of quotas as a report: what each was to have, what it lent, borrowed and was given, what flowed back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, Sum

from accounts.models import Account
from plans import nodes
from plans.models import Loan, Quota, QuotaWindow, Reclaim

MOST_ROWS = 400


@dataclass(frozen=True, kw_only=True)
class MonthOfQuota:
    """What became of one quota in a month, in microcredits; loans and reclaims without what came back of them.

    `budget` is the quota's limit as it is set now, `given` what was given on top because somebody asked. `left` may
    still be used: nothing where the quota ended in that month, and of a key that took the place of another one as much
    less as the old one had used, which stands in the old one's row.
    """

    name: str
    quota: Quota
    budget: int
    lent: int
    borrowed: int
    given: int
    reclaimed: int
    used: int
    held: int
    left: int


def of_month(account: Account, *, at: datetime) -> list[MonthOfQuota]:
    """This will report on the month around `at`: the slices, and the other quotas of departments and projects.

    Of a month before this one it shows the quotas whose windows were opened then, those that have ended too.
    """
    shown = Q(is_slice=True) | Q(node_kind__in=[Quota.Node.DEPARTMENT, Quota.Node.PROJECT])
    monthly = Quota.objects.filter(
        shown,
        account=account,
        window=Quota.Window.MONTH,
        metric=Quota.Metric.MICROCREDITS,
        chat_model=None,
        created_at__lte=at,
    )
    running = QuotaWindow.objects.filter(quota__in=monthly, starts_at__lte=at, ends_at__gt=at)
    windows = {window.quota_id: window for window in running}
    quotas = [
        quota
        for quota in monthly.order_by("node_kind", "pk")[:MOST_ROWS]
        if quota.ended_at is None or quota.pk in windows
    ]
    names = nodes.names_of(account, {(quota.node_kind, quota.node_id) for quota in quotas})
    moved = _moved([window.pk for window in windows.values()])
    return [
        _row(quota, windows.get(quota.pk), moved, name=names.get((quota.node_kind, quota.node_id), ""))
        for quota in quotas
    ]


@dataclass(frozen=True)
class _Moved:
    lent: Mapping[int, int]
    borrowed: Mapping[int, int]
    reclaimed: Mapping[int, int]


def _moved(windows: Sequence[int]) -> _Moved:
    loans = Loan.objects.order_by().filter(Q(lender_window__in=windows) | Q(borrower_window__in=windows))
    left = Sum(F("microcredits") - F("returned"))
    gone = Reclaim.objects.order_by().filter(window__in=windows, returned_at=None)
    return _Moved(
        dict(loans.values_list("lender_window").annotate(left=left)),
        dict(loans.values_list("borrower_window").annotate(left=left)),
        dict(gone.values_list("window").annotate(Sum("microcredits"))),
    )


def _row(quota: Quota, window: QuotaWindow | None, moved: _Moved, *, name: str) -> MonthOfQuota:
    key = window.pk if window else 0
    lent, borrowed, reclaimed = (each.get(key, 0) for each in (moved.lent, moved.borrowed, moved.reclaimed))
    extra, used, held = (window.extra, window.used, window.held) if window else (0, 0, 0)
    given = extra + lent - borrowed + reclaimed
    is_over = quota.ended_at is not None and (
        window is None or window.ends_at is None or quota.ended_at < window.ends_at
    )
    return MonthOfQuota(
        name=name,
        quota=quota,
        budget=quota.limit,
        lent=lent,
        borrowed=borrowed,
        given=max(0, given) if quota.node_kind == Quota.Node.KEY else given,
        reclaimed=reclaimed,
        used=used,
        held=held,
        left=0 if is_over else max(0, quota.limit + extra - used - held),
    )
