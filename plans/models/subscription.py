"""An account's standing plan, the periods that were paid, and what was agreed to before money is asked for."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.kit.moves import moves

LIVE = ["active", "grace", "paused"]
MOVES = moves(
    active="grace paused ended",
    grace="active paused ended",
    paused="active ended",
    ended="",
)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Questions about standing plans."""

    def live(self) -> Self:
        """This will leave out what has ended."""
        return self.filter(state__in=LIVE)

    def of_account(self, account_id: int) -> Self:
        """This will keep the plans of one account, the newest first, with their terms at hand."""
        chosen = self.filter(account_id=account_id).select_related("account", "offering_version__offering", "method")
        return chosen.order_by("-started_at", "-pk")

    def due(self, *, now: datetime) -> Self:
        """This will keep those for which something is to be done now, the longest waiting first."""
        return self.live().filter(next_try_at__lte=now).order_by("next_try_at", "pk")


class Subscription(models.Model):
    """The terms are those that were bought; other terms begin with a period that was agreed to."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        GRACE = "grace", _("waiting for payment")
        PAUSED = "paused", _("paused")
        ENDED = "ended", _("ended")

    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    offering_version = models.ForeignKey(
        "plans.OfferingVersion", on_delete=models.PROTECT, related_name="+", verbose_name=_("terms")
    )
    next_version = models.ForeignKey(
        "plans.OfferingVersion",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("terms from the next period on"),
    )
    method = models.ForeignKey(
        "plans.PaymentMethod",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("paid by"),
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ACTIVE)
    # What the days of all periods are counted from, so that a short month shortens no later one.
    anchor_at = models.DateTimeField(_("counted from"))
    # The period that begins there: the first one, or the first after a pause or under terms of another length.
    anchor_number = models.PositiveIntegerField(_("counted from period"), default=1)
    started_at = models.DateTimeField(_("started at"))
    period_number = models.PositiveIntegerField(_("period"), default=1)
    period_starts_at = models.DateTimeField(_("period from"))
    period_ends_at = models.DateTimeField(_("period until"))
    cancel_asked_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    # Stands from when a pause is asked for: the end of the period that is paid.
    paused_at = models.DateTimeField(_("paused from"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=32, blank=True)
    tries = models.PositiveSmallIntegerField(_("times that money was asked for"), default=0)
    next_try_at = models.DateTimeField(_("looked at again at"), null=True, blank=True)
    reminded_period = models.PositiveIntegerField(_("reminded of period"), default=0)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.UniqueConstraint(
                name="subscription_one_live_an_account", fields=["account"], condition=Q(state__in=LIVE)
            ),
            models.CheckConstraint(
                name="subscription_state_known",
                condition=Q(state__in=["active", "grace"], ended_at=None)
                | Q(state="paused", ended_at=None, paused_at__isnull=False)
                | Q(state="ended", ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="subscription_period_forward", condition=Q(period_ends_at__gt=models.F("period_starts_at"))
            ),
        ]
        indexes = [
            models.Index(name="subscription_due", fields=["next_try_at"], condition=Q(state__in=LIVE)),
        ]

    def __str__(self) -> str:
        return f"{self.offering_version} of account {self.account_id}"


class SubscriptionPeriod(models.Model):
    """A period that was paid; there are as many refills as rows."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="periods", verbose_name=_("subscription")
    )
    number = models.PositiveIntegerField(_("number"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    order = models.OneToOneField(
        "plans.Order", on_delete=models.PROTECT, related_name="period", verbose_name=_("paid by")
    )
    lot_id = models.BigIntegerField(_("lot"), unique=True)

    class Meta:
        verbose_name = _("paid period")
        verbose_name_plural = _("paid periods")
        constraints = [
            models.UniqueConstraint(name="period_once", fields=["subscription", "number"]),
            models.CheckConstraint(name="period_forward", condition=Q(ends_at__gt=models.F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"period {self.number} of subscription {self.subscription_id}"


class Consent(models.Model):
    """What somebody agreed to, in the words that stood there, or what they were told before a charge."""

    class Subject(models.TextChoices):
        RENEWAL = "renewal", _("renewal")
        REMINDER = "reminder", _("reminder of a charge")
        AUTO_TOP_UP = "auto_top_up", _("automatic top-up")
        CHANGE = "change", _("change of terms")

    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    given_by = models.ForeignKey(
        "accounts.Member", on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("given by")
    )
    subject = models.CharField(_("about"), max_length=16, choices=Subject)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="consents", null=True, verbose_name=_("subscription")
    )
    # What was agreed to when a plan was bought stands before the subscription does.
    order = models.ForeignKey(
        "plans.Order", on_delete=models.PROTECT, related_name="consents", null=True, verbose_name=_("order")
    )
    text = models.TextField(_("text"))
    text_version = models.CharField(_("version of the text"), max_length=32)
    language = models.CharField(_("language"), max_length=16)
    channel = models.CharField(_("through"), max_length=16)
    amount_minor = models.BigIntegerField(_("amount, in minor units"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    given_at = models.DateTimeField(_("given at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.CheckConstraint(
                name="consent_subject_known",
                condition=Q(subject__in=["renewal", "reminder", "auto_top_up", "change"]),
            ),
            models.CheckConstraint(name="consent_has_text", condition=~Q(text="")),
        ]
        indexes = [models.Index(name="consent_of_account", fields=["account", "-given_at"])]

    def __str__(self) -> str:
        return f"{self.subject} of account {self.account_id}"
