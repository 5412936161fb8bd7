"""Telling whom a slice is for what became of it, with the way to ask for more: a department's heads, or a member."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from accounts import notifications
from accounts.models import Account, Member
from accounts.notifications import News
from plans import nodes
from plans.models import Quota
from portal.kit.units import MICROCREDITS_PER_CREDIT


def tell(account: Account, amounts: Sequence[tuple[Quota, int]], *, sentence: str, now: datetime) -> None:
    """This will tell of each slice its `{name}` and the microcredits beside it, in whole `{credits}`."""
    places = [(quota.node_kind, quota.node_id) for quota, _amount in amounts]
    names, people = nodes.names_of(account, places), _people_of(account, places)
    notifications.tell_each(
        [
            News(
                member,
                f"{reverse('plans:extras')}?{urlencode({'about': 'quota', 'quota': quota.pk})}",
                {"name": names.get(place, account.name), "credits": in_credits(amount)},
            )
            for place, (quota, amount) in zip(places, amounts, strict=True)
            for member in people.get(place, ())
        ],
        kind="slice_reclaimed",
        sentence=sentence,
        now=now,
    )


def in_credits(microcredits: int) -> str:
    """This will write an amount in whole credits."""
    return f"{microcredits // MICROCREDITS_PER_CREDIT:,}"


def _people_of(account: Account, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], list[Member]]:
    """By kind and id of the node, as far as they can ask for more of it."""
    rooms = [node_id for kind, node_id in places if kind == Quota.Node.DEPARTMENT]
    ids = [node_id for kind, node_id in places if kind == Quota.Node.MEMBER]
    found: dict[tuple[str, int], list[Member]] = {}
    for each in account.members.active().filter(Q(role=Member.Role.HEAD, department__in=rooms) | Q(pk__in=ids)):
        found.setdefault((Quota.Node.MEMBER, each.pk), []).append(each)
        if each.role == Member.Role.HEAD and each.department_id is not None:
            found.setdefault((Quota.Node.DEPARTMENT, each.department_id), []).append(each)
    return found
