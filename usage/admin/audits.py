"""Audits in admin: what they found and rang, with a way to what each is about."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.desks import Endless, link, table
from usage.models import AuditRun

LOT, CALL, HOLD = "admin:plans_lot_change", "admin:usage_call_change", "admin:plans_hold_change"
ORDER, WALLET = "admin:plans_order_change", "admin:plans_wallet_change"
PLACES: Mapping[str, str] = {
    "I1 journal does not add up": "admin:plans_journal_change",
    "I2 lot does not add up": LOT,
    "I3 lot differs from the books": LOT,
    "I4 account differs from the books": WALLET,
    "I6 lot holds what no call holds": LOT,
    "I6 lot is frozen for nothing": LOT,
    "I6 call and its lots differ": HOLD,
    "I8 open call is settled already": HOLD,
    "I13 lots drawn out of order": HOLD,
    "I14 call opened on a lot outside its time": HOLD,
    "I16 money that is not earned differs from the books": LOT,
    "I16 all credits are gone, yet not all money is earned": LOT,
    "I16 paid order and books differ": ORDER,
    "I17 more was given back than was paid": ORDER,
    "charge_not_cost": CALL,
    "voided_but_charged": CALL,
    "charge_over_hold": CALL,
    "lots_not_charge": CALL,
    "ended_but_open": HOLD,
    "settled_without_journal": CALL,
    "variance_not_booked": CALL,
    "hold_overdue": HOLD,
}
"""Where admin has a page of what a violation or an alarm is about."""


class Clean(admin.SimpleListFilter):
    """Whether an audit found anything."""

    title = _("outcome")
    parameter_name = "clean"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:  # noqa: ARG002 - Django's signature
        """This will offer both."""
        return [("yes", _("in order")), ("no", _("wrong"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002 - Django's signature
        """This will keep the audits of the chosen outcome."""
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(violations=0) if self.value() == "yes" else queryset.exclude(violations=0)


@admin.register(AuditRun)
class AuditRunAdmin(Endless[AuditRun]):
    """What the audits found: green is nothing."""

    list_display = ("ended_at", "is_full", "violations", "milliseconds")
    list_filter = ("is_full", Clean)
    fields = ("ended_at", "is_full", "looked_from", "looked_until", "milliseconds", "violations", "listed", "rung")
    readonly_fields = ("listed", "rung")
    ordering = ("-pk",)

    @admin.display(description=_("what was found"))
    def listed(self, run: AuditRun) -> str:
        """This will list each violation, with what it is about."""
        return _found_table(run.found)

    @admin.display(description=_("alarms"))
    def rung(self, run: AuditRun) -> str:
        """This will list what needs a person though the books may be in order."""
        return _found_table(run.alarms)


def _found_table(found: Iterable[Mapping[str, str]]) -> str:
    rows = ((each["kind"], _about(each["kind"], each["subject"]), each["details"]) for each in found)
    return table((_("what"), _("about"), _("details")), rows)


def _about(kind: str, subject: str) -> str:
    return link(PLACES[kind], subject, subject) if kind in PLACES else subject
