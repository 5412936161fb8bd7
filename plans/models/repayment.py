"""Money that a provider is asked to pay back: of an order's unspent credits, or a payment that nothing waited for."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.kit.moves import moves

ASKED = ["processing", "in_bill"]
MOVES = moves(
    waiting="processing declined",
    processing="in_bill succeeded denied",
    in_bill="succeeded denied",
    succeeded="",
    denied="",
    declined="",
)


class RepaymentQuerySet(models.QuerySet["Repayment"]):
    """Questions about what is paid back."""

    def of_order(self, order_id: object) -> Self:
        """This will keep what is paid back of one order, the newest first."""
        return self.filter(payment__order=order_id).order_by("-asked_at", "-pk")

    def counted(self) -> Self:
        """This will keep what the provider has paid back, or may still."""
        return self.filter(state__in=[*ASKED, "succeeded"])

    def due(self, *, now: datetime) -> Self:
        """This will keep those that the provider is to be asked about now, the longest waiting first."""
        return self.filter(state__in=ASKED, check_at__lte=now).order_by("check_at", "pk")


class Repayment(models.Model):
    """Its id is what we call it towards the provider and in the ledger, so that asking again never pays twice."""

    class Kind(models.TextChoices):
        REFUND = "refund", _("refund")
        SURPLUS = "surplus", _("paid twice")
        OUTSIDE = "outside", _("paid back by the provider")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for a second person")
        PROCESSING = "processing", _("waiting for the provider")
        IN_BILL = "in_bill", _("on the next phone bill")
        SUCCEEDED = "succeeded", _("paid back")
        DENIED = "denied", _("not paid back")
        DECLINED = "declined", _("declined")

    id = models.UUIDField(primary_key=True, editable=False)
    payment = models.ForeignKey(
        "plans.Payment", on_delete=models.PROTECT, related_name="repayments", verbose_name=_("payment")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.REFUND)
    lot_id = models.BigIntegerField(_("lot"), null=True, blank=True)
    microcredits = models.BigIntegerField(_("credits, in microcredits"), null=True, blank=True)
    amount_minor = models.BigIntegerField(_("amount, in minor units"))
    tax_minor = models.BigIntegerField(_("tax in it, in minor units"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PROCESSING)
    reference = models.CharField(_("provider's reference"), max_length=128, blank=True)
    denial_reason = models.CharField(_("why not"), max_length=64, blank=True)
    reason = models.CharField(_("why"), max_length=200)
    asked_by = models.BigIntegerField(_("asked by"), null=True, blank=True)
    decided_by = models.BigIntegerField(_("decided by"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked for"))
    check_at = models.DateTimeField(_("ask again at"))
    checked_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    in_bill_at = models.DateTimeField(_("put on the bill at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = RepaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        constraints = [
            models.CheckConstraint(
                name="repayment_amounts_sane",
                condition=Q(amount_minor__gt=0, tax_minor__gte=0, tax_minor__lte=F("amount_minor")),
            ),
            models.CheckConstraint(
                name="repayment_state_known",
                condition=Q(state__in=["waiting", "processing", "in_bill"], ended_at=None)
                | Q(state__in=["succeeded", "denied", "declined"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="repayment_kind_known",
                condition=Q(kind="refund", lot_id__isnull=False) | Q(kind__in=["surplus", "outside"]),
            ),
            models.CheckConstraint(
                name="repayment_by_two", condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by"))
            ),
            models.CheckConstraint(name="repayment_has_reason", condition=~Q(reason="")),
            models.UniqueConstraint(name="repayment_of_surplus_once", fields=["payment"], condition=Q(kind="surplus")),
        ]
        indexes = [
            models.Index(name="repayment_due", fields=["check_at"], condition=Q(state__in=["processing", "in_bill"])),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"
