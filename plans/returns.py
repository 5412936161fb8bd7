"""What flowed back from slices goes back to them: an owner gives it back, or the slice was set lower than it leaves."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from accounts import audit
from accounts.models import Account, Member
from plans import ledger, slice_news, standings
from plans.models import Quota, Reclaim
from portal.kit.refusals import gettext_noop
from portal.kit.units import Microcredits


def give(
    account: Account, found: Sequence[Reclaim], *, by: Member | None, moment: datetime, now: datetime
) -> Microcredits:
    """This will return to their slices what flowed back in windows that still run, and tell how much that was.

    It is for who has stopped the account's admission at `moment`; `found` knows the quotas. Nobody (`by`) does it
    where a slice was set lower.
    """
    amounts: Counter[int] = Counter()
    for each in found:
        amounts[each.window.quota_id] += each.microcredits
    given = ledger.give_extras(amounts)
    for each in found:
        assert given[each.window.quota_id].window_id == each.window_id, f"reclaim {each.pk} is of another window"
    Reclaim.objects.filter(pk__in=[each.pk for each in found]).update(returned_at=moment, returned_by=by)
    back = [(each.window.quota, each.microcredits) for each in found]
    user, told = by.user if by else None, written(back)
    audit.record("reclaim.give_back", subject=account.name, account=account, by=user, now=now, returned=told)
    sentence = gettext_noop("{name} has {credits} credits back that had flowed away unused.")
    slice_news.tell(account, back, sentence=sentence, now=now)
    return Microcredits(sum(amount for _quota, amount in back))


def make_good(account: Account, lowered: Iterable[Quota], *, moment: datetime) -> None:
    """This will see to it that no slice that was set lower may use less than it has used, for what flowed back.

    The newest reclaims go back first, each as a whole, until that is so; a slice never gets more than its limit.
    It is for who has stopped the account's admission at `moment`.
    """
    found: list[Reclaim] = []
    open_ones = Reclaim.objects.filter(account=account, returned_at=None, ends_at__gt=moment)
    for standing in standings.of(lowered):
        missing = standing.taken - standing.quota.limit - standing.extra
        if missing > 0 and standing.reclaimed:
            for each in open_ones.filter(window__quota=standing.quota).select_related("window__quota"):
                if missing > 0:
                    found.append(each)
                    missing -= each.microcredits
    if found:
        give(account, found, by=None, moment=moment, now=moment)


def written(amounts: Iterable[tuple[Quota, int]]) -> list[list[object]]:
    """This will write down of which nodes how many microcredits moved, for the audit events."""
    return [[quota.node_kind, quota.node_id, microcredits] for quota, microcredits in amounts]
