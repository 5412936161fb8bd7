"""What a bundle holds beside its credits."""

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class OfferingItem(models.Model):
    """What a bundle holds beside its credits: a line, a security service, a broadband connection."""

    class Kind(models.TextChoices):
        CONNECTIVITY = "connectivity", _("connectivity")
        SECURITY = "security", _("security")
        BROADBAND = "broadband", _("broadband")
        SERVICE = "service", _("service")

    class Fulfillment(models.TextChoices):
        MANUAL = "manual", _("by hand")
        HOOK = "hook", _("by a hook")

    offering_version = models.ForeignKey(
        "plans.OfferingVersion",
        on_delete=models.PROTECT,
        related_name="items",
        verbose_name=_("version of the offering"),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    name = models.CharField(_("name"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80)
    fulfillment = models.CharField(_("fulfilled"), max_length=8, choices=Fulfillment, default=Fulfillment.MANUAL)

    class Meta:
        verbose_name = _("item of a bundle")
        verbose_name_plural = _("items of bundles")
        ordering = ("position", "pk")
        constraints = [
            models.CheckConstraint(
                name="offering_item_kind_known",
                condition=Q(kind__in=["connectivity", "security", "broadband", "service"]),
            ),
            models.CheckConstraint(
                name="offering_item_fulfillment_known", condition=Q(fulfillment__in=["manual", "hook"])
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name
