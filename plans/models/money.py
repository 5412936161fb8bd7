"""Money beside orders: what came in unasked, what is an account's own, what went back, and what others charge us."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Incoming(models.Model):
    """A sum that came in without an order that waited for it. Parts of it pay an order, are credited, or go back."""

    id = models.UUIDField(primary_key=True, editable=False)
    dedupe_key = models.CharField(_("received once by"), max_length=200, unique=True)
    money_account = models.CharField(_("came in on"), max_length=60)
    amount_minor = models.BigIntegerField(_("amount, in minor units"))
    currency = models.CharField(_("currency"), max_length=3)
    reference = models.CharField(_("what the payer wrote"), max_length=200, blank=True)
    received_at = models.DateTimeField(_("came in at"))
    # The order that `matched_minor` of it is for, and when this order's credits were granted with it.
    order_id = models.UUIDField(_("order"), null=True, blank=True)
    matched_minor = models.BigIntegerField(_("for the order, in minor units"), db_default=0)
    granted_at = models.DateTimeField(_("order paid at"), null=True, blank=True)
    account_id = models.BigIntegerField(_("account"), null=True, blank=True)
    credited_minor = models.BigIntegerField(_("credited to the account, in minor units"), db_default=0)
    returned_minor = models.BigIntegerField(_("sent back, in minor units"), db_default=0)

    class Meta:
        verbose_name = _("sum received")
        verbose_name_plural = _("sums received")
        constraints = (
            models.CheckConstraint(
                name="incoming_amounts_sane",
                condition=Q(amount_minor__gt=0, matched_minor__gte=0, credited_minor__gte=0, returned_minor__gte=0),
            ),
            models.CheckConstraint(
                name="incoming_is_used_once",
                condition=Q(amount_minor__gte=F("matched_minor") + F("credited_minor") + F("returned_minor")),
            ),
            models.CheckConstraint(
                name="incoming_is_for_an_order",
                condition=Q(matched_minor=0, order_id=None, granted_at=None)
                | Q(matched_minor__gt=0, order_id__isnull=False, account_id__isnull=False),
            ),
            models.UniqueConstraint(
                name="incoming_pays_an_order_once", fields=["order_id"], condition=Q(order_id__isnull=False)
            ),
        )
        indexes = (models.Index(name="incoming_by_moment", fields=["received_at"]),)

    def __str__(self) -> str:
        return f"{self.reference or self.dedupe_key}: {self.amount_minor} {self.currency}"

    @property
    def open_minor(self) -> int:
        """What of it nobody has decided on."""
        return self.amount_minor - self.matched_minor - self.credited_minor - self.returned_minor


class Surplus(models.Model):
    """What an account has paid beyond its orders: it pays a later one, or goes back."""

    pk = models.CompositePrimaryKey("account_id", "currency")
    account_id = models.BigIntegerField(_("account"))
    currency = models.CharField(_("currency"), max_length=3)
    minor = models.BigIntegerField(_("amount, in minor units"))

    class Meta:
        verbose_name = _("money of an account")
        verbose_name_plural = _("money of accounts")
        constraints = (models.CheckConstraint(name="surplus_not_negative", condition=Q(minor__gte=0)),)

    def __str__(self) -> str:
        return f"account {self.account_id}: {self.minor} {self.currency}"


class Outgoing(models.Model):
    """Money that went back without any credits: of a sum that came in unasked, or of an account's own."""

    id = models.UUIDField(primary_key=True, editable=False)
    incoming_id = models.UUIDField(_("sum received"), null=True, blank=True)
    account_id = models.BigIntegerField(_("account"), null=True, blank=True)
    money_account = models.CharField(_("went out from"), max_length=60)
    amount_minor = models.BigIntegerField(_("amount, in minor units"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("why"), max_length=200)
    actor_id = models.BigIntegerField(_("by"), null=True, blank=True)
    sent_at = models.DateTimeField(_("went out at"))

    class Meta:
        verbose_name = _("sum sent back")
        verbose_name_plural = _("sums sent back")
        constraints = (
            models.CheckConstraint(name="outgoing_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(name="outgoing_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="outgoing_of_one",
                condition=Q(incoming_id=None, account_id__isnull=False) | Q(incoming_id__isnull=False, account_id=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.id}: {self.amount_minor} {self.currency}"


class Cost(models.Model):
    """What somebody charges us: a provider for a payment, or a vendor for the calls of a day (UTC)."""

    class Kind(models.TextChoices):
        PSP_FEE = "psp_fee", _("fee of a provider")
        PROVIDER_COST = "provider_cost", _("calls at a vendor")

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    dedupe_key = models.CharField(_("booked once by"), max_length=200, unique=True)
    # What we have there less of, or owe there: psp:…, carrier_receivable:…, payable:vendor:….
    against = models.CharField(_("charged by"), max_length=80)
    amount_minor = models.BigIntegerField(_("amount, in minor units"))
    currency = models.CharField(_("currency"), max_length=3)
    day = models.DateField(_("day"), null=True, blank=True)
    booked_at = models.DateTimeField(_("first booked at"))
    changed_at = models.DateTimeField(_("changed last at"))

    class Meta:
        verbose_name = _("cost")
        verbose_name_plural = _("costs")
        constraints = (
            models.CheckConstraint(name="cost_not_negative", condition=Q(amount_minor__gte=0)),
            models.CheckConstraint(name="cost_kind_known", condition=Q(kind__in=["psp_fee", "provider_cost"])),
        )
        indexes = (models.Index(name="cost_of_day", fields=["day", "against"], condition=Q(day__isnull=False)),)

    def __str__(self) -> str:
        return f"{self.against}: {self.amount_minor} {self.currency}"
