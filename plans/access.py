"""What a caller may see and call: the one policy of the picker, `/v1/models` and the gateway.

The database decides, in `ledger_rules` and `ledger_covers`: the list asks them about every model, and `ledger.reserve`
about the one called.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models, transaction
from django.db.models.expressions import RawSQL

from accounts import audit
from accounts.callers import Caller
from accounts.models import Account, User
from models_catalog.models import ChatModel
from models_catalog.models.chat_model import ChatModels
from plans import ledger, offerings
from plans.models import AccessRule, Lot
from plans.nodes import Node
from portal.kit.refusals import gettext_noop

__all__ = ["HadByAnother", "Rule", "kept_from", "put", "rule_of", "told", "visible", "visible_for"]

_COVERED = """ledger_covers(%s, models_catalog_chatmodel.id, app_now())"""
_REFUSED = """(SELECT r.refused FROM ledger_rules(%s, %s::text[], %s::bigint[], models_catalog_chatmodel.id) r)"""


class HadByAnother(ledger.NotInPlan):
    """The credits of the account are for other models, and something on the shelf has this one: `offer`, `slug`."""

    sentence = gettext_noop(
        "Your plan does not have {model}: the credits of your account are for other models. “{offer}” has it; or "
        "choose another model."
    )


_LEFT = models.Q(available__gt=0) | models.Q(held__gt=0)
_IS_BOUND = models.Exists(AccessRule.objects.filter(account=models.OuterRef("pk"))) | models.Exists(
    Lot.objects.filter(_LEFT, account=models.OuterRef("pk"), chat_model_ids__isnull=False)
)
"""Of an account: that it has rules, or credits that are for some models alone."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a node may call: only these models (None: all), only routes within mainland China, or that never train."""

    chat_model_ids: tuple[int, ...] | None = None
    is_mainland_only: bool = False
    is_never_trained: bool = False


def visible(caller: Caller) -> ChatModels:
    """This will return the published models that no rule keeps from the caller, and for which they have credits."""
    if not Account.objects.filter(_IS_BOUND, pk=caller.account_id).exists():
        return ChatModel.objects.published()
    return _unrefused(caller)


def visible_for(caller: Caller, scenario_ids: Collection[int | None]) -> dict[int | None, frozenset[int]]:
    """This will return by scenario the ids of the models that are `visible` when a call is for it, or for none.

    It asks twice, and once more for each scenario on which a rule stands.
    """
    asked = [each for each in scenario_ids if each is not None]
    rules = AccessRule.objects.filter(account=models.OuterRef("pk"), node_kind="scenario", node_id__in=asked)
    bound = models.ExpressionWrapper(_IS_BOUND, output_field=models.BooleanField())
    account = Account.objects.annotate(is_bound=bound, ruled=ArraySubquery(rules.values("node_id")))
    is_bound, on_scenarios = account.values_list("is_bound", "ruled").get(pk=caller.account_id)
    anything = _unrefused(replace(caller, scenario_id=None)) if is_bound else ChatModel.objects.published()
    common = frozenset(anything.values_list("pk", flat=True))
    ruled = {
        each: frozenset(_unrefused(replace(caller, scenario_id=each)).values_list("pk", flat=True))
        for each in on_scenarios or ()  # nothing where no scenario was asked about
    }
    return {each: common if each is None else ruled.get(each, common) for each in scenario_ids}


def kept_from(caller: Caller, among: ChatModels) -> ChatModels:
    """This will leave the published ones `among` some models that a rule keeps from the caller."""
    return among.published().exclude(pk__in=visible(caller).values("pk"))


def told(refusal: ledger.NotInPlan, *, account_id: int, chat_model_id: int) -> ledger.NotInPlan:
    """This will name the model that the account's credits are not for, and the cheapest offer that has it."""
    model = ChatModel.objects.get(pk=chat_model_id)
    audience = Account.objects.get(pk=account_id).kind
    sold = [*offerings.on_sale(audience=audience), *offerings.packs(audience=audience)]
    having = offerings.holding(model, [version for version in sold if not version.is_for_new])
    if not having:
        return refusal
    cheapest = min(having, key=lambda version: version.price_minor)
    return HadByAnother(**refusal.details, model=model.name, offer=cheapest.label, slug=cheapest.offering.slug)


def rule_of(node: Node) -> Rule:
    """This will return the rule that stands on a node; the freest where none does."""
    row = AccessRule.objects.filter(account=node.account, node_kind=node.kind, node_id=node.id).first()
    if row is None:
        return Rule()
    chosen = None if row.chat_model_ids is None else tuple(row.chat_model_ids)
    return Rule(chat_model_ids=chosen, is_mainland_only=row.is_mainland_only, is_never_trained=row.is_never_trained)


@transaction.atomic
def put(node: Node, rule: Rule, *, by: User, now: datetime) -> None:
    """This will set the rule of a node; it holds from the next call on."""
    before = rule_of(node)
    key: dict[str, Any] = {"account": node.account, "node_kind": node.kind, "node_id": node.id}
    if rule == Rule():
        AccessRule.objects.filter(**key).delete()
    else:
        chosen = None if rule.chat_model_ids is None else list(rule.chat_model_ids)
        AccessRule.objects.update_or_create(**key, defaults=asdict(rule) | {"chat_model_ids": chosen})
    audit.record(
        "access.put",
        subject=node.name,
        account=node.account,
        by=by,
        now=now,
        node=[node.kind, node.id],
        before=asdict(before),
        after=asdict(rule),
    )


def _unrefused(caller: Caller) -> ChatModels:
    kinds, nodes = zip(*caller.nodes, strict=True)
    refused = RawSQL(_REFUSED, [caller.account_id, list(kinds), list(nodes)], models.JSONField())  # noqa: S611 - no values in it
    covered = RawSQL(_COVERED, [caller.account_id], models.BooleanField())  # noqa: S611 - as above
    seen = ChatModel.objects.published().annotate(refused=refused, covered=covered)
    return seen.filter(refused__isnull=True, covered=True)
