"""Calls in admin: what was used, charged and drawn on, only read; never a word of what was said."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Func, IntegerField
from django.db.models.lookups import Exact
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.desks import Endless, by_id_or_account, credits_column, filter_among, in_credits, in_words, link, table
from models_catalog.models import Price
from portal.kit import clock, ids
from usage import codes, receipts
from usage.models import Attempt, Call, CallLot, LateEvidence

SPANS = {
    "hour": (timedelta(hours=1), _("the last hour")),
    "day": (timedelta(days=1), _("the last 24 hours")),
    "week": (timedelta(days=7), _("the last 7 days")),
    "month": (timedelta(days=30), _("the last 30 days")),
}


class CallNumber(Func):
    """The number that a call's short code writes."""

    function = "call_number"
    output_field = IntegerField()


class Opened(admin.SimpleListFilter):
    """When a call was opened, asked of its id, which carries the moment and is the table's one order."""

    title = _("opened")
    parameter_name = "opened"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:  # noqa: ARG002 - Django's signature
        """This will offer the spans."""
        return [(name, words) for name, (_span, words) in SPANS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002 - Django's signature
        """This will keep the calls of the chosen span."""
        chosen = self.value()
        return queryset.filter(id__gte=ids.earliest(clock.now() - SPANS[chosen][0])) if chosen in SPANS else queryset


@admin.register(Call)
class CallAdmin(Endless[Call]):
    """Calls that have ended; the open ones are holds."""

    list_display = (
        "opened_at",
        "account",
        "member",
        "chat_model",
        "state",
        "how",
        credits_column("charged_microcredits", _("credits")),
    )
    list_filter = (
        Opened,
        "state",
        "how",
        filter_among("source", _("asked from"), {"chat": _("chat"), "api": _("API")}),
    )
    list_select_related = ("account", "member", "chat_model")
    search_fields = ("id",)
    search_help_text = _("A call's id or short code (K7-3M2), or the name of an account.")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "id",
                    "account",
                    "member",
                    "departments",
                    "project",
                    "scenario",
                    "api_key",
                    "end_user",
                    "source",
                    "streamed",
                )
            },
        ),
        (_("What it cost"), {"fields": ("figures", "drawn", "charged_exactly", "held", "how", "estimated", "books")}),
        (
            _("How it went"),
            {
                "fields": (
                    "chat_model",
                    "state",
                    "finish_reason",
                    "error_code",
                    "opened_at",
                    "accepted_at",
                    "first_token_milliseconds",
                    "ended_at",
                    "attempts",
                )
            },
        ),
    )
    readonly_fields = ("figures", "drawn", "charged_exactly", "held", "books", "attempts")

    @admin.display(description=_("charged"))
    def charged_exactly(self, call: Call) -> str:
        """This will write what was charged, in credits."""
        return in_credits(call.charged_microcredits)

    @admin.display(description=_("set aside before"))
    def held(self, call: Call) -> str:
        """This will write what was set aside while the call was open, in credits."""
        return in_credits(call.held_microcredits)

    @admin.display(description=_("as the customer's receipt has it"))
    def figures(self, call: Call) -> str:
        """This will show the lines of the receipt, which add up to what was charged."""
        receipt = receipts.of(call)
        rows: list[tuple[Any, ...]] = [
            (_class(line.token_class), f"{line.tokens:,}", f"×{_factor(line.rate)}", in_credits(line.amount))
            for line in receipt.lines
        ]
        extra = ((_("each call"), receipt.per_request), (_("rounded up, once"), receipt.rounding))
        rows += [(words, "", "", in_credits(amount)) for words, amount in extra if amount]
        if receipt.forgiven:
            rows.append((_("not charged"), "", "", in_credits(-receipt.forgiven)))
        rows.append((_("credits"), "", "", in_credits(receipt.charged)))
        return table((_("token class"), _("tokens"), _("price"), _("credits")), rows)

    @admin.display(description=_("lots drawn on"))
    def drawn(self, call: Call) -> str:
        """This will lead to each lot that paid, with what it had before and after."""
        lots = CallLot.objects.filter(call_id=call.pk).select_related("lot").order_by("ord")
        rows = (
            (
                link("admin:plans_lot_change", each.lot_id, each.lot),
                in_credits(each.amount_microcredits),
                in_credits(each.available_before_microcredits),
                in_credits(each.available_after_microcredits),
            )
            for each in lots
        )
        return table((_("lot"), _("credits"), _("before"), _("after")), rows)

    @admin.display(description=_("in the books"))
    def books(self, call: Call) -> str:
        """This will lead to the journal, which has the call's id, to the price row, and to giving back what it cost."""
        journal = link("admin:plans_journal_change", call.pk, _("the journal")) if call.charged_microcredits else ""
        price = link("admin:models_catalog_price_change", call.price_id, _("the price"))
        return format_html("{} · {} · {}", journal, price, _restoring(call)) if journal else price

    @admin.display(description=_("attempts"))
    def attempts(self, call: Call) -> str:
        """This will list the routes that were tried and the usage as each vendor told it."""
        tried = Attempt.objects.filter(call_id=call.pk).select_related("route__upstream").order_by("position")
        rows = (
            (
                link("admin:models_catalog_route_change", each.route_id, each.route.upstream),
                each.outcome,
                in_words(each.started_at),
                _milliseconds(each.started_at, each.ended_at),
                json.dumps(each.raw_usage) if each.raw_usage else "–",
            )
            for each in tried
        )
        return table((_("upstream"), _("outcome"), _("started"), _("took"), _("usage as told")), rows)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ARG002 - Django's signature
        """This will find a call by its id or its short code, or the calls of accounts by their name."""
        number = codes.number_of(search_term)
        found = by_id_or_account(queryset, search_term)
        if number is not None and not found.exists():
            found = queryset.filter(Exact(CallNumber("id"), number))
        return found, False


@admin.register(LateEvidence)
class LateEvidenceAdmin(Endless[LateEvidence]):
    """What a vendor counted of a call that our side had ended before: to settle with the vendor, never charged."""

    list_display = ("arrived_at", "call_id", "raw_usage")
    list_filter = ("arrived_at",)
    fields = ("arrived_at", "call", "raw_usage")
    readonly_fields = ("call",)
    ordering = ("-arrived_at",)

    @admin.display(description=_("call"))
    def call(self, late: LateEvidence) -> str:
        """This will lead to the call."""
        return link("admin:usage_call_change", late.call_id, late.call_id)


def _restoring(call: Call) -> str:
    asked = {"kind": "restore", "account_id": call.account_id, "call_id": call.pk}
    query = urlencode(asked | {"credits": in_credits(call.charged_microcredits).replace(",", "")})
    return format_html('<a href="{}?{}">{}</a>', reverse("admin:plans_adjustment_add"), query, _("give it back"))


def _class(name: str) -> Any:
    return next(capfirst(field.verbose_name) for field in Price._meta.fields if field.name == name)


def _factor(rate: int) -> str:
    return in_credits(rate // 10**6)


def _milliseconds(start: datetime, end: datetime) -> str:
    return f"{(end - start) // timedelta(milliseconds=1)} ms"
