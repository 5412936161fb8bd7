"""What goes back, in admin: refunds and disputes are read, adjustments are asked for and decided."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.desks import Audited, EndingPaginator, Endless, ReasonForm, credits_column, money_column, reason_of, staff
from accounts.models import Account
from plans import ledger, setbacks
from plans.forms import AdjustmentForm
from plans.models import Adjustment, Dispute, Refund
from portal.kit import clock, ids
from portal.kit.units import credits

DECIDED_AT_ONCE = 20
SHOWN = ("kind", "state", "asked_at", "asked_by", "decided_at", "decided_by", "expires_at")


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
    action_form = ReasonForm
    actions = ("won", "lost")

    @admin.action(description=_("Won: the credits are free again"), permissions=["view"])
    def won(self, request: HttpRequest, chosen: QuerySet[Dispute]) -> None:
        """This will end them in our favor."""
        self._decide(request, chosen, lost=False)

    @admin.action(description=_("Lost: the credits are taken back"), permissions=["view"])
    def lost(self, request: HttpRequest, chosen: QuerySet[Dispute]) -> None:
        """This will end them in the payer's favor."""
        self._decide(request, chosen, lost=True)

    def _decide(self, request: HttpRequest, chosen: QuerySet[Dispute], *, lost: bool) -> None:
        reason = reason_of(request)
        for dispute in chosen.filter(state=Dispute.State.OPEN)[:DECIDED_AT_ONCE] if reason else []:
            outcome = setbacks.decide(dispute, lost=lost, by=staff(request), reason=reason, now=clock.now())
            if outcome in {"open_calls", "open_refund"}:
                messages.warning(request, _("Open calls or a refund have to end first. Try again in some minutes."))
            dispute.refresh_from_db()
            messages.info(request, f"{dispute.pk}: {dispute.get_state_display()}")


@admin.register(Adjustment)
class AdjustmentAdmin(Audited[Adjustment]):
    """What staff gives, gives back or takes back by hand; much of it waits for a second person."""

    form = AdjustmentForm
    list_display = (
        "asked_at",
        "account_id",
        "kind",
        credits_column("microcredits", _("credits")),
        "state",
        "asked_by",
        "decided_by",
        "reason",
    )
    list_filter = ("state", "kind", "asked_at")
    ordering = ("-asked_at", "-pk")
    paginator = EndingPaginator
    show_full_result_count = False
    action_form = ReasonForm
    actions = ("agree", "decline")

    def get_fields(self, request: HttpRequest, obj: Adjustment | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """This will ask in credits, and show all that is known of one that was asked for."""
        if obj is None:
            return ("kind", "account_id", "credits", "call_id", "lot_id", "expires_at", "reason")
        return (*SHOWN, "account_id", credits_column("microcredits", _("credits")), "call_id", "lot_id", "reason")

    def has_change_permission(self, request: HttpRequest, obj: Adjustment | None = None) -> bool:
        """This will let nobody edit one; the right to change decides who may agree."""
        return obj is None and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Adjustment, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 - Django's signature
        """This will ask the ledger, which does it at once or lets it wait."""
        asked = form.asked(ids.uuid7(clock.now()), by_user_id=staff(request).pk)
        outcome = ledger.ask_adjustment(asked, alone=credits(settings.GOODWILL_ALONE_CREDITS))
        obj.pk = asked.adjustment_id
        obj.refresh_from_db()
        if outcome == "waiting":
            messages.warning(request, _("This is more than one person may do in a day. It waits for a second one."))

    def verb(self, row: Adjustment, *, is_new: bool) -> str:  # noqa: ARG002 - one that was asked for never changes
        """This will call it what it is."""
        return f"adjustment.ask.{row.kind}"

    @admin.action(description=_("Agree, as the second person"), permissions=["change"])
    def agree(self, request: HttpRequest, chosen: QuerySet[Adjustment]) -> None:
        """This will carry out what waits."""
        self._decide(request, chosen, agreed=True)

    @admin.action(description=_("Decline"), permissions=["change"])
    def decline(self, request: HttpRequest, chosen: QuerySet[Adjustment]) -> None:
        """This will leave undone what waits."""
        self._decide(request, chosen, agreed=False)

    def _decide(self, request: HttpRequest, chosen: QuerySet[Adjustment], *, agreed: bool) -> None:
        reason = reason_of(request)
        waiting = chosen.filter(state=Adjustment.State.WAITING)[:DECIDED_AT_ONCE] if reason else []
        for adjustment in waiting:
            try:
                outcome = ledger.decide_adjustment(adjustment.pk, agreed=agreed, by_user_id=staff(request).pk)
            except ledger.NotAdjustable as refusal:
                messages.error(request, f"{adjustment.pk}: {_(refusal.sentence)}")
                continue
            if outcome != "already":
                _record(adjustment, outcome, request=request, reason=reason)
            adjustment.refresh_from_db()
            messages.info(request, f"{adjustment.pk}: {adjustment.get_state_display()}")


def _record(adjustment: Adjustment, outcome: str, *, request: HttpRequest, reason: str) -> None:
    audit.record(
        f"adjustment.{outcome}",
        subject=str(adjustment.pk),
        account=Account.objects.get(pk=adjustment.account_id),
        by=staff(request),
        now=clock.now(),
        reason=reason,
        kind=adjustment.kind,
    )
