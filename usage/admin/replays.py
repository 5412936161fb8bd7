"""Why a call was refused: what decided then, how the same stands now, and what was changed around that moment."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.desks import in_credits, in_words
from accounts.models import Account, AuditEvent, Guardianship, Member
from models_catalog import catalog
from models_catalog.models import ChatModel
from plans import access, ledger, nodes, standings
from plans.models import Awake, ChildDay, Hold, Quota, Wallet
from plans.nodes import Node
from plans.standings import Standing
from portal.kit import database
from portal.kit.refusals import Refusal
from usage import pausing
from usage.models import Refused

AROUND = timedelta(days=1)
MOST_EVENTS = 50
MINUTES_A_BLOCK = 5
ABOUT_ACCESS = (
    "quota.",
    "access.",
    "pause",
    "resume",
    "extra.",
    "child.limit",
    "member.place",
    "staff.",
    "department.",
)
"""The verbs of what may have changed whether a call is let in."""
WHY = {
    "model": gettext_lazy("the model is not among those allowed"),
    "route": gettext_lazy("no open route is of the kind that is allowed"),
}
_RULES = "SELECT r.refused ->> 'why' FROM ledger_rules(%s, ARRAY[%s::text], ARRAY[%s::bigint], %s) r"


@dataclass(frozen=True)
class Line:
    """One figure as it was then and as it is now."""

    what: Any
    then: Any
    now: Any


@dataclass(frozen=True)
class _Case:
    """One refusal, whose it was, and the moment at which it is looked at."""

    row: Refused
    account: Account
    moment: datetime

    @property
    def node(self) -> Node | None:
        """What the refusal names: a department, a key and so on; its name is that of now."""
        kind, node_id = self.row.details.get("node_kind"), self.row.details.get("node_id")
        if kind is None or node_id is None:
            return None
        name = nodes.name_of(self.account, str(kind), int(node_id))
        return Node(str(kind), int(node_id), name or "–", self.account, may_change=False)

    def in_zone(self, moment: Any) -> str:
        """This will write a moment by the account's clock."""
        known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return f"{known.astimezone(ZoneInfo(self.account.time_zone)):%Y-%m-%d %H:%M}" if known else "–"


def lines_of(row: Refused, *, now: datetime) -> list[Line]:
    """This will say what decided then beside how the same stands now, and what was left then and is left now."""
    account = Account.objects.filter(pk=row.account_id).first()
    if account is None:
        return []
    case = _Case(row, account, now)
    about: Callable[[_Case], Iterable[Line]] = _CASES.get(row.code, _as_told)
    return [*about(case), *_credits(case), *_account(case)]


def events_around(row: Refused) -> Sequence[AuditEvent]:
    """This will return what was done about quotas, rules and pauses of the account within a day of the refusal."""
    events = AuditEvent.objects.filter(
        account=row.account_id,
        created_at__range=(row.refused_at - AROUND, row.refused_at + AROUND),
        verb__regex="^({})".format("|".join(verb.replace(".", r"\.") for verb in ABOUT_ACCESS)),
    )
    return list(events.select_related("actor").order_by("created_at", "pk")[:MOST_EVENTS])


def _quota(case: _Case) -> Iterable[Line]:
    """What a session has used by now is not told: a quota has many, and the refusal does not name it."""
    details = case.row.details
    quota = Quota.objects.filter(pk=details.get("quota_id") or 0).first()
    standing = next(iter(standings.of([quota])), None) if quota else None
    metric = str(details["metric"])
    yield _whose(case)
    yield Line(_("window"), _window(details["window"]), _window(quota.window) if quota else "–")
    for words, name, figure in _FIGURES:
        then = _amount(int(details[name]), metric) if name in details else "–"
        is_known = standing is not None and (name == "limit" or standing.quota.window != Quota.Window.SESSION)
        yield Line(words, then, _amount(figure(standing), metric) if standing and is_known else "–")
    yield Line(_("grace, in percent"), details["grace_percent"], quota.grace_percent if quota else "–")
    ends = standing.resets_at if standing else None
    yield Line(_("starts anew"), case.in_zone(details["resets_at"]), case.in_zone(ends))
    yield Line(_("in force"), _("yes"), _in_force(quota))
    for words, name in ((_("needed at least"), "needed"), (_("set aside for others"), "set_aside")):
        if name in details:
            yield Line(words, _amount(int(details[name]), metric), "")


def _rule(case: _Case) -> Iterable[Line]:
    yield _whose(case)
    if (node := case.node) is None:
        return
    rule = access.rule_of(node)
    yield Line(_("the model"), case.row.model_name, "")
    yield Line(_("what this rule says of it"), WHY.get(str(case.row.details.get("why")), "–"), _verdict(case, node))
    chosen = rule.chat_model_ids
    names = None if chosen is None else ChatModel.objects.filter(pk__in=chosen).values_list("name", flat=True)
    yield Line(_("models allowed"), "", _("all") if names is None else ", ".join(names) or _("none"))
    yield Line(_("mainland routes only"), "", _yes(rule.is_mainland_only))
    yield Line(_("never trains on data"), "", _yes(rule.is_never_trained))


def _pause(case: _Case) -> Iterable[Line]:
    yield _whose(case)
    if (node := case.node) is not None:
        since = pausing.paused_at(node)
        yield Line(_("paused"), _("yes"), case.in_zone(since) if since else _("no"))


def _quiet_hours(case: _Case) -> Iterable[Line]:
    details, child = case.row.details, Guardianship.objects.filter(member=case.row.member_id).first()
    now = f"{child.quiet_from:%H:%M}–{child.quiet_to:%H:%M}" if child and child.quiet_from and child.quiet_to else "–"
    yield Line(_("quiet hours"), f"{details['quiet_from']}–{details['quiet_to']}", now)
    local = case.moment.astimezone(ZoneInfo(case.account.time_zone)).time()
    yield Line(_("quiet"), _("yes"), _yes(child is not None and child.is_quiet(local)))
    awake = Awake.objects.filter(member=case.row.member_id, until__gt=case.moment).first()
    yield Line(_("may stay up until"), "", case.in_zone(awake.until if awake else None))


def _minutes(case: _Case) -> Iterable[Line]:
    details, child = case.row.details, Guardianship.objects.filter(member=case.row.member_id).first()
    today = case.account.local_day(case.moment)
    day = ChildDay.objects.filter(member_id=case.row.member_id, day=today).first()
    extra = day.extra_minutes if day else 0
    most = child.daily_minutes + extra if child and child.daily_minutes is not None else None
    yield Line(_("minutes used"), details["used"], MINUTES_A_BLOCK * len(day.blocks) if day else 0)
    yield Line(_("minutes a day"), details["limit"], _("any") if most is None else most)
    yield Line(_("starts anew"), case.in_zone(details["resets_at"]), "")


def _no_credits(case: _Case) -> Iterable[Line]:
    details = case.row.details
    free = ledger.balance(case.account.pk, now=case.moment).left
    yield Line(_("free for new calls"), in_credits(int(details.get("available", 0))), in_credits(free))
    yield Line(_("needed at least"), in_credits(int(details.get("needed", 0))), "")


def _only_reads(case: _Case) -> Iterable[Line]:
    member = Member.objects.filter(pk=case.row.member_id).first()
    yield Line(_("role"), Member.Role.AUDITOR.label, member.get_role_display() if member else "–")


def _too_many(case: _Case) -> Iterable[Line]:
    open_calls = Hold.objects.filter(account_id=case.account.pk).count()
    yield Line(_("open calls"), case.row.details.get("limit", "–"), open_calls)


def _as_told(case: _Case) -> Iterable[Line]:
    """Whatever a refusal had to say that nothing of now can be set beside."""
    return [Line(name, str(told), "") for name, told in case.row.details.items() if name != "told"]


def _credits(case: _Case) -> Iterable[Line]:
    left = ledger.balance(case.account.pk, now=case.moment)
    try:
        then = in_credits(ledger.left_at(case.account.pk, case.row.refused_at).left)
    except ledger.NoBooksThen:
        then = "–"
    yield Line(_("credits left, open calls included"), then, in_credits(left.left + left.held))


def _account(case: _Case) -> Iterable[Line]:
    wallet = Wallet.objects.filter(account=case.account.pk).first()
    stopped = case.account.suspended_at is not None or (wallet is not None and wallet.debt > 0)
    yield Line(_("account suspended or in debt"), _yes(case.row.code == "account_suspended"), _yes(stopped))


def _whose(case: _Case) -> Line:
    node = case.node
    kind = capfirst(str(Quota.Node(node.kind).label)) if node else "–"
    name = node.name if node else "–"
    return Line(_("whose"), f"{kind}: {case.row.details.get('node_name', name)}", f"{kind}: {name}")


def _verdict(case: _Case, node: Node) -> Any:
    """Asked of the very function that decides."""
    try:
        model_id = catalog.offer(case.row.model_name).chat_model_id
    except Refusal:
        return _("the model cannot be called at all")
    why = database.value(_RULES, case.account.pk, node.kind, node.id, model_id)
    return WHY[why] if why else _("it lets it through")


def _window(name: Any) -> str:
    return str(Quota.Window(name).label) if name in Quota.Window.values else str(name)


def _in_force(quota: Quota | None) -> str:
    if quota is None:
        return "–"
    return _("ended {when}").format(when=in_words(quota.ended_at)) if quota.ended_at else _("yes")


def _amount(figure: int, metric: str) -> str:
    return in_credits(figure) if metric == Quota.Metric.MICROCREDITS else f"{figure:,}"


def _yes(is_so: bool) -> str:  # noqa: FBT001 - a word for it
    return _("yes") if is_so else _("no")


_FIGURES: Sequence[tuple[Any, str, Callable[[Standing], int]]] = (
    (gettext_lazy("used"), "used", lambda standing: standing.used),
    (gettext_lazy("set aside for open calls"), "held", lambda standing: standing.held),
    (gettext_lazy("at most"), "limit", lambda standing: standing.most),
)
_CASES: Mapping[str, Callable[[_Case], Iterable[Line]]] = {
    "quota_exceeded": _quota,
    "rate_limit_exceeded": _quota,
    "model_not_allowed": _rule,
    "paused": _pause,
    "quiet_hours": _quiet_hours,
    "minutes_used": _minutes,
    "insufficient_quota": _no_credits,
    "only_reads": _only_reads,
    "too_many_open_calls": _too_many,
}
