"""That an account made use of an offering: taken when it is ordered, used when it is paid, returned when it is not."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OfferUseQuerySet(models.QuerySet["OfferUse"]):
    """Questions about what was made use of."""

    def counted(self) -> Self:
        """This will leave out what was returned unused."""
        return self.exclude(returned_at__isnull=False, used_at=None)

    def taken(self) -> Self:
        """This will keep what is neither used nor returned yet."""
        return self.filter(used_at=None, returned_at=None)


class OfferUse(models.Model):
    """An order counts against how often its offering may be bought; the numbers stand for the places taken.

    Two that are taken at once would take the same place, which the database refuses.
    """

    order = models.OneToOneField(
        "plans.Order", on_delete=models.PROTECT, related_name="offer_use", verbose_name=_("order")
    )
    offering = models.ForeignKey(
        "plans.Offering", on_delete=models.PROTECT, related_name="+", verbose_name=_("offering")
    )
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    number = models.PositiveIntegerField(_("time of the account"))
    # Tells one phone or card from another, and is neither.
    payer = models.CharField(_("payer"), max_length=64, blank=True, editable=False)
    payer_number = models.PositiveIntegerField(_("time of the payer"), null=True, blank=True)
    taken_at = models.DateTimeField(_("taken at"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)

    objects = OfferUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of an offering")
        verbose_name_plural = _("uses of offerings")
        constraints = [
            models.UniqueConstraint(
                name="offer_use_once", fields=["offering", "account", "number"], condition=Q(returned_at=None)
            ),
            models.UniqueConstraint(
                name="offer_use_once_a_payer",
                fields=["offering", "payer", "payer_number"],
                condition=Q(returned_at=None) & ~Q(payer=""),
            ),
            models.CheckConstraint(
                name="offer_use_payer_numbered",
                condition=Q(payer="", payer_number=None) | (~Q(payer="") & Q(payer_number__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offering_id} by account {self.account_id}, {self.number}"
