"""Days on which our payments were held against a provider's list, and what did not agree."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Reconciliation(models.Model):
    """One day (UTC) of one provider, compared to its end."""

    provider = models.CharField(_("provider"), max_length=32)
    day = models.DateField(_("day"))
    listed = models.PositiveIntegerField(_("payments listed"))
    matched = models.PositiveIntegerField(_("payments that agree"))
    compared_at = models.DateTimeField(_("compared at"))

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        constraints = [models.UniqueConstraint(name="reconciliation_once", fields=["provider", "day"])]

    def __str__(self) -> str:
        return f"{self.provider} {self.day}"


class Case(models.Model):
    """A payment about which a provider and we do not agree; a person finds out why, and says so."""

    class Kind(models.TextChoices):
        UNKNOWN_HERE = "unknown_here", _("unknown to us")
        MISSING_THERE = "missing_there", _("not on the provider's list")
        AMOUNT = "amount", _("another amount")
        STATE = "state", _("another state")

    provider = models.CharField(_("provider"), max_length=32)
    day = models.DateField(_("day"))
    kind = models.CharField(_("what differs"), max_length=16, choices=Kind)
    reference = models.CharField(_("provider's reference"), max_length=128, blank=True)
    payment = models.ForeignKey(
        "plans.Payment",
        on_delete=models.PROTECT,
        related_name="cases",
        null=True,
        blank=True,
        verbose_name=_("payment"),
    )
    ours = models.CharField(_("our books say"), max_length=80, blank=True)
    theirs = models.CharField(_("the provider says"), max_length=80, blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.BigIntegerField(_("closed by"), null=True, blank=True)
    reason = models.CharField(_("why closed"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("reconciliation case")
        verbose_name_plural = _("reconciliation cases")
        constraints = [
            # Days overlap by some hours, so a difference is known by what it is about, not by its day.
            models.UniqueConstraint(
                name="case_of_payment_once", fields=["payment", "kind"], condition=Q(payment__isnull=False)
            ),
            models.UniqueConstraint(
                name="case_of_reference_once", fields=["provider", "reference", "kind"], condition=Q(payment=None)
            ),
            models.CheckConstraint(
                name="case_closed_with_reason",
                condition=Q(closed_at=None, reason="") | (Q(closed_at__isnull=False) & ~Q(reason="")),
            ),
        ]
        indexes = [models.Index(name="case_open", fields=["opened_at"], condition=Q(closed_at=None))]

    def __str__(self) -> str:
        return f"{self.provider} {self.day} {self.kind}"
