"""A stored way to pay of an account: which phone bill, which card, and how much a month it may be asked for."""

from decimal import Decimal
from typing import Self

from babel.numbers import get_currency_precision
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PaymentMethodQuerySet(models.QuerySet["PaymentMethod"]):
    """Questions about ways to pay."""

    def of_account(self, account_id: int) -> Self:
        """This will keep those of one account that were not removed, in the order that they were added."""
        return self.filter(account_id=account_id, removed_at=None).order_by("added_at", "pk")


class PaymentMethod(models.Model):
    """What is needed to ask for money again stands sealed; people see the label, such as •••• 5000."""

    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    provider = models.CharField(_("paid through"), max_length=32)
    label = models.CharField(_("shown as"), max_length=40)
    sealed = models.BinaryField(null=True, blank=True)
    digest = models.CharField(max_length=64, editable=False)
    monthly_ceiling_minor = models.BigIntegerField(_("most a month, in minor units"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    added_by = models.ForeignKey(
        "accounts.Member", on_delete=models.PROTECT, related_name="+", verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added at"))
    # When whoever holds it has shown so once, by a code or a confirmed payment.
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    objects = PaymentMethodQuerySet.as_manager()

    class Meta:
        verbose_name = _("way to pay")
        verbose_name_plural = _("ways to pay")
        constraints = [
            models.UniqueConstraint(
                name="payment_method_once", fields=["account", "provider", "digest"], condition=Q(removed_at=None)
            ),
            models.CheckConstraint(
                name="payment_method_ceiling_sane",
                condition=Q(monthly_ceiling_minor=None) | Q(monthly_ceiling_minor__gte=0),
            ),
            models.CheckConstraint(name="payment_method_forgotten", condition=Q(removed_at=None) | Q(sealed=None)),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.label}"

    @property
    def ceiling_amount(self) -> Decimal | None:
        """The ceiling in whole units of its currency, if there is one."""
        minor = self.monthly_ceiling_minor
        return None if minor is None else Decimal(minor).scaleb(-get_currency_precision(self.currency))
