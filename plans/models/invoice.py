"""The papers of what was paid and given back: numbered without a gap, frozen, with both sides as they were then."""

from typing import Self

from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 120
LONGEST_ADDRESS = 200


class Seller(models.Model):
    """One row: who sells, as papers name it. The roof writes it down when the brand changes."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=200, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    bank = models.CharField(_("bank and its account"), max_length=LONGEST_ADDRESS, blank=True)

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("seller")
        constraints = (models.CheckConstraint(name="seller_is_one_row", condition=Q(id=1)),)

    def __str__(self) -> str:
        return self.name


class InvoiceTitleQuerySet(models.QuerySet["InvoiceTitle"]):
    """Questions about titles."""

    def in_use(self, account_id: int) -> Self:
        """This will keep the titles of one account, the one for new invoices first."""
        return self.filter(account_id=account_id, removed_at=None).order_by(F("chosen_at").desc(nulls_last=True), "pk")


class InvoiceTitle(models.Model):
    """In whose name an account wants its invoices; the chosen one stands on new ones."""

    class Kind(models.TextChoices):
        PERSONAL = "personal", _("a person")
        ENTERPRISE = "enterprise", _("a business")

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+", verbose_name=_("account"))
    kind = models.CharField(_("in the name of"), max_length=10, choices=Kind, default=Kind.PERSONAL)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    tax_number = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    bank = models.CharField(_("bank"), max_length=100, blank=True)
    bank_account = models.CharField(_("bank account"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("made"))
    chosen_at = models.DateTimeField(_("for new invoices since"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = InvoiceTitleQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice title")
        verbose_name_plural = _("invoice titles")
        constraints = (
            models.CheckConstraint(
                name="invoice_title_kind_known",
                condition=Q(kind="personal", tax_number="") | (Q(kind="enterprise") & ~Q(tax_number="")),
            ),
            models.CheckConstraint(name="invoice_title_has_a_name", condition=~Q(name="")),
            models.UniqueConstraint(
                name="invoice_title_one_chosen",
                fields=["account"],
                condition=Q(chosen_at__isnull=False, removed_at=None),
            ),
        )
        indexes = (models.Index(name="invoice_title_of_account", fields=["account"]),)

    def __str__(self) -> str:
        return self.name


class InvoiceCounter(models.Model):
    """The last number of a kind and a year; whoever takes the next one holds the row until it is written down."""

    pk = models.CompositePrimaryKey("kind", "year")
    kind = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.kind} {self.year}: {self.last}"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Questions about invoices and credit notes."""

    def of_account(self, account_id: int) -> Self:
        """This will keep the papers of one account, newest first."""
        return self.filter(account_id=account_id).order_by("-issued_at", "-pk")

    def after(self, paper: "Invoice") -> Self:
        """This will keep what was issued before `paper` was, for a list that is read newest first."""
        return self.filter(Q(issued_at__lt=paper.issued_at) | Q(issued_at=paper.issued_at, pk__lt=paper.pk))

    def invoices(self) -> Self:
        """This will leave out credit notes."""
        return self.filter(kind=Invoice.Kind.INVOICE)

    def with_left(self) -> Self:
        """This will tell of each invoice what its credit notes have left: `left_minor` and `left_tax_minor`."""
        return self.annotate(
            left_minor=F("total_minor") - Coalesce(Sum("credit_notes__total_minor"), 0),
            left_tax_minor=F("tax_minor") - Coalesce(Sum("credit_notes__tax_minor"), 0),
        )


class Invoice(models.Model):
    """An invoice of a paid order, or the credit note of what was given back; no column changes (a trigger refuses).

    Amounts are minor units, the tax is inside the total; a credit note's are what is given back, not negative.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    number = models.CharField(_("number"), max_length=20, unique=True)
    year = models.PositiveSmallIntegerField(_("year"))
    serial = models.PositiveIntegerField(_("number within the year"))
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+", verbose_name=_("account"))
    order = models.ForeignKey("plans.Order", models.PROTECT, related_name="invoices", verbose_name=_("order"))
    invoice = models.ForeignKey(
        "self", models.PROTECT, related_name="credit_notes", null=True, blank=True, verbose_name=_("of the invoice")
    )
    # The refund or the dispute that a credit note is about.
    about_id = models.UUIDField(_("about"), null=True, blank=True, unique=True)
    issued_at = models.DateTimeField(_("issued"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total, in minor units"))
    tax_minor = models.BigIntegerField(_("tax in it, in minor units"))
    tax_basis_points = models.PositiveIntegerField(_("tax rate, in basis points"))
    # What was bought, in both languages: {name, name_zh, detail, detail_zh, microcredits, total_minor}.
    lines = models.JSONField(_("lines"))
    # Both sides as they were then: {name, tax_number, address, phone, bank}.
    seller = models.JSONField(_("seller"))
    buyer = models.JSONField(_("buyer"))

    left_minor: int
    """What was not given back of an invoice, where it was asked for (`with_left`)."""
    left_tax_minor: int

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices and credit notes")
        constraints = (
            models.UniqueConstraint(name="invoice_number_once", fields=["kind", "year", "serial"]),
            models.UniqueConstraint(name="invoice_one_an_order", fields=["order"], condition=Q(kind="invoice")),
            models.CheckConstraint(
                name="invoice_kind_known",
                condition=Q(kind="invoice", invoice=None, about_id=None)
                | Q(kind="credit_note", invoice__isnull=False, about_id__isnull=False),
            ),
            models.CheckConstraint(
                name="invoice_amounts_sane",
                condition=Q(total_minor__gt=0, tax_minor__gte=0, tax_minor__lte=F("total_minor"), serial__gt=0),
            ),
        )
        indexes = (models.Index(name="invoice_of_account", fields=["account", "-issued_at"]),)

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        """Whether it gives back."""
        return self.kind == self.Kind.CREDIT_NOTE

    @property
    def net_minor(self) -> int:
        """The total without its tax."""
        return self.total_minor - self.tax_minor

    @property
    def label(self) -> str:
        """What was bought, in the reader's language."""
        key = "name_zh" if (get_language() or "").startswith("zh") else "name"
        return str(self.lines[0][key])
