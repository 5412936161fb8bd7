"""An account's credits: its wallet, its lots, and what is noted of them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from plans.models.offering import OfferingVersion

COUNTERS = ("granted", "available", "held", "spent", "expired", "revoked", "refunded", "rolled")


class Wallet(models.Model):
    """The row that whoever moves an account's credits locks first."""

    account = models.OneToOneField(
        "accounts.Account", models.PROTECT, primary_key=True, related_name="+", verbose_name=_("account")
    )
    debt = models.BigIntegerField(_("debt, in microcredits"), default=0)

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        constraints = (models.CheckConstraint(name="wallet_debt_not_negative", condition=Q(debt__gte=0)),)

    def __str__(self) -> str:
        return f"wallet of account {self.account_id}"


class Lot(models.Model):
    """One grant of credits; its counters, in microcredits, always add up to what was granted."""

    class Source(models.TextChoices):
        PLAN = "plan", _("plan")
        TOPUP = "topup", _("top-up")
        ROLLOVER = "rollover", _("rolled over")
        PROMO = "promo", _("promotion")
        GOODWILL = "goodwill", _("goodwill")
        RESTORE = "restore", _("restored")

    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    source = models.CharField(_("source"), max_length=16, choices=Source)
    name = models.CharField(_("name"), max_length=120)
    dedupe_key = models.CharField(_("granted once by"), max_length=200, unique=True)
    order_id = models.UUIDField(_("order"), null=True, blank=True)
    offering_version_id = models.BigIntegerField(_("version of the offering"), null=True, blank=True)
    # What one credit was paid with, in minor units of the currency.
    unit_price = models.DecimalField(
        _("price of one credit, in minor units"), max_digits=30, decimal_places=18, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    tax_minor = models.BigIntegerField(_("tax paid, in minor units"), default=0)
    # What was paid and is not earned yet, and up to which counters it was earned.
    deferred_minor = models.BigIntegerField(_("not earned yet, in minor units"), default=0)
    spent_earned = models.BigIntegerField(_("earned by use, in microcredits"), default=0)
    expired_earned = models.BigIntegerField(_("earned by lapse, in microcredits"), default=0)
    # What of it is revenue, and which shares of that are owed to the platform and to the channel that sold it.
    earned_minor = models.BigIntegerField(_("earned, in minor units"), db_default=0)
    platform_basis_points = models.SmallIntegerField(_("platform's share, in basis points"), db_default=0)
    channel_basis_points = models.SmallIntegerField(_("channel's share, in basis points"), db_default=0)
    priority = models.SmallIntegerField(_("priority"), default=0)
    chat_model_ids = ArrayField(
        models.BigIntegerField(), verbose_name=_("for these models only"), null=True, blank=True
    )
    scenario_ids = ArrayField(
        models.BigIntegerField(), verbose_name=_("for these scenarios only"), null=True, blank=True
    )
    frozen = models.SmallIntegerField(_("refunds and disputes under way"), default=0)
    granted_at = models.DateTimeField(_("granted at"))
    effective_at = models.DateTimeField(_("usable from"))
    expires_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    repaid = models.BigIntegerField(_("paid the debt, in microcredits"), default=0)
    granted = models.BigIntegerField(_("granted, in microcredits"))
    available = models.BigIntegerField(_("available, in microcredits"))
    held = models.BigIntegerField(_("set aside, in microcredits"), default=0)
    spent = models.BigIntegerField(_("spent, in microcredits"), default=0)
    expired = models.BigIntegerField(_("lapsed, in microcredits"), default=0)
    revoked = models.BigIntegerField(_("taken back, in microcredits"), default=0)
    refunded = models.BigIntegerField(_("refunded, in microcredits"), default=0)
    rolled = models.BigIntegerField(_("rolled over, in microcredits"), default=0)
    # Stands in the index instead of `available`, which changes with every call and would make each such
    # change write to every index of the table.
    drawable = models.GeneratedField(
        expression=models.ExpressionWrapper(Q(available__gt=0, frozen=0), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = (
            models.CheckConstraint(
                name="lot_adds_up",
                condition=Q(
                    granted=F("available")
                    + F("held")
                    + F("spent")
                    + F("expired")
                    + F("revoked")
                    + F("refunded")
                    + F("rolled")
                ),
            ),
            models.CheckConstraint(
                name="lot_not_negative",
                condition=Q(
                    available__gte=0,
                    held__gte=0,
                    spent__gte=0,
                    expired__gte=0,
                    revoked__gte=0,
                    refunded__gte=0,
                    rolled__gte=0,
                    frozen__gte=0,
                    repaid__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="lot_earned_within_money",
                condition=Q(
                    deferred_minor__gte=0,
                    tax_minor__gte=0,
                    spent_earned__gte=0,
                    spent_earned__lte=F("spent"),
                    expired_earned__gte=0,
                    expired_earned__lte=F("expired"),
                ),
            ),
            models.CheckConstraint(
                name="lot_shares_of_a_whole",
                condition=Q(
                    platform_basis_points__gte=0,
                    channel_basis_points__gte=0,
                    platform_basis_points__lte=10_000 - F("channel_basis_points"),
                ),
            ),
            models.CheckConstraint(
                name="lot_source_known",
                condition=Q(source__in=["plan", "topup", "rollover", "promo", "goodwill", "restore"]),
            ),
            models.CheckConstraint(
                name="lot_ends_after_start",
                condition=Q(expires_at=None) | Q(expires_at__gt=F("effective_at")),
            ),
        )
        indexes = (
            models.Index(
                name="lot_draw_order",
                fields=["account", "priority", "expires_at", "granted_at", "id"],
                condition=Q(drawable=True),
            ),
            models.Index(name="lot_of_account", fields=["account"]),
            models.Index(name="lot_ending", fields=["expires_at"], condition=Q(drawable=True)),
            models.Index(name="lot_unearned", fields=["id"], condition=Q(deferred_minor__gt=0)),
            models.Index(name="lot_of_order", fields=["order_id"], condition=Q(order_id__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"

    @staticmethod
    def shown_name(*, of: str = "") -> Coalesce:
        """This will ask for a lot's name in the reader's language; `of` leads to the lot from another table.

        What was bought is called as it was sold, what rolled over and what staff gave by its source.
        """
        over = When(**{f"{of}source": Lot.Source.ROLLOVER}, then=Value(capfirst(str(Lot.Source.ROLLOVER.label))))
        unnamed = (When(**{f"{of}name": each.value}, then=Value(capfirst(str(each.label)))) for each in Lot.Source)
        return Coalesce(
            Case(over, default=None, output_field=models.CharField()),
            OfferingVersion.objects.label_of(f"{of}offering_version_id"),
            Case(*unnamed, default=F(f"{of}name")),
        )


class LotNotice(models.Model):
    """A notice that a lot is about to end; it waits until it was sent."""

    pk = models.CompositePrimaryKey("lot_id", "days_before")
    lot_id = models.BigIntegerField()
    days_before = models.SmallIntegerField()
    account_id = models.BigIntegerField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(name="notice_waiting", fields=["due_at"], condition=Q(sent_at=None)),)

    def __str__(self) -> str:
        return f"lot {self.lot_id}, {self.days_before} days before"


class LotCheck(models.Model):
    """What the books said of a lot up to the moment at which the next audit begins."""

    lot_id = models.BigIntegerField(primary_key=True)
    left_over = models.BigIntegerField()
    spent = models.BigIntegerField()
    expired = models.BigIntegerField()
    revoked = models.BigIntegerField()
    refunded = models.BigIntegerField()
    deferred = models.BigIntegerField()

    def __str__(self) -> str:
        return f"lot {self.lot_id}"
