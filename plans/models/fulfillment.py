"""What a paid order owes beside credits: each item of a bundle, until somebody has delivered it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.kit.moves import moves

MOVES = moves(waiting="done failed", failed="waiting done", done="")


class FulfillmentQuerySet(models.QuerySet["Fulfillment"]):
    """Questions about what is owed."""

    def due(self, *, now: datetime) -> Self:
        """This will keep what the hook is to be told now."""
        hooked = self.filter(item__fulfillment="hook", state=Fulfillment.State.WAITING, told_at=None)
        return hooked.filter(Q(next_try_at=None) | Q(next_try_at__lte=now))

    def of_order(self, order_id: object) -> Self:
        """This will keep what one order brings, as the bundle lists it."""
        return self.filter(order_id=order_id).select_related("item").order_by("item__position", "pk")


class Fulfillment(models.Model):
    """One item of one order: waiting, done, or failed; staff or a hook says which."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being set up")
        DONE = "done", _("ready")
        FAILED = "failed", _("could not be set up")

    order = models.ForeignKey(
        "plans.Order", on_delete=models.PROTECT, related_name="fulfillments", verbose_name=_("order")
    )
    item = models.ForeignKey(
        "plans.OfferingItem", on_delete=models.PROTECT, related_name="+", verbose_name=_("item of a bundle")
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    opened_at = models.DateTimeField(_("opened at"))
    told_at = models.DateTimeField(_("the hook was told at"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = FulfillmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("item of an order")
        verbose_name_plural = _("items of orders")
        constraints = [
            models.UniqueConstraint(name="fulfillment_once", fields=["order", "item"]),
            models.CheckConstraint(
                name="fulfillment_state_known",
                condition=Q(state="waiting", done_at=None)
                | Q(state="done", done_at__isnull=False)
                | Q(state="failed", failed_at__isnull=False, done_at=None),
            ),
        ]
        indexes = [
            models.Index(name="fulfillment_due", fields=["next_try_at"], condition=Q(state="waiting", told_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.item} of order {self.order_id}"
