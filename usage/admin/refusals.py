"""Why was I refused? Each refusal with what decided then and how the same stands now; only read."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.desks import ACCOUNTS_FOUND, Endless, filter_among, in_words, link, table
from accounts.models import Account, ApiKey, Member
from plans import ledger
from plans.used_up import RateExceeded
from portal.kit import clock
from usage import refusals
from usage.admin import replays
from usage.models import Refused

KINDS = {
    ledger.NoCredits.code: _("not enough credits"),
    ledger.QuotaExceeded.code: _("a quota"),
    RateExceeded.code: _("a quota of a minute, or of calls at once"),
    ledger.Paused.code: _("paused"),
    ledger.ModelNotAllowed.code: _("the model is not open"),
    ledger.QuietHours.code: _("quiet hours"),
    ledger.MinutesUsed.code: _("minutes of the day"),
    ledger.ScenarioNotAllowed.code: _("not what the parents chose"),
    ledger.OnlyReads.code: _("an auditor"),
    ledger.Suspended.code: _("suspended"),
    ledger.Busy.code: _("too many open calls"),
    "content_filtered": _("held back"),
}

LONGEST_DETAILS = 200


@admin.register(Refused)
class RefusedAdmin(Endless[Refused]):
    """Calls that were not let in."""

    list_display = ("refused_at", "account", "member", "code", "model_name", "source")
    list_filter = (
        filter_among("code", _("why"), KINDS),
        filter_among("source", _("asked from"), {"chat": _("chat"), "api": _("API")}),
    )
    search_fields = ("code",)
    search_help_text = _("The name of an account, or a code such as quota_exceeded.")
    fieldsets = (
        (None, {"fields": ("refused_at", "whose", "who", "by_key", "source", "model_name", "code")}),
        (_("Why was I refused?"), {"fields": ("said", "replayed")}),
        (_("A day before and after"), {"fields": ("events",)}),
    )
    readonly_fields = ("whose", "who", "by_key", "said", "replayed", "events")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refused]:
        """This will know the names of accounts and members, which stand on another floor, in the same question."""
        return (
            super()
            .get_queryset(request)
            .annotate(
                account_name=Subquery(Account.objects.filter(pk=OuterRef("account_id")).values("name")[:1]),
                member_name=Subquery(Member.objects.filter(pk=OuterRef("member_id")).values("name")[:1]),
            )
        )

    @admin.display(description=_("account"))
    def account(self, row: Any) -> str:
        """This will name the account."""
        return row.account_name or "–"

    @admin.display(description=_("member"))
    def member(self, row: Any) -> str:
        """This will name the member."""
        return row.member_name or "–"

    @admin.display(description=_("account"))
    def whose(self, row: Any) -> str:
        """This will lead to all about the account."""
        return link("admin:accounts_account_whole", row.account_id, row.account_name or row.account_id)

    @admin.display(description=_("member"))
    def who(self, row: Any) -> str:
        """This will lead to the member."""
        return link("admin:accounts_member_change", row.member_id, row.member_name or row.member_id)

    @admin.display(description=_("API key"))
    def by_key(self, row: Refused) -> str:
        """This will lead to the key, of which only the ends are known."""
        key = ApiKey.objects.filter(pk=row.api_key_id or 0).first()
        return link("admin:accounts_apikey_change", key.pk, key) if key else "–"

    @admin.display(description=_("what was said"))
    def said(self, row: Refused) -> str:
        """This will say it with the figures of then."""
        return refusals.sentence_of(row)

    @admin.display(description=_("then and now"))
    def replayed(self, row: Refused) -> str:
        """This will set what decided then beside how it stands now."""
        lines = replays.lines_of(row, now=clock.now())
        return table((_("what"), _("then"), _("now")), ((line.what, line.then, line.now) for line in lines))

    @admin.display(description=_("changes"))
    def events(self, row: Refused) -> str:
        """This will list who changed quotas, rules and pauses around that moment."""
        rows = (
            (
                in_words(event.created_at),
                _("before") if event.created_at <= row.refused_at else _("after"),
                link("admin:accounts_auditevent_change", event.pk, event.verb),
                event.subject,
                event.actor or "–",
                event.reason or _in_short(event.details),
            )
            for event in replays.events_around(row)
        )
        return table((_("when"), "", _("what"), _("on what"), _("by"), _("why")), rows)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ARG002 - Django's signature
        """This will find refusals by their code, or by the name of the account."""
        words = search_term.strip()
        if not words:
            return queryset, False
        found = Account.objects.filter(name__icontains=words).values_list("pk", flat=True)
        return queryset.filter(Q(code=words) | Q(account_id__in=list(found[:ACCOUNTS_FOUND]))), False


def _in_short(details: Mapping[str, object]) -> str:
    """What an audit event keeps beside its words, without what says nothing."""
    return ", ".join(f"{name}: {told}" for name, told in details.items() if told not in (None, "", 0))[:LONGEST_DETAILS]
