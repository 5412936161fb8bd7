"""Quotas: setting them on any node of an account, ending them, and saying which one refused a call."""

from dataclasses import asdict, dataclass
from datetime import datetime
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts import audit
from accounts.models import Account, Department, Member, User
from models_catalog.models import ChatModel
from plans import ledger, nodes, returns, used_up
from plans.ledger import QuotaExceeded
from plans.models import Quota
from plans.models.quota import LARGEST_LIMIT, MOST_GRACE_PERCENT
from plans.used_up import RateExceeded
from portal.kit import clock
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import MICROCREDITS_PER_CREDIT, Microcredits

HUNDRED = 100


class UnknownNode(Refusal):
    """The account has no such department, project, member, key or scenario."""

    code = "unknown_node"
    status = 404
    sentence = gettext_noop("This account has nothing of that kind with that number. Choose one from the list.")


class BadQuota(Refusal):
    """The terms do not fit together."""

    code = "bad_quota"
    status = 422
    sentence = gettext_noop(
        "These terms do not fit together. A slice counts credits of all models, has no grace, is not of the whole"
        " account, and not of a minute or a session."
    )


class NoPlanToCount(Refusal):
    """Money's worth is counted by what a credit was paid with, and nothing was bought yet."""

    code = "no_plan_to_count"
    status = 409
    sentence = gettext_noop("Nothing was bought yet, so money cannot be counted in credits. Say it in credits.")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a node may use in a window: `limit` in microcredits, calls or tokens, soft by `grace_percent`.

    Calls at once are of a lifetime. With `chat_model_id` only that model's calls count.

    A slice is set aside of the account's credits; otherwise it is a ceiling on the pool. `said` is what was typed
    where it was not credits: minor units of money, or percent of what the plans grant (see `worth`).
    """

    window: str
    limit: int
    metric: str = Quota.Metric.MICROCREDITS
    chat_model_id: int | None = None
    grace_percent: int = 0
    is_slice: bool = False
    unit: str = Quota.Unit.CREDITS
    said: int | None = None
    is_brake: bool = False


@transaction.atomic
def put(account: Account, *, node_kind: str, node_id: int, terms: Terms, by: User | None, now: datetime) -> Quota:
    """This will set a quota, or change the one of the same window, metric and model; running calls go on as they are.

    A slice that is raised counts from then on where unused slices flow back; one that is lowered gets back what
    flowed from it, as far as it would have less than it has used. Raises `UnknownNode` and `BadQuota`.
    """
    if nodes.name_of(account, node_kind, node_id) is None:
        raise UnknownNode
    if not _fit(node_kind, terms):
        raise BadQuota
    moment = ledger.stop_admission(account.pk)
    told: dict[str, Any] = asdict(terms)
    same = {name: told.pop(name) for name in ("window", "metric", "chat_model_id")}
    same |= {"account": account, "node_kind": node_kind, "node_id": node_id}
    before = Quota.objects.in_force().filter(**same).first()
    if before and (terms.limit > before.limit or (terms.is_slice and not before.is_slice)):
        told["raised_at"] = moment
    quota, _ = Quota.objects.in_force().update_or_create(
        **same, defaults=told, create_defaults=told | {"created_at": moment}
    )
    if before and quota.limit < before.limit:
        returns.make_good(account, [quota], moment=moment)
    audit.record("quota.put", subject=str(quota), account=account, by=by, now=now, **asdict(terms))
    return quota


@transaction.atomic
def end(quota: Quota, *, by: User | None, now: datetime) -> None:
    """This will end a quota for calls that are opened from now on; its windows stay for the books."""
    moment = ledger.stop_admission(quota.account_id)
    Quota.objects.in_force().filter(pk=quota.pk).update(ended_at=moment)
    audit.record("quota.end", subject=str(quota), account=quota.account, by=by, now=now)


def worth(account_id: int, *, unit: str, said: int, now: datetime) -> Microcredits:
    """This will return the microcredits that `said` stands for today.

    Money is counted at what a credit of the newest plan was paid with, a share of what the plans in force grant.
    Raises `NoPlanToCount`.
    """
    if unit == Quota.Unit.SHARE:
        return part_of(ledger.granted_by_plans(account_id, now=now), percent=said)
    price = ledger.paid_a_credit(account_id)
    if not price:
        raise NoPlanToCount
    return Microcredits(min(int(said * MICROCREDITS_PER_CREDIT / price), LARGEST_LIMIT))


def part_of(granted: Microcredits, *, percent: int) -> Microcredits:
    """This will return what a share of `percent` is of what the plans grant, rounded down; a quota holds no more."""
    return Microcredits(min(granted * percent // HUNDRED, LARGEST_LIMIT))


@transaction.atomic
def follow_plan(account_id: int) -> None:
    """This will let the quotas that are a share of the plan follow what the plans grant at this moment.

    What it changes it writes down, by nobody: kind, id, microcredits before and after of each. It is as with `put`.
    """
    shares = Quota.objects.in_force().filter(account=account_id, unit=Quota.Unit.SHARE)
    if not shares.exists():
        return
    moment = ledger.stop_admission(account_id)  # later than the lot that was granted just now
    granted = ledger.granted_by_plans(account_id, now=moment)
    changed: list[list[object]] = []
    lowered: list[Quota] = []
    for quota in shares.order_by("pk"):
        before, quota.limit = quota.limit, part_of(granted, percent=quota.said or 0)
        if quota.limit != before:
            raised = {"raised_at": moment} if quota.limit > before else {}
            Quota.objects.in_force().filter(pk=quota.pk).update(limit=quota.limit, **raised)
            changed.append([quota.node_kind, quota.node_id, before, quota.limit])
            lowered += [] if raised else [quota]
    if not changed:
        return
    account = Account.objects.get(pk=account_id)
    audit.record("quota.follow_plan", subject=account.name, account=account, by=None, now=moment, changed=changed)
    if lowered:
        returns.make_good(account, lowered, moment=moment)


def told(refusal: QuotaExceeded, *, account_id: int) -> QuotaExceeded:
    """This will say a quota's refusal in words: whose, which window, how much of what, and when it starts anew."""
    details = dict(refusal.details)
    details["limit"] = max(0, int(str(details["limit"])))  # more than all of it may be lent
    account = Account.objects.get(pk=account_id)
    node_kind, node_id = str(details["node_kind"]), int(str(details["node_id"]))
    name = nodes.name_of(account, node_kind, node_id) or account.name
    taken = int(str(details["used"])) + int(str(details["held"]))
    metric = str(details["metric"])
    words = {
        "whose": _with_model(name, details.get("chat_model_id")),
        "used": _figure(taken, metric),
        "limit": _figure(int(str(details["limit"])), metric),
        "needed": _figure(int(str(details.get("needed", 0))), metric),
        "resets_at": _moment(details["resets_at"], account.time_zone),
        "ask": ", ".join(each.name for each in deciders(account, node_kind, node_id)),
    }
    kind = used_up.kind_of(refusal)
    if issubclass(kind, RateExceeded):
        details["retry_after_seconds"] = _seconds_until(details["resets_at"])
    return kind(**details, node_name=name, told=words)


def deciders(account: Account, node_kind: str, node_id: int) -> list[Member]:
    """This will return who can give a node more: the nearest heads above it, else the owners."""
    people = account.members.active()
    department: int | None = None
    if node_kind == Quota.Node.MEMBER:
        department = people.filter(pk=node_id).values_list("department", flat=True).first()
    elif node_kind == Quota.Node.DEPARTMENT:
        department = Department.objects.filter(pk=node_id).values_list("parent", flat=True).first()
    while department is not None:
        heads = people.filter(department=department, role=Member.Role.HEAD)
        if node_kind == Quota.Node.MEMBER:
            heads = heads.exclude(pk=node_id)
        if found := list(heads.select_related("user")):
            return found
        department = Department.objects.filter(pk=department).values_list("parent", flat=True).first()
    return list(people.filter(role=Member.Role.OWNER).select_related("user").order_by("joined_at", "pk"))


def _fit(node_kind: str, terms: Terms) -> bool:
    known = terms.window in Quota.Window.values and terms.metric in Quota.Metric.values
    sane = 0 <= terms.limit <= LARGEST_LIMIT and 0 <= terms.grace_percent <= MOST_GRACE_PERCENT
    at_once = terms.metric != Quota.Metric.AT_ONCE or terms.window == Quota.Window.LIFETIME
    sliced = terms.metric == Quota.Metric.MICROCREDITS and not terms.grace_percent and node_kind != Quota.Node.ACCOUNT
    sliced = sliced and terms.chat_model_id is None and terms.window not in {Quota.Window.MINUTE, Quota.Window.SESSION}
    return known and sane and at_once and (sliced or not terms.is_slice)


def _figure(amount: int, metric: str) -> str:
    return f"{amount // MICROCREDITS_PER_CREDIT if metric == Quota.Metric.MICROCREDITS else amount:,}"


def _with_model(name: str, chat_model_id: object) -> str:
    model = ChatModel.objects.filter(pk=int(str(chat_model_id))).first() if chat_model_id else None
    return f"{name} ({model.name})" if model else name


def _seconds_until(resets_at: object) -> int:
    """Until the minute is over; calls at once come back at any moment."""
    if not resets_at:
        return 1
    return max(1, ceil((datetime.fromisoformat(str(resets_at)) - clock.now()).total_seconds()))


def _moment(resets_at: object, zone: str) -> str:
    if not resets_at:
        return ""
    return datetime.fromisoformat(str(resets_at)).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
