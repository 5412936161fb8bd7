"""One attempt to move money for an order, as the provider tells it."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.kit.moves import moves

OPEN = ["processing", "pending_validation", "reserved"]
MOVES = moves(
    processing="pending_validation reserved succeeded denied canceled",
    pending_validation="processing reserved succeeded denied canceled",
    reserved="processing succeeded denied canceled",
    succeeded="",
    denied="",
    canceled="",
)


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Questions about payments."""

    def open(self) -> Self:
        """This will keep the payments whose end the provider has not told yet."""
        return self.filter(state__in=OPEN)

    def alive(self) -> Self:
        """This will leave out what came to nothing or was left: an order has at most one payment that is alive."""
        return self.exclude(state__in=["denied", "canceled"]).filter(left_at=None)

    def unpaid_since(self, moment: datetime) -> Self:
        """This will keep what began after `moment` and brought no money, or none yet."""
        return self.filter(created_at__gt=moment).exclude(state="succeeded")

    def due(self, *, now: datetime) -> Self:
        """This will keep the open payments to ask the provider about now, the longest waiting first."""
        return self.open().filter(check_at__lte=now).order_by("check_at")


class Payment(models.Model):
    """Its id is what we call it towards the provider, so that asking again never charges twice."""

    class State(models.TextChoices):
        PROCESSING = "processing", _("waiting for the operator")
        PENDING_VALIDATION = "pending_validation", _("waiting for the payer")
        RESERVED = "reserved", _("set aside")
        SUCCEEDED = "succeeded", _("succeeded")
        DENIED = "denied", _("denied")
        CANCELED = "canceled", _("canceled")

    class Mode(models.TextChoices):
        LIVE = "live", _("real money")
        TEST = "test", _("test")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey("plans.Order", on_delete=models.PROTECT, related_name="payments", verbose_name=_("order"))
    provider = models.CharField(_("paid through"), max_length=32)
    reference = models.CharField(_("operator's reference"), max_length=128, null=True, blank=True)  # noqa: DJ001 - unique where known
    amount_minor = models.BigIntegerField(_("amount, in minor units"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=24, choices=State, default=State.PROCESSING)
    mode = models.CharField(_("mode"), max_length=4, choices=Mode, default=Mode.LIVE)
    method = models.ForeignKey(
        "plans.PaymentMethod",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("stored way to pay"),
    )
    # What the payer needs: a page of the provider, a code to scan, or the SMS code that was asked for.
    page_url = models.CharField(_("page of the provider"), max_length=2000, blank=True)
    code_url = models.CharField(_("code to scan"), max_length=500, blank=True)
    authorization_id = models.CharField(_("code asked for by SMS"), max_length=128, blank=True)
    phone_last_four = models.CharField(_("last four of the phone"), max_length=4, blank=True)
    sealed_phone = models.BinaryField(null=True, blank=True)
    phone_digest = models.CharField(max_length=64, blank=True, editable=False)
    # Whether the payer proves by an SMS code to hold the phone, and how often the code was wrong.
    asks_code = models.BooleanField(_("asks for a code"), default=False)
    wrong_codes = models.PositiveSmallIntegerField(_("wrong codes"), default=0)
    denial_reason = models.CharField(_("why denied"), max_length=64, blank=True)
    mismatch = models.CharField(_("mismatch"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("made"))
    check_at = models.DateTimeField(_("ask again at"))
    checked_at = models.DateTimeField(_("asked at"), null=True, blank=True)
    pending_validation_at = models.DateTimeField(_("code asked for at"), null=True, blank=True)
    reserved_at = models.DateTimeField(_("set aside at"), null=True, blank=True)
    succeeded_at = models.DateTimeField(_("succeeded at"), null=True, blank=True)
    denied_at = models.DateTimeField(_("denied at"), null=True, blank=True)
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    # The order went another way, and the provider could not call this one off: what it still brings goes back.
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    refunded_minor = models.BigIntegerField(_("paid back by the provider's books, in minor units"), default=0)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(name="payment_reference_once", fields=["provider", "reference"]),
            models.UniqueConstraint(
                name="payment_one_alive_per_order",
                fields=["order"],
                condition=Q(left_at=None) & ~Q(state__in=["denied", "canceled"]),
            ),
            models.CheckConstraint(
                name="payment_amount_positive", condition=Q(amount_minor__gt=0, refunded_minor__gte=0)
            ),
            models.CheckConstraint(
                name="payment_state_known",
                condition=Q(
                    state__in=[
                        "processing",
                        "pending_validation",
                        "reserved",
                        "succeeded",
                        "denied",
                        "canceled",
                    ]
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="payment_due",
                fields=["check_at"],
                condition=Q(state__in=["processing", "pending_validation", "reserved"]),
            ),
            models.Index(name="payment_of_phone", fields=["phone_digest", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"

    @property
    def is_open(self) -> bool:
        """Whether the provider may still change its mind."""
        return self.state in OPEN
