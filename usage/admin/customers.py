"""All about one account on one page, for who answers the phone: only read, in few questions, secrets masked."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, DateTimeField, Func, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.admin import AccountAdmin
from accounts.desks import in_credits, in_words, link, money_column, staff, table
from accounts.models import Account, ApiKey, Member, User
from plans import ledger, nodes, standings
from plans.models import Hold, Order, Quota
from plans.standings import Standing
from plans.templatetags.quota_words import within
from usage import codes, refusals
from usage.admin import advices
from usage.models import Call, Refused

QUERY_BUDGET = 9
"""Account, people, lots, quotas, how they stand, keys, orders, calls, refusals."""
MOST_ROWS = 100
LAST = 20


@dataclass(frozen=True)
class Section:
    """One heading of the page and the table below it."""

    title: Any
    table: str


admin.site.unregister(Account)  # the floor below knows nothing of calls and quotas


@admin.register(Account)
class WholeAccountAdmin(AccountAdmin):
    """Households and businesses, each with a page of all that belongs to it."""

    def get_urls(self) -> list[URLPattern]:
        """This will give the page an address below the account's."""
        page = self.admin_site.admin_view(require_safe(self.whole))
        advice = self.admin_site.admin_view(require_safe(self.advice))
        return [
            path("<int:account_id>/whole/", page, name="accounts_account_whole"),
            path("<int:account_id>/advice/", advice, name="accounts_account_advice"),
            *super().get_urls(),
        ]

    @admin.display(description=_("What belongs to it"))
    def belongings(self, account: Account) -> str:
        """This will lead to the page of everything, and to the lists."""
        return format_html(
            "<strong>{}</strong> · {} · {}",
            link("admin:accounts_account_whole", account.pk, _("All on one page")),
            link("admin:accounts_account_advice", account.pk, _("Is the plan right?")),
            super().belongings(account),
        )

    def whole(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """This will show everything about an account."""
        account = self._seen(request, account_id)
        return self._page(request, account, _("All on one page"), sections(account, by=staff(request)))

    def advice(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """This will show what the account is told about its plan."""
        account = self._seen(request, account_id)
        if not staff(request).has_perms(advices.RIGHTS):
            raise PermissionDenied
        shown = [Section(*each) for each in advices.sections(account)]
        return self._page(request, account, _("Is the plan right?"), shown)

    def _seen(self, request: HttpRequest, account_id: int) -> Account:
        account = _account(account_id)
        if not self.has_view_permission(request, account):
            raise PermissionDenied
        return account

    def _page(self, request: HttpRequest, account: Account, name: Any, shown: Sequence[Section]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": account.name,
            "page": name,
            "opts": self.opts,
            "account": account,
            "sections": shown,
            "usual_page": reverse("admin:accounts_account_change", args=[account.pk]),
        }
        return render(request, "admin/account_whole.html", context)


def sections(account: Any, *, by: User) -> list[Section]:
    """This will return what `by` may see of it; `account` knows the moment it was asked at."""
    known: Sequence[tuple[Any, str, Callable[[Any], str]]] = (
        (_("The account"), "accounts.view_account", _facts),
        (_("People"), "accounts.view_member", _people),
        (_("Lots"), "plans.view_lot", _lots),
        (_("Quotas as they stand"), "plans.view_quota", _quotas),
        (_("API keys"), "accounts.view_apikey", _keys),
        (_("Last orders"), "plans.view_order", _orders),
        (_("Last calls"), "usage.view_call", _calls),
        (_("Last refusals"), "usage.view_refused", _refusals),
    )
    return [Section(title, rows(account)) for title, right, rows in known if by.has_perm(right)]


def _account(account_id: int) -> Account:
    open_calls = Hold.objects.filter(account_id=OuterRef("pk")).order_by().values("account_id")
    asked = Account.objects.annotate(
        asked_at=Func(function="app_now", output_field=DateTimeField()),
        open_calls=Coalesce(Subquery(open_calls.annotate(number=Count("pk")).values("number")), Value(0)),
    )
    account = asked.filter(pk=account_id).first()
    if account is None:
        raise Http404
    return account


def _facts(account: Any) -> str:
    facts = (
        (_("kind"), account.get_kind_display()),
        (_("time zone"), account.time_zone),
        (_("founded"), in_words(account.created_at)),
        (_("suspended"), in_words(account.suspended_at)),
        (_("paused"), in_words(account.paused_at)),
        (_("open calls"), account.open_calls),
    )
    return table((_("what"), _("as it is")), facts)


def _people(account: Account) -> str:
    people: QuerySet[Any] = account.members.select_related("user", "department").annotate(
        devices_in_use=Count("devices", filter=Q(devices__ended_at=None), distinct=True),
        keys_in_use=Count("api_keys", filter=Q(api_keys__revoked_at=None), distinct=True),
    )
    rows = (
        (
            link("admin:accounts_member_change", member.pk, member.name),
            member.get_role_display(),
            member.department or "–",
            link("admin:accounts_user_change", member.user_id, member.user.email or member.user.phone or _("a code")),
            _state(member),
            member.devices_in_use,
            member.keys_in_use,
        )
        for member in people.order_by("left_at", "pk")[:MOST_ROWS]
    )
    heads = (_("name"), _("role"), _("department"), _("signs in with"), _("state"), _("devices"), _("keys in use"))
    return table(heads, rows)


def _lots(account: Any) -> str:
    left = ledger.balance(account.pk, now=account.asked_at)
    rows: list[Sequence[Any]] = [
        (
            link("admin:plans_lot_change", lot.lot_id, lot.name),
            *(in_credits(figure) for figure in (lot.granted, lot.used, lot.held, lot.available)),
            in_words(lot.expires_at),
        )
        for lot in left.lots
    ]
    rows.append((_("Together"), "", "", in_credits(left.held), in_credits(left.left), ""))
    return table((_("lot"), _("granted"), _("used"), _("set aside"), _("available"), _("ends")), rows)


def _quotas(account: Account) -> str:
    named: list[Any] = [
        When(node_kind=kind, then=Subquery(node.objects.filter(pk=OuterRef("node_id")).values(_shown(kind))[:1]))
        for kind, node in nodes.TABLES.items()
    ]
    quotas = Quota.objects.in_force().filter(account=account).annotate(name=Case(*named, default=Value(account.name)))
    rows = [_standing(each) for each in standings.of(quotas.order_by("node_kind", "node_id", "pk")[:MOST_ROWS])]
    heads = (_("whose"), _("quota"), _("used"), _("set aside"), _("at most"), _("remaining"), _("starts anew"))
    return table(heads, rows)


def _standing(standing: Standing) -> Sequence[Any]:
    quota: Any = standing.quota
    is_credits = quota.metric == Quota.Metric.MICROCREDITS
    figures = (standing.used, standing.held, standing.most, standing.left)
    return (
        f"{capfirst(quota.get_node_kind_display())}: {quota.name}",
        link("admin:plans_quota_change", quota.pk, within(quota)),
        *(in_credits(figure) if is_credits else f"{figure:,}" for figure in figures),
        in_words(standing.resets_at),
    )


def _keys(account: Account) -> str:
    keys = ApiKey.objects.filter(account=account).select_related("member").newest_first()
    rows = (
        (
            link("admin:accounts_apikey_change", key.pk, key.label),
            f"{key.prefix}…{key.last_four}",
            key.member.name,
            in_words(key.created_at),
            in_words(key.used_at),
            in_words(key.expires_at),
            in_words(key.revoked_at),
        )
        for key in keys[:MOST_ROWS]
    )
    heads = (_("label"), _("key"), _("member"), _("issued"), _("last used"), _("expires"), _("revoked"))
    return table(heads, rows)


def _orders(account: Account) -> str:
    orders, price = Order.objects.of_account(account.pk), money_column("price_minor", _("price"))
    rows = (
        (
            link("admin:plans_order_change", order.pk, order.offering_version),
            price(order),
            order.get_state_display(),
            in_words(order.placed_at),
        )
        for order in orders[:LAST]
    )
    return table((_("order"), _("price"), _("state"), _("placed")), rows)


def _calls(account: Account) -> str:
    calls = Call.objects.of_account(account.pk).newest_first().select_related("member", "chat_model")
    rows = (
        (
            link("admin:usage_call_change", call.pk, codes.code_of(call.pk)),
            in_words(call.opened_at),
            call.member.name,
            call.chat_model.name,
            call.get_state_display(),
            call.error_code or "–",
            in_credits(call.charged_microcredits),
        )
        for call in calls[:LAST]
    )
    heads = (_("receipt"), _("opened"), _("member"), _("model"), _("state"), _("error code"), _("credits"))
    return table(heads, rows)


def _refusals(account: Account) -> str:
    who = Subquery(Member.objects.filter(pk=OuterRef("member_id")).values("name")[:1])
    rows: Iterable[Any] = Refused.objects.filter(account_id=account.pk).annotate(who=who).order_by("-refused_at")[:LAST]
    cells = (
        (
            link("admin:usage_refused_change", row.pk, row.code),
            in_words(row.refused_at),
            row.who or "–",
            row.model_name,
            refusals.sentence_of(row),
        )
        for row in rows
    )
    return table((_("why"), _("when"), _("member"), _("model"), _("what was said")), cells)


def _state(member: Member) -> str:
    if member.left_at:
        return _("left {when}").format(when=in_words(member.left_at))
    if member.paused_at:
        return _("paused since {when}").format(when=in_words(member.paused_at))
    return str(_("active") if member.user.is_active else _("may not sign in"))


def _shown(kind: str) -> str:
    return "label" if kind == Quota.Node.KEY else "name"
