"""The books in admin: wallets, lots, open calls and journals, only read; quotas, as yet, too."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.desks import Endless, by_id_or_account, credits_column, filter_among, in_credits, in_words, link, table
from plans import ledger
from plans.models import Hold, HoldLot, Journal, Lot, Posting, Quota, QuotaWindow, Wallet
from plans.models.lot import COUNTERS
from portal.kit import clock
from portal.kit.periods import after_months, month_of

WINDOWS_SHOWN = 12
MONTHS_SHOWN = 6
MICROCREDITS = "µ"
WORDS = {
    "granted": _("granted"),
    "available": _("available"),
    "held": _("set aside"),
    "spent": _("spent"),
    "expired": _("expired"),
    "revoked": _("revoked"),
    "refunded": _("refunded"),
    "rolled": _("rolled over"),
}

KINDS = {
    "grant": _("granted"),
    "settle": _("call settled"),
    "expire": _("expired"),
    "roll_over": _("rolled over"),
    "earn": _("money earned"),
    "refund": _("refunded"),
    "dispute": _("dispute lost"),
    "revoke": _("revoked"),
    "carry_forward": _("carried forward"),
}


@admin.register(Quota)
class QuotaAdmin(Endless[Quota]):
    """What someone may spend in a window, and what they did."""

    list_display = ("__str__", "account", "metric", "most", "is_slice", "ended_at")
    list_filter = ("node_kind", "window", "metric", "is_slice", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    search_fields = ("account__name",)
    fields = (
        "account",
        "node_kind",
        "node_id",
        "window",
        "metric",
        "chat_model",
        "most",
        "grace_percent",
        "is_slice",
        "created_at",
        "ended_at",
        "windows",
    )
    readonly_fields = ("most", "windows")

    @admin.display(description=_("at most"))
    def most(self, quota: Quota) -> str:
        """This will show the limit in what it counts."""
        return _amount(quota, quota.limit)

    @admin.display(description=_("windows"))
    def windows(self, quota: Quota) -> str:
        """This will list the newest windows with what was used and what open calls hold."""
        newest = QuotaWindow.objects.filter(quota=quota).order_by("-starts_at")[:WINDOWS_SHOWN]
        rows = (
            (in_words(each.starts_at), each.session, _amount(quota, each.used), _amount(quota, each.held))
            for each in newest
        )
        return table((_("from"), _("session"), _("used"), _("set aside")), rows)


@admin.register(Wallet)
class WalletAdmin(Endless[Wallet]):
    """An account's credits as a whole."""

    list_display = ("account", credits_column("debt", _("debt")))
    list_select_related = ("account",)
    search_fields = ("account__name",)
    fields = ("account", credits_column("debt", _("debt")), "lots", "month_ends")
    readonly_fields = ("lots", "month_ends")

    @admin.display(description=_("lots that can be drawn on"))
    def lots(self, wallet: Wallet) -> str:
        """This will list what is left, in the order in which it is drawn."""
        drawable = Lot.objects.filter(account=wallet.account_id, drawable=True).order_by("priority", "expires_at", "pk")
        rows = (
            (link("admin:plans_lot_change", lot.pk, lot.name), in_credits(lot.available), in_words(lot.expires_at))
            for lot in drawable
        )
        return table((_("lot"), _("available"), _("ends")), rows)

    @admin.display(description=_("left at the end of the month"))
    def month_ends(self, wallet: Wallet) -> str:
        """This will tell by the books what the last months ended with."""
        zone = ZoneInfo(wallet.account.time_zone)
        this_month = month_of(clock.now(), zone=zone).active_from
        rows = []
        for months in range(MONTHS_SHOWN):
            end = after_months(this_month, months=-months)
            try:
                then = ledger.left_at(wallet.account_id, end)
            except ledger.NoBooksThen:
                break
            rows.append((f"{end - timedelta(days=1):%Y-%m}", in_credits(then.left), in_credits(then.debt)))
        return table((_("month"), _("credits"), _("debt")), rows) if rows else "–"


@admin.register(Lot)
class LotAdmin(Endless[Lot]):
    """Grants of credits and where each of them is."""

    list_display = (
        "name",
        "account",
        "source",
        *(credits_column(name, WORDS[name]) for name in ("granted", "available", "spent")),
        "expires_at",
    )
    list_filter = ("source", "granted_at", "expires_at")
    search_fields = ("dedupe_key", "account__name")
    list_select_related = ("account",)
    fields = (
        "account",
        "name",
        "source",
        "order_id",
        "unit_price",
        "currency",
        "deferred_minor",
        "priority",
        "chat_model_ids",
        "scenario_ids",
        "frozen",
        "granted_at",
        "effective_at",
        "expires_at",
        *(credits_column(name, WORDS[name]) for name in COUNTERS),
        "dedupe_key",
    )


@admin.register(Hold)
class HoldAdmin(Endless[Hold]):
    """The open calls."""

    list_display = ("id", "account_id", "state", credits_column("amount", _("set aside")), "source", "opened_at")
    list_filter = ("state", "source")
    fields = (
        "id",
        "state",
        "account_id",
        "member_id",
        "departments",
        "project_id",
        "scenario_id",
        "api_key_id",
        "end_user",
        "chat_model_id",
        "price_id",
        credits_column("amount", _("set aside")),
        "lots",
        "source",
        "streamed",
        "prompt_tokens",
        "output_limit",
        "worker",
        "opened_at",
        "accepted_at",
        "lease_until",
        "queue_deadline",
        "hard_deadline",
    )
    readonly_fields = ("lots",)

    @admin.display(description=_("of these lots"))
    def lots(self, hold: Hold) -> str:
        """This will list what was set aside of each lot."""
        parts = HoldLot.objects.filter(hold_id=hold.pk).order_by("ord")
        rows = ((link("admin:plans_lot_change", part.lot_id, part.lot_id), in_credits(part.amount)) for part in parts)
        return table((_("lot"), _("set aside")), rows)


@admin.register(Journal)
class JournalAdmin(Endless[Journal]):
    """The books: one movement with its postings."""

    list_display = ("id", "kind", "account_id", "moved_at", "reason")
    list_filter = (filter_among("kind", _("kind"), KINDS),)
    search_fields = ("id",)
    search_help_text = _("A journal's or call's id, or the name of an account.")
    fields = ("id", "kind", "whose", "about_id", "actor_id", "reason", "moved_at", "postings")
    readonly_fields = ("whose", "postings")

    @admin.display(description=_("account"))
    def whose(self, journal: Journal) -> str:
        """This will lead to the account."""
        return link("admin:accounts_account_change", journal.account_id, journal.account_id)

    @admin.display(description=_("postings"))
    def postings(self, journal: Journal) -> str:
        """This will list the lines of the journal, which add up to nothing in each unit."""
        lines = list(Posting.objects.filter(journal_id=journal.pk).order_by("unit", "account_code", "lot_id"))
        rows = (
            (
                line.account_code,
                link("admin:plans_lot_change", line.lot_id, line.lot_id) if line.lot_id else "",
                in_credits(line.amount) if line.unit == MICROCREDITS else f"{line.amount} {line.unit}",
            )
            for line in lines
        )
        return table((_("account of the books"), _("lot"), _("amount")), rows)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ARG002 - Django's signature
        """This will find a journal by its id, which is the call's, or the journals of an account by its name."""
        return by_id_or_account(queryset, search_term), False


def _amount(quota: Quota, amount: int) -> str:
    return in_credits(amount) if quota.metric == Quota.Metric.MICROCREDITS else str(amount)
