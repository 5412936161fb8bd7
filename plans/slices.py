"""What slices of a month have not used of the part of it that has passed: what may flow back to the pool."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from accounts.models import Account, Department, Member
from plans import standings
from plans.models import Quota, Reclaim
from portal.kit import periods
from portal.kit.periods import Period
from portal.kit.units import MICROCREDITS_PER_CREDIT, Microcredits

HUNDRED = 100
TICK = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A slice as it stands, in microcredits: `extra` is what it has on top of its limit, `taken` what calls took.

    `reclaimed` is all that flowed back this month, `returned` what of that an owner gave back again. `inside` is the
    nearest department above it that has a slice too: then it is a part of that one.
    """

    quota: Quota
    extra: int = 0
    taken: int = 0
    reclaimed: int = 0
    returned: int = 0
    inside: int | None = None

    @property
    def most(self) -> int:
        """What it may use in all."""
        return self.quota.limit + self.extra

    @property
    def whole(self) -> int:
        """What counts as its month: not what it has lent, and not what was asked for or borrowed, for that stays."""
        return self.quota.limit + min(0, self.extra + self.reclaimed - self.returned)

    @property
    def rest(self) -> int:
        """What is set aside now."""
        return self.most - self.taken


@dataclass(frozen=True)
class Unused:
    """How much of a slice may flow back: to the pool, or to the slice that it stands inside."""

    quota: Quota
    microcredits: Microcredits
    is_inside: bool


def unused(account: Account, *, due: date, floor_percent: int, now: datetime) -> list[Unused]:
    """This will tell what would flow back at the beginning of `due`, a day of the month around `now`, as things stand.

    Slices of keys are left as they are: what a key has used goes along with its quota when it is rotated.
    It is the truth only for who has stopped the account's admission.
    """
    zone = ZoneInfo(account.time_zone)
    month = periods.month_of(now, zone=zone)
    slices = _standing(account, now=now)
    found = idle(slices, month=month, moment=month.active_from.replace(day=due.day), floor_percent=floor_percent)
    return [Unused(each.quota, amount, each.inside is not None) for each in slices if (amount := found[each.quota.pk])]


def idle(slices: Sequence[Slice], *, month: Period, moment: datetime, floor_percent: int) -> dict[int, Microcredits]:
    """This will return, by the ids of the quotas, what may flow back of each slice at a moment of the month.

    Of the part of a slice that belongs to the time since the month began (or since it was made or raised: what was
    allotted anew counts from then on) it is what neither calls have taken nor flowed back before; what was given back
    is not asked for again. What calls have taken stays,
    so does the floor, so does what slices inside of it keep. Whole credits, rounded in favor of the slice.
    """
    found: dict[int, Microcredits] = {}
    kept_inside: dict[int | None, int] = {}
    for each in _inmost_first(slices):
        amount = 0
        if each.quota.window == Quota.Window.MONTH:
            inside = kept_inside.get(each.quota.node_id, 0) if each.quota.node_kind == Quota.Node.DEPARTMENT else 0
            part = _part(each, month=month, moment=moment)
            floor = -(-each.whole * floor_percent // HUNDRED)
            amount = min(part - each.reclaimed - each.taken, each.most - floor, each.rest - inside)
        amount = max(0, amount) // MICROCREDITS_PER_CREDIT * MICROCREDITS_PER_CREDIT
        found[each.quota.pk] = Microcredits(amount)
        kept_inside[each.inside] = kept_inside.get(each.inside, 0) + max(0, each.rest - amount)
    return found


def _part(one: Slice, *, month: Period, moment: datetime) -> int:
    allotted_at = one.quota.raised_at or one.quota.created_at
    since = max(month.active_from, allotted_at.astimezone(month.active_from.tzinfo))
    passed = max(moment - since, timedelta())
    return one.whole * (passed // TICK) // ((month.active_to - month.active_from) // TICK)


def _inmost_first(slices: Iterable[Slice]) -> list[Slice]:
    """Those inside of others before them; the windows of one node in any order."""
    above = {each.quota.node_id: each.inside for each in slices if each.quota.node_kind == Quota.Node.DEPARTMENT}

    def depth(each: Slice) -> int:
        steps, at = 0, each.inside
        while at is not None:
            steps, at = steps + 1, above.get(at)
        return steps

    return sorted(slices, key=lambda each: (-depth(each), each.quota.pk))


def _standing(account: Account, *, now: datetime) -> list[Slice]:
    sliced = Quota.objects.in_force().filter(account=account, is_slice=True)
    quotas = list(sliced.exclude(node_kind=Quota.Node.KEY).order_by("pk"))
    flowed = dict(_flowed_back(account, now=now))
    inside = _enclosing(account, quotas)
    return [
        Slice(
            quota=each.quota,
            extra=each.extra,
            taken=each.taken,
            reclaimed=flowed.get(each.quota.pk, (0, 0))[0],
            returned=flowed.get(each.quota.pk, (0, 0))[1],
            inside=inside.get((each.quota.node_kind, each.quota.node_id)),
        )
        for each in standings.of(quotas)
    ]


def _flowed_back(account: Account, *, now: datetime) -> Iterable[tuple[int, tuple[int, int]]]:
    running = Reclaim.objects.filter(account=account, ends_at__gt=now).order_by()
    back = Sum("microcredits", filter=Q(returned_at__isnull=False), default=0)
    sums = running.values_list("window__quota").annotate(reclaimed=Sum("microcredits"), returned=back)
    for quota_id, reclaimed, returned in sums:
        yield quota_id, (reclaimed, returned)


def _enclosing(account: Account, quotas: Iterable[Quota]) -> Mapping[tuple[str, int], int]:
    """For each node the nearest department above it that has a slice."""
    sliced = {(quota.node_kind, quota.node_id) for quota in quotas}
    parents: dict[int, int | None] = dict(Department.objects.filter(account=account).values_list("pk", "parent"))
    ids = [node_id for kind, node_id in sliced if kind == Quota.Node.MEMBER]
    rooms: dict[int, int | None] = dict(Member.objects.filter(pk__in=ids).values_list("pk", "department"))
    found: dict[tuple[str, int], int] = {}
    for kind, node_id in sliced:
        above = {Quota.Node.DEPARTMENT: parents, Quota.Node.MEMBER: rooms}.get(Quota.Node(kind), {}).get(node_id)
        while above is not None and (Quota.Node.DEPARTMENT, above) not in sliced:
            above = parents.get(above)
        if above is not None:
            found[kind, node_id] = above
    return found
