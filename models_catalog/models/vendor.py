"""Who made a model, and what we agreed with them."""

from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

SLUG_PATTERN = r"^[a-z0-9][a-z0-9-]*$"


class Risk(models.TextChoices):
    """How much would be lost if a vendor failed us."""

    UNKNOWN = "unknown", _("not judged yet")
    LOW = "low", _("low")
    MEDIUM = "medium", _("medium")
    HIGH = "high", _("high")


class Vendor(models.Model):
    """A maker of models, and its lines in the vendor register; `country` is where it sits (ISO 3166-1 alpha-2)."""

    slug = models.CharField(_("id"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2)
    contract = models.CharField(_("contract"), max_length=200, blank=True, db_default="")
    contract_ends_date = models.DateField(_("contract ends on"), null=True, blank=True)
    terms_url = models.CharField(
        _("data terms"), max_length=300, blank=True, db_default="", validators=[URLValidator(["https", "http"])]
    )
    contact = models.CharField(_("contact"), max_length=200, blank=True, db_default="")
    risk = models.CharField(_("risk"), max_length=8, choices=Risk, default=Risk.UNKNOWN, db_default="unknown")
    note = models.TextField(_("note"), blank=True, db_default="")

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=models.Q(slug__regex=SLUG_PATTERN), name="vendor_slug_is_plain"),
            models.CheckConstraint(condition=models.Q(risk__in=Risk.values), name="vendor_risk_is_known"),
            models.CheckConstraint(condition=models.Q(country__regex="^[A-Z]{2}$"), name="vendor_country_is_iso"),
        )

    def __str__(self) -> str:
        return self.local_name

    @property
    def local_name(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name
