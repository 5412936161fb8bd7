"""Shares of the plan: quotas in percent, which follow what the plans grant, up and down."""

import logging
from collections.abc import Iterator
from datetime import datetime

from plans import ledger, quotas
from plans.models import Quota

ACCOUNTS_AT_ONCE = 500

logger = logging.getLogger(__name__)


def follow(*, now: datetime) -> int:
    """This will let the shares of all accounts follow what their plans grant, and return how many accounts moved.

    A purchase is followed at once (`quotas.follow_plan`). All else, up or down, is found here: a plan that begins,
    lapses or rolls over, a refund, a lost dispute. An account whose shares cannot follow stops no other one.
    """
    moved = 0
    for accounts in _in_turn():
        granted = ledger.granted_by_plans_to(accounts, now=now)
        shares = Quota.objects.in_force().filter(unit=Quota.Unit.SHARE, account__in=accounts)
        told = shares.values_list("account_id", "said", "limit")
        differ = {each for each, said, limit in told if limit != quotas.part_of(granted[each], percent=said or 0)}
        moved += sum(_follow(account_id) for account_id in sorted(differ))
    return moved


def _follow(account_id: int) -> bool:
    """The next run tries again."""
    try:
        quotas.follow_plan(account_id)
    except Exception:
        logger.exception("the shares of account %s did not follow its plans", account_id)
        return False
    return True


def _in_turn() -> Iterator[list[int]]:
    """The accounts that have shares, some at a time."""
    last = 0
    while True:
        shares = Quota.objects.in_force().filter(unit=Quota.Unit.SHARE, account__gt=last)
        found = list(shares.order_by("account_id").values_list("account_id", flat=True).distinct()[:ACCOUNTS_AT_ONCE])
        if not found:
            return
        yield found
        last = found[-1]
