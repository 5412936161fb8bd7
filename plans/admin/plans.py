"""Standing plans in admin: what runs, what was paid and agreed to; staff end, let go on and look again, and say why."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.desks import Endless, ReasonForm, filter_among, in_words, money_column, reason_of, staff
from plans import continuations
from plans.models import Consent, Subscription
from portal.kit import clock
from portal.kit.refusals import Refusal

AT_ONCE = 20
END_REASONS = {
    "canceled": _("canceled"),
    "lapsed": _("not paid"),
    "paused_too_long": _("rested too long"),
    "refunded": _("paid back"),
    "replaced": _("another plan took its place"),
    "staff": _("ended by staff"),
}


@admin.register(Subscription)
class SubscriptionAdmin(Endless[Subscription]):
    """Plans that go on, and those that have ended."""

    list_display = (
        "id",
        "account",
        "offering_version",
        "state",
        "period_number",
        "period_ends_at",
        "method",
        "tries",
        "next_try_at",
    )
    list_filter = (
        "state",
        filter_among("end_reason", _("why it ended"), END_REASONS),
        ("cancel_asked_at", admin.EmptyFieldListFilter),
        "period_ends_at",
        "offering_version__offering",
    )
    list_select_related = ("account", "offering_version__offering", "method")
    search_fields = ("id", "account__name", "orders__id")
    readonly_fields = ("paid_periods",)
    action_form = ReasonForm
    actions = ("end", "let_go_on", "look_now")

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """This will tell whether who looks may do something about plans: the right to change them."""
        return staff(request).has_perm("plans.change_subscription")

    @admin.display(description=_("paid periods"))
    def paid_periods(self, subscription: Subscription) -> str:
        """This will lead to the order of each period."""
        lines = (
            (
                reverse("admin:plans_order_change", args=[period.order_id]),
                f"{period.number}: {in_words(period.starts_at)} – {in_words(period.ends_at)}",
            )
            for period in subscription.periods.order_by("-number")
        )
        return format_html_join("", '<div><a href="{}">{}</a></div>', lines)

    @admin.action(description=_("End now"), permissions=["steer"])
    def end(self, request: HttpRequest, chosen: QuerySet[Subscription]) -> None:
        """This will end the plans; what is left of their credits stays usable."""
        self._do(request, chosen, act=continuations.stop)

    @admin.action(description=_("Take back that it ends or pauses"), permissions=["steer"])
    def let_go_on(self, request: HttpRequest, chosen: QuerySet[Subscription]) -> None:
        """This will let the plans go on as the customer asked; without a new agreement each period is paid by hand."""
        self._do(request, chosen, act=continuations.restore)

    @admin.action(description=_("Look at it now"), permissions=["steer"])
    def look_now(self, request: HttpRequest, chosen: QuerySet[Subscription]) -> None:
        """This will let the timetable look at the plans at once: a declined charge is tried again."""
        self._do(request, chosen, act=continuations.look_now)

    def _do(self, request: HttpRequest, chosen: QuerySet[Subscription], *, act: Callable[..., None]) -> None:
        reason = reason_of(request)
        rows = chosen.select_related("account", "offering_version__offering")[:AT_ONCE] if reason else []
        done = 0
        for subscription in rows:
            try:
                act(subscription, by=staff(request), reason=reason, now=clock.now())
            except Refusal as refusal:
                messages.error(request, f"{subscription.pk}: {_(refusal.sentence)}")
            else:
                done += 1
        if done:
            told = ngettext("Done for %(count)d plan.", "Done for %(count)d plans.", done)
            self.message_user(request, told % {"count": done})


@admin.register(Consent)
class ConsentAdmin(Endless[Consent]):
    """What customers agreed to and were told before a charge, word for word."""

    list_display = (
        "given_at",
        "account",
        "subject",
        money_column("amount_minor", _("amount")),
        "language",
        "channel",
        "withdrawn_at",
    )
    list_filter = ("subject", "given_at", ("withdrawn_at", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    search_fields = ("account__name", "text")
    ordering = ("-given_at", "-pk")
