"""Credits and money that go back: refunds, disputes, and what staff gives, restores or takes."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Refund(models.Model):
    """Money given back for the unspent credits of one lot; the lot is frozen until the provider has answered."""

    class State(models.TextChoices):
        PROCESSING = "processing", _("waiting for the provider")
        SUCCEEDED = "succeeded", _("paid back")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, editable=False)
    account_id = models.BigIntegerField(_("account"))
    order_id = models.UUIDField(_("order"), null=True)
    lot_id = models.BigIntegerField(_("lot"))
    microcredits = models.BigIntegerField(_("credits, in microcredits"))
    money_minor = models.BigIntegerField(_("amount, in minor units"))
    tax_minor = models.BigIntegerField(_("tax in it, in minor units"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PROCESSING)
    reason = models.CharField(_("why"), max_length=200)
    actor_id = models.BigIntegerField(_("by"), null=True)
    opened_at = models.DateTimeField(_("asked for"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = (
            models.CheckConstraint(
                name="refund_amounts_sane", condition=Q(microcredits__gt=0, money_minor__gte=0, tax_minor__gte=0)
            ),
            models.CheckConstraint(
                name="refund_state_known",
                condition=Q(state="processing", ended_at=None)
                | Q(state__in=["succeeded", "failed"], ended_at__isnull=False),
            ),
            models.CheckConstraint(name="refund_has_reason", condition=~Q(reason="")),
            models.UniqueConstraint(name="refund_one_open_a_lot", fields=["lot_id"], condition=Q(state="processing")),
        )
        indexes = (
            models.Index(name="refund_of_order", fields=["order_id"]),
            models.Index(name="refund_of_lot", fields=["lot_id"]),
        )

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"


class Dispute(models.Model):
    """A payment that the payer takes back through the bank; the lots of its order are frozen until it is decided."""

    class State(models.TextChoices):
        OPEN = "open", _("under way")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    id = models.UUIDField(primary_key=True, editable=False)
    account_id = models.BigIntegerField(_("account"))
    order_id = models.UUIDField(_("order"))
    money_minor = models.BigIntegerField(_("amount, in minor units"))
    fee_minor = models.BigIntegerField(_("fee, in minor units"), default=0)
    # What of the amount was not earned yet and the tax on that: both are owed no more. The rest of it is lost.
    unearned_minor = models.BigIntegerField(_("not earned yet, in minor units"), db_default=0)
    tax_minor = models.BigIntegerField(_("tax in it, in minor units"), db_default=0)
    currency = models.CharField(_("currency"), max_length=3)
    revoked = models.BigIntegerField(_("taken back, in microcredits"), default=0)
    owed = models.BigIntegerField(_("became debt, in microcredits"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    reason = models.CharField(_("why"), max_length=200)
    actor_id = models.BigIntegerField(_("by"), null=True)
    opened_at = models.DateTimeField(_("opened at"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = (
            models.CheckConstraint(
                name="dispute_amounts_sane",
                condition=Q(
                    money_minor__gt=0,
                    fee_minor__gte=0,
                    revoked__gte=0,
                    owed__gte=0,
                    unearned_minor__gte=0,
                    tax_minor__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="dispute_state_known",
                condition=Q(state="open", ended_at=None) | Q(state__in=["won", "lost"], ended_at__isnull=False),
            ),
            models.CheckConstraint(name="dispute_has_reason", condition=~Q(reason="")),
            models.UniqueConstraint(name="dispute_one_open_an_order", fields=["order_id"], condition=Q(state="open")),
        )

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"


class Adjustment(models.Model):
    """What staff gives or takes by hand; above a limit a second person has to agree."""

    class Kind(models.TextChoices):
        GOODWILL = "goodwill", _("give as goodwill")
        RESTORE = "restore", _("give back what a call cost")
        REVOKE = "revoke", _("take back what was given")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for a second person")
        DONE = "done", _("done")
        DECLINED = "declined", _("declined")

    id = models.UUIDField(primary_key=True, editable=False)
    account_id = models.BigIntegerField(_("account"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    microcredits = models.BigIntegerField(_("credits, in microcredits"))
    call_id = models.UUIDField(_("call"), null=True)
    lot_id = models.BigIntegerField(_("lot"), null=True)
    expires_at = models.DateTimeField(_("ends at"), null=True)
    reason = models.CharField(_("why"), max_length=200)
    asked_by = models.BigIntegerField(_("asked by"))
    decided_by = models.BigIntegerField(_("decided by"), null=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(_("asked for"))
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("adjustment")
        verbose_name_plural = _("adjustments")
        constraints = (
            models.CheckConstraint(name="adjustment_positive", condition=Q(microcredits__gt=0)),
            models.CheckConstraint(name="adjustment_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="adjustment_by_two",
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="adjustment_state_known",
                condition=Q(state="waiting", decided_at=None)
                | Q(state__in=["done", "declined"], decided_at__isnull=False),
            ),
        )
        indexes = (models.Index(name="adjustment_of_account", fields=["account_id", "-asked_at"]),)

    def __str__(self) -> str:
        credits = Decimal(self.microcredits).scaleb(-6).normalize()
        return f"{self.get_kind_display()}: {credits:,f}"
