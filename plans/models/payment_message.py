"""The inbox: what providers told us, kept as it came before anything is done about it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PaymentMessageQuerySet(models.QuerySet["PaymentMessage"]):
    """Questions about messages."""

    def due(self, *, now: datetime) -> Self:
        """This will keep those that wait to be looked at, the longest waiting first."""
        return self.filter(state="waiting", next_at__lte=now).order_by("next_at", "pk")


class PaymentMessage(models.Model):
    """A message is a hint: what it is about is fetched from the provider before anything is granted."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        APPLIED = "applied", _("applied")
        IGNORED = "ignored", _("of no concern")
        MISMATCH = "mismatch", _("does not fit")
        FORGED = "forged", _("not from the provider")

    provider = models.CharField(_("from"), max_length=32)
    event_id = models.CharField(_("message"), max_length=128)
    received_at = models.DateTimeField(_("received at"))
    sealed_body = models.BinaryField()
    # What it says it is about, once the provider has been recognized.
    reference = models.CharField(_("provider's reference"), max_length=128, blank=True)
    charge_id = models.CharField(_("our payment"), max_length=64, blank=True)
    is_in_bill = models.BooleanField(_("tells of a phone bill"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_at = models.DateTimeField(_("looked at again at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    payment = models.ForeignKey(
        "plans.Payment",
        on_delete=models.PROTECT,
        related_name="messages",
        null=True,
        blank=True,
        verbose_name=_("payment"),
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = PaymentMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message of a provider")
        verbose_name_plural = _("messages of providers")
        constraints = [
            models.UniqueConstraint(name="payment_message_once", fields=["provider", "event_id"]),
            models.CheckConstraint(
                name="payment_message_state_known",
                condition=Q(state="waiting", ended_at=None)
                | Q(state__in=["applied", "ignored", "mismatch", "forged"], ended_at__isnull=False),
            ),
        ]
        indexes = [models.Index(name="payment_message_due", fields=["next_at"], condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id} ({self.state})"
