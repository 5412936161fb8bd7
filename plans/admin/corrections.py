"""What goes back, in admin: refunds, disputes and adjustments; all of it only read."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.desks import Endless, credits_column, money_column
from plans.models import Adjustment, Dispute, Refund


@admin.register(Refund)
class RefundAdmin(Endless[Refund]):
    """What is or was paid back for lots."""

    list_display = (
        "id",
        "account_id",
        money_column("money_minor", _("amount")),
        credits_column("microcredits", _("credits")),
        "state",
        "opened_at",
        "reason",
    )
    list_filter = ("state", "opened_at")
    ordering = ("-opened_at", "-pk")


@admin.register(Dispute)
class DisputeAdmin(Endless[Dispute]):
    """The payments that payers took back through their bank."""

    list_display = (
        "id",
        "account_id",
        money_column("money_minor", _("amount")),
        credits_column("revoked", _("taken back")),
        credits_column("owed", _("became debt")),
        "state",
        "opened_at",
        "reason",
    )
    list_filter = ("state", "opened_at")
    ordering = ("-opened_at", "-pk")


@admin.register(Adjustment)
class AdjustmentAdmin(Endless[Adjustment]):
    """What staff gave, restored or took by hand, and what waits for a second person."""

    list_display = (
        "id",
        "account_id",
        "kind",
        credits_column("microcredits", _("credits")),
        "state",
        "asked_by",
        "decided_by",
        "asked_at",
        "reason",
    )
    list_filter = ("state", "kind", "asked_at")
    ordering = ("-asked_at", "-pk")
