"""Keys as customers order them: with chosen models, a ceiling a month, and a brake for the nights of a new one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts import api_keys
from accounts.api_keys import Wish
from accounts.models import ApiKey, Member, User
from models_catalog.models import ChatModel
from plans import access, ledger, quotas, standings
from plans.access import Rule
from plans.models import AccessRule, Quota
from plans.models.quota import LARGEST_LIMIT, QuotaQuerySet
from plans.nodes import Node
from plans.quotas import Terms
from portal.kit.units import Microcredits, credits

BRAKE_PERCENT = {Quota.Window.DAY: 10, Quota.Window.NIGHT_HOUR: 3}
"""What a new key may use of the pool in a day, and in an hour of the night."""
POOL_TO_COME = credits(1_000_000)
"""What a brake is measured by while nothing was bought yet."""
FREE = Rule()
HUNDRED = 100
BATCH = 100
AWAITED = timedelta(days=1)
"""So long after its issue the page of a key looks for its first call."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a key may call, and what it may spend in a month; None is whatever its holder may."""

    rule: Rule = FREE
    monthly: Microcredits | None = None


@dataclass(frozen=True)
class Line:
    """A key as lists show it; without a list of models it calls every one that its holder may."""

    key: ApiKey
    state: str
    """in_use, paused, ended or revoked"""
    is_braked: bool
    models: Sequence[ChatModel] | None


@transaction.atomic
def issue(member: Member, wish: Wish, bounds: Bounds, *, by: User, now: datetime) -> tuple[ApiKey, str]:
    """This will issue a key of `member` with its bounds, braked if it calls models; returns it with its secret.

    Raises the refusals of `api_keys.issue`.
    """
    key, secret = api_keys.issue(member, wish, by=by, now=now)
    if key.is_management:
        return key, secret
    if bounds.rule != FREE:
        access.put(node_of(key), bounds.rule, by=by, now=now)
    if bounds.monthly is not None:
        _put(key, Terms(window=Quota.Window.MONTH, limit=bounds.monthly), by=by, now=now)
    pool = _pool(key.account_id, now=now)
    for window, percent in BRAKE_PERCENT.items():
        limit = min(pool * percent // HUNDRED, LARGEST_LIMIT)
        _put(key, Terms(window=window, limit=limit, is_brake=True), by=by, now=now)
    return key, secret


@transaction.atomic
def rotate(key: ApiKey, *, overlap_seconds: int, by: User, now: datetime) -> tuple[ApiKey, str]:
    """This will replace a key by one with the same rule and quotas, and return it with its secret.

    What the old one has used of its windows counts for the new one, but a session begins anew; a brake that was
    lifted stays lifted, and what is set aside moves over at once. Raises the refusals of `api_keys.rotate`.
    """
    new, secret = api_keys.rotate(key, overlap_seconds=overlap_seconds, by=by, now=now)
    rule = access.rule_of(node_of(key))
    if rule != FREE:
        access.put(node_of(new), rule, by=by, now=now)
    for standing in standings.of(_quotas_of([key.pk])):
        old = standing.quota
        if old.is_slice:
            quotas.end(old, by=by, now=now)
        again = _put(new, _terms_of(old), by=by, now=now)
        if counted := max(standing.extra - standing.taken, -old.limit):
            ledger.give_extra(again.pk, amount=counted)
    return new, secret


@transaction.atomic
def lift_brake(key: ApiKey, *, by: User, now: datetime) -> None:
    """This will let a new key use what its holder may; its own ceilings stay."""
    for quota in _quotas_of([key.pk]).filter(is_brake=True):
        quotas.end(quota, by=by, now=now)


@transaction.atomic
def slow(key: ApiKey, *, limit: Microcredits, now: datetime) -> bool:
    """This will brake a key to `limit` in five hours until somebody lifts it; a quota of its own there stays."""
    if (
        _quotas_of([key.pk])
        .filter(window=Quota.Window.FIVE_HOURS, metric=Quota.Metric.MICROCREDITS, chat_model=None)
        .exists()
    ):
        return False
    quotas.put(
        key.account,
        node_kind=Quota.Node.KEY,
        node_id=key.pk,
        terms=Terms(window=Quota.Window.FIVE_HOURS, limit=limit, is_brake=True),
        by=None,
        now=now,
    )
    return True


def within(bounds: Bounds, creator: ApiKey) -> Bounds:
    """This will keep of the bounds that are wished what a key that issues keys may call itself."""
    own, wished = access.rule_of(node_of(creator)), bounds.rule
    both = [each.chat_model_ids for each in (own, wished) if each.chat_model_ids is not None]
    chosen = tuple(sorted(set.intersection(*(set(ids) for ids in both)))) if both else None
    rule = Rule(
        chat_model_ids=chosen,
        is_mainland_only=own.is_mainland_only or wished.is_mainland_only,
        is_never_trained=own.is_never_trained or wished.is_never_trained,
    )
    return Bounds(rule=rule, monthly=bounds.monthly)


def lines(keys: Iterable[ApiKey], *, now: datetime) -> list[Line]:
    """This will tell of each key, in their order, how it stands and what it may call."""
    shown = list(keys)
    ids = [key.pk for key in shown]
    braked = set(_quotas_of(ids).filter(is_brake=True).values_list("node_id", flat=True))
    rules = AccessRule.objects.filter(node_kind=Quota.Node.KEY, node_id__in=ids)
    chosen = {each.node_id: each.chat_model_ids for each in rules if each.chat_model_ids is not None}
    models = ChatModel.objects.in_bulk({each for ids in chosen.values() for each in ids}) if chosen else {}
    return [
        Line(
            key,
            _state(key, now=now),
            key.pk in braked,
            [models[each] for each in chosen[key.pk] if each in models] if key.pk in chosen else None,
        )
        for key in shown
    ]


def tidy(now: datetime) -> int:
    """This will end the quotas of keys that have ended, so that nothing stays set aside for them."""
    dead = ApiKey.objects.filter(~Q(revoked_at=None) | Q(expires_at__lte=now)).values("pk")
    left = Quota.objects.in_force().filter(node_kind=Quota.Node.KEY, node_id__in=dead).select_related("account")
    ended = list(left.order_by("pk")[:BATCH])
    for quota in ended:
        quotas.end(quota, by=None, now=now)
    return len(ended)


def node_of(key: ApiKey) -> Node:
    """This will return the key as the node that its quotas and its rule stand on."""
    return Node(Quota.Node.KEY, key.pk, key.label, key.account, may_change=False)


def _pool(account_id: int, *, now: datetime) -> Microcredits:
    granted = ledger.granted_by_plans(account_id, now=now)
    return max(granted, ledger.balance(account_id, now=now).left) or POOL_TO_COME


def _put(key: ApiKey, terms: Terms, *, by: User, now: datetime) -> Quota:
    return quotas.put(key.account, node_kind=Quota.Node.KEY, node_id=key.pk, terms=terms, by=by, now=now)


def _quotas_of(key_ids: Sequence[int]) -> QuotaQuerySet:
    return Quota.objects.in_force().filter(node_kind=Quota.Node.KEY, node_id__in=key_ids)


def _terms_of(quota: Quota) -> Terms:
    return Terms(
        window=quota.window,
        limit=quota.limit,
        metric=quota.metric,
        chat_model_id=quota.chat_model_id,
        grace_percent=quota.grace_percent,
        is_slice=quota.is_slice,
        unit=quota.unit,
        said=quota.said,
        is_brake=quota.is_brake,
    )


def _state(key: ApiKey, *, now: datetime) -> str:
    if key.revoked_at:
        return "revoked"
    if key.has_ended(now):
        return "ended"
    return "paused" if key.paused_at else "in_use"
