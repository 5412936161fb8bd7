"""E-fapiao: what a customer asked the tax bureau's paper for, and how far it has come."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.kit.moves import moves

MOVES = moves(
    asked="handed_over declined",
    handed_over="issued declined",
    issued="reversed",
    reversed="",
    declined="",
)


class FapiaoQuerySet(models.QuerySet["Fapiao"]):
    """Questions about e-fapiao."""

    def of_account(self, account_id: int) -> Self:
        """This will keep those of one account, newest first."""
        return self.filter(account_id=account_id).order_by("-asked_at", "-pk")


class Fapiao(models.Model):
    """One e-fapiao for one or more invoices, less what their credit notes gave back when it was asked for."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        HANDED_OVER = "handed_over", _("being issued")
        ISSUED = "issued", _("issued")
        REVERSED = "reversed", _("reversed")
        DECLINED = "declined", _("declined")

    id = models.UUIDField(primary_key=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+", verbose_name=_("account"))
    asked_by = models.ForeignKey("accounts.Member", models.PROTECT, related_name="+", verbose_name=_("asked by"))
    # The title as it was then: {kind, name, tax_number, address, phone, bank, bank_account}.
    buyer = models.JSONField(_("buyer"))
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total, in minor units"))
    tax_minor = models.BigIntegerField(_("tax in it, in minor units"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.ASKED)
    number = models.CharField(_("number of the tax bureau"), max_length=40, blank=True)
    reason = models.CharField(_("why declined or reversed"), max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries to hand it over"), default=0)
    tried_at = models.DateTimeField(_("tried at"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    handed_over_at = models.DateTimeField(_("handed over at"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued at"), null=True, blank=True)
    # Something in it was given back: a red letter has to be issued at the tax bureau.
    reversal_asked_at = models.DateTimeField(_("reversal asked for"), null=True, blank=True)
    reversed_at = models.DateTimeField(_("reversed at"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined at"), null=True, blank=True)

    objects = FapiaoQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-fapiao")
        verbose_name_plural = _("e-fapiao")
        constraints = (
            models.CheckConstraint(
                name="fapiao_state_known",
                condition=Q(state__in=["asked", "handed_over"])
                | (Q(state__in=["issued", "reversed"], issued_at__isnull=False) & ~Q(number=""))
                | (Q(state="declined", declined_at__isnull=False) & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="fapiao_amounts_sane",
                condition=Q(total_minor__gt=0, tax_minor__gte=0, tax_minor__lte=F("total_minor")),
            ),
        )
        indexes = (
            models.Index(name="fapiao_of_account", fields=["account", "-asked_at"]),
            models.Index(name="fapiao_waiting", fields=["asked_at"], condition=Q(state="asked")),
        )

    def __str__(self) -> str:
        return f"{self.short_id} ({self.state})"

    @property
    def short_id(self) -> str:
        """How people name it: the last eight digits of its id, in capitals."""
        return self.id.hex[-8:].upper()

    @property
    def why(self) -> str:
        """Why it was declined or reversed; what we ourselves say, in the reader's language."""
        return gettext(self.reason) if self.reason else ""

    @property
    def is_live(self) -> bool:
        """Whether its invoices are taken by it."""
        return self.state in {self.State.ASKED, self.State.HANDED_OVER, self.State.ISSUED}


class FapiaoInvoice(models.Model):
    """That an invoice is in an e-fapiao; in at most one that is neither declined nor reversed."""

    fapiao = models.ForeignKey(Fapiao, models.PROTECT, related_name="parts", verbose_name=_("e-fapiao"))
    invoice = models.ForeignKey("plans.Invoice", models.PROTECT, related_name="fapiaos", verbose_name=_("invoice"))
    total_minor = models.BigIntegerField(_("of it, in minor units"))
    tax_minor = models.BigIntegerField(_("tax in it, in minor units"))
    ended_at = models.DateTimeField(_("free again since"), null=True, blank=True)

    class Meta:
        verbose_name = _("invoice in an e-fapiao")
        verbose_name_plural = _("invoices in e-fapiao")
        constraints = (
            models.UniqueConstraint(name="fapiao_one_live_an_invoice", fields=["invoice"], condition=Q(ended_at=None)),
            models.CheckConstraint(
                name="fapiao_part_sane",
                condition=Q(total_minor__gt=0, tax_minor__gte=0, tax_minor__lte=F("total_minor")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.invoice_id} in {self.fapiao_id}"


class FapiaoFile(models.Model):
    """The file that the tax bureau issued, as it came."""

    fapiao = models.OneToOneField(
        Fapiao, models.PROTECT, primary_key=True, related_name="file", verbose_name=_("e-fapiao")
    )
    content = models.BinaryField()
    stored_at = models.DateTimeField(_("stored at"))

    def __str__(self) -> str:
        return f"file of {self.fapiao_id}"
