"""A promise to buy: what, by whom, at which price, and how it ended."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.kit.moves import moves

# A canceled or expired order may still be paid: whoever approves on the phone after all has paid real money.
# One that was denied may be paid another way.
MOVES = moves(
    placed="paid denied canceled expired",
    paid="",
    denied="placed paid expired",
    canceled="paid",
    expired="paid",
)


class OrderQuerySet(models.QuerySet["Order"]):
    """Questions about orders."""

    def of_account(self, account_id: int) -> Self:
        """This will keep the orders of one account, newest first, with what was bought."""
        chosen = self.filter(account_id=account_id).select_related("account", "offering_version__offering")
        return chosen.order_by("-placed_at", "-pk")

    def after(self, order: "Order") -> Self:
        """This will keep what was placed before `order` was, for a list that is read newest first."""
        return self.filter(Q(placed_at__lt=order.placed_at) | Q(placed_at=order.placed_at, pk__lt=order.pk))

    def overdue(self, *, now: datetime) -> Self:
        """This will keep the orders that nobody paid in time."""
        return self.filter(state=Order.State.PLACED, expires_at__lte=now)


class Order(models.Model):
    """Terms, price and credits are copied from the offering's version when the order is placed."""

    class State(models.TextChoices):
        PLACED = "placed", _("waiting for payment")
        PAID = "paid", _("paid")
        DENIED = "denied", _("denied")
        CANCELED = "canceled", _("canceled")
        EXPIRED = "expired", _("expired")

    class Kind(models.TextChoices):
        PURCHASE = "purchase", _("purchase")
        RENEWAL = "renewal", _("renewal")
        UPGRADE = "upgrade", _("upgrade")
        TOP_UP = "top_up", _("automatic top-up")
        VOUCHER = "voucher", _("voucher")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PURCHASE)
    account = models.ForeignKey(
        "accounts.Account", on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    placed_by = models.ForeignKey(
        "accounts.Member", on_delete=models.PROTECT, related_name="+", verbose_name=_("placed by")
    )
    offering_version = models.ForeignKey(
        "plans.OfferingVersion", on_delete=models.PROTECT, related_name="+", verbose_name=_("version of the offering")
    )
    # The plan that it renews or changes, and which of its periods it pays.
    subscription = models.ForeignKey(
        "plans.Subscription",
        on_delete=models.PROTECT,
        related_name="orders",
        null=True,
        blank=True,
        verbose_name=_("subscription"),
    )
    period_number = models.PositiveIntegerField(_("period"), null=True, blank=True)
    price_minor = models.BigIntegerField(_("price, in minor units"))
    tax_minor = models.BigIntegerField(_("tax in it, in minor units"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    microcredits = models.BigIntegerField(_("microcredits"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PLACED)
    placed_at = models.DateTimeField(_("placed at"))
    expires_at = models.DateTimeField(_("waits until"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    denied_at = models.DateTimeField(_("denied at"), null=True, blank=True)
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    expired_at = models.DateTimeField(_("expired at"), null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.CheckConstraint(
                name="order_state_known",
                condition=Q(state__in=["placed", "paid", "denied", "canceled", "expired"]),
            ),
            models.CheckConstraint(
                name="order_paid_has_moment",
                condition=Q(state="paid", paid_at__isnull=False) | (~Q(state="paid") & Q(paid_at=None)),
            ),
            models.CheckConstraint(
                name="order_price_not_negative",
                condition=Q(price_minor__gte=0, tax_minor__gte=0, tax_minor__lte=models.F("price_minor")),
            ),
            models.CheckConstraint(
                name="order_kind_known",
                condition=Q(kind__in=["purchase", "top_up", "voucher"])
                | Q(kind__in=["renewal", "upgrade"], subscription__isnull=False, period_number__isnull=False),
            ),
            models.UniqueConstraint(
                name="order_one_renewal_a_period",
                fields=["subscription", "period_number"],
                condition=Q(kind="renewal", state__in=["placed", "paid", "denied"]),
            ),
        ]
        indexes = [
            models.Index(name="order_of_account", fields=["account", "-placed_at"]),
            models.Index(name="order_waiting", fields=["expires_at"], condition=Q(state="placed")),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.state})"

    @property
    def number(self) -> str:
        """The order number as papers show it: the last twelve digits of the id, in capitals."""
        return self.id.hex[-12:].upper()

    @property
    def is_waiting(self) -> bool:
        """Whether the order may still be paid in the normal way."""
        return self.state == self.State.PLACED
